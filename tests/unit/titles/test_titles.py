"""Titles from any function; what is shown of a cluster; what of an answer is a title."""

from __future__ import annotations

import threading
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.errors import Cancelled
from cluster_explorer.titles import TitleCache, ask_for_titles, estimate
from cluster_explorer.titles.prompt import MAX_LENGTH, title_from
from cluster_explorer.titles.samples import make_sample

any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


def samples(n):
    return [make_sample(label, [f"word{label}"], [f"text {label}"]) for label in range(n)]


def test_any_function_gives_titles():
    results = ask_for_titles(lambda sample: f"{sample.keywords[0]}: {len(sample.texts)} text", samples(3))
    assert dict(results.titles) == {label: f"word{label}: 1 text" for label in range(3)}


def test_a_function_that_fails_for_some_is_told_for_those():
    def titler(sample):
        if sample.label == 1:
            raise ValueError("I know nothing about this")
        return None if sample.label == 2 else "Ports"

    results = ask_for_titles(titler, samples(4))
    assert set(results.titles) == {0, 3}
    assert "ValueError: I know nothing" in results.failures[1]
    assert "None" in results.failures[2]


def test_a_function_that_hangs_can_be_cancelled():
    hang = threading.Event()
    seen = threading.Event()

    def titler(_sample):
        seen.set()
        hang.wait(60)
        return "late"

    def on_progress(_share):
        if seen.is_set():
            raise Cancelled("enough")

    began = time.monotonic()
    results = ask_for_titles(titler, samples(2), on_progress=on_progress)
    hang.set()
    assert time.monotonic() - began < 5
    assert results.stopped
    assert not results.titles


def test_an_interrupt_while_waiting_is_passed_on():
    interrupted = threading.Event()

    def on_progress(_share):
        interrupted.set()
        raise KeyboardInterrupt

    def titler(_sample):
        interrupted.wait(60)
        return "x"

    with pytest.raises(KeyboardInterrupt):
        ask_for_titles(titler, samples(2), on_progress=on_progress)


def test_the_key_of_a_function_is_not_told_when_it_fails():
    api_key = "0d4e1b-s3cr3t"

    def titler(sample):
        if sample.label:
            raise ValueError(f"401 for {api_key}")
        return {"Authorization": f"Bearer {api_key}"}

    results = ask_for_titles(titler, samples(2))
    assert "ValueError: 401 for ***" in results.failures[1]
    assert "s3cr3t" not in str(results)


def test_the_same_content_is_asked_for_once_whatever_its_number():
    asked = []

    def titler(sample):
        asked.append(sample.label)
        return "Ports"

    cache = TitleCache()
    ask_for_titles(titler, samples(2), cache=cache)
    renumbered = [make_sample(7, ["word0"], ["text 0"]), make_sample(8, ["word0"], ["another text"])]
    assert set(ask_for_titles(titler, renumbered, cache=cache).titles) == {7, 8}
    assert asked == [0, 1, 8]


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Harbour strikes", "Harbour strikes"),
        ('"Harbour strikes."', "Harbour strikes"),
        ("**Harbour strikes**\n\nThese texts ...", "Harbour strikes"),
        ("# Title: Harbour strikes", "Harbour strikes"),
        ('```json\n{"title": "Harbour strikes"}\n```', "Harbour strikes"),
        ("标题：港口罢工", "港口罢工"),
        ("<think>hmm</think>Harbour", "Harbour"),
        ("", ""),
        ("...", ""),
        ('{"title": 7}', ""),
    ],
)
def test_the_title_is_found_in_what_models_say(answer, title):
    assert title_from(answer) == title


@given(any_text)
def test_a_title_is_one_short_line_that_can_be_shown(answer):
    title = title_from(answer)
    title.encode("utf-8")
    assert len(title) <= MAX_LENGTH
    assert not {unicodedata.category(character) for character in title} & {"Cc", "Cs", "Zl", "Zp"}


@given(any_text, st.integers(1, 50))
def test_what_is_shown_of_a_text_is_short_and_can_be_sent(text, length):
    sample = make_sample(0, [], [text], max_characters=length)
    for shown in sample.texts:
        shown.encode("utf-8")
        assert 0 < len(shown) <= length


@given(st.lists(any_text, max_size=5), st.lists(any_text, max_size=5))
def test_more_content_is_never_estimated_to_be_less(first, second):
    fewer = estimate([make_sample(0, [], first)], 0, "x", leaves_machine=True)
    more = estimate([make_sample(0, [], [*first, *second])], 0, "x", leaves_machine=True)
    assert more.n_tokens >= fewer.n_tokens > 0
    assert str(more).startswith("1 request, roughly")
