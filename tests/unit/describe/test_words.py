"""Words of every script: what is counted can be shown, and nothing fails."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.describe import count_known_terms, count_terms, name_clusters, segmenters
from cluster_explorer.describe.scripts import cleaned, runs
from cluster_explorer.describe.segmenters import beginnings, ngrams, segmenters_for

SHARED = Path(__file__).parents[4] / "shared" / "data"

# every kind of character there is, halves of surrogate pairs among them
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
scripts = st.text(
    st.sampled_from("日本語版あアー地震한국어는 ภาษาไทย हिन्दी العربية a1'’-\u200d\u0301\ud83d\u202e"), max_size=40
)


def as_texts(*texts):
    return np.array(texts, dtype=object)


@given(st.lists(any_text | scripts, min_size=1, max_size=8))
def test_whatever_the_texts_every_term_can_be_shown(texts):
    terms = count_terms(as_texts(*texts))
    assert terms.counts.shape == (len(texts), len(terms.vocabulary))
    for term in terms.vocabulary:
        term.encode("utf-8")
        assert not {unicodedata.category(character) for character in term} & {"Cc", "Cs"}
        assert unicodedata.category(term[0]) not in {"Mn", "Mc"} or len(term) > 1


@given(any_text | scripts)
def test_cleaning_twice_changes_nothing_more(text):
    assert cleaned(cleaned(text)) == cleaned(text)


@given(scripts)
def test_runs_hold_letters_of_the_text_in_its_order(text):
    clean = cleaned(text)
    place = 0
    for run in runs(clean):
        place = clean.index(run.text, place) + len(run.text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("می‌روم خانه", ["می‌روم", "خانه"]),
        ("l'été à Zürich", ["l'été", "à", "Zürich"]),
        ("iPhone手机 2012年", ["iPhone", "手机", "年"]),
        ("don't—stop", ["don't", "stop"]),
        ("a\x00b \ud83d c", ["a", "b", "c"]),
    ],
)
def test_words_are_cut_where_their_writing_ends_them(text, words):
    assert [run.text for run in runs(cleaned(text))] == words


def test_pairs_stand_side_by_side_in_a_text():
    vocabulary = set(count_terms(as_texts("bank of england", "bank, england", "bank england")).vocabulary)
    assert "bank england" in vocabulary
    assert count_terms(as_texts("bank of england", "bank, england")).vocabulary.tolist() == ["bank", "england"]


def test_letters_with_marks_are_never_parted():
    grams = ngrams("ภาษาไทยที่")
    assert all(unicodedata.category(gram[0]) != "Mn" for gram in grams)


def test_korean_words_are_known_by_how_they_begin():
    texts = as_texts(*["정부가 발표", "정부는 말했다", "정부의 대책", "야구 경기"])
    assert beginnings("정부는") == ["정부", "정부는"]
    names = name_clusters(count_terms(texts), np.array([0, 0, 0, 1]))
    assert names.keywords[0][0] == "정부"


def test_pieces_of_a_longer_stretch_are_no_terms_of_their_own(monkeypatch):
    monkeypatch.setattr(segmenters, "_loaded", lambda _load: None)
    terms = count_terms(as_texts(*["房地产市场", "看房地产", "房地产"]))
    assert "房地产" in terms.vocabulary
    assert not {"房地", "地产"} & set(terms.vocabulary)


def test_a_segmenter_that_breaks_is_replaced_by_ngrams(monkeypatch):
    def broken():
        raise OSError("a dictionary is missing")

    monkeypatch.setattr(segmenters, "_chinese", broken)
    assert segmenters_for(as_texts("中国人民公安大学", "目录及书目")).chinese is ngrams


@pytest.mark.parametrize(
    ("package", "text", "word"),
    [
        ("rjieba", "中国人民公安大学2012年硕士研究生目录及书目", "研究生"),
        ("sudachipy", "日本の首都で地震があり、避難した。", "地震"),
        ("kiwipiepy", "정부가 새로운 부동산 대책을 발표했다", "부동산"),
    ],
)
def test_installed_segmenters_find_words(package, text, word):
    pytest.importorskip(package, reason=f"{package} (the extra 'cjk') is not installed")
    terms = count_terms(as_texts(text))
    assert word in terms.vocabulary


@pytest.mark.parametrize("with_segmenter", [True, False])
def test_chinese_headlines_are_named_after_their_sections(monkeypatch, with_segmenter):
    path = SHARED / "thucnews_zh.parquet"
    if not path.exists():
        pytest.skip("the Chinese headlines are not on this machine")
    import pandas as pd

    if with_segmenter:
        pytest.importorskip("rjieba", reason="rjieba (the extra 'cjk') is not installed")
    else:
        monkeypatch.setattr(segmenters, "_loaded", lambda _load: None)
    frame = pd.read_parquet(path)
    labels, sections = pd.factorize(frame.label)
    names = name_clusters(count_terms(frame.text.to_numpy(object)), labels.astype(np.int32))
    expected = {"education": "高考", "sports": "火箭", "game": "游戏", "science": "佳能", "politics": "总统"}
    for section, word in expected.items():
        assert word in names.keywords[list(sections).index(section)]


@pytest.mark.parametrize("further", ["harbour strike, harbour", "새로운 항구 소식", "港口罢工", ""])
def test_known_terms_are_counted_in_further_texts_as_in_the_first(further):
    texts = as_texts("the harbour strike", "새로운 항구", "港口罢工的消息", "a comet")
    terms = count_terms(texts)
    again = count_known_terms([*texts, further], terms)
    assert (again[:4] != terms.counts).nnz == 0
    assert count_known_terms([], terms).shape == (0, len(terms.vocabulary))
