"""hdbscan on the full distance matrix of real texts: what clusterings among the distances are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[2].parent / "shared" / "data"
#: Rows of each corpus: a full matrix of more would not fit everywhere.
N = 3000
MIN_SAMPLES = 5


def sample(n_rows):
    return np.sort(np.random.default_rng(0).choice(n_rows, N, replace=False))


def embeddings(name):
    stored = np.load(DATA / f"{name}.embeddings.npy")
    return stored[sample(len(stored))].astype(np.float32)


def latent_semantics(name):
    """Vectors of texts for which no embeddings are stored: pairs of characters, weighted, in 64 dimensions."""
    import pandas as pd
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = pd.read_parquet(DATA / f"{name}.parquet")["text"]
    counts = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2).fit_transform(
        texts.iloc[sample(len(texts))]
    )
    return TruncatedSVD(64, random_state=0).fit_transform(counts).astype(np.float32)


CORPORA = {
    "google_news": embeddings,
    "banking77": embeddings,
    "ag_news": embeddings,
    "thucnews_zh": latent_semantics,
}


def full_matrix(vectors):
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(vectors.astype(np.float64)))


def fitted(distances, min_cluster_size, method="eom"):
    from hdbscan import HDBSCAN

    return HDBSCAN(
        metric="precomputed",
        min_samples=MIN_SAMPLES,
        min_cluster_size=min_cluster_size,
        cluster_selection_method=method,
    ).fit(distances)


def labels_of_shuffled_rows(distances, min_cluster_size, method="eom", seed=1):
    """Return hdbscan's labels of the same rows in another order: where they differ, ties were broken otherwise."""
    order = np.random.default_rng(seed).permutation(len(distances))
    labels = np.empty(len(distances), dtype=np.intp)
    labels[order] = fitted(distances[np.ix_(order, order)], min_cluster_size, method).labels_
    return labels


def labels_with_ties_broken(distances, min_cluster_size, method="eom"):
    """Return hdbscan's labels with edges of equal mutual reachability told apart by plain distance, as ours are."""
    from hdbscan._hdbscan_linkage import label, mst_linkage_core
    from hdbscan.hdbscan_ import _tree_to_labels

    distances = distances.astype(np.float32).astype(np.float64)
    core = np.partition(distances, MIN_SAMPLES, axis=0)[MIN_SAMPLES]
    reach = np.maximum(distances, np.maximum(core, core[:, None]))
    # less than the steps between float32 numbers: nothing else changes its place
    edges = mst_linkage_core(reach * (1 + 1e-9 * distances / distances.max()))
    linkage = label(edges[np.argsort(edges[:, 2], kind="stable")])
    with np.errstate(divide="ignore", invalid="ignore"):
        return _tree_to_labels(None, linkage, min_cluster_size, method)[0]
