"""Why these rows: what is over-represented among them, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import fisher_exact

from cluster_explorer.describe import contrast, count_terms, most_telling


def random_presence(seed, n=200, m=100):
    return csr_array((np.random.default_rng(seed).random((n, m)) < 0.2).astype(np.int32))


@given(st.integers(0, 10_000), st.integers(1, 60))
@settings(max_examples=40)
def test_p_values_are_those_of_fishers_exact_test(seed, n_rows):
    presence = random_presence(seed, 60, 8)
    rows = np.random.default_rng(seed + 1).choice(60, n_rows, replace=False)
    for found in contrast(presence, [str(column) for column in range(8)], rows, alpha=1.0):
        table = [[found.inside, n_rows - found.inside], [found.outside, 60 - n_rows - found.outside]]
        assert found.p_value == pytest.approx(fisher_exact(table, alternative="greater").pvalue)
        assert found.q_value >= found.p_value * (1 - 1e-12)
        assert found.share_inside > found.share_outside
        assert found.strength >= -1e-9


def test_rows_drawn_at_random_are_hardly_ever_explained():
    """A false discovery rate of 5 % where all is chance: in at most about 5 % of the draws anything is found."""
    explained = sum(bool(contrast(random_presence(seed), range(100), np.arange(40), alpha=0.05)) for seed in range(100))
    assert explained <= 12


def test_what_was_planted_is_found_and_nothing_else():
    dense = random_presence(1).toarray()
    dense[:40, 7] = np.random.default_rng(2).random(40) < 0.8
    found = contrast(csr_array(dense), [f"term {column}" for column in range(100)], np.arange(40))
    assert [one.value for one in found] == ["term 7"]
    assert found[0].lift > 3


@pytest.mark.parametrize("rows", [np.arange(0), np.arange(200)])
def test_nothing_and_everything_have_no_contrast(rows):
    assert contrast(random_presence(3), range(100), rows) == ()


def test_counts_say_no_more_than_presence():
    presence = random_presence(4)
    counts = presence * 7
    rows = np.arange(30)
    assert contrast(counts, range(100), rows, alpha=1) == contrast(presence, range(100), rows, alpha=1)


def test_terms_that_say_the_same_are_given_once():
    texts = np.array(["port strike"] * 15 + ["port strikes"] * 15 + ["comet tail"] * 60, dtype=object)
    terms = count_terms(texts)
    found = most_telling(contrast(terms.counts, terms.vocabulary, np.arange(30)))
    words = [word.removesuffix("s") for one in found for word in one.value.split()]
    assert len(words) == len(set(words))


def test_huge_collections_do_not_underflow():
    presence = csr_array((np.arange(50_000) < 20_000).astype(np.int32)[:, None])
    (found,) = contrast(presence, ["harbour"], np.arange(20_000))
    assert found.p_value == 0
    assert np.isfinite(found.strength)
    assert found.lift == float("inf")


def test_rows_are_compared_with_those_that_are_named_and_no_others():
    presence = random_presence(5)
    rows, others = np.arange(30), np.arange(50, 120)
    among = contrast(presence[np.concatenate([rows, others])], range(100), rows, alpha=1)
    assert contrast(presence, range(100), rows, others, alpha=1) == among
    assert contrast(presence, range(100), rows, others[:0]) == ()
