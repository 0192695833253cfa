"""The colour of every row, by whatever is asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.errors import FieldError
from cluster_explorer.exploring.coloring import NEUTRAL, color_by_cluster, color_by_column, color_by_share
from cluster_explorer.exploring.columns import MISSING, Columns, column_of
from cluster_explorer.exploring.finding import RowFilter, rows_left
from cluster_explorer.exploring.identity import Identities
from cluster_explorer.exploring.members import members_at
from cluster_explorer.values import Clustering

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.text(), max_size=2),
)


def members_of(labels, attached=None):
    labels = np.array(labels, dtype=np.int32)
    clustering = Clustering(
        labels,
        np.ones(len(labels), dtype=np.float32),
        int(labels.max(initial=-1)) + 1,
        attached_labels=None if attached is None else np.array(attached, dtype=np.int32),
        confidence=None if attached is None else (np.array(attached) >= 0).astype(np.float32),
    )
    return members_at(clustering, 0.5)


def test_a_cluster_keeps_its_colour_whatever_its_label():
    first = color_by_cluster(members_of([0, 1, -1]), Identities(colors=(0, 1)), 3)
    later = color_by_cluster(members_of([1, 0, -1]), Identities(colors=(1, 0)), 3)
    assert [first.colors[code] for code in first.codes] == [later.colors[code] for code in later.codes]
    assert first.codes[2] == NEUTRAL


def test_rows_attached_to_a_cluster_have_its_colour_lighter():
    coloring = color_by_cluster(members_of([0, 1, -1, -1], [0, 1, 1, -1]), Identities(colors=(0, 1)), 4)
    own, attached = coloring.color_of(1), coloring.color_of(2)
    red, green, blue = (int(own[start : start + 2], 16) for start in (1, 3, 5))
    assert attached == f"rgba({red},{green},{blue},0.5)"
    assert coloring.codes[3] == NEUTRAL


def test_hundreds_of_clusters_have_a_colour_each():
    labels = np.arange(250)
    coloring = color_by_cluster(members_of(labels), Identities(colors=tuple(range(250))), 250)
    assert len({coloring.color_of(row) for row in range(250)}) == 250
    assert coloring.codes.dtype == np.uint8


def test_long_integers_keep_all_their_digits():
    accounts = [1_780_000_000_000_000_001, 1_780_000_000_000_000_003, None] * 4
    assert column_of("account", accounts).categories == ("1780000000000000001", "1780000000000000003")


@given(st.lists(anything, max_size=60))
def test_whatever_a_field_holds_every_row_has_a_colour_or_none_is_offered(values):
    column = column_of("field", values)
    if column.kind == "other":
        return
    coloring = color_by_column(column)
    assert len(coloring.codes) == len(values)
    assert coloring.codes.max(initial=0) < len(coloring.colors)
    missing = [pd.api.types.is_scalar(value) and (pd.isna(value) or not str(value).strip()) for value in values]
    if column.kind == "categories":
        assert ((coloring.codes == NEUTRAL) == missing).all()
        assert sum(entry.count for entry in coloring.legend) == len(values)


def test_the_most_frequent_categories_have_colours_and_the_rest_share_one():
    values = [f"section {place}" for place in range(40) for _ in range(41 - place)] + [None]
    coloring = color_by_column(column_of("section", values))
    assert [entry.name for entry in coloring.legend[:2]] == ["section 0", "section 1"]
    assert [entry.name for entry in coloring.legend[-2:]] == ["20 others", "no value"]
    assert len({entry.color for entry in coloring.legend}) == 22


def test_one_wild_number_does_not_eat_up_the_scale():
    numbers = [float(number) for number in range(300)] + [1e9]
    coloring = color_by_column(column_of("price", numbers))
    assert (coloring.low, coloring.high) == (0.0, pytest.approx(297))
    assert coloring.codes[290] > coloring.codes[10] + 40


def test_dates_are_seconds_since_1970_and_times_of_day_count():
    column = column_of("published", ["1970-01-02", "1970-01-01T06:00:00Z", None])
    assert column.numbers[:2].tolist() == [86_400.0, 21_600.0]
    assert np.isnan(column.numbers[2])


@pytest.mark.parametrize("values", [["2024-13-45", "2024-01-02"], ["1984", "1985"], ["2024-01-01 was a Monday", "b"]])
def test_what_only_looks_like_dates_is_no_date(values):
    assert column_of("field", values * 30).kind == "categories"


def test_values_of_which_every_row_has_its_own_have_no_colours_and_no_groups():
    column = column_of("description", [f"text number {row}" for row in range(100)])
    assert not column.has_colors
    assert not column.has_groups


def test_a_thousand_authors_have_colours_for_the_most_frequent():
    authors = [f"author {row % 1500}" for row in range(2000)]
    column = column_of("author", authors)
    assert column.has_colors
    assert [entry.name for entry in color_by_column(column).legend][-1] == "1,480 others"


def test_dates_are_dates_though_the_field_says_missing_with_an_empty_string():
    column = column_of("published", ["2025-03-01", "", "2025-03-02", " "] * 300)
    assert column.kind == "dates"
    assert np.isnan(column.numbers).sum() == 600


def test_blank_strings_are_no_value():
    column = column_of("section", ["a", "", "a", "\t", None])
    assert column.categories == ("a",)
    assert column.n_missing == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10, 2, 12, 1, None], [1, 2, 10, 12]),
        (["10", "2", "12", "1", None], ["1", "2", "10", "12"]),
        (["part 10", "Part 2", "annex", None], ["annex", "Part 2", "part 10"]),
        ([True, False, None], [False, True]),
        (["2025-03-01", "", "2024-12-31"], ["2024-12-31", "2025-03-01"]),
    ],
)
def test_rows_are_ranked_as_people_sort_and_those_without_a_value_come_last(values, expected):
    order = np.argsort(column_of("field", values).ranks, kind="stable")
    assert [values[place] for place in order][: len(expected)] == expected


def test_a_field_that_is_not_there_is_told_with_those_there_are():
    with pytest.raises(FieldError, match=r"no field 'sektion'.*'section'"):
        Columns({"section": column_of("section", ["a"])})["sektion"]


def test_rows_outside_of_a_filter_fade_and_the_legend_counts_the_others():
    coloring = color_by_column(column_of("section", ["a", "b", "a", None]))
    dimmed = coloring.dimmed(np.array([True, True, False, False]))
    assert [(entry.name, entry.count) for entry in dimmed.legend] == [("a", 1), ("b", 1), ("no value", 0)]
    assert dimmed.codes[2] == dimmed.codes[3] == len(dimmed.colors) - 1
    assert dimmed.color_of(0) == coloring.color_of(0)


def test_shares_have_the_whole_scale_from_0_to_1():
    coloring = color_by_share("trust", np.array([0.0, 0.5, 1.0], dtype=np.float32))
    assert coloring.color_of(0) == coloring.colors[1]
    assert coloring.color_of(2) == coloring.colors[-1]
    assert (coloring.low, coloring.high) == (0.0, 1.0)


def test_all_parts_of_a_filter_must_hold():
    columns = Columns(
        {"section": column_of("section", ["a", "a", "b", None]), "price": column_of("price", [1.5, 2.5, 1.0, 3.0])}
    )
    row_filter = RowFilter(
        matching=np.array([True, True, True, False]), chosen={"section": (0,)}, ranges={"price": (1.0, 2.0)}
    )
    assert rows_left(row_filter, columns).tolist() == [True, False, False, False]
    assert rows_left(RowFilter(chosen={"section": (1, MISSING)}), columns).tolist() == [False, False, True, True]
    assert rows_left(RowFilter(), columns) is None
