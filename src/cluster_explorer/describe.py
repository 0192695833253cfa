"""What clusters are about: the words that set a cluster's texts apart from all others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from cluster_explorer.values import IntArray, ProgressCallback

_MAX_CHARACTERS = 2_000
_MAX_TERMS = 30_000
_COMMON = 0.3
# letters of any script, digits only beside letters, inner apostrophes and hyphens
_WORD = r"(?u)\b[^\W\d_][\w'’-]*\w\b"


@dataclass(frozen=True, eq=False)
class Terms:
    """How often each term occurs in each text.

    Attributes
    ----------
    counts : csr_array of shape (n, m), int32
    vocabulary : ndarray of shape (m,), dtype object
    """

    counts: csr_array = field(repr=False)
    vocabulary: npt.NDArray[np.object_] = field(repr=False)


@dataclass(frozen=True)
class ClusterNames:
    """A few keywords for every cluster.

    Attributes
    ----------
    keywords : tuple of tuple of str
        The most telling terms of cluster 0, 1, ..., the best first.
    """

    keywords: tuple[tuple[str, ...], ...]

    def name(self, label: int, n_words: int = 3) -> str:
        """Return the best keywords of a cluster as a name; empty for noise and unknown clusters."""
        return ", ".join(self.keywords[label][:n_words]) if 0 <= label < len(self.keywords) else ""


def count_terms(texts: npt.NDArray[np.object_], *, on_progress: ProgressCallback | None = None) -> Terms:
    """Count words and pairs of words in each text.

    Stop words are found in the collection itself (what stands in more than three in ten texts), and English ones are
    left out as well. Only the beginning of a long text counts.

    Parameters
    ----------
    texts : ndarray of shape (n,), dtype object
    on_progress : callable, optional

    Returns
    -------
    Terms

    Examples
    --------
    >>> texts = np.array(["the harbour strike", "the harbour is open", "a new comet"], dtype=object)
    >>> sorted(count_terms(texts).vocabulary)
    ['comet', 'harbour', 'harbour open', 'harbour strike', 'new', 'new comet', 'open', 'strike']
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    vectorizer = CountVectorizer(
        ngram_range=(1, 2),
        token_pattern=_WORD,
        stop_words=list(ENGLISH_STOP_WORDS),
        max_df=_COMMON if len(texts) >= 50 else 1.0,
        min_df=2 if len(texts) >= 500 else 1,
        max_features=_MAX_TERMS,
        dtype=np.int32,
    )
    seen = (text[:_MAX_CHARACTERS] for text in _reporting(texts, on_progress))
    try:
        counts = vectorizer.fit_transform(seen)
    except ValueError:
        # scikit-learn raises when no word is left; clusters then keep their numbers as names
        return Terms(csr_array((len(texts), 0), dtype=np.int32), np.empty(0, dtype=object))
    return Terms(csr_array(counts), vectorizer.get_feature_names_out().astype(object))


def name_clusters(terms: Terms, labels: IntArray, n_words: int = 8) -> ClusterNames:
    """Find the terms that set each cluster apart, by class-based TF-IDF [1]_.

    Parameters
    ----------
    terms : Terms
    labels : ndarray of shape (n,), int32
        Cluster of each row; -1 is noise and counts for none.
    n_words : int
        Keywords for each cluster, at most.

    Returns
    -------
    ClusterNames

    References
    ----------
    .. [1] Grootendorst: BERTopic: Neural topic modeling with a class-based TF-IDF procedure. arXiv:2203.05794, 2022.

    Examples
    --------
    >>> texts = np.array(["harbour strike", "harbour closed", "comet seen", "comet tail"], dtype=object)
    >>> name_clusters(count_terms(texts), np.array([0, 0, 1, 1])).name(1, n_words=1)
    'comet'
    """
    from scipy.sparse import csr_array

    n_clusters = int(labels.max(initial=-1)) + 1
    if n_clusters == 0 or not len(terms.vocabulary):
        return ClusterNames(tuple(() for _ in range(n_clusters)))
    members = np.flatnonzero(labels >= 0)
    ones = np.ones(len(members), dtype=np.int32)
    membership = csr_array((ones, (labels[members], members)), shape=(n_clusters, len(labels)))
    per_cluster = csr_array(membership @ terms.counts).astype(np.float64)
    # the square root dampens one text that repeats a word
    per_cluster.data = np.sqrt(per_cluster.data)
    words_in_cluster = np.maximum(np.asarray(per_cluster.sum(axis=1)).ravel(), 1.0)
    overall = np.maximum(np.asarray(per_cluster.sum(axis=0)).ravel(), 1e-12)
    rarity = np.log1p(words_in_cluster.mean() / overall)
    return ClusterNames(
        tuple(_best_terms(per_cluster, label, rarity, terms.vocabulary, n_words) for label in range(n_clusters))
    )


def _best_terms(
    per_cluster: csr_array,
    label: int,
    rarity: npt.NDArray[np.float64],
    vocabulary: npt.NDArray[np.object_],
    n_words: int,
) -> tuple[str, ...]:
    entries = slice(per_cluster.indptr[label], per_cluster.indptr[label + 1])
    columns, weights = per_cluster.indices[entries], per_cluster.data[entries]
    # ties fall to the alphabet, so that names do not depend on row order
    order = np.lexsort((vocabulary[columns].astype(str), -weights * rarity[columns]))
    chosen: list[str] = []
    for column in columns[order[: 10 * n_words]]:
        term = str(vocabulary[column])
        if len(chosen) < n_words and not _repeats(term, chosen):
            chosen.append(term)
    return tuple(chosen)


def _repeats(term: str, chosen: list[str]) -> bool:
    """Tell whether a term says nothing new beside those chosen: a word of a chosen pair, its plural, or the reverse."""
    words = {_stem(word) for word in term.split()}
    return any(words & {_stem(word) for word in other.split()} for other in chosen)


def _stem(word: str) -> str:
    """Take off a plural, roughly: enough to see that "strikes" says nothing new beside "strike"."""
    word = word.removesuffix("'s").removesuffix("’s")
    if len(word) > 3 and not word.endswith("ss"):
        word = word.removesuffix("s")
    return word.removesuffix("e") if len(word) > 3 else word


def _reporting(texts: npt.NDArray[np.object_], on_progress: ProgressCallback | None, every: int = 500) -> Iterator[str]:
    for row, text in enumerate(texts):
        if on_progress is not None and row % every == 0:
            on_progress(row / len(texts))
        yield text
