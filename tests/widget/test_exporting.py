"""What an explorer writes: its own table, and the map as it is coloured."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

from cluster_explorer.errors import FieldError


@pytest.fixture
def named(explorer):
    explorer.rename_cluster(0, "=the harbour")
    explorer.star(explorer.ids_[[3, 5]])
    return explorer


def test_the_table_has_names_stars_and_metadata_on_request(named):
    frame = named.to_frame(metadata=["section"])
    assert set(frame[frame.cluster == 0].name) == {"=the harbour"}
    assert all(frame[frame.cluster == 1].name != "")
    assert frame.index[frame.starred].tolist() == [3, 5]
    assert frame.section.tolist() == [f"section {row % 3}" for row in range(260)]
    assert "section" not in named.to_frame().columns
    assert "section" in named.to_frame(metadata=True).columns
    with pytest.raises(FieldError, match="Available"):
        named.to_frame(metadata=["nothing"])


def test_a_name_is_beside_the_cluster_that_it_is_of(named):
    named.recluster(min_samples=15, noise_threshold=0)
    frame = named.to_frame(metadata=["section"])
    attached = frame[(frame.cluster == -1) & (frame.attached_cluster >= 0)]
    assert len(attached) > 5
    name_of = named.clusters.name
    assert attached.name.tolist() == name_of[attached.attached_cluster].tolist()
    columns = frame.columns.tolist()
    assert columns.index("name") == columns.index("attached_cluster") + 1
    # all that is in the table is told by its documentation
    told = re.findall(r"\w+", type(named).to_frame.__doc__)
    assert set(columns) - {"section"} <= set(told)


def test_csv_and_parquet_hold_the_table(named, tmp_path):
    frame = named.to_frame()
    read = pd.read_csv(named.to_csv(tmp_path / "rows.csv"))
    assert read.id.tolist() == frame.id.tolist()
    assert set(read[read.cluster == 0].name) == {"'=the harbour"}
    pd.testing.assert_frame_equal(
        pd.read_parquet(named.to_parquet(tmp_path / "rows.parquet")), frame, check_dtype=False
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.parquet"]


def test_the_page_needs_nothing_from_milvus_where_texts_are_held(named, tmp_path):
    named.selected_ids = tuple(named.ids_[:7].tolist())
    named._session.inspect(3)
    named._everything()
    named._session.library.close()
    page = named.save_html(tmp_path / "map.html").read_text()
    assert "harbour strike, item 3" in page
    # what is selected and open here is not there
    assert '"inspected":-1' in page.replace(" ", "")
    assert '"count":7' not in page.replace(" ", "")


def embedded_in(path):
    """What a page holds: its traits, rows and figure."""
    page = path.read_text()
    return json.loads(re.search(r'<script type="application/json" id="ce-data">(.*?)</script>', page)[1])


def numbers(encoded, dtype):
    return np.frombuffer(base64.b64decode(encoded), dtype=dtype)


@pytest.mark.parametrize("narrow", ["filter", "anew", "scope"])
def test_a_page_holds_the_rows_that_are_left_and_no_other(named, tmp_path, narrow):
    left = [row for row in range(260) if row % 3 == 0]
    if narrow == "scope":
        named.cluster_only(named.ids_[left], "a part")
    else:
        named.filter_rows('section == "section 0"', outside="anew" if narrow == "anew" else "grey")
    held = embedded_in(named.save_html(tmp_path / "map.html", metadata=True))
    rows, traits = held["rows"], held["traits"]
    assert [text.split("item ")[1] for text in rows["texts"]] == [str(row) for row in left]
    assert rows["ids"] == [str(key) for key in named.ids_[left]]
    assert {tuple(column["values"]) for column in rows["columns"] if column["name"] == "section"} == {
        ("section 0",) * len(left)
    }
    assert traits["n_rows"] == len(left)
    assert f"({len(left)} of 260 texts)" in traits["title"]
    # a cluster is as large as it is said to be, and neighbours are rows of the page
    labels = numbers(rows["labels"], "<i4")
    sizes = {cluster["label"]: cluster["size"] for cluster in traits["clusters"]}
    assert sizes == {label: int((labels == label).sum()) for label in set(labels.tolist())}
    neighbors = numbers(rows["neighbors"]["rows"], "<i4").reshape(len(left), -1)
    texts, whole = named.to_frame().text.to_numpy(), named.knn_graph_.indices
    for row in (0, 40, len(left) - 1):
        near = {rows["texts"][other] for other in neighbors[row] if other >= 0}
        assert near == {texts[other] for other in whole[left[row], :10] if other in left}
    assert len(held["figure"]["data"]) == 1
    np.testing.assert_allclose(
        numbers(rows["positions"], "<f4").reshape(-1, 2), named.positions_[left].astype(np.float32)
    )


def test_a_name_stays_with_its_cluster_in_a_page_of_few_of_its_rows(named, tmp_path):
    few = named.ids_[named.attached_labels_ == 0][:6].tolist()
    named.filter_rows(f"key in {few}")
    clusters = embedded_in(named.save_html(tmp_path / "map.html"))["traits"]["clusters"]
    assert [(cluster["name"], cluster["size"]) for cluster in clusters] == [("=the harbour", 6)]


def test_a_page_has_a_legend_of_what_it_is_coloured_by(named, tmp_path):
    assert "coloring" not in embedded_in(named.save_html(tmp_path / "map.html"))["traits"]
    named.color_by("section")
    named.filter_values({"section": ["section 0", "section 2"]})
    held = embedded_in(named.save_html(tmp_path / "map.html"))
    coloring, codes = held["traits"]["coloring"], numbers(held["rows"]["codes"], "<i4")
    entries = {entry["name"]: (entry["code"], entry["count"]) for entry in coloring["legend"]}
    assert entries == {name: (code, int((codes == code).sum())) for name, (code, _count) in entries.items()}
    assert set(entries) == {"section 0", "section 2"}
    assert [choice["label"] for choice in coloring["choices"]] == ["section"]


def test_the_image_says_how_many_texts_a_filter_leaves(named, tmp_path):
    named.filter_values({"section": ["section 0"]})
    assert "87 of 260 texts" in named.save_image(tmp_path / "map.svg").read_text()


def test_the_image_has_the_names_that_were_given(named, tmp_path):
    assert "=the harbour" in named.save_image(tmp_path / "map.svg").read_text()
    assert named.save_image(tmp_path / "map.png", theme="dark").read_bytes()[:4] == b"\x89PNG"
