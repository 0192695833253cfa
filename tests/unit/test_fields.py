"""Fields to colour, sort and filter by: only those that are chosen are read, in the background."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from array_library import ArrayLibrary
from cluster_explorer.errors import DataError, FieldError
from cluster_explorer.exploring.listing import Listing
from cluster_explorer.params import Params
from cluster_explorer.session import Session
from waiting import until

PRICES = [float((7 * row) % 260) + 0.5 for row in range(260)]


@pytest.fixture
def library(blobs):
    fields = {
        "rating": [None if row % 20 == 19 else 1 + row % 12 for row in range(260)],
        "price": PRICES,
        "author": [f"author {row % 150}" for row in range(260)],
        "url": [f"https://example.org/{row}" for row in range(260)],
        "tags": [["a", "b"]] * 260,
        "half": [("a", "b", "")[row % 3] for row in range(260)],
    }
    return ArrayLibrary(blobs, [f"text {row}" for row in range(len(blobs))], fields=fields)


@pytest.fixture
def session(library):
    session = Session(library, Params())
    session.require("rows", "members")
    session.select_rows(np.arange(260, dtype=np.int32))
    yield session
    library.gate.set()
    session.close()


def listed(session):
    return session.listing.listed(session.state)


def arrange(session, sort, **changes):
    session.listing.arrange(Listing(sort=sort, grouped=False, **changes))
    until(lambda: not listed(session).is_awaited)


def sorted_by(session, library, field):
    return [library.fields[field][row] for row in listed(session).rows.rows.tolist()]


def test_whole_numbers_are_sorted_as_numbers_and_missing_ones_come_last(session, library):
    arrange(session, "field:rating")
    values = sorted_by(session, library, "rating")
    n_missing = values.count(None)
    assert values[:-n_missing] == sorted(values[:-n_missing])
    assert values[-n_missing:] == [None] * n_missing
    arrange(session, "field:rating", descending=True)
    assert sorted_by(session, library, "rating")[0] == 12


@pytest.mark.parametrize("field", ["author", "url"])
def test_strings_of_many_values_are_sorted_too(session, library, field):
    arrange(session, f"field:{field}")
    assert listed(session).problem == ""
    numbers = [int(value.replace("/", " ").split()[-1]) for value in sorted_by(session, library, field)]
    assert numbers == sorted(numbers)


def test_sorting_by_a_field_does_not_wait_for_it_reads_it_alone_and_arranges_when_it_is_here(session, library):
    library.gate.clear()
    began = time.monotonic()
    session.listing.arrange(Listing(sort="field:price", grouped=False))
    assert time.monotonic() - began < 1
    assert listed(session).is_awaited
    assert len(listed(session).rows) == 260
    until(lambda: session.state.metadata.fraction == 0.5)
    assert session.state.metadata.reading == ("price",)
    library.gate.set()
    until(lambda: not listed(session).is_awaited)
    assert sorted_by(session, library, "price") == sorted(PRICES)
    assert library.fields_read == ["price"]


def test_colouring_by_a_field_reads_it_alone(session, library):
    session.finding.color_by("author")
    until(lambda: session.state.coloring.by == "author")
    assert library.fields_read == ["author"]
    assert session.state.coloring.legend[-1].name == "130 others"


def test_what_is_wished_for_while_something_is_read_comes_next(session, library):
    library.gate.clear()
    session.finding.color_by("rating")
    session.listing.arrange(Listing(sort="field:price"))
    session.metadata.want(["author"])
    until(lambda: session.state.metadata.reading == ("rating", "price", "author"))
    library.gate.set()
    until(lambda: not session.state.metadata.reading)
    assert sorted(library.fields_read) == ["author", "price", "rating"]
    assert session.state.coloring.by == "rating"
    assert not listed(session).is_awaited


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
def test_a_field_that_does_not_come_is_waited_for_no_longer(session, library, ending):
    library.gate.clear()
    session.listing.arrange(Listing(sort="field:price", query="text 1"))
    session.finding.color_by("rating")
    until(lambda: session.state.metadata.fraction == 0.5)
    if ending == "cancelled":
        session.metadata.cancel()
    else:
        library.failure = DataError("The server went away.")
        library.gate.set()
    until(lambda: session.state.finding.color_by == "cluster")
    until(lambda: session.state.listing.sort == "auto")
    assert session.state.listing.query == "text 1"
    assert session.state.notice == ("The server went away." if ending == "failed" else "")
    library.failure = None
    library.gate.set()
    arrange(session, "field:price")
    assert sorted_by(session, library, "price") == sorted(PRICES)


def test_a_field_that_turns_out_to_hold_lists_is_told_and_no_longer_offered(session):
    session.listing.arrange(Listing(sort="field:tags", query="text 1", starred_only=True))
    until(lambda: session.state.listing.sort == "auto")
    assert "'tags' holds lists" in session.state.notice
    assert session.state.listing == Listing(query="text 1", starred_only=True)
    assert session.listing.impossible_sorts(session.state) == ("field:tags",)
    session.finding.color_by("url")
    until(lambda: session.state.finding.color_by == "cluster")
    assert "'url' every text has a value of its own" in session.state.notice
    with pytest.raises(FieldError, match="'shape'"):
        session.listing.arrange(Listing(sort="field:shape"))


def test_a_list_that_cannot_be_sorted_keeps_its_words_and_its_stars(session):
    session.annotating.star(np.arange(30))
    results = session.state.results
    rows = replace(results.rows, vectors=None)
    graph = replace(results.graph, vectors=None)
    stripped = replace(results, by_stage={**results.by_stage, "rows": rows, "graph": graph})
    state = replace(
        session.state, results=stripped, listing=Listing(sort="distance", query='"text 1"', starred_only=True)
    )
    found = session.listing.listed(state)
    assert "vectors stay in Milvus" in found.problem
    assert sorted(found.rows.rows.tolist()) == [1, *range(10, 20)]
    assert "distance" in session.listing.impossible_sorts(state)
    assert "distance" not in session.listing.impossible_sorts(session.state)


def test_rows_without_a_value_can_be_chosen_left_out_and_looked_at_alone(session):
    session.finding.read_fields(["half"])
    filtering = session.filtering
    assert filtering.tick("half", 0, on=False).kept.sum() == 260 - 87
    assert filtering.tick("half", -1, on=False).kept.sum() == 87
    assert filtering.tick("half", 0, on=True).kept.sum() == 174
    assert filtering.tick("half", -1, on=True).kept is None
    session.finding.color_by("half")
    (neutral,) = [entry for entry in session.state.coloring.legend if entry.name == "no value"]
    assert session.finding.isolate_color(neutral.code).kept.tolist() == [row % 3 == 2 for row in range(260)]


def test_one_value_of_many_is_left_out_at_a_time(session):
    session.finding.read_fields(["url"])
    left = session.filtering.tick("url", 200, on=False)
    assert left.kept.sum() == len(left.chosen["url"]) == 259
    with pytest.raises(DataError, match="No row is left"):
        session.filtering.choose("url", [])
