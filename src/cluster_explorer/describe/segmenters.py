"""Words of languages written without spaces: a segmenter where one is installed, character n-grams otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from cluster_explorer.describe.scripts import (
    cleaned,
    graphemes,
    has_hangul,
    has_kana,
    has_unspaced,
    is_hiragana,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import numpy.typing as npt

#: Cuts a run of letters into words.
Cut: TypeAlias = "Callable[[str], list[str]]"

_SAMPLE = 2_000
_SEEN_LENGTH = 500
#: Share of the texts from which loading a segmenter is worth its seconds.
_WORTH_LOADING = 0.005
_NGRAMS = (2, 3, 4)


@dataclass(frozen=True)
class Segmenters:
    """How each script of a collection is cut into words.

    Attributes
    ----------
    chinese, japanese, korean, other : callable
        Each takes a run of letters and returns its words. Korean ones are given the run between two spaces.
    mostly_japanese : bool
        Whether runs of Chinese characters alone are Japanese.
    """

    chinese: Cut
    japanese: Cut
    korean: Cut
    other: Cut
    mostly_japanese: bool = False

    @property
    def by_ngrams(self) -> bool:
        """Whether any script is cut into stretches of letters, which overlap."""
        return not {ngrams, beginnings}.isdisjoint((self.chinese, self.japanese, self.korean, self.other))

    def han(self, run: str) -> list[str]:
        """Cut a run of Chinese or Japanese."""
        return self.japanese(run) if self.mostly_japanese or has_kana(run) else self.chinese(run)


def segmenters_for(texts: npt.NDArray[np.object_]) -> Segmenters:
    """Look at a sample of the texts and load the segmenters that are worth it and installed.

    Chinese is cut by `rjieba`, Korean by `kiwipiepy`, Japanese by `sudachipy`; the extra ``cjk`` brings them. Where one
    is missing, or fails to load, character n-grams take its place.

    Parameters
    ----------
    texts : ndarray of shape (n,), dtype object

    Returns
    -------
    Segmenters
    """
    step = max(1, len(texts) // _SAMPLE)
    sample = [cleaned(str(text)[:_SEEN_LENGTH]) for text in texts[::step]]
    unspaced = [text for text in sample if has_unspaced(text)]
    if len(unspaced) < _WORTH_LOADING * max(1, len(sample)):
        return Segmenters(ngrams, ngrams, beginnings, ngrams)
    korean = sum(map(has_hangul, unspaced))
    japanese = sum(map(has_kana, unspaced))
    mostly_japanese = 2 * japanese > len(unspaced) - korean
    enough = _WORTH_LOADING * len(sample)
    cuts = {
        "chinese": _loaded(_chinese) if not mostly_japanese else None,
        "japanese": _loaded(_japanese) if japanese > enough else None,
        "korean": _loaded(_korean) if korean > enough else None,
    }
    return Segmenters(
        chinese=cuts["chinese"] or ngrams,
        japanese=cuts["japanese"] or ngrams,
        korean=cuts["korean"] or beginnings,
        other=ngrams,
        mostly_japanese=mostly_japanese,
    )


def ngrams(run: str) -> list[str]:
    """Return all stretches of 2 to 4 letters, each with its marks.

    Examples
    --------
    >>> ngrams("房地产")
    ['房地', '地产', '房地产']
    """
    letters = graphemes(run)
    grams = ("".join(letters[start : start + n]) for n in _NGRAMS for start in range(len(letters) - n + 1))
    return [gram for gram in grams if not is_hiragana(gram)]


def beginnings(run: str) -> list[str]:
    """Return the stretches of 2 to 4 letters that a Korean word begins with: particles come at its end.

    Examples
    --------
    >>> beginnings("정부가")
    ['정부', '정부가']
    """
    return [run[:n] for n in _NGRAMS if n <= len(run)]


def _loaded(load: Callable[[], Cut]) -> Cut | None:
    """Load a segmenter and try it; None when it is not installed or cannot be used here."""
    try:
        cut = load()
        cut("試試看")
    except Exception:  # noqa: BLE001 - whatever is wrong with an optional package, n-grams will do
        return None
    return cut


@cache
def _chinese() -> Cut:
    from rjieba import cut

    return lambda run: _at_least_two(cut(run))


@cache
def _korean() -> Cut:
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)
    return lambda run: _at_least_two(token.form for token in kiwi.tokenize(run) if token.tag in ("NNG", "NNP", "XR"))


@cache
def _japanese() -> Cut:
    from sudachipy import Dictionary, SplitMode

    tokenizer = Dictionary(dict=_sudachi_dictionary()).tokenizer(mode=SplitMode.B)
    return lambda run: _at_least_two(
        morpheme.surface()
        for morpheme in tokenizer.tokenize(run)
        if morpheme.part_of_speech()[0] == "名詞" and morpheme.part_of_speech()[1] != "数詞"
    )


def _sudachi_dictionary() -> str:
    from importlib.util import find_spec

    return next((size for size in ("small", "core", "full") if find_spec(f"sudachidict_{size}")), "small")


def _at_least_two(words: Iterable[str]) -> list[str]:
    """Keep words of two letters and more: single ones are mostly grammar."""
    return [word for word in words if len(word) > 1]
