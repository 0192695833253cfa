"""Texts and tables, before anything is stored."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.errors import DataError, FieldError, InvalidParameterError
from cluster_explorer.milvus.records import check_lengths, derived_keys, make_records

_texts = st.lists(st.sampled_from(["spam", "ham", "eggs", "spam ", "汉字"]), min_size=1, max_size=20)


@given(_texts)
def test_derived_keys_are_unique_positive_and_the_same_in_every_run(texts):
    keys = derived_keys(texts)
    assert len(set(keys)) == len(texts)
    assert all(0 <= key < 2**63 for key in keys)
    assert derived_keys(list(texts)) == keys


@given(_texts, _texts)
def test_rows_added_at_the_end_change_no_key(before, added):
    assert derived_keys([*before, *added])[: len(before)] == derived_keys(before)


@given(_texts)
def test_shuffled_rows_have_the_same_keys(texts):
    assert sorted(derived_keys(sorted(texts))) == sorted(derived_keys(texts))


def test_parts_of_a_text_are_joined_and_kept():
    frame = pd.DataFrame({"title": ["Storm", "Goal", "Quake"], "description": ["Harbour closed.", None, ""]})
    records = make_records(frame, text_column=["title", "description"])
    assert records.texts == ["Storm\nHarbour closed.", "Goal", "Quake"]
    assert records.row(1) == {"id": records.keys[1], "text": "Goal", "title": "Goal", "description": None}


def test_a_single_text_column_becomes_the_text_field():
    frame = pd.DataFrame({"headline": ["Storm"], "section": ["weather"]})
    assert make_records(frame, text_column="headline").row(0).keys() == {"id", "text", "section"}


def test_a_series_or_an_array_is_a_list_of_texts():
    assert make_records(pd.Series(["a", "b"])).texts == ["a", "b"]
    assert make_records(np.array(["a", "b"], dtype=object)).texts == ["a", "b"]


def test_metadata_are_stored_as_what_they_are():
    frame = pd.DataFrame(
        {
            "text": ["a", "b", "c"],
            "name": ["x", None, "z"],
            "count": [1, 2, 3],
            "perhaps": pd.array([1, None, 3], dtype="Int64"),
            "score": [0.5, float("nan"), 1],
            "flag": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "when": pd.to_datetime(["2026-03-01", None, "2026-03-02 12:30"], format="ISO8601"),
            "zoned": pd.to_datetime(["2026-03-01"] * 3, utc=True),
            "day": [dt.date(2026, 3, 1), None, dt.date(2026, 3, 2)],
            "tags": [["a", 1], {"b": None}, None],
            "embedding": [np.array([1.5, 2.0])] * 3,
            "mixed": ["a", 1, None],
            "section": pd.Categorical(["sport", None, "chess"]),
            "nothing": [None, None, None],
            "huge": [2**70, 1, 2],
        }
    )
    columns = make_records(frame).metadata
    assert {name: (column.type_name, column.cells) for name, column in columns.items()} == {
        "name": ("VARCHAR", ["x", None, "z"]),
        "count": ("INT64", [1, 2, 3]),
        "perhaps": ("INT64", [1, None, 3]),
        "score": ("DOUBLE", [0.5, None, 1.0]),
        "flag": ("BOOL", [True, False, True]),
        "maybe": ("BOOL", [True, None, False]),
        "when": ("VARCHAR", ["2026-03-01T00:00:00", None, "2026-03-02T12:30:00"]),
        "zoned": ("VARCHAR", ["2026-03-01T00:00:00+00:00"] * 3),
        "day": ("VARCHAR", ["2026-03-01", None, "2026-03-02"]),
        "tags": ("JSON", [["a", 1], {"b": None}, None]),
        "embedding": ("JSON", [[1.5, 2.0]] * 3),
        "mixed": ("JSON", ["a", 1, None]),
        "section": ("VARCHAR", ["sport", None, "chess"]),
        "nothing": ("VARCHAR", [None, None, None]),
        "huge": ("DOUBLE", [float(2**70), 1.0, 2.0]),
    }


_cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_infinity=False),
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.dates(),
    st.lists(st.integers(-5, 5), max_size=3),
)


@given(st.lists(_cells, min_size=1, max_size=6))
def test_whatever_a_column_holds_is_kept_in_one_type_and_missing_stays_missing(cells):
    frame = pd.DataFrame(
        {"text": [f"text {row}" for row in range(len(cells))], "column": pd.Series(cells, dtype=object)}
    )
    column = make_records(frame).metadata["column"]
    kinds = {"VARCHAR": str, "INT64": int, "DOUBLE": float, "BOOL": bool, "JSON": object}
    assert all(cell is None or isinstance(cell, kinds[column.type_name]) for cell in column.cells)
    assert [cell is None for cell in column.cells] == [
        cell is None or (isinstance(cell, float) and math.isnan(cell)) for cell in cells
    ]
    json.dumps(column.cells, allow_nan=False)


@pytest.mark.parametrize("empty", [None, float("nan"), pd.NA, "", "  \n"])
def test_missing_and_empty_texts_are_named_by_row(empty):
    texts = ["a", empty, "b", empty]
    with pytest.raises(DataError, match=r"Missing or empty texts in texts: 2 found \(rows 1, 3\)"):
        make_records(texts)
    frame = pd.DataFrame({"headline": pd.Series(texts, dtype=object)})
    with pytest.raises(DataError, match=r"column 'headline': 2 found \(rows 1, 3\)"):
        make_records(frame, text_column="headline")


def test_rows_without_any_part_of_a_text_are_named():
    frame = pd.DataFrame({"title": ["a", None], "description": [None, ""]})
    with pytest.raises(DataError, match=r"column 'title' and 'description': 1 found \(row 1\)"):
        make_records(frame, text_column=["title", "description"])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "no texts"),
        (["a", 7, b"c"], r"first other is 7, of type int: 2 found \(rows 1, 2\)"),
        (["a", "\ud800"], r"lone surrogates.*row 1"),
    ],
)
def test_texts_that_cannot_be_stored(texts, said):
    with pytest.raises(DataError, match=said):
        make_records(texts)


def test_a_single_string_is_a_mistake():
    with pytest.raises(InvalidParameterError, match="single str"):
        make_records("a text")


def test_columns_of_what_is_no_table():
    with pytest.raises(InvalidParameterError, match="DataFrame"):
        make_records(["a"], text_column="title")


def test_the_text_column_must_be_said_and_exist():
    frame = pd.DataFrame({"title": ["a"], "description": ["b"], "stars": [1]})
    with pytest.raises(FieldError, match=r"no column 'text'.*'title', 'description'\."):
        make_records(frame)
    with pytest.raises(FieldError, match=r"text_column='headline'.*'title', 'description', 'stars'"):
        make_records(frame, text_column=["title", "headline"])
    with pytest.raises(FieldError, match="names no column"):
        make_records(frame, text_column=[])


def test_names_that_milvus_does_not_allow_come_with_the_way_to_change_them():
    frame = pd.DataFrame({"text": ["a"], "published at": ["2026"], "2nd": [1]})
    with pytest.raises(FieldError) as caught:
        make_records(frame)
    way_out = str(caught.value).rpartition("for example ")[2].rstrip(".")
    renamed = eval(way_out, {"frame": frame})
    assert make_records(renamed).metadata.keys() == {"published_at", "_2nd"}


@pytest.mark.parametrize(("name", "options"), [("vector", {}), ("text", {"text_column": "title"})])
def test_names_of_our_own_fields_are_taken(name, options):
    frame = pd.DataFrame({"title": ["a"], name: ["b"], **({} if options else {"text": ["c"]})})
    with pytest.raises(FieldError, match=rf"column '{name}', which is the name of the field for the"):
        make_records(frame, **options)


def test_two_columns_of_one_name():
    with pytest.raises(FieldError, match=r"several columns of one name: \['a'\]"):
        make_records(pd.DataFrame([["x", 1, 2]], columns=["text", "a", "a"]))


def test_keys_of_ones_own():
    frame = pd.DataFrame({"doc": ["x", "y"], "text": ["a", "a"], "id": [3, 4]})
    assert make_records(frame).keys == [3, 4]
    named = make_records(frame, id_column="doc")
    assert (named.key_field, named.keys, named.keys_are_strings) == ("doc", ["x", "y"], True)
    assert named.metadata["id"].cells == [3, 4]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([1, 2, 1, 2], r"not unique: 2 found \(keys 1, 2\)"),
        (["a", None, "b", "c"], r"missing in id_column='key': 1 found \(row 1\)"),
        ([1, "a", 2, 3], "of type int, str"),
        ([1.5, 2.5, 3.5, 4.5], "of type float"),
        ([2**63, 1, 2, 3], "64 bits"),
        (["x" * 70_000, "a", "b", "c"], "longer than"),
    ],
)
def test_keys_that_cannot_be_used(keys, said):
    frame = pd.DataFrame({"text": list("abcd"), "key": pd.Series(keys, dtype=object)})
    with pytest.raises(DataError, match=said):
        make_records(frame, id_column="key")
    with pytest.raises(FieldError, match=r"no id_column='nr'.*'text', 'key'"):
        make_records(frame, id_column="nr")


def test_a_column_that_is_taken_for_the_keys_unasked_is_told_as_such():
    frame = pd.DataFrame({"id": [1, 1], "nr": [2, 2], "text": ["a", "b"]})
    with pytest.raises(DataError, match=r"column 'id' \(taken for the keys\) are not.*drop the column 'id' to have"):
        make_records(frame)
    # what leaving it out would not help is not advised
    with pytest.raises(DataError, match=r"id_column='nr' are not unique.*drop the column 'id' to have"):
        make_records(frame, id_column="nr")
    with pytest.raises(DataError, match=r"id_column='nr' are not unique.*leave id_column= out to have"):
        make_records(frame.drop(columns="id"), id_column="nr")
    assert make_records(frame.drop(columns="id")).keys == make_records(["a", "b"]).keys


def test_metadata_that_cannot_be_stored():
    frame = pd.DataFrame({"text": ["a", "b"], "tags": [["x"], [float("nan")]]})
    with pytest.raises(DataError, match="Column 'tags' holds list in row 1, which cannot be stored as JSON"):
        make_records(frame)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(1, 60))
def test_lengths_are_counted_in_bytes_as_servers_do(text, longest):
    fits = len(text.encode()) <= longest
    try:
        check_lengths([text], longest, "text")
    except DataError:
        assert not fits
    else:
        assert fits
