"""What of a cluster is shown to whoever titles it, and how much that is."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cluster_explorer.describe.scripts import cleaned
from cluster_explorer.titles.prompt import SYSTEM, question

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class TitleSample:
    """What is shown of one cluster.

    Attributes
    ----------
    label : int
    keywords : tuple of str
    texts : tuple of str
        The most central texts, each cut to a length; without control characters and broken surrogates.
    """

    label: int
    keywords: tuple[str, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)

    @property
    def content(self) -> str:
        """A key of what is shown: equal for equal keywords and texts, whatever the label."""
        shown = json.dumps([self.keywords, self.texts], ensure_ascii=True)
        return hashlib.sha256(shown.encode("ascii")).hexdigest()


#: Anything that makes a title: called with a `TitleSample`, returns a str.
Titler: TypeAlias = Callable[[TitleSample], str]


@dataclass(frozen=True)
class TitleEstimate:
    """What titling would take, before anything is sent.

    Attributes
    ----------
    destination : str
        Where texts would go.
    leaves_machine : bool
        Whether that is another machine, as far as can be told.
    n_clusters : int
        Clusters that titles are wanted for.
    n_requests : int
        Requests that would be made, at least; retries come on top.
    n_cached : int
        Clusters whose titles are known already.
    n_texts, n_characters : int
        Texts that would be sent, and their length with keywords and instructions.
    n_tokens : int
        Roughly, to the model and back: a quarter of the ASCII characters, and one for each other character.
    samples : tuple of TitleSample
        Exactly what would be sent.
    """

    destination: str
    leaves_machine: bool
    n_clusters: int
    n_requests: int
    n_cached: int
    n_texts: int
    n_characters: int
    n_tokens: int
    samples: tuple[TitleSample, ...] = field(repr=False)

    def __str__(self) -> str:
        """Say it in two sentences."""
        if not self.n_requests:
            return f"Nothing would be sent: all {self.n_cached} titles are known already."
        known = f" {self.n_cached} titles are known already." if self.n_cached else ""
        away = "leave this machine for" if self.leaves_machine else "go to"
        return (
            f"{_counted(self.n_requests, 'request')}, roughly {self.n_tokens:,} tokens: the keywords and "
            f"{_counted(self.n_texts, 'text')} of {_counted(self.n_requests, 'cluster')} would {away} "
            f"{self.destination}.{known}"
        )


#: Tokens of an answer, roughly.
_ANSWER = 12


def make_sample(label: int, keywords: Iterable[str], texts: Iterable[str], max_characters: int = 300) -> TitleSample:
    """Make a sample of what is shown of a cluster; every text is cut to `max_characters`.

    Examples
    --------
    >>> make_sample(0, ["harbour"], ["The harbour is closed.", ""], max_characters=11).texts
    ('The harbour',)
    """
    shown = (" ".join(cleaned(text[: 2 * max_characters]).split())[:max_characters].rstrip() for text in texts)
    return TitleSample(label, tuple(keywords), tuple(text for text in shown if text))


def estimate(samples: Iterable[TitleSample], n_cached: int, destination: str, *, leaves_machine: bool) -> TitleEstimate:
    """Count what would be sent.

    Parameters
    ----------
    samples : iterable of TitleSample
        Those whose titles are not known yet.
    n_cached : int
        Those whose titles are.
    destination : str
    leaves_machine : bool

    Examples
    --------
    >>> print(estimate([make_sample(0, ["harbour"], ["a", "b"])], 0, "a function", leaves_machine=False))
    1 request, roughly 122 tokens: the keywords and 2 texts of 1 cluster would go to a function.
    """
    wanted = tuple(samples)
    sent = [f"{SYSTEM}\n{question(sample.keywords, sample.texts)}" for sample in wanted]
    return TitleEstimate(
        destination=destination,
        leaves_machine=leaves_machine,
        n_clusters=len(wanted) + n_cached,
        n_requests=len(wanted),
        n_cached=n_cached,
        n_texts=sum(len(sample.texts) for sample in wanted),
        n_characters=sum(map(len, sent)),
        n_tokens=sum(map(_tokens, sent)) + _ANSWER * len(wanted),
        samples=wanted,
    )


def _tokens(text: str) -> int:
    n_ascii = sum(character < "\x80" for character in text)
    return math.ceil(n_ascii / 4) + len(text) - n_ascii


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
