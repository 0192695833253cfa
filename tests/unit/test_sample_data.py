"""The sample data that the notebooks ship with is whole, and is what its README says."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).parents[2] / "notebooks" / "data"
COLUMNS = ["title", "description", "source", "published", "section"]
TEXT = ["title", "description"]


@pytest.fixture(scope="module")
def news() -> pd.DataFrame:
    # Strings as they stand: an empty field must stay visible as "" and not turn into NaN.
    return pd.read_csv(DATA / "news_sample.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def embeddings() -> np.ndarray:
    return np.load(DATA / "news_sample.embeddings.npy")


def test_has_the_promised_columns_and_about_1200_rows(news):
    assert list(news.columns) == COLUMNS
    assert 1_150 <= len(news) <= 1_250


def test_no_value_is_missing_or_padded(news):
    for column in COLUMNS:
        assert (news[column] != "").all(), column
        assert (news[column] == news[column].str.strip()).all(), column


def test_texts_are_one_line_each_and_of_a_headlines_length(news):
    assert not news["title"].str.contains("\n").any()
    assert not news["description"].str.contains("\n").any()
    assert news["title"].str.len().between(8, 120).all()
    assert news["description"].str.len().between(20, 400).all()


def test_nobody_is_quoted(news):
    assert not (news["title"] + news["description"]).str.contains('["“”„«»]').any()


def test_file_is_plain_utf8_with_unix_line_ends():
    raw = (DATA / "news_sample.csv").read_bytes()
    raw.decode("utf-8", errors="strict")
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw


def test_dates_are_utc_ascending_and_within_march_to_june_2026(news):
    published = pd.to_datetime(news["published"], format="%Y-%m-%dT%H:%M:%SZ", utc=True)
    assert published.is_monotonic_increasing
    assert published.min() >= pd.Timestamp("2026-03-01", tz="UTC")
    assert published.max() < pd.Timestamp("2026-07-01", tz="UTC")


def test_outlets_and_sections_are_a_short_list_without_misspellings(news):
    assert news["source"].nunique() == 20
    # A misspelled name would stand out as an outlet or a section with a handful of items.
    assert news["source"].value_counts().min() >= 10
    assert set(news["section"]) == {
        "Business", "Culture", "Environment", "Health", "Local", "Science", "Sport", "Technology", "World",
    }  # fmt: skip


def test_only_the_four_intended_texts_appear_twice(news):
    repeated = news[news.duplicated(TEXT, keep=False)]
    copies = Counter(zip(repeated["title"], repeated["description"], strict=True))
    assert sorted(copies.values()) == [2, 2, 2, 2]
    assert not repeated.duplicated([*TEXT, "source"]).any()


def test_embeddings_are_finite_unit_vectors_one_per_row(news, embeddings):
    assert embeddings.dtype == np.float16
    assert embeddings.shape == (len(news), 384)
    assert np.isfinite(embeddings).all()
    # float16 keeps 11 bits; the rounding errors of 384 numbers average out far below this bound.
    np.testing.assert_allclose(np.linalg.norm(embeddings.astype(np.float64), axis=1), 1.0, atol=1e-3)


def test_rows_with_nearly_equal_embeddings_are_the_same_report_from_two_outlets(news, embeddings):
    """Some twenty near-duplicates; and proof that rows and embeddings are aligned, for shifted ones would not match."""
    vectors = embeddings.astype(np.float32)
    texts = (news["title"] + "\n" + news["description"]).tolist()
    pairs = np.argwhere(np.triu(vectors @ vectors.T, k=1) > 0.91).tolist()

    assert 18 <= len(pairs) <= 26
    for one, other in pairs:
        assert SequenceMatcher(None, texts[one], texts[other], autojunk=False).ratio() > 0.8
        assert news["source"][one] != news["source"][other]
