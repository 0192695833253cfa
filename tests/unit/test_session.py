"""An exploration without a notebook: results on demand, jobs that can be cancelled and fail, intents, reading."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cluster_explorer.errors import Cancelled, ClusterExplorerError, DataError, InvalidParameterError
from cluster_explorer.params import Params
from cluster_explorer.selection import Polygon, rows_inside
from cluster_explorer.session import Session

sys.path.insert(0, str(Path(__file__).parent))
from array_library import ArrayLibrary

PARAMS = Params(min_cluster_size=20, n_neighbors=15)


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def library(blobs):
    words = ["harbour", "comet", "cheese", "opera"]
    return ArrayLibrary(blobs, [f"{words[min(row // 60, 3)]} story number {row}" for row in range(len(blobs))])


@pytest.fixture
def session(library):
    session = Session(library, PARAMS)
    yield session
    library.gate.set()
    session.close()


def test_asking_for_labels_computes_them_and_no_map(session):
    results = session.require("clustering")
    assert results.clustering.n_clusters == 4
    assert results.layout is None
    assert session.state.results.clustering is results.clustering


def test_a_second_question_computes_nothing_again(session):
    first = session.require("clustering")
    assert session.require("clustering").clustering is first.clustering


def test_everything_is_there_when_shown(session):
    session.show()
    until(lambda: session.state.status.state == "ready")
    results = session.state.results
    assert results.layout.positions.shape == (260, 2)
    assert results.layout.finished
    assert "harbour" in " ".join(results.names.name(label) for label in range(4))


def test_points_stay_where_they_are_when_clusters_change(session):
    session.show()
    until(lambda: session.state.status.state == "ready")
    before = session.state.results
    session.set_params(PARAMS.changed({"min_cluster_size": 5}))
    until(lambda: session.state.results.clustering is not before.clustering)
    assert session.state.results.layout is before.layout


def test_cancelling_a_first_job_leaves_nothing_and_trying_again_works(session, library):
    library.gate.clear()
    session.show()
    until(lambda: session.state.status.state == "running")
    session.cancel()
    until(lambda: session.state.status.state == "cancelled")
    assert session.state.results.rows is None
    library.gate.set()
    session.retry()
    until(lambda: session.state.status.state == "ready")
    assert session.state.results.layout.finished


def test_who_waits_for_a_cancelled_job_is_told(session, library):
    library.gate.clear()
    raised = []

    def ask():
        try:
            session.require("clustering")
        except Cancelled as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: session.state.status.state == "running")
    session.cancel()
    asking.join(30)
    assert len(raised) == 1


def test_a_failure_is_raised_to_who_asked_and_shown_in_the_status(session, library):
    library.failure = DataError("Row 3 holds NaN.")
    with pytest.raises(DataError, match="Row 3 holds NaN"):
        session.require("clustering")
    assert session.state.status.state == "failed"
    assert session.state.status.message == "Row 3 holds NaN."
    library.failure = None
    assert session.require("clustering").clustering.n_clusters == 4


def test_an_unforeseen_failure_is_wrapped_and_keeps_its_cause(session, library, caplog):
    library.failure = ZeroDivisionError("surprise")
    with pytest.raises(ClusterExplorerError, match="ZeroDivisionError: surprise") as caught:
        session.require("clustering")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert "A stage of the pipeline failed" in caplog.text


def test_a_failed_change_goes_back_to_what_is_shown(session):
    session.show()
    until(lambda: session.state.status.state == "ready")
    before = session.state.results
    session.set_params(session.state.params.changed({"n_neighbors": 400}))
    until(lambda: session.state.status.state == "failed")
    assert "260 rows, too few for 400 neighbours" in session.state.status.message
    assert session.state.params.n_neighbors == 15
    assert session.state.results.layout is before.layout
    assert session.state.results.clustering is before.clustering


def test_quick_wishes_are_answered_while_a_long_job_runs(session):
    """A layout that is held back by its own steps, and a slider that moves meanwhile."""
    session.show()
    until(lambda: session.state.status.state == "ready")
    before = session.state.results
    answered = threading.Event()

    def slider_moves(_before, after):
        if after.status.state == "running" and after.params.min_cluster_size == 20:
            session.set_params(after.params.changed({"min_cluster_size": 5}))
        changed = after.results.clustering is not before.clustering
        if changed and after.results.layout is before.layout:
            answered.set()

    session.store.subscribe(slider_moves)
    session.set_params(session.state.params.changed({"min_dist": 0.9}))
    until(lambda: session.state.status.state == "ready" and session.state.params.min_dist == 0.9)
    assert session.state.results.layout is not before.layout
    if session.state.params.min_cluster_size == 5:  # the job was long enough to be seen running
        until(lambda: session.state.results.clustering is not before.clustering)


def test_the_newest_of_many_wishes_wins(session):
    session.show()
    for size in range(5, 60):
        session.set_params(session.state.params.changed({"min_cluster_size": size}))
    results = session.require("clustering")
    alone = Session(session.library, PARAMS.changed({"min_cluster_size": 59}))
    assert np.array_equal(results.clustering.labels, alone.require("clustering").clustering.labels)
    alone.close()


def test_an_outline_selects_exactly_the_rows_inside(session):
    positions = session.require("layout").layout.positions
    middle = positions.mean(axis=0)
    square = Polygon(middle[0] + np.array([-5, 5, 5, -5.0]), middle[1] + np.array([-5, -5, 5, 5.0]))
    session.select_polygon(square)
    assert session.state.selection.rows.tolist() == rows_inside(positions, square).tolist()
    assert session.state.selection.outline is square
    session.select_cluster(1, "add")
    assert session.state.selection.outline is None


def test_a_cluster_that_is_not_there_is_told_with_those_there_are(session):
    session.require("clustering")
    with pytest.raises(InvalidParameterError, match=r"no cluster 9.*0 to 3"):
        session.select_cluster(9)


def test_ids_that_are_not_there_are_named(session):
    session.select_ids([1003, 1001])
    assert session.state.selection.rows.tolist() == [1, 3]
    with pytest.raises(DataError, match=r"1 of 2 ids .* 99"):
        session.select_ids([1003, 99])
    assert session.state.selection.rows.tolist() == [1, 3]


def test_a_row_is_read_with_its_neighbours_nearest_first(session, library):
    session.require("graph")
    detail = session.detail(7)
    assert detail.text == library.texts[7]
    assert detail.fields == (("section", "s1"),)
    assert len(detail.neighbors) == 15
    distances = [neighbor.distance for neighbor in detail.neighbors]
    assert distances == sorted(distances)
    nearest = detail.neighbors[0]
    assert nearest.distance == pytest.approx(
        np.linalg.norm(library.vectors[7] - library.vectors[nearest.row]), abs=1e-3
    )


def test_texts_that_are_not_held_are_fetched(session, library):
    library.holds_texts = False
    session.require("rows")
    assert session.texts(np.array([5, 2])) == [library.texts[5], library.texts[2]]


def test_closing_stops_the_worker_and_releases_the_library(library):
    session = Session(library, PARAMS)
    library.gate.clear()
    session.show()
    until(lambda: any(thread.name == "cluster-explorer" for thread in threading.enumerate()))
    session.close()
    assert library.closed
    assert not any(thread.name == "cluster-explorer" for thread in threading.enumerate())
    with pytest.raises(ClusterExplorerError, match="closed"):
        session.show()


def test_a_worker_with_nothing_to_do_leaves_no_thread(session):
    session.require("clustering")
    until(lambda: not any(thread.name == "cluster-explorer" for thread in threading.enumerate()))


def test_an_observer_of_a_result_may_ask_for_another(session):
    asked = []

    def observer(before, after):
        if after.results.clustering is not None and before.results.clustering is None:
            asked.append(session.require("layout").layout)

    session.store.subscribe(observer)
    session.require("clustering")
    until(lambda: asked)
    assert asked[0].positions.shape == (260, 2)
