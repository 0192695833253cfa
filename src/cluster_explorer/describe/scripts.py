"""Texts cut into runs of one script: what is a word in English is none in Chinese."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Script: TypeAlias = Literal["spaced", "han", "hangul", "unspaced"]

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff"
# Thai, Lao, Burmese, Khmer: no spaces between words, and no segmenter here
_UNSPACED = "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1050-\u109f\u1780-\u17d3"
_BY_SCRIPT = re.compile(
    f"(?P<han>[{_HAN}{_KANA}]+)|(?P<hangul>[{_HANGUL}]+)|(?P<unspaced>[{_UNSPACED}]+)"
    f"|(?P<spaced>[^{_HAN}{_KANA}{_HANGUL}{_UNSPACED}]+)"
)
_NOT_SPACED = re.compile(f"[{_HAN}{_KANA}{_HANGUL}{_UNSPACED}]")
_HAS_KANA = re.compile(f"[{_KANA}]")
_HAS_HANGUL = re.compile(f"[{_HANGUL}]")
_ONLY_HIRAGANA = re.compile("[\u3041-\u3096\u309d-\u309f\u30fc]+")
# control characters, halves of surrogate pairs, separators, the zero-width space, what was lost already
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b\ufffd\ud800-\udfff]")
# soft hyphens, marks of direction, tags: they change how a text is shown, not what it says
_FORMATS = re.compile(
    "[\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LAST_MARK = 0x20000
# joiners that spell words in Persian and in Indian scripts
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Run:
    """A stretch of a text without a space or punctuation, in one script.

    Attributes
    ----------
    text : str
    script : {"spaced", "han", "hangul", "unspaced"}
        How it falls into words; "han" holds Chinese and Japanese.
    follows : bool
        Whether only white space stands between the run before and this one.
    """

    text: str
    script: Script
    follows: bool


def cleaned(text: str) -> str:
    r"""Normalise a text (NFKC) and take out what cannot be shown: control characters, broken surrogates and the like.

    Examples
    --------
    >>> cleaned("Ｔｏｋｙｏ\x00 tower \ud83d!")
    'Tokyo  tower  !'
    """
    kept = _CONTROLS.sub(" ", text)
    return kept if kept.isascii() else unicodedata.normalize("NFKC", _FORMATS.sub("", kept))


def runs(text: str) -> Iterator[Run]:
    """Cut a cleaned text into runs of letters, marks and digits; digits alone are left out.

    Examples
    --------
    >>> [run.text for run in runs("The port's iPhone手机, 2012")]
    ['The', "port's", 'iPhone', '手机']
    """
    end = 0
    for match in _pattern_of_words().finditer(text):
        follows = end > 0 and text[end : match.start()].isspace()
        end = match.end()
        word = match.group()
        if word.isascii() or not _NOT_SPACED.search(word):
            if not word.isdigit():
                yield Run(word, "spaced", follows)
            continue
        for part in _BY_SCRIPT.finditer(word):
            script: Script = part.lastgroup  # type: ignore[assignment]
            if not part.group().isdigit():
                yield Run(part.group().strip("'’-"), script, follows=False)


def has_kana(text: str) -> bool:
    """Tell whether a text holds letters that only Japanese has."""
    return _HAS_KANA.search(text) is not None


def has_hangul(text: str) -> bool:
    """Tell whether a text holds Korean letters."""
    return _HAS_HANGUL.search(text) is not None


def has_unspaced(text: str) -> bool:
    """Tell whether a text holds letters of scripts in which words are not (or not only) told apart by spaces."""
    return _NOT_SPACED.search(text) is not None


def is_hiragana(text: str) -> bool:
    """Tell whether a text is of the letters that Japanese writes endings and particles with."""
    return _ONLY_HIRAGANA.fullmatch(text) is not None


def graphemes(text: str) -> list[str]:
    """Cut a text into letters with the marks that belong to them, so that no mark is ever shown alone.

    Examples
    --------
    >>> len(graphemes("ที่"))
    1
    """
    return _pattern_of_graphemes().findall(text)


@cache
def _marks() -> str:
    r"""Return the inside of a character class of all combining marks: ``\w`` has none, and would cut words at them."""
    codes = [code for code in range(_LAST_MARK) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    return "".join(f"\\U{code:08x}" for code in codes)


@cache
def _pattern_of_words() -> re.Pattern[str]:
    letter = f"(?:[^\\W_]|[{_marks()}])"
    return re.compile(f"{letter}(?:(?:{letter}|[{_JOINERS}'’-])*{letter})?")


@cache
def _pattern_of_graphemes() -> re.Pattern[str]:
    return re.compile(f".[{_marks()}]*", re.DOTALL)
