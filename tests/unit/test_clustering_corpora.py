"""Real text embeddings: the tree of the full matrix, hdbscan's labels, and no dependence on the order of the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from cluster_explorer import cluster, knn_graph, spanning_tree
from cluster_explorer.graph import slice_graph

DATA = Path(__file__).parents[2].parent / "shared" / "data"
N = 3000


@pytest.fixture(scope="module", params=["google_news", "banking77", "ag_news"])
def vectors(request):
    path = DATA / f"{request.param}.embeddings.npy"
    if not path.exists():
        pytest.skip(f"{request.param} is not in ../shared/data")
    stored = np.load(path)
    rows = np.sort(np.random.default_rng(0).choice(len(stored), N, replace=False))
    return stored[rows].astype(np.float32)


@pytest.fixture(scope="module")
def graph(vectors):
    return knn_graph(vectors, 100)


@pytest.fixture(scope="module")
def distances(graph):
    return squareform(pdist(graph.vectors.astype(np.float64)))


@pytest.fixture(scope="module")
def fitted(distances):
    from hdbscan import HDBSCAN

    return HDBSCAN(metric="precomputed", min_samples=5, min_cluster_size=20).fit(distances)


def with_ties_broken(distances, min_samples):
    """Single linkage by hdbscan of mutual-reachability distances, those that are equal told apart by plain distance."""
    from hdbscan._hdbscan_linkage import label, mst_linkage_core

    distances = distances.astype(np.float32).astype(np.float64)
    core = np.partition(distances, min_samples, axis=0)[min_samples]
    reach = np.maximum(distances, np.maximum(core, core[:, None]))
    # less than the steps between float32 numbers: nothing else changes its place
    edges = mst_linkage_core(reach * (1 + 1e-9 * distances / distances.max()))
    return label(edges[np.argsort(edges[:, 2], kind="stable")])


def test_the_exact_tree_weighs_what_the_full_matrix_tree_does(graph, fitted):
    expected = fitted.single_linkage_tree_.to_numpy()[:, 2]

    tree = spanning_tree(slice_graph(graph, 15), 5, exact=True)

    assert tree.certified == 1.0
    assert tree.weight.sum() == pytest.approx(expected.sum(), rel=1e-6)
    np.testing.assert_allclose(tree.weight, expected, rtol=1e-5)


def test_most_of_the_tree_of_few_neighbours_is_proven(graph):
    tree = spanning_tree(slice_graph(graph, 15), 5)

    assert tree.certified > 0.97


@pytest.mark.parametrize("method", ["eom", "leaf"])
@pytest.mark.parametrize("min_cluster_size", [5, 20])
def test_labels_are_those_of_hdbscan_once_ties_are_broken_alike(graph, distances, method, min_cluster_size):
    from hdbscan.hdbscan_ import _tree_to_labels
    from sklearn.metrics import adjusted_rand_score

    tree = spanning_tree(graph, 5, exact=True)

    clustering = cluster(tree, min_cluster_size, method)

    with np.errstate(divide="ignore", invalid="ignore"):
        labels = _tree_to_labels(None, with_ties_broken(distances, 5), min_cluster_size, method)[0]
    assert adjusted_rand_score(labels, clustering.labels) == pytest.approx(1.0)


def test_labels_are_those_of_hdbscan_as_far_as_hdbscan_agrees_with_itself(graph, distances, fitted):
    from hdbscan import HDBSCAN
    from sklearn.metrics import adjusted_rand_score

    clustering = cluster(spanning_tree(graph, 5, exact=True), 20)

    order = np.random.default_rng(1).permutation(N)
    again = HDBSCAN(metric="precomputed", min_samples=5, min_cluster_size=20).fit(distances[np.ix_(order, order)])
    with_itself = adjusted_rand_score(fitted.labels_[order], again.labels_)
    agreement = adjusted_rand_score(fitted.labels_, clustering.labels)
    # what is missing to 1 is the order of ties, which hdbscan takes from the order of the rows
    assert agreement > 0.97
    assert agreement > with_itself - 0.02


def test_the_order_of_rows_changes_nothing(vectors):
    rng = np.random.default_rng(2)
    ids = rng.permutation(10 * N)[:N]
    clustering = cluster(spanning_tree(knn_graph(vectors, 15, ids=ids), 5), 10)
    assert clustering.n_clusters > 1
    for _ in range(20):
        order = rng.permutation(N)
        shuffled = cluster(spanning_tree(knn_graph(vectors[order], 15, ids=ids[order]), 5), 10)
        assert (shuffled.labels == clustering.labels[order]).all()
        assert (shuffled.probabilities == clustering.probabilities[order]).all()


def test_the_order_of_rows_changes_nothing_without_ids_either(vectors):
    rng = np.random.default_rng(3)
    clustering = cluster(spanning_tree(knn_graph(vectors, 15), 5), 10)
    for _ in range(5):
        order = rng.permutation(N)
        shuffled = cluster(spanning_tree(knn_graph(vectors[order], 15), 5), 10)
        assert (shuffled.labels == clustering.labels[order]).all()
