"""A session asked what clusters and selections are about, and for titles."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from array_library import ArrayLibrary
from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.params import Params
from cluster_explorer.session import Session
from cluster_explorer.session.lane import Lane
from waiting import until

WORDS = ["harbour strike", "comet tail", "cheese fair", "opera night"]


@pytest.fixture
def library(blobs):
    return ArrayLibrary(blobs, [f"{WORDS[min(row // 60, 3)]} item {row}" for row in range(len(blobs))])


@pytest.fixture
def session(library):
    session = Session(library, Params(min_cluster_size=20, space="distance"))
    session.require("members", "names")
    yield session
    session.close()


def label_of(session, word):
    return next(label for label, words in enumerate(session.state.results.names.keywords) if word in " ".join(words))


def test_a_cluster_is_described_by_rows_of_its_own(session):
    label = label_of(session, "comet")
    found = session.describing.cluster(label)
    labels = session.state.results.members.labels
    assert found.size == (labels == label).sum()
    assert (labels[found.central] == label).all()
    assert (labels[found.border.rows] == label).all()
    assert "comet" in " ".join(found.keywords)
    assert found.shares is None


def test_metadata_is_told_once_it_has_been_read(session):
    session.describing.read_metadata()
    (shares,) = session.describing.cluster(0).shares
    assert shares.field == "section"
    assert sum(part.count for part in shares.shares) == session.describing.cluster(0).size


def test_a_cluster_that_is_not_there_is_told_with_those_there_are(session):
    with pytest.raises(InvalidParameterError, match="no cluster 7 to describe: there are clusters 0 to 3"):
        session.describing.cluster(7)


def test_where_there_are_no_clusters_that_is_said(session):
    session.set_params(session.state.params.changed({"min_cluster_size": 300}))
    session.require("members", "names", "layout")
    asked = (
        lambda: session.describing.cluster(0),
        lambda: session.annotating.rename_cluster(0, "mine"),
        lambda: session.titling.estimate([0], titler=str),
        lambda: session.viewing.zoom_to_cluster(0),
        lambda: session.select_cluster(0),
    )
    for ask in asked:
        with pytest.raises(InvalidParameterError, match="there are no clusters"):
            ask()


def test_a_selection_is_explained_by_its_words(session):
    session.select_ids(np.arange(1060, 1120))
    found = session.describing.selection()
    assert found.terms[0].value in {"comet tail", "comet", "tail", "tail item"}
    assert found.terms[0].share_inside == 1
    assert found.metadata is None
    session.describing.read_metadata()
    assert session.describing.selection().metadata == ()


def test_a_selection_is_explained_by_its_metadata(session):
    session.describing.read_metadata()
    session.select_ids(np.arange(1000, 1260, 3))
    found = session.describing.selection()
    assert [(one.field, one.value, one.share_outside) for one in found.metadata] == [("section", "s0", 0.0)]
    assert found.terms == ()


def test_an_empty_selection_has_nothing_to_explain(session):
    assert session.describing.selection().terms == ()


def test_the_same_clustering_is_measured_once(session):
    results = session.state.results
    first = session.describing.centrality(results.graph, results.members)
    assert session.describing.centrality(results.graph, results.members) is first


def test_titles_go_to_their_clusters_and_follow_them(session):
    results = session.titling.ask(titler=lambda sample: f"About {sample.keywords[0].split()[0]}")
    assert len(results.titles) == 4
    label = label_of(session, "comet")
    assert session.annotating.titles()[label] == results.titles[label]
    session.set_params(session.state.params.changed({"min_cluster_size": 10}))
    session.require("names")
    assert session.annotating.titles()[label_of(session, "comet")] == results.titles[label]


def test_nothing_is_asked_before_somebody_says_so(session):
    asked = []
    session.titling.titler = asked.append
    said = session.titling.estimate()
    assert (said.n_requests, said.n_texts, asked) == (4, 24, [])
    assert "4 requests" in str(said)


def test_clusters_that_the_reader_named_are_not_asked_about(session):
    session.annotating.rename_cluster(2, "My own")
    assert [sample.label for sample in session.titling.estimate(titler=str).samples] == [0, 1, 3]
    assert session.titling.estimate([2], titler=str).n_requests == 1


def test_what_was_asked_once_is_known(session):
    session.titling.titler = lambda sample: sample.keywords[0]
    session.titling.ask()
    said = session.titling.estimate()
    assert (said.n_requests, said.n_cached) == (0, 4)
    assert "Nothing would be sent" in str(said)


def test_failures_are_told_and_leave_the_keywords(session):
    def titler(sample):
        raise OSError("no model")

    session.titling.ask(titler=titler)
    until(lambda: session.state.titling.state == "failed")
    assert "no model" in session.state.titling.message
    assert session.state.titling.n_failed == 4
    assert session.annotating.titles() == {}


def test_asking_in_the_background_is_seen_and_can_be_cancelled(session):
    held = threading.Event()

    def titler(sample):
        if sample.label:
            held.wait(30)
        return "A title"

    session.titling.titler = titler
    session.titling.start()
    until(lambda: session.state.titling.fraction > 0)
    with pytest.raises(InvalidParameterError, match="being asked for already"):
        session.titling.ask()
    session.titling.cancel()
    until(lambda: session.state.titling.state == "cancelled")
    held.set()
    assert session.annotating.titles() == {0: "A title"}
    assert session.state.titling.n_titles == 1


def test_nobody_to_ask_is_told_with_what_to_give(session):
    with pytest.raises(InvalidParameterError, match="titles=ChatTitles"):
        session.titling.start()
    with pytest.raises(InvalidParameterError, match="callable"):
        session.titling.ask(titler="gpt")


def test_a_lane_runs_the_newest_wish_of_each_kind():
    lane, first, done, ran = Lane("test"), threading.Event(), threading.Event(), []
    lane.submit("a", lambda: first.wait(10))
    for number in range(5):
        lane.submit("b", lambda number=number: ran.append(number))
    lane.submit("c", done.set)
    first.set()
    assert done.wait(10)
    lane.close()
    assert ran == [4]


def test_work_that_fails_does_not_end_a_lane(caplog):
    lane, done = Lane("test"), threading.Event()
    lane.submit("a", lambda: 1 / 0)
    lane.submit("b", done.set)
    assert done.wait(10)
    lane.close()
    assert "ZeroDivisionError" in caplog.text
