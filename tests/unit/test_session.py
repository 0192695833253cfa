"""An exploration without a notebook: results on demand, jobs that can be cancelled and fail, intents, reading."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import cluster_explorer.stages.attach
import cluster_explorer.stages.index_health
import cluster_explorer.stages.projection
from array_library import ArrayLibrary
from cluster_explorer.errors import Cancelled, ClusterExplorerError, DataError, InvalidParameterError
from cluster_explorer.exploring.selection import Polygon, rows_inside
from cluster_explorer.params import Params
from cluster_explorer.pipeline import STAGE, STAND_IN, key_of
from cluster_explorer.session import Session
from cluster_explorer.stages.graph import graph_from_neighbors, knn_graph
from cluster_explorer.values import Scope
from cluster_explorer.widget.status import status_line
from waiting import until

PARAMS = Params(min_cluster_size=20, n_neighbors=15)
#: Fewer than a row has neighbours that make it dense.
FOUR_ROWS = Scope("four rows", np.arange(4, dtype=np.int32))


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
    assert "ZeroDivisionError: surprise" in caplog.text


class SearchedElsewhere(ArrayLibrary):
    """A library that searches neighbours itself, and may miss some."""

    def search_graph(self, rows, n_neighbors, *, on_progress=None):
        graph = knn_graph(rows.vectors, n_neighbors, ids=rows.ids)
        return graph_from_neighbors(rows.ids, graph.indices, graph.distances, "cosine", rows.vectors, exact=False)


class VectorsElsewhere(ArrayLibrary):
    """A library whose vectors stay where they are."""

    def scan(self, *, on_progress=None):
        return replace(super().scan(on_progress=on_progress), vectors=None)

    def search_graph(self, rows, n_neighbors, *, on_progress=None):
        graph = knn_graph(self.vectors, n_neighbors, ids=rows.ids)
        return graph_from_neighbors(rows.ids, graph.indices, graph.distances, "cosine")


def test_faiss_is_not_left_out_in_silence_where_there_are_no_vectors_to_search(blobs):
    session = Session(VectorsElsewhere(blobs, [f"text {row}" for row in range(len(blobs))]), PARAMS)
    found = session.require("clustering").clustering
    before = session.n_stops
    session.set_params(PARAMS.changed({"neighbors": "faiss"}))
    with pytest.raises(InvalidParameterError, match=r"neighbors='faiss' .* hold_vectors=True"):
        session.require("clustering", since=before)
    assert session.state.params.neighbors == "auto"
    assert session.state.results.clustering is found
    session.close()


@pytest.mark.parametrize("space", ["graph", "distance"])
@pytest.mark.parametrize("kind", [ArrayLibrary, SearchedElsewhere])
def test_what_is_proven_is_said_unless_neighbours_may_be_missing(blobs, kind, space):
    library = kind(blobs, [f"text {row}" for row in range(len(blobs))], searches_well=kind is SearchedElsewhere)
    session = Session(library, Params(space=space))
    session.show()
    until(lambda: session.state.status.state == "ready")
    line = status_line(session.state)
    assert "15 neighbours" in line
    assert ("proven exact" in line) == (kind is ArrayLibrary)
    session.close()


def test_a_check_that_fails_leaves_the_map_and_is_told_in_a_sentence(session, monkeypatch):
    def fail(*_args, **_kwargs):
        raise DataError("Milvus has gone.")

    monkeypatch.setattr(cluster_explorer.stages.index_health, "searched_health", fail)
    monkeypatch.setattr(cluster_explorer.stages.index_health, "index_health", fail)
    session.show()
    results = session.require("layout", "names")
    assert results.layout is not None
    with pytest.raises(DataError, match="Milvus has gone"):
        session.require("health")
    until(lambda: session.state.status.state == "ready")
    assert session.state.notice == "Checking the neighbours found failed: Milvus has gone."
    # the map can be steered on, and the check is made again when it is asked for again
    session.set_params(PARAMS.changed({"min_cluster_size": 30}))
    session.require("clustering", "names")
    monkeypatch.undo()
    assert session.require("health").health.recall > 0.9


def test_a_failed_change_goes_back_to_what_is_shown(session):
    session.show()
    until(lambda: session.state.status.state == "ready")
    before = session.state.results
    session.set_params(session.state.params.changed({"scope": FOUR_ROWS}))
    until(lambda: session.state.status.state == "failed")
    assert "4 texts are too few" in session.state.status.message
    assert session.state.params.scope is None
    assert session.state.results.layout is before.layout
    assert session.state.results.clustering is before.clustering


@pytest.mark.parametrize("at_once", [True, False])
def test_who_waits_for_a_change_is_told_that_it_failed(session, at_once):
    """However quickly it fails, and although what was there before is there again."""
    kept = session.require("clustering", "layout").clustering
    before = session.n_stops
    session.set_params(session.state.params.changed({"scope": FOUR_ROWS}))
    if not at_once:
        until(lambda: session.state.status.state == "failed")
    with pytest.raises(DataError, match="4 texts are too few"):
        session.require("clustering", since=before)
    # who asks later is given what is there
    assert session.require("clustering").clustering is kept
    session.set_params(session.state.params.changed({"min_cluster_size": 30}))
    assert session.require("clustering", since=session.n_stops).clustering is not kept


def test_quick_wishes_are_answered_while_a_long_job_runs(session, monkeypatch):
    """A layout that is held back, and a slider that moves meanwhile: the clusters follow, the map is as it was."""
    session.show()
    until(lambda: session.state.status.state == "ready")
    before = session.state.results
    gate, held = threading.Event(), threading.Event()
    draw = cluster_explorer.stages.projection.layout

    def slow_layout(*args, on_progress, **keys):
        held.set()
        while not gate.wait(0.01):
            on_progress(0.5)
        return draw(*args, on_progress=on_progress, **keys)

    monkeypatch.setattr(cluster_explorer.stages.projection, "layout", slow_layout)
    session.set_params(session.state.params.changed({"min_dist": 0.9}))
    assert held.wait(30)
    session.set_params(session.state.params.changed({"min_cluster_size": 5}))
    until(lambda: session.state.results.clustering is not before.clustering)
    assert session.state.results.layout is before.layout
    gate.set()
    until(lambda: session.state.status.state == "ready")
    assert session.state.results.layout is not before.layout
    alone = Session(session.library, session.state.params)
    assert (
        adjusted_rand_score(session.state.results.clustering.labels, alone.require("clustering").clustering.labels) == 1
    )
    alone.close()


def colors_fit(state):
    members = state.results.members
    return members is None or len(state.identities.colors) == members.n_clusters


class HeldLayout:
    """Holds a layout back until it is told to go on; what is wished for meanwhile is answered in its steps."""

    def __init__(self, monkeypatch):
        self.gate, self.started, draw = threading.Event(), threading.Event(), cluster_explorer.stages.projection.layout

        def slow_layout(*args, on_progress, on_step, **keys):
            shown = []
            found = draw(
                *args, on_progress=on_progress, on_step=lambda layout: (shown.append(layout), on_step(layout)), **keys
            )
            self.started.set()
            while not self.gate.wait(0.01):
                on_progress(0.5)
                on_step(shown[0])
            return found

        monkeypatch.setattr(cluster_explorer.stages.projection, "layout", slow_layout)


def test_clusters_members_and_colours_are_of_one_another_while_the_first_map_is_drawn(session, monkeypatch):
    held, seen = HeldLayout(monkeypatch), []
    session.store.subscribe(lambda _before, after: seen.append(after))
    session.show()
    assert held.started.wait(30)
    for size in (62, 5, 90):
        session.set_params(session.state.params.changed({"min_cluster_size": size}))
        wished = session.state.params
        until(lambda wished=wished: session.state.results.keys["members"] == key_of(STAGE["members"], wished))
    n_before = len(seen)
    until(lambda: len(seen) > n_before + 5)
    # the map that is refined is of what is on show, not of the wish that it was begun with
    assert len({id(state.results.members) for state in seen[n_before:]}) == 1
    held.gate.set()
    until(lambda: session.state.status.state == "ready")
    assert all(colors_fit(state) for state in seen)
    assert not [state.status.message for state in seen if state.status.state == "failed"]
    alone = Session(session.library, session.state.params)
    shown = session.state.results.members.labels
    assert adjusted_rand_score(shown, alone.require("members").members.labels) == 1
    alone.close()


def test_a_wish_in_the_middle_of_a_layout_is_answered_with_strict_labels_where_attaching_noise_takes_long(
    session, monkeypatch
):
    session.show()
    until(lambda: session.state.status.state == "ready")
    held = HeldLayout(monkeypatch)
    session._engine._seconds.note("attached", 100.0)
    session.set_params(session.state.params.changed({"min_dist": 0.9}))
    assert held.started.wait(30)
    session.set_params(session.state.params.changed({"min_cluster_size": 62}))
    until(lambda: session.state.results.keys["members"] == STAND_IN)
    results = session.state.results
    assert results.members.labels is results.clustering.labels
    assert colors_fit(session.state)
    held.gate.set()
    until(lambda: session.state.status.state == "ready")
    results = session.state.results
    assert STAND_IN not in results.keys.values()
    assert (results.members.labels >= results.clustering.labels).all()
    assert colors_fit(session.state)


def test_cancelling_what_stands_in_leads_back_and_the_same_wish_is_answered_whole(session, monkeypatch):
    session.set_params(PARAMS.changed({"noise_threshold": 0.0, "min_cluster_size": 30}))
    session.show()
    until(lambda: session.state.status.state == "ready")
    before, params = session.state.results, session.state.params
    attach, gate = cluster_explorer.stages.attach.with_noise_attached, threading.Event()

    def slow_attaching(*args, on_progress, **keys):
        while not gate.wait(0.01):
            on_progress(0.5)
        return attach(*args, on_progress=on_progress, **keys)

    monkeypatch.setattr(cluster_explorer.stages.attach, "with_noise_attached", slow_attaching)
    session._engine._seconds.note("attached", 100.0)
    wished = params.changed({"min_cluster_size": 62})
    session.set_params(wished)
    until(lambda: session.state.results.keys["members"] == STAND_IN)
    session.cancel()
    until(lambda: session.state.status.state == "cancelled")
    assert session.state.params == params
    assert session.state.results.members is before.members
    gate.set()
    session.set_params(wished)
    members = session.require("members").members
    assert (members.labels >= 0).sum() > (members.clustering.labels >= 0).sum()


def test_what_was_cancelled_keeps_no_rows_in_memory(session, library, monkeypatch):
    session.show()
    until(lambda: session.state.status.state == "ready")
    held = HeldLayout(monkeypatch)
    session.set_params(session.state.params.changed({"min_dist": 0.9}))
    assert held.started.wait(30)
    session.cancel()
    until(lambda: session.state.status.state == "cancelled")
    rows = weakref.ref(session.state.results.rows)
    held.gate.set()
    library.vectors, library.texts = library.vectors[:250], library.texts[:250]
    session.renewed("clustering", "layout")
    until(lambda: session.state.status.state == "ready")
    gc.collect()
    assert rows() is None


def test_trying_again_refreshes_only_where_the_refresh_failed(session, library):
    session.show()
    until(lambda: session.state.status.state == "ready")
    library.failure = DataError("The server is away.")
    session.refreshing.start()
    until(lambda: session.state.status.state == "failed")
    assert session.refreshing.due
    library.failure = None
    session.set_params(session.state.params.changed({"scope": FOUR_ROWS}))
    until(lambda: "4 texts are too few" in session.state.status.message)
    assert not session.refreshing.due


def test_a_question_whose_work_is_cancelled_ends_and_says_so(session, library):
    library.gate.clear()
    session.finding.start_asking("harbour", 5)
    until(lambda: session.state.status.state == "running")
    session.cancel()
    until(lambda: session.state.finding.errand is None, 10)
    assert "cancelled" in session.state.finding.problem
    library.gate.set()
    session.require("graph")
    session.finding.start_more_like(np.array([3], dtype=np.int32), 5)
    until(lambda: session.state.finding.hits is not None and session.state.finding.errand is None)
    assert session.state.finding.problem == ""


def test_what_is_similar_is_so_to_the_rows_of_the_click_though_the_collection_is_read_anew(session, library):
    rows = session.require("rows", "graph").rows
    row = np.array([100], dtype=np.int32)
    wanted = set(rows.ids[session.finding.more_like(row, 5).rows].tolist())
    session.clear_selection()
    library.gate.clear()
    library.vectors, library.texts, library.first_key = library.vectors[90:], library.texts[90:], 1090
    session.refreshing.start()
    session.finding.start_more_like(row, 5)
    library.gate.set()
    until(lambda: session.state.results.rows is not rows and len(session.state.selection))
    assert session.state.finding.problem == ""
    ids = session.state.results.rows.ids
    assert set(ids[session.state.selection.rows].tolist()) == {key for key in wanted if key >= 1090}


def test_titles_belong_to_the_rows_they_were_asked_for_though_the_collection_is_read_anew(session, library):
    gate, asked = threading.Event(), threading.Event()

    def titler(sample):
        asked.set()
        assert gate.wait(30)
        return f"About {sample.keywords[0]}"

    clusters = session.require("rows", "clustering", "names")
    wanted = clusters.rows.ids[clusters.clustering.labels == 1].tolist()
    session.titling.titler = titler
    session.titling.start([1])
    try:
        assert asked.wait(30)
        with pytest.raises(InvalidParameterError, match="asked for already"):
            session.titling.start()
        library.vectors, library.texts = library.vectors[:200], library.texts[:200]
        session.renewed("rows", "clustering")
    finally:
        gate.set()
    until(lambda: session.state.titling.state == "done")
    assert [titled.ids.tolist() for titled in session.state.annotations.titles] == [wanted]


def test_the_newest_of_many_wishes_wins(session):
    session.show()
    for size in range(5, 60):
        session.set_params(session.state.params.changed({"min_cluster_size": size}))
    results = session.require("clustering")
    alone = Session(session.library, PARAMS.changed({"min_cluster_size": 59}))
    assert adjusted_rand_score(results.clustering.labels, alone.require("clustering").clustering.labels) == 1
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


@pytest.mark.parametrize("key", ["abc", 1003.0, 1.7, True, None, 10**30])
def test_what_cannot_be_a_key_is_told_with_what_keys_look_like(session, key):
    with pytest.raises(DataError, match=r"no primary key of this collection: its keys are whole numbers, such as 1000"):
        session.select_ids([1003, key])
    with pytest.raises(DataError, match="must be a list of primary keys"):
        session.select_ids("1003")


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
