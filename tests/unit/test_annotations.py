"""Names, stars and saved selections: held by key, so that they outlive whatever happens to clusters and rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.annotations import Annotations, given_names, given_titles, rows_with_ids
from cluster_explorer.errors import InvalidParameterError

KEYS = st.sets(st.integers(-(2**62), 2**62), max_size=30).map(lambda keys: np.array(sorted(keys), dtype=np.int64))
IDS = np.arange(100, 160, dtype=np.int64)
LABELS = np.repeat(np.arange(3, dtype=np.int32), 20)


@given(st.permutations(range(3)))
def test_a_name_follows_its_cluster_when_clusters_are_renumbered(order):
    named = Annotations().with_cluster_name("ports", 1, IDS, LABELS)
    assert given_names(named, IDS, np.array(order, dtype=np.int32)[LABELS]) == {order[1]: "ports"}


def test_a_name_waits_while_its_cluster_is_gone_and_is_back_when_the_cluster_is():
    named = Annotations().with_cluster_name("ports", 1, IDS, LABELS)
    assert given_names(named, IDS, np.full(60, -1, dtype=np.int32)) == {}
    assert given_names(named, IDS, np.full(60, 0, dtype=np.int32)) == {0: "ports"}  # a third of it: still known by it
    few = np.zeros(600, dtype=np.int32)
    assert given_names(named, np.arange(100, 700), few) == {}  # a thirtieth: no longer
    assert given_names(named, IDS, LABELS) == {1: "ports"}


def test_of_two_names_that_were_merged_the_better_fitting_one_is_borne():
    named = Annotations().with_cluster_name("a", 0, IDS, LABELS).with_cluster_name("b", 1, IDS, LABELS)
    merged = np.where(LABELS == 2, 1, 0).astype(np.int32)
    merged[:5] = -1
    assert given_names(named, IDS, merged) == {0: "b"}
    assert given_names(named, IDS, LABELS) == {0: "a", 1: "b"}


def test_a_new_name_replaces_the_one_borne_and_an_empty_one_takes_it_away():
    named = Annotations().with_cluster_name("a", 0, IDS, LABELS).with_cluster_name(" b\n c ", 0, IDS, LABELS)
    assert given_names(named, IDS, LABELS) == {0: "b c"}
    assert named.with_cluster_name("", 0, IDS, LABELS).cluster_names == ()
    with pytest.raises(InvalidParameterError, match="at most 200"):
        named.with_cluster_name("x" * 201, 0, IDS, LABELS)


def test_names_survive_rows_that_came_and_went():
    named = Annotations().with_cluster_name("ports", 2, IDS, LABELS)
    grown = np.concatenate([np.arange(50), IDS[5:]])
    labels = np.concatenate([np.full(50, -1), LABELS[5:]]).astype(np.int32)
    assert given_names(named, grown, labels) == {2: "ports"}


@given(KEYS, KEYS, KEYS)
def test_saved_selections_combine_as_sets_do(a, b, c):
    saved = Annotations().with_selection("a", a).with_selection("b", b).with_selection("c", c)
    sets = [set(keys.tolist()) for keys in (a, b, c)]
    assert set(saved.combined("abc", "union").tolist()) == sets[0] | sets[1] | sets[2]
    assert set(saved.combined("abc", "intersection").tolist()) == sets[0] & sets[1] & sets[2]
    assert set(saved.combined("abc", "difference").tolist()) == sets[0] - sets[1] - sets[2]


@given(KEYS, KEYS)
def test_keys_that_left_are_passed_over(ids, wanted):
    rows = rows_with_ids(ids, wanted)
    assert ids[rows].tolist() == sorted(set(ids.tolist()) & set(wanted.tolist()))


def test_string_keys_and_whole_numbers_are_never_taken_for_each_other():
    words = np.array(["a", "b"], dtype=object)
    assert rows_with_ids(words, np.array(["b", "c"], dtype=object)).tolist() == [1]
    assert len(rows_with_ids(words, np.array([1, 2]))) == 0
    starred = Annotations().with_star(words, on=True).with_star(words[:1], on=False).starred
    assert starred.tolist() == ["b"]


def test_an_unknown_selection_is_told_with_those_that_exist():
    saved = Annotations().with_selection("ports", IDS[:3])
    with pytest.raises(InvalidParameterError, match=r"no saved selection 'port'. Available: 'ports'"):
        saved.combined(["port"], "union")
    with pytest.raises(InvalidParameterError, match="Available: 'union', 'intersection', 'difference'"):
        saved.combined(["ports"], "xor")
    assert saved.without_selection("ports").selections == ()


def test_titles_follow_their_clusters_and_new_ones_take_the_place_of_old_ones():
    ids, labels = np.arange(100, 120), np.repeat([0, 1], 10).astype(np.int32)
    notes = Annotations().with_titles({0: "Ports", 1: "Comets"}, ids, labels)
    assert given_titles(notes, ids, 1 - labels) == {1: "Ports", 0: "Comets"}
    notes = notes.with_titles({1: "Harbours"}, ids, 1 - labels)
    assert given_titles(notes, ids, labels) == {0: "Harbours", 1: "Comets"}
    assert len(notes.titles) == 2
    assert given_names(notes, ids, labels) == {}
