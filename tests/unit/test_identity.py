"""Same cluster, same colour."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cluster_explorer.identity import Identities, follow

LABELS = hnp.arrays(np.int32, 40, elements=st.integers(-1, 5))


def compact(labels):
    """Number the clusters 0, 1, ... without gaps, as a clustering does."""
    present = np.unique(labels[labels >= 0])
    renumbered = {int(old): new for new, old in enumerate(present)} | {-1: -1}
    return np.array([renumbered[int(label)] for label in labels], dtype=np.int32)


@given(LABELS, LABELS)
def test_no_two_clusters_share_a_colour(before, after):
    first = follow(None, Identities(), compact(before))
    second = follow(compact(before), first, compact(after))
    for identities, labels in ((first, compact(before)), (second, compact(after))):
        assert len(identities.colors) == labels.max(initial=-1) + 1
        assert len(set(identities.colors)) == len(identities.colors)


@given(LABELS, st.permutations(range(6)))
def test_renumbered_clusters_keep_their_colours(labels, order):
    labels = compact(labels)
    identities = follow(None, Identities(), labels)
    n_clusters = len(identities.colors)
    renumber = np.array([*[new for new in order if new < n_clusters], -1])
    followed = follow(labels, identities, renumber[labels].astype(np.int32))
    assert [followed.colors[renumber[old]] for old in range(n_clusters)] == list(identities.colors)
    assert followed.sentence == ""


def test_what_changed_is_counted():
    before = np.array([0] * 8 + [1] * 4 + [2] * 4 + [-1] * 3, dtype=np.int32)
    after = np.array([0] * 4 + [1] * 4 + [2] * 8 + [2, 2, -1], dtype=np.int32)
    followed = follow(before, follow(None, Identities(), before), after)
    assert followed.sentence == "1 split, 1 merged, 2 rows left noise"


def test_the_larger_part_of_a_split_cluster_keeps_the_colour():
    before = np.zeros(10, dtype=np.int32)
    after = np.array([1] * 7 + [0] * 3, dtype=np.int32)
    assert follow(before, Identities(colors=(4,)), after).colors[1] == 4
