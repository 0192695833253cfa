"""Values and ranges as people write them, against what a field holds."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.exploring.columns import column_of
from cluster_explorer.exploring.wished_values import wished_places, wished_span

DAYS = column_of("day", ["2025-03-01", "2025-03-31T15:00:00", "2025-03-31T23:59:59.5", "2025-04-01", None])
LARGE = column_of("account", [10**17 + 1, 10**17 + 2, 10**17 + 3, None])


def days_between(*ends):
    low, high = wished_span(DAYS, ends)
    # what session files and browsers can hold
    assert math.isfinite(low)
    assert math.isfinite(high)
    return ((DAYS.numbers >= low) & (DAYS.numbers <= high)).tolist()


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("2025-03-01", "2025-03-31"),
        ("2025-03-31", "2025-03-01"),
        ("2025-03", "2025-03"),
        (None, "2025-03-31"),
        ("20250301", "20250331"),
        (dt.date(2025, 3, 1), dt.date(2025, 3, 31)),
        (np.datetime64("2025-03-01"), np.datetime64("2025-03")),
        (pd.Timestamp("2025-03-01"), pd.Timestamp("2025-03-31T23:59:59.5")),
        ("2025-03-01T01:00+01:00", "2025-04-01T01:59:59.5+02:00"),
    ],
)
def test_a_day_or_a_month_is_taken_to_its_end(low, high):
    assert days_between(low, high) == [True, True, True, False, False]


def test_a_moment_is_no_day():
    assert days_between("2025-03-01T00:00", "2025-03-31T15:00") == [True, True, False, False, False]


def test_open_ends_leave_all_that_have_a_value():
    assert days_between(None, None) == [True, True, True, True, False]
    assert days_between("2025", None) == [True, True, True, True, False]
    assert wished_places(LARGE, (None, None)) == (0, 1, 2)


def test_long_whole_numbers_are_compared_to_the_last_digit():
    assert wished_places(LARGE, (10**17 + 2, 10**17 + 2)) == (1,)
    assert wished_places(LARGE, (10**17 + 3, np.int64(10**17 + 2))) == (1, 2)
    assert wished_places(LARGE, [10**17 + 3, None]) == (2, -1)


def test_infinity_is_an_open_end():
    prices = column_of("price", [0.5 * row for row in range(40)])
    low, high = wished_span(prices, (-math.inf, 10**400))
    assert -math.inf < low < high < math.inf
    assert wished_span(prices, (np.float32(2.5), 4)) == (2.5, 4.0)


@pytest.mark.parametrize("wanted", [("x", None), (True, 2), (math.nan, 1), [1, 2], (1,), "12", None])
def test_what_is_no_range_of_numbers_is_told(wanted):
    prices = column_of("price", [0.5 * row for row in range(40)])
    with pytest.raises(InvalidParameterError, match=r"(?i)field 'price'"):
        wished_span(prices, wanted)
