"""Metadata of all rows: read when asked for, once, in the background, and stopped when told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from array_library import ArrayLibrary
from cluster_explorer.errors import DataError, FieldError
from cluster_explorer.exploring.metadata import Metadata
from cluster_explorer.params import Params
from cluster_explorer.session import Session
from waiting import until


@pytest.fixture
def library(blobs):
    return ArrayLibrary(blobs, [f"text {row}" for row in range(len(blobs))])


@pytest.fixture
def session(library):
    session = Session(library, Params())
    session.require("rows")
    yield session
    library.gate.set()
    session.close()


def test_columns_follow_the_rows_whatever_order_they_come_in():
    ids = np.array([1, 2, 3])
    frame = pd.DataFrame({"section": ["c", "a", "new", "a again"]}, index=[3, 1, 9, 1])
    column = Metadata().with_columns(ids, frame).columns["section"]
    assert column.iloc[0] == "a"
    assert pd.isna(column.iloc[1])
    assert column.iloc[2] == "c"


def test_columns_of_rows_that_are_no_longer_shown_are_dropped():
    first, second = np.array([1]), np.array([1])
    held = Metadata().with_columns(first, pd.DataFrame({"a": [1]}, index=[1]))
    held = held.with_columns(second, pd.DataFrame({"b": [2]}, index=[1]))
    assert list(held.columns) == ["b"]
    assert held.lacks(second, ("a", "b")) == ("a",)


def test_reading_fills_the_state_once(session, library):
    assert session.metadata.read(["section"])["section"].tolist() == [f"s{row % 3}" for row in range(260)]
    library.failure = DataError("not again")
    assert session.metadata.read()["section"].iloc[4] == "s1"


def test_a_field_that_is_not_there_is_told_with_those_there_are(session):
    with pytest.raises(FieldError, match=r"'colour'.*Available: 'section'"):
        session.metadata.read(["colour"])


def test_reading_in_the_background_shows_its_progress_and_can_be_cancelled(session, library):
    library.gate.clear()
    session.metadata.want()
    until(lambda: session.state.metadata.fraction == 0.5)
    assert session.state.metadata.reading == ("section",)
    session.metadata.cancel()
    until(lambda: session.state.metadata.reading == ())
    assert session.state.metadata.columns == {}
    library.gate.set()
    session.metadata.want()
    until(lambda: "section" in session.state.metadata.columns)


def test_a_failure_in_the_background_is_kept_for_the_views(session, library):
    library.failure = DataError("The server went away.")
    session.metadata.want()
    until(lambda: session.state.metadata.problem)
    assert session.state.metadata.problem == "The server went away."
