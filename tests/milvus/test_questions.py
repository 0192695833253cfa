"""Questions to real databases: meaning, words and expressions; hostile words stay words."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer.errors import Cancelled, DataError, FilterError
from cluster_explorer.milvus import open_collection

TEXTS = [
    "Harbour strike: the harbour is closed",
    "harbour 100% closed",
    "100 % wool",
    "a_b under",
    "axb",
    'say "hi" now',
    "back\\slash here",
    "HARBOUR",
    "new\nline",
    "Ölpreis steigt",
    "日本語の文",
    "nothing",
]
SECTIONS = ["port", "port", "shop", 'a"b', "it's", "x", "x", "port", "x", "öl", "x", "x"]


@pytest.fixture
def collection(uri, collection_name, make, fields, vectors):
    rows = [
        {"id": row, "vector": vector.tolist(), "text": text, "section": section}
        for row, (vector, text, section) in enumerate(zip(vectors(12), TEXTS, SECTIONS, strict=True))
    ]
    section = ("section", "VARCHAR", {"max_length": 100})
    make(fields["key"], fields["vector"], fields["text"], section, rows=rows, index={"vector": "COSINE"})
    with open_collection(uri, collection_name) as opened:
        yield opened


def test_the_nearest_rows_come_with_their_similarity_best_first(collection, vectors):
    held = vectors(12)
    found = collection.nearest_to(held[3] * 2, 5)
    expected = np.argsort(-(held @ held[3]))[:5]
    assert list(found.keys) == expected.tolist()
    assert found.scores == pytest.approx((held @ held[3])[expected], abs=1e-5)
    assert found.score_name == "cosine similarity"


@pytest.mark.parametrize(("metric", "name"), [("L2", "Euclidean distance"), ("IP", "inner product")])
def test_scores_are_what_their_name_says(uri, collection_name, make, fields, vectors, metric, name):
    held = vectors(12)
    rows = [{"id": row, "vector": vector.tolist(), "text": "t"} for row, vector in enumerate(held)]
    make(fields["key"], fields["vector"], fields["text"], rows=rows, index={"vector": metric})
    question = np.array([0.5, 1.0, 0.0, -0.5], dtype=np.float32)
    with open_collection(uri, collection_name) as opened:
        found = opened.nearest_to(question, 3)
    distances = np.linalg.norm(held - question, axis=1)
    values = np.sort(distances)[:3] if metric == "L2" else np.sort(held @ question)[::-1][:3]
    assert found.score_name == name
    assert found.scores == pytest.approx(values, abs=1e-5)


def test_another_embedding_function_is_told_by_its_length(collection):
    with pytest.raises(DataError, match=r"returned 7 numbers.* have 4.*embedding_function="):
        collection.nearest_to(np.ones(7, dtype=np.float32), 3)


def test_more_like_some_rows_leaves_those_rows_out(collection, vectors):
    held = vectors(12)
    found = collection.nearest_to_rows([3, 8], 4)
    distances = np.minimum(np.linalg.norm(held - held[3], axis=1), np.linalg.norm(held - held[8], axis=1))
    distances[[3, 8]] = np.inf
    assert list(found.keys) == np.argsort(distances)[:4].tolist()
    assert found.scores == pytest.approx(np.sort(distances)[:4], abs=1e-3)


def test_questions_are_answered_by_the_index_whatever_the_map_compares_by(uri, collection_name, make, fields, vectors):
    held = vectors(12) * np.arange(1, 13, dtype=np.float32)[:, None]
    rows = [{"id": row, "vector": vector.tolist(), "text": "a"} for row, vector in enumerate(held)]
    make(fields["key"], fields["vector"], fields["text"], rows=rows, index={"vector": "L2"})
    lengths = np.linalg.norm(held - held[3], axis=1)
    order = [row for row in np.argsort(lengths).tolist() if row != 3]
    with open_collection(uri, collection_name, metric="cosine") as opened:
        found = opened.nearest_to(held[3], 5)
        assert found.score_name == "Euclidean distance"
        assert list(found.keys) == [3, *order[:4]]
        more = opened.nearest_to_rows([3], 4)
        assert list(more.keys) == order[:4]
        assert more.scores == pytest.approx(lengths[order[:4]], abs=1e-3)


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (["harbour"], [0, 1, 7]),
        (["HARBOUR"], [0, 1, 7]),
        (["Harbour", "closed"], [0, 1]),
        (["100%"], [1]),
        (["a_b"], [3]),
        (['"hi"'], [5]),
        (["back\\slash"], [6]),
        (["ölpreis"], [9]),
        (["日本"], [10]),
        (['" or id >= 0 or text like "'], []),
        (["%"], [1, 2]),
    ],
)
def test_words_are_found_in_any_usual_case_and_only_as_they_are(collection, words, rows):
    found = collection.holding_words(words, 100)
    assert sorted(found.keys) == rows
    assert found.n_found == len(rows)


def test_the_texts_with_most_occurrences_come_first(collection):
    found = collection.holding_words(["harbour"], 2)
    assert found.keys == (0, 1)
    assert found.scores.tolist() == [2, 1]
    assert found.n_found == 3


def test_an_analyzed_text_is_matched_by_its_words(uri, collection_name, make, fields, vectors):
    text = ("text", "VARCHAR", {"max_length": 1000, "enable_analyzer": True, "enable_match": True})
    rows = [
        {"id": row, "vector": vectors(3)[row].tolist(), "text": line}
        for row, line in enumerate(["Harbour news", "harbours", "the HARBOUR"])
    ]
    make(fields["key"], fields["vector"], text, rows=rows, index={"vector": "COSINE"})
    with open_collection(uri, collection_name) as opened:
        assert opened.info.matches_text
        assert sorted(opened.holding_words(["harbour"], 10).keys) == [0, 2]


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ('section == "port"', [0, 1, 7]),
        ("id in [3, 5]", [3, 5]),
        ('section == "none"', []),
        ("id >= 0", list(range(12))),
    ],
)
def test_an_expression_finds_its_rows(collection, expression, rows):
    assert list(collection.matching(expression)) == rows


def test_questions_stay_under_the_filter_of_the_collection(uri, collection_name, collection, vectors):
    with open_collection(uri, collection_name, filter='section == "port" or id == 3') as opened:
        assert opened.matching("id < 5") == (0, 1, 3)
        assert set(opened.nearest_to(vectors(12)[3], 10).keys) == {0, 1, 3, 7}
        assert set(opened.holding_words(["harbour"], 10).keys) == {0, 1, 7}
        assert set(opened.nearest_to_rows([0], 10).keys) == {1, 3, 7}


def test_an_expression_that_milvus_cannot_run_says_why_and_which_fields_there_are(collection):
    with pytest.raises(FilterError, match=r"(?s)'section == .port'.*'section'.*Examples"):
        collection.matching('section == "port')


def test_looking_for_words_can_be_cancelled(collection):
    def cancel(_share):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        collection.holding_words(["harbour"], 10, on_progress=cancel)
