"""Tables that spreadsheets open safely, and pictures that are drawn without a browser."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cluster_explorer.errors import InvalidParameterError, SavedFileError
from cluster_explorer.exporting.picture import Named, Picture, draw, write_image
from cluster_explorer.exporting.tables import harmless, write_csv, write_parquet

HOSTILE = [
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\r1",
    "\n1",
    "＝1",
    'say "so"',
    "a,b",
    "line\nbreak",
    "港口",
    "",
]


def test_no_cell_of_a_csv_begins_a_formula_and_every_other_text_stays(tmp_path):
    frame = pd.DataFrame({"id": [-5 - i for i in range(len(HOSTILE))], "text": HOSTILE, "=evil": HOSTILE, "x": -1.5})
    with (write_csv(frame, tmp_path / "rows.csv")).open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["id", "text", "'=evil", "x"]
    assert [row[1] for row in table[1:]] == [*(f"'{text}" for text in HOSTILE[:8]), *HOSTILE[8:]]
    # numbers are numbers, negative ones too
    assert [float(row[0]) for row in table[1:]] == frame.id.tolist()
    assert {row[3] for row in table[1:]} == {"-1.5"}


@given(st.text() | st.text("ab;\t\r\n\"=+-@＝'"))
def test_a_cell_is_the_text_with_apostrophes_where_a_formula_would_begin(text):
    cell = harmless(text)
    assert cell.replace("'", "") == text.replace("'", "")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    # some programs begin a cell at these, inside quotes as well
    for piece in re.split(r"[;\t\r\n]", cell)[1:]:
        assert not piece.lstrip('"').startswith(("=", "+", "-", "@", "＝"))


def test_fields_may_have_any_name(tmp_path):
    frame = pd.DataFrame([["a;=1", "b", 1]], columns=["self", 7, "self"])
    write_csv(frame, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text().splitlines() == ['"self",7,"self"', '"a;\'=1","b",1']
    mixed = pd.DataFrame({"self": [1, "two"]})
    assert pd.read_parquet(write_parquet(mixed, tmp_path / "rows.parquet"))["self"].tolist() == ["1", "two"]
    assert mixed["self"].tolist() == [1, "two"]


def test_parquet_keeps_texts_and_takes_columns_of_mixed_kinds(tmp_path):
    frame = pd.DataFrame({"text": HOSTILE, "mixed": [1, "two", None, *range(len(HOSTILE) - 3)]})
    read = pd.read_parquet(write_parquet(frame, tmp_path / "rows.parquet"))
    assert read.text.tolist() == HOSTILE
    assert read.mixed.tolist()[:2] == ["1", "two"]
    assert read.mixed.isna().sum() == 1


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path):
    with pytest.raises(SavedFileError, match="nowhere"):
        write_csv(pd.DataFrame({"a": [1]}), tmp_path / "nowhere" / "rows.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def picture():
    rng = np.random.default_rng(3)
    positions = np.concatenate([rng.normal(size=(150, 2)) + offset for offset in ([0, 0], [9, 0])]).astype(np.float32)
    return Picture(
        "headlines <b>",
        positions,
        np.repeat([1, 2], 150),
        ("rgba(154,160,166,0.45)", "#0072b2", "#b00028"),
        names=(
            Named("ports $x^2$ & <script>\x07", "#0072b2", 150, (0.0, 0.0)),
            Named("港口", "#b00028", 150, (9.0, 0.0)),
        ),
        legend=(Named("ports", "#0072b2", 1500), Named("港口", "#b00028", 150)),
    )


def test_a_png_shows_both_clusters_in_their_colours_on_their_sides(picture, tmp_path):
    with Image.open(write_image(picture, tmp_path / "map.png", width=800, height=500)) as image:
        assert image.size == (1600, 1000)
        pixels = np.asarray(image.convert("RGB")).astype(int)[100:, :1200]
    for color, side in (((0, 114, 178), 0), ((176, 0, 40), 1)):
        hits = (np.abs(pixels - color).sum(axis=2) < 30).nonzero()[1]
        assert len(hits) > 500
        assert (np.median(hits) > 600) == bool(side)


def test_an_svg_is_well_formed_and_its_names_are_text(picture, tmp_path):
    tree = ET.parse(write_image(picture, tmp_path / "map.svg"))
    texts = ["".join(element.itertext()).strip() for element in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert "ports $x^2$ & <script>" in texts
    assert "港口" in texts
    assert "ports  1,500" in texts
    assert not list(tree.iter("{http://www.w3.org/2000/svg}script"))


def test_equal_pictures_give_equal_files(picture):
    for kind in ("png", "svg"):
        assert draw(picture, kind, width=400, height=300) == draw(picture, kind, width=400, height=300)


def test_names_that_would_cover_each_other_are_left_out(picture):
    crowded = replace(picture, names=tuple(Named(f"name {i}", "#0072b2", 9 - i, (4.0, 0.0)) for i in range(5)))
    svg = draw(crowded, "svg", width=800, height=500).decode()
    assert "name 0" in svg
    assert "name 1" not in svg


def test_a_map_in_space_is_drawn(picture):
    solid = replace(picture, positions=np.column_stack([picture.positions, np.ones(300, dtype=np.float32)]))
    with Image.open(io.BytesIO(draw(solid, "png", width=400, height=300))) as image:
        assert len(image.convert("RGB").getcolors(100_000)) > 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "map.gif"}, r"Available: 'png', 'svg'"),
        ({"theme": "blue"}, r"Available: 'light', 'dark'"),
        ({"width": 1}, "200 to 10,000"),
    ],
)
def test_what_cannot_be_drawn_is_said(picture, tmp_path, change, said):
    wanted = {"path": "map.png"} | change
    with pytest.raises(InvalidParameterError, match=said):
        write_image(picture, tmp_path / wanted.pop("path"), **wanted)
