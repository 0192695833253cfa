"""Arranging and narrowing a list of texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.exploring.listing import Listing, arranged, excerpt, holding

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda word: not set(word) & set('"'))


@given(st.lists(st.tuples(st.integers(-1, 3), st.floats(0, 1) | st.just(float("nan"))), max_size=40), st.booleans())
def test_a_list_holds_every_row_once_sorted_within_clusters_that_stay_together(rows, descending):
    labels = np.array([label for label, _ in rows], dtype=np.int32)
    keys = np.array([key for _, key in rows], dtype=np.float64)
    found = arranged(np.arange(len(rows), dtype=np.int32), keys, descending=descending, labels=labels)
    assert sorted(found.rows.tolist()) == list(range(len(rows)))
    ends = [*found.starts[1:], len(rows)]
    for label, start, end in zip(found.labels, found.starts, ends, strict=False):
        group = found.rows[start:end]
        assert (labels[group] == label).all()
        known = keys[group][~np.isnan(keys[group])]
        assert np.isnan(keys[group][len(known) :]).all()
        assert (np.diff(known) <= 0).all() if descending else (np.diff(known) >= 0).all()
    assert len(set(found.labels)) == len(found.labels)
    assert -1 not in found.labels[:-1]
    sizes = [end - start for start, end in zip(found.starts, ends, strict=False)]
    clusters = sizes[:-1] if -1 in found.labels else sizes
    assert clusters == sorted(clusters, reverse=True)


@given(WORDS.filter(str.strip), st.text(max_size=30), st.text(max_size=30))
def test_a_text_holds_what_it_was_made_with(word, before, after):
    assert holding([f"{before}{word}{after}"], Listing(query=f'"{word}"').terms).all()


@given(st.text(max_size=300), st.integers(100, 200))
def test_an_excerpt_is_never_longer_than_asked_for(text, length):
    assert len(excerpt(text * 3, ("a", "b c"), length)) <= length


def test_signs_of_regular_expressions_are_only_signs():
    assert holding(["(a+)*", "aaa"], ("(a+)*",)).tolist() == [True, False]


def test_an_unknown_sort_is_told_with_those_that_exist():
    with pytest.raises(InvalidParameterError, match="Available: 'auto', 'order', 'probability', 'distance'"):
        Listing(sort="length")
