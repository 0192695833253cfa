"""What sets a selection apart in a collection of which only a sample of the texts is read, to name clusters."""

from __future__ import annotations

import numpy as np
import pytest

from many_rows import WORDS, explorer_of

N_ROWS = 40_000
N_READ = 20_000


@pytest.fixture(scope="module")
def large():
    with explorer_of(N_ROWS) as explorer:
        explorer._result("terms")
        yield explorer


@pytest.fixture
def rows_of_a_word(large):
    """The rows whose texts begin with the fourth word."""
    yield np.arange(N_ROWS)[np.arange(N_ROWS) % 10 == 3]
    large.clear_filter()
    large.clear_selection()


def found_word(frame):
    return frame[frame.value == WORDS[3]].iloc[0]


def test_shares_are_of_the_texts_that_were_read(large, rows_of_a_word):
    large.select(ids=large.ids_[rows_of_a_word])
    frame = large.describe_selection()
    word = found_word(frame)
    assert word.share_inside == 1
    # the others hold it where it is their second word
    assert word.share_outside == pytest.approx(0.1, abs=0.01)
    assert frame.attrs["texts_read"] == word.inside
    # half of them are in the sample, and 2,000 are read in any case
    assert 2_000 <= frame.attrs["texts_read"] < 2_100
    assert N_READ <= frame.attrs["texts_read"] + frame.attrs["others_read"] < N_READ + 100


def test_a_selection_of_texts_that_were_not_read_is_explained_by_reading_them(large, rows_of_a_word):
    read = large._session.state.results.by_stage["terms"].read
    large.select(ids=large.ids_[np.setdiff1d(rows_of_a_word, read)[:100]])
    frame = large.describe_selection()
    assert (found_word(frame).inside, found_word(frame).share_inside) == (100, 1)
    assert frame.attrs == {"texts_read": 100, "others_read": N_READ}


def test_of_a_few_texts_that_a_filter_leaves_all_are_read(large, rows_of_a_word):
    large.filter_rows("row < 400")
    large.select(ids=large.ids_[rows_of_a_word[:40]])
    frame = large.describe_selection()
    word = found_word(frame)
    assert (word.inside, word.share_inside) == (40, 1)
    assert word.outside == 36
    assert frame.attrs == {"texts_read": 40, "others_read": 360}
