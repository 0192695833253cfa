"""The words that set a cluster's texts apart from all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.describe.scripts import has_unspaced

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    from cluster_explorer.describe.words import Terms
    from cluster_explorer.values import IntArray

#: A term that tells less than this share of what there is to tell about clusters is a stop word of the collection.
_EVEN = 0.12
#: Occurrences from which it can be seen whether a term is spread evenly.
_OFTEN = 10


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


def name_clusters(terms: Terms, labels: IntArray, n_words: int = 8) -> ClusterNames:
    """Find the terms that set each cluster apart, by class-based TF-IDF [1]_.

    Terms that are frequent and spread evenly over the clusters are left out: the stop words of this collection, in
    whatever language. Evenness is measured by the information that a term's occurrences carry about the cluster.

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
    >>> from cluster_explorer.describe import count_terms
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
    even = _even_terms(per_cluster)
    # the square root dampens one text that repeats a word
    per_cluster.data = np.sqrt(per_cluster.data)
    words_in_cluster = np.maximum(np.asarray(per_cluster.sum(axis=1)).ravel(), 1.0)
    overall = np.maximum(np.asarray(per_cluster.sum(axis=0)).ravel(), 1e-12)
    rarity = np.log1p(words_in_cluster.mean() / overall)
    # behind all others: a cluster that has no other words is named after them rather than not at all
    rarity[even] *= 1e-6
    return ClusterNames(
        tuple(_best_terms(per_cluster, label, rarity, terms.vocabulary, n_words) for label in range(n_clusters))
    )


def _even_terms(per_cluster: csr_array) -> npt.NDArray[np.bool_]:
    """Tell which terms occur in every cluster about as often as its size suggests.

    Compared are the Kullback-Leibler divergence of a term's spread from that of all words, less what chance alone would
    give it (Miller and Madow's correction), and the entropy of the clusters.
    """
    totals = np.asarray(per_cluster.sum(axis=0)).ravel()
    sizes = np.asarray(per_cluster.sum(axis=1)).ravel()
    sizes /= max(sizes.sum(), 1.0)
    filled = sizes[sizes > 0]
    entropy = -float((filled * np.log(filled)).sum())
    if entropy <= 0:
        return np.zeros(len(totals), dtype=bool)
    entries = per_cluster.tocoo()
    share = entries.data / totals[entries.col]
    told = np.bincount(entries.col, share * np.log(share / sizes[entries.row]), minlength=len(totals))
    by_chance = (len(filled) - 1) / (2 * np.maximum(totals, 1.0))
    even: npt.NDArray[np.bool_] = (totals >= _OFTEN) & (told - np.minimum(by_chance, told) < _EVEN * entropy)
    return even


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
        if len(chosen) < n_words and not repeats(term, chosen):
            chosen.append(term)
    return tuple(chosen)


def repeats(term: str, chosen: list[str]) -> bool:
    """Tell whether a term says nothing new beside those chosen: a word of a chosen pair, its plural, or the reverse."""
    if has_unspaced(term):
        # words of such scripts overlap, n-grams most of all
        pairs = {term[start : start + 2] for start in range(len(term) - 1)}
        return any(pair in other for pair in pairs for other in chosen)
    words = {_stem(word) for word in term.split()}
    return any(words & {_stem(word) for word in other.split()} for other in chosen)


def _stem(word: str) -> str:
    """Take off a plural, roughly: enough to see that "strikes" says nothing new beside "strike"."""
    word = word.removesuffix("'s").removesuffix("’s")
    if len(word) > 3 and not word.endswith("ss"):
        word = word.removesuffix("s")
    return word.removesuffix("e") if len(word) > 3 else word
