"""Same cluster, same colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment

from cluster_explorer.exploring.identity import Followed, Identities, Memory, RowColors, follow, numbers_of, renumbered
from cluster_explorer.values import Clustering, Scope

LABELS = hnp.arrays(np.int32, 40, elements=st.integers(-1, 5))


def compact(labels):
    """Number the clusters 0, 1, ... without gaps, as a clustering does."""
    present = np.unique(labels[labels >= 0])
    renumbered = {int(old): new for new, old in enumerate(present)} | {-1: -1}
    return np.array([renumbered[int(label)] for label in labels], dtype=np.int32)


def clustering(labels, scope=None):
    labels = np.array(labels, dtype=np.int32)
    return Clustering(labels, np.ones(len(labels), np.float32), int(labels.max(initial=-1)) + 1, scope=scope)


def seen(*several):
    """Return the memory of clusterings that came one after the other, and what was said of the last one."""
    memory, identities = Memory(), Identities()
    for one in several:
        identities = memory.identify(clustering(one))
        memory = memory.holding(clustering(one), identities)
    return memory, identities


@given(LABELS, LABELS, LABELS)
def test_no_two_clusters_share_a_colour(first, second, third):
    for several in ((first,), (first, second), (first, second, third)):
        labels = [compact(one) for one in several]
        colors = seen(*labels)[1].colors
        assert len(colors) == labels[-1].max(initial=-1) + 1
        assert len(set(colors)) == len(colors)


@given(LABELS, LABELS)
def test_as_many_rows_as_can_keep_their_colour(first, second):
    before, after = compact(first), compact(second)
    colors = np.array([*follow(RowColors(before, before < 0), after).colors, -1])
    both = (before >= 0) & (after >= 0)
    shared = np.zeros((before.max(initial=-1) + 1, after.max(initial=-1) + 1), dtype=int)
    np.add.at(shared, (before[both], after[both]), 1)
    best = shared[linear_sum_assignment(shared, maximize=True)].sum()
    assert (colors[after[both]] == before[both]).sum() == best


@given(LABELS, st.permutations(range(6)))
def test_renumbered_clusters_keep_their_colours(labels, order):
    labels = compact(labels)
    memory, before = seen(labels)
    n_clusters = len(before.colors)
    renumber = np.array([*[new for new in order if new < n_clusters], -1])
    followed = memory.identify(clustering(renumber[labels]))
    assert [followed.colors[renumber[old]] for old in range(n_clusters)] == list(before.colors)
    assert followed.sentence == ""


@given(LABELS, LABELS, LABELS)
def test_a_clustering_that_one_comes_back_to_looks_as_it_did(first, second, third):
    first, second, third = compact(first), compact(second), compact(third)
    memory, _ = seen(first, second, third)
    assert memory.identify(clustering(first)).colors == seen(first)[1].colors


def test_what_changed_is_counted():
    before = [0] * 8 + [1] * 4 + [2] * 4 + [-1] * 3
    after = [0] * 4 + [1] * 4 + [2] * 8 + [2, 2, -1]
    assert seen(before, after)[1].sentence == "1 split, 1 merged, 2 rows left noise"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([0] * 80 + [1] * 20, "1 split"),
        ([0] * 50 + [1] * 50, "1 split"),
        (list(range(5)) * 20, "1 split"),
        (list(range(10)) * 10, "1 split"),
        ([0] * 97 + [1] * 3, "1 split"),
        ([0] * 100, ""),
        ([0] * 30 + [-1] * 70, "70 rows became noise"),
        ([-1] * 100, "100 rows became noise"),
    ],
)
def test_a_cluster_that_falls_apart_is_split_into_however_many_parts(after, said):
    assert seen([0] * 100, after)[1].sentence == said


@pytest.mark.parametrize(("n_moved", "said"), [(10, ""), (40, "1 split")])
def test_a_cluster_is_split_when_much_of_it_went_to_another(n_moved, said):
    before = [0] * 100 + [1] * 200
    after = [1] * (100 - n_moved) + [0] * (200 + n_moved)
    assert seen(before, after)[1].sentence == said


def test_a_cluster_that_grows_by_noise_was_not_split():
    assert seen([0] * 20 + [-1] * 40, [0] * 20 + [1] * 40)[1].sentence == "40 rows left noise"
    assert seen([0] * 20 + [-1] * 40, [0] * 16 + [1] * 44)[1].sentence == "40 rows left noise"


def test_the_larger_part_of_a_split_cluster_keeps_the_colour():
    memory = Memory().holding(clustering([0] * 10), Identities(colors=(4,)))
    assert memory.identify(clustering([1] * 7 + [0] * 3)).colors[1] == 4


def test_a_cluster_that_was_noise_for_a_while_gets_its_colour_back():
    memory, _ = seen([0] * 6 + [1] * 5 + [2] * 4, [0] * 6 + [-1] * 5 + [1] * 4)
    # not quite the cluster that it was
    assert memory.identify(clustering([0] * 6 + [-1] + [1] * 4 + [2] * 4)).colors == (0, 1, 2)
    # but rows that joined a cluster do not change its colour
    assert memory.identify(clustering([0] * 6 + [1] * 9)).colors == (0, 2)


def test_only_so_many_clusterings_are_remembered():
    memory, _ = seen(*([0] * size + [1] * (600 - size) for size in range(1, 600)))
    assert len(memory.looks) < 599


def test_coming_back_from_a_drill_down_shows_the_colours_that_were_left():
    whole = clustering([0, 0, 0, 0, 1, 1, 2, 2])
    memory = Memory().holding(whole, Identities(colors=(4, 2, 7)))
    scope = Scope("the first", np.arange(4, dtype=np.int32))
    inner = clustering([0, 0, 1, 1, -1, -1, -1, -1], scope)
    found = memory.identify(inner)
    assert 4 in found.colors
    assert found.sentence == ""
    memory = memory.holding(inner, found)
    # finer within the scope: told as a change within it, rows outside do not count
    finer = memory.identify(clustering([0, 1, 2, 3, -1, -1, -1, -1], scope))
    assert finer.sentence == "2 split"
    assert memory.identify(whole).colors == (4, 2, 7)


def test_a_remembered_look_of_other_clusters_is_not_worn():
    found = clustering([0] * 6 + [1] * 4)
    memory = Memory().holding(found, Identities(colors=(4, 2)))
    forged = replace(memory, looks=dict.fromkeys(memory.looks, ()))
    assert forged.identify(found).colors == (4, 2)


def test_only_so_many_parts_are_remembered_and_the_whole_always():
    whole = clustering([0] * 12 + [1] * 12)
    memory = Memory().holding(whole, Identities(colors=(4, 2)))
    for start in range(12):
        scope = Scope("part", np.arange(start, start + 12, dtype=np.int32))
        part = clustering([0] * 12).spread_over(scope, n_rows=24)
        memory = memory.holding(part, memory.identify(part))
    assert len(memory.by_scope) < 9
    assert scope in memory.by_scope
    assert memory.identify(whole).colors == (4, 2)


@given(st.lists(st.integers(0, 20), unique=True, max_size=12))
def test_numbers_have_no_gaps_and_are_the_colours_where_they_can_be(colors):
    numbers = numbers_of(tuple(colors))
    assert sorted(numbers) == list(range(len(colors)))
    assert all(number == color for number, color in zip(numbers, colors, strict=True) if color < len(colors))


@given(LABELS, LABELS)
def test_a_cluster_that_stays_keeps_its_number_and_its_colour(first, second):
    first, second = clustering(compact(first)), clustering(compact(second))
    before = Followed().by(first)
    after = before.by(second)
    old, new = renumbered(first, before.numbers).labels, renumbered(second, after.numbers).labels
    stays = dict(zip(before.identities.colors, range(first.n_clusters), strict=True))
    for number, color in enumerate(after.identities.colors):
        if stays.get(color, second.n_clusters) < second.n_clusters:
            assert number == stays[color]
    # the same clusters, whatever their numbers
    assert len(set(zip(new.tolist(), second.labels.tolist(), strict=True))) == len(set(second.labels.tolist()))
    # and who comes back finds the numbers that were left
    again = after.by(first)
    assert renumbered(first, again.numbers).labels.tolist() == old.tolist()


def test_clusters_of_other_rows_are_followed_without_telling_what_split():
    before = Followed().by(clustering([0] * 6 + [1] * 4))
    moved = before.carried(np.array([-1, 0, 1, 2, 3, 4, 6, 7, 8, 9], dtype=np.int32), 10)
    # row 5 is new, and what was the smaller cluster is the larger one now
    after = moved.by(clustering([1] * 4 + [0] * 6), tell=False)
    assert after.numbers == (1, 0)
    assert after.identities == Identities(colors=(0, 1))
