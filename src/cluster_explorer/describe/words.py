"""Which words and pairs of words each text holds, in any script."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.describe.scripts import cleaned, has_unspaced, runs
from cluster_explorer.describe.segmenters import segmenters_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from cluster_explorer.describe.segmenters import Segmenters
    from cluster_explorer.values import IntArray, ProgressCallback

_MAX_CHARACTERS = 2_000
_MAX_TERMS = 30_000
_LONGEST_WORD = 40
#: Share of the texts from which a term is in too many to tell anything apart.
_COMMON = 0.6
#: A stretch of letters that stands in a longer one this often is only a piece of it.
_PIECE = 0.7
#: Words of scikit-learn's English list that clusters are about.
_TELLING = frozenset(
    {"amount", "bill", "bottom", "call", "computer", "cry", "detail", "empty", "fill", "find", "fire", "front", "full"}
    | {"interest", "mill", "mine", "move", "part", "serious", "show", "side", "sincere", "system", "thick", "thin"}
    | {"top"}
)


@dataclass(frozen=True, eq=False)
class Terms:
    """How often each term occurs in each text.

    Attributes
    ----------
    counts : csr_array of shape (n, m), int32
    vocabulary : ndarray of shape (m,), dtype object
    segmenters : Segmenters
        How the texts were cut into words.
    read : ndarray of shape (k,), int32, or None
        The rows whose texts were read, ascending, where a sample had to do: the others count as empty. None for all.
    """

    counts: csr_array = field(repr=False)
    vocabulary: npt.NDArray[np.object_] = field(repr=False)
    segmenters: Segmenters = field(repr=False)
    read: IntArray | None = field(default=None, repr=False)


def spread_terms(terms: Terms, rows: IntArray, n_rows: int) -> Terms:
    """Place the terms of a sample among all rows; the others are as if they were empty.

    Parameters
    ----------
    terms : Terms
        Of the texts of the sample.
    rows : ndarray of shape (m,), int32
        The rows that were sampled, ascending.
    n_rows : int
        Rows in all.

    Examples
    --------
    >>> terms = count_terms(np.array(["comet seen", "harbour strike"], dtype=object))
    >>> spread = spread_terms(terms, np.array([1, 3]), 4)
    >>> spread.counts.shape[0], spread.counts.sum(axis=1).tolist(), spread.read.tolist()
    (4, [0, 3, 0, 3], [1, 3])
    """
    from scipy.sparse import csr_array

    lengths = np.zeros(n_rows, dtype=np.int64)
    lengths[rows] = np.diff(terms.counts.indptr)
    starts = np.append(0, np.cumsum(lengths))
    shape = (n_rows, terms.counts.shape[1])
    counts = csr_array((terms.counts.data, terms.counts.indices, starts), shape=shape)
    return Terms(counts, terms.vocabulary, terms.segmenters, rows)


def count_terms(texts: npt.NDArray[np.object_], *, on_progress: ProgressCallback | None = None) -> Terms:
    """Count words and pairs of neighbouring words in each text, of any script.

    Stop words are found in the collection itself: here what stands in more than six in ten texts, in `name_clusters`
    what is spread evenly over the clusters. English function words are left out as well, for collections too small to
    show them. Runs of letters of scripts without spaces are cut by a segmenter where one is installed, and into
    character n-grams otherwise, of which pieces of longer ones are dropped [1]_. Of a long text the beginning counts.

    Parameters
    ----------
    texts : ndarray of shape (n,), dtype object
    on_progress : callable, optional

    Returns
    -------
    Terms

    References
    ----------
    .. [1] Lü, Zhang, Hu: Statistical Substring Reduction in Linear Time. IJCNLP 2004.

    Examples
    --------
    >>> texts = np.array(["the harbour strike", "the harbour is open", "a new comet"], dtype=object)
    >>> sorted(count_terms(texts).vocabulary)
    ['comet', 'harbour', 'harbour strike', 'new', 'new comet', 'open', 'strike']
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    segmenters = segmenters_for(texts)
    vectorizer = CountVectorizer(
        analyzer=_analyzer(segmenters),
        max_df=_COMMON if len(texts) >= 50 else 1.0,
        min_df=2 if len(texts) >= 500 else 1,
        dtype=np.int32,
    )
    try:
        counts = csr_array(vectorizer.fit_transform(_reporting(texts, on_progress)))
    except ValueError:
        # scikit-learn raises when no word is left; clusters then keep their numbers as names
        return Terms(csr_array((len(texts), 0), dtype=np.int32), np.empty(0, dtype=object), segmenters)
    vocabulary = vectorizer.get_feature_names_out().astype(object)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    if segmenters.by_ngrams:
        totals[_pieces(vocabulary, totals)] = 0
    # by frequency, and by the alphabet where that ties: independent of the order of the texts
    kept = np.sort(np.lexsort((np.arange(len(totals)), -totals))[:_MAX_TERMS])
    kept = kept[totals[kept] > 0]
    return Terms(csr_array(counts[:, kept]), vocabulary[kept], segmenters)


def count_known_terms(texts: Sequence[str], terms: Terms) -> csr_array:
    """Count terms that are known already in further texts, shape (n, m).

    Examples
    --------
    >>> terms = count_terms(np.array(["comet seen", "harbour strike"], dtype=object))
    >>> counts = count_known_terms(["a comet, another comet", "an opera"], terms)
    >>> terms.vocabulary[counts.indices].tolist(), counts.toarray().sum(axis=1).tolist()
    (['comet'], [2, 0])
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    if not len(terms.vocabulary) or not len(texts):
        return csr_array((len(texts), len(terms.vocabulary)), dtype=np.int32)
    vocabulary = terms.vocabulary.tolist()
    vectorizer = CountVectorizer(analyzer=_analyzer(terms.segmenters), vocabulary=vocabulary, dtype=np.int32)
    return csr_array(vectorizer.transform(texts))


def _analyzer(segmenters: Segmenters) -> Callable[[str], Iterator[str]]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return partial(terms_of, segmenters=segmenters, stop_words=ENGLISH_STOP_WORDS - _TELLING)


def terms_of(text: str, segmenters: Segmenters, stop_words: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the words of a text, and pairs of words that only a space stands between."""
    before: str | None = None
    for run in runs(cleaned(str(text)[:_MAX_CHARACTERS]).lower()):
        if run.script != "spaced":
            before = None
            yield from _cut(run.script, run.text, segmenters)
            continue
        word = run.text
        if len(word) < 2 or len(word) > _LONGEST_WORD or word in stop_words:
            before = None
            continue
        yield word
        if before is not None and run.follows:
            yield f"{before} {word}"
        before = word


def _cut(script: str, run: str, segmenters: Segmenters) -> list[str]:
    run = run[:_MAX_CHARACTERS]
    if script == "han":
        return segmenters.han(run)
    return segmenters.korean(run) if script == "hangul" else segmenters.other(run)


def _pieces(vocabulary: npt.NDArray[np.object_], totals: npt.NDArray[np.int64]) -> list[int]:
    """Return the columns of stretches of letters that hardly ever stand outside of a longer one."""
    column = {term: place for place, term in enumerate(vocabulary.tolist())}
    pieces: set[int] = set()
    for term, place in column.items():
        if len(term) > 2 and " " not in term and has_unspaced(term):
            for piece in (term[:-1], term[1:]):
                other = column.get(piece)
                if other is not None and totals[place] >= _PIECE * totals[other]:
                    pieces.add(other)
    return sorted(pieces)


def _reporting(texts: npt.NDArray[np.object_], on_progress: ProgressCallback | None, every: int = 500) -> Iterator[str]:
    for row, text in enumerate(texts):
        if on_progress is not None and row % every == 0:
            on_progress(row / len(texts))
        yield text
