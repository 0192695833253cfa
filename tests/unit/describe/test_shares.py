"""Metadata as values that can be counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer.describe import field_shares, value_table

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=4),
    st.lists(st.text(max_size=2)),
    st.dictionaries(st.text(max_size=2), st.integers()),
)


@given(st.lists(values, max_size=40))
@settings(max_examples=150)
def test_whatever_a_field_holds_its_values_can_be_counted_or_it_is_left_out(column):
    table = value_table(pd.Series(column, dtype=object, name="field"))
    if table is None:
        return
    assert table.presence.shape == (len(column), len(table.names))
    assert len(set(table.names)) == len(table.names) >= 2
    shares = field_shares(table, np.arange(len(column)), n_values=100)
    assert all(share.share == pytest.approx(share.share_overall) for share in shares.shares)
    assert shares.missing == len(column) - table.n_rows
    for name in table.names:
        name.encode("utf-8")


def test_a_field_with_a_value_for_each_row_tells_nothing():
    assert value_table(pd.Series([f"https://example.org/{row}" for row in range(100)], name="url")) is None


def test_one_value_alone_tells_nothing():
    assert value_table(pd.Series(["news"] * 30, name="kind")) is None


def test_numbers_become_ranges_in_their_order_with_about_as_many_rows_each():
    table = value_table(pd.Series(np.arange(1000) ** 2, name="length"))
    assert table.ordered
    assert table.names[0] == "0 to 39601"
    assert table.presence.sum(axis=0).tolist() == [200] * 5


def test_few_numbers_keep_their_names_and_their_order():
    table = value_table(pd.Series([10, 2, 1, 2, 10, 1.0] * 5, name="stars"))
    assert table.names == ("1", "2", "10")
    assert table.presence.toarray()[0].tolist() == [0, 0, 1]


def test_dates_written_as_text_become_ranges():
    days = pd.date_range("2024-01-01", periods=50).strftime("%Y-%m-%d")
    table = value_table(pd.Series(days, name="published"))
    assert table.names[0] == "2024-01-01 to 01-10"


def test_every_element_of_a_list_counts_once_for_its_row():
    table = value_table(pd.Series([["a", "b", "a"], ["b"], [], None], name="tags"))
    assert table.names == ("a", "b")
    assert table.presence.toarray().tolist() == [[1, 1], [0, 1], [0, 0], [0, 0]]
    shares = field_shares(table, np.array([0, 3]))
    assert (shares.missing, shares.shares[0].count, shares.shares[0].share) == (1, 1, 0.5)


def test_the_rarest_values_are_counted_together():
    table = value_table(pd.Series([f"s{row % 8}" for row in range(80)], name="section"))
    shares = field_shares(table, np.arange(80), n_values=3)
    assert [share.value for share in shares.shares] == ["s0", "s1", "s2"]
    assert shares.others == 5
