"""What clusters are called."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer.describe import ClusterNames, count_terms, name_clusters
from cluster_explorer.errors import Cancelled


def texts_about(*subjects, each=12):
    return np.array([f"{subject} report number {row}" for subject in subjects for row in range(each)], dtype=object)


def test_clusters_are_named_after_what_sets_them_apart():
    texts = texts_about("harbour strike dockers", "comet telescope sky", "harbour festival boats")
    labels = np.repeat([0, 1, 2], 12).astype(np.int32)
    names = name_clusters(count_terms(texts), labels)
    assert set(names.keywords[1][:3]) & {"comet", "telescope", "sky"}
    assert names.keywords[0][0] != names.keywords[2][0]
    assert "report" not in {words[0] for words in names.keywords}


def test_a_name_says_nothing_twice():
    texts = texts_about("port strike ports strikes", "comet comets comet's")
    names = name_clusters(count_terms(texts), np.repeat([0, 1], 12).astype(np.int32))
    for keywords in names.keywords:
        words = [word.removesuffix("'s").removesuffix("s") for keyword in keywords for word in keyword.split()]
        assert len(words) == len(set(words))


def test_names_do_not_depend_on_the_order_of_rows():
    texts = texts_about("alpha beta", "gamma delta", "epsilon zeta")
    labels = np.repeat([0, 1, 2], 12).astype(np.int32)
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = name_clusters(count_terms(texts[order]), labels[order])
    assert shuffled == name_clusters(count_terms(texts), labels)


@pytest.mark.parametrize(
    "texts", [["", "", "  "], ["1 2 3", "4 5", "6"], ["the and of", "of the", "and"], ["漢字", "한국어", "\x00\u200b"]]
)
def test_texts_without_words_leave_clusters_without_names_and_never_fail(texts):
    terms = count_terms(np.array(texts, dtype=object))
    names = name_clusters(terms, np.array([0, 0, 1], dtype=np.int32))
    assert len(names.keywords) == 2
    assert isinstance(names.name(0), str)


def test_noise_and_unknown_clusters_have_no_name():
    names = ClusterNames((("a", "b"),))
    assert (names.name(0), names.name(-1), names.name(1)) == ("a, b", "", "")


def test_everything_noise_gives_no_names():
    terms = count_terms(texts_about("alpha"))
    assert name_clusters(terms, np.full(12, -1, dtype=np.int32)).keywords == ()


def test_counting_can_be_cancelled():
    def cancel(_share):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        count_terms(texts_about("alpha"), on_progress=cancel)


def test_stop_words_are_found_in_the_collection_whatever_its_language():
    rng = np.random.default_rng(3)
    fillers = ["zaa", "zbb", "zcc", "zdd"]
    subjects = [["hafen", "streik"], ["komet", "himmel"], ["opernhaus", "premiere"]]
    texts = np.array(
        [" ".join([*rng.choice(fillers, 1), *rng.choice(subject, 1)]) for subject in subjects for _ in range(40)],
        dtype=object,
    )
    names = name_clusters(count_terms(texts), np.repeat([0, 1, 2], 40).astype(np.int32), n_words=2)
    assert [set(keywords) for keywords in names.keywords] == [set(subject) for subject in subjects]


def test_a_cluster_with_nothing_but_common_words_still_has_a_name():
    texts = texts_about("same words", "same words")
    names = name_clusters(count_terms(texts), np.repeat([0, 1], 12).astype(np.int32))
    assert all(names.keywords)
