"""In which order rows are read, and where a cluster's label goes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cluster_explorer.exploring.members import Members, members_at
from cluster_explorer.exploring.reading import count_by_cluster, label_anchors, reading_order, shortened
from cluster_explorer.values import Clustering


def members_of(labels):
    labels = np.asarray(labels, dtype=np.int32)
    probabilities = np.linspace(0, 1, len(labels), dtype=np.float32)
    clustering = Clustering(labels=labels, probabilities=probabilities, n_clusters=int(labels.max(initial=-1)) + 1)
    return members_at(clustering, 1.0)


@given(hnp.arrays(np.int32, 30, elements=st.integers(-1, 4)))
def test_the_reading_order_is_a_permutation_grouped_by_cluster_with_noise_last(labels):
    members = members_of(labels)
    rows = np.arange(0, 30, 2, dtype=np.int32)
    ordered = reading_order(rows, members)
    assert sorted(ordered.tolist()) == rows.tolist()
    seen = [int(label) for label in labels[ordered]]
    runs = [label for place, label in enumerate(seen) if place == 0 or seen[place - 1] != label]
    assert len(runs) == len(set(runs))
    assert -1 not in runs[:-1]
    counted = count_by_cluster(rows, members)
    assert [label for label, _ in counted] == runs
    assert sum(count for _, count in counted) == len(rows)
    assert [count for label, count in counted if label >= 0] == sorted(
        (count for label, count in counted if label >= 0), reverse=True
    )


def test_attached_noise_is_read_by_how_sure_it_is():
    # js/tests/static_page.test.ts orders the same rows: a saved page lists texts as the widget does
    clustering = Clustering(
        labels=np.array([-1, -1, 0, 0, -1, -1], dtype=np.int32),
        probabilities=np.array([0, 0, 0.5, 1, 0, 0], dtype=np.float32),
        n_clusters=1,
        confidence=np.array([0.2, 0.9, 1, 1, 0.9, 0], dtype=np.float32),
    )
    members = Members(np.array([0, 0, 0, 0, 0, -1], dtype=np.int32), clustering)
    assert reading_order(np.arange(6, dtype=np.int32), members).tolist() == [3, 2, 1, 4, 0, 5]


def test_a_label_stands_on_a_member_of_a_bent_cluster():
    angles = np.linspace(0, np.pi, 51)
    bow = np.c_[np.cos(angles), np.sin(angles)].astype(np.float32)
    (anchor,) = label_anchors(bow, members_of([0] * 51))
    assert np.abs(np.linalg.norm(anchor) - 1) < 1e-5


@given(st.text(), st.integers(2, 20))
def test_a_shortened_text_fits_and_says_that_it_was_cut(text, length):
    short = shortened(text, length)
    assert len(short) <= length
    assert short == text or short.endswith("…")
