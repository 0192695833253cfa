"""What others do with the same embeddings, each as its own documentation says, with its own defaults.

Every peer is given the vectors (and the kNN graph, where it takes one) and returns one label a row, -1 for noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cluster_explorer import KnnGraph

    Labels = npt.NDArray[np.integer]
    Peer = Callable[[npt.NDArray[np.float32], KnnGraph, int], Labels]


def hdbscan_on_distances(_vectors: npt.NDArray[np.float32], graph: KnnGraph, _seed: int) -> Labels:
    """HDBSCAN on the distances of the embeddings: the tree is ours, its labels agree with hdbscan's (tests)."""
    from cluster_explorer import cluster, spanning_tree

    return cluster(spanning_tree(graph, 5), 20).labels


def plscan_on_graph(_vectors: npt.NDArray[np.float32], graph: KnnGraph, _seed: int) -> Labels:
    """PLSCAN with its defaults on the same neighbours."""
    from fast_plscan import PLSCAN
    from scipy.sparse import csr_array

    n, k = graph.indices.shape
    row = np.repeat(np.arange(n), k)
    # a distance of 0 would be no edge at all
    lengths = np.maximum(graph.distances.ravel(), np.float32(1e-6))
    directed = csr_array((lengths, (row, graph.indices.ravel())), shape=(n, n))
    return np.asarray(PLSCAN(metric="precomputed").fit(directed.maximum(directed.T).tocsr()).labels_)


def umap_and_hdbscan(vectors: npt.NDArray[np.float32], _graph: KnnGraph, seed: int) -> Labels:
    """BERTopic's defaults: UMAP to 5 dimensions, then HDBSCAN with min_cluster_size 10."""
    import hdbscan
    import umap

    reduced = umap.UMAP(
        n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False, random_state=seed, n_jobs=1
    ).fit_transform(vectors)
    return hdbscan.HDBSCAN(min_cluster_size=10, metric="euclidean", cluster_selection_method="eom").fit_predict(reduced)


def evoc(vectors: npt.NDArray[np.float32], _graph: KnnGraph, seed: int) -> Labels:
    """EVoC with its defaults: the layer it calls the best."""
    from evoc import EVoC

    return np.asarray(EVoC(random_state=seed).fit_predict(vectors))


PEERS: dict[str, Peer] = {
    "HDBSCAN on distances (5, 20, eom)": hdbscan_on_distances,
    "PLSCAN on the graph": plscan_on_graph,
    "5-d UMAP + HDBSCAN (BERTopic)": umap_and_hdbscan,
    "EVoC": evoc,
}
