"""Labels and condensed trees: hdbscan's on the same tree, and sensible where hdbscan's are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cluster_explorer import cluster, knn_graph, spanning_tree
from cluster_explorer.errors import DataError, InvalidParameterError


def reference(tree, min_cluster_size, method="eom", epsilon=0.0, *, single=False, largest=0):
    """Labels and probabilities by hdbscan's own code, from the same hierarchy."""
    from hdbscan.hdbscan_ import _tree_to_labels

    with np.errstate(divide="ignore", invalid="ignore"):
        labels, probabilities, *_ = _tree_to_labels(
            None,
            tree.linkage,
            min_cluster_size,
            method,
            allow_single_cluster=single,
            cluster_selection_epsilon=epsilon,
            max_cluster_size=largest,
        )
    return labels, probabilities


def same_groups(a, b):
    """Whether two labelings differ by the names of their clusters alone."""
    pairs = set(zip(np.asarray(a).tolist(), np.asarray(b).tolist(), strict=True))
    return len({x for x, _ in pairs}) == len(pairs) == len({y for _, y in pairs}) and all(
        (x < 0) == (y < 0) for x, y in pairs
    )


def groups(rng, sizes, dimensions=3, apart=8.0):
    centers = rng.normal(size=(len(sizes), dimensions)) * apart
    spread = rng.uniform(0.3, 1.5, size=len(sizes))
    return np.vstack(
        [
            center + width * rng.normal(size=(size, dimensions))
            for center, width, size in zip(centers, spread, sizes, strict=True)
        ]
    )


@pytest.fixture(scope="module", params=range(6))
def tree(request):
    rng = np.random.default_rng(request.param)
    vectors = np.vstack([groups(rng, rng.integers(10, 90, size=8)), rng.uniform(-20, 20, size=(60, 3))])
    return spanning_tree(knn_graph(vectors, 10, "euclidean"), 4)


@pytest.mark.parametrize("min_cluster_size", [2, 5, 20, 60])
@pytest.mark.parametrize("method", ["eom", "leaf"])
@pytest.mark.parametrize("epsilon", [0.0, 0.8, 3.0])
@pytest.mark.parametrize("single", [False, True])
def test_labels_are_those_of_hdbscan_on_the_same_tree(tree, min_cluster_size, method, epsilon, single):
    clustering = cluster(tree, min_cluster_size, method, epsilon, allow_single_cluster=single)

    labels, probabilities = reference(tree, min_cluster_size, method, epsilon, single=single)
    assert same_groups(clustering.labels, labels)
    np.testing.assert_allclose(clustering.probabilities, probabilities, rtol=1e-6)
    assert clustering.n_clusters == labels.max() + 1
    assert clustering.n_noise == (labels < 0).sum()


def test_max_cluster_size_is_that_of_hdbscan(tree):
    clustering = cluster(tree, 5, max_cluster_size=40)

    assert same_groups(clustering.labels, reference(tree, 5, largest=40)[0])


@given(
    arrays(np.float32, st.tuples(st.integers(4, 60), st.just(2)), elements=st.floats(0, 8, width=16)),
    st.integers(1, 4),
    st.integers(2, 6),
)
@settings(max_examples=80, deadline=None)
def test_excess_of_mass_is_that_of_hdbscan_for_any_points(vectors, min_samples, min_cluster_size):
    tree = spanning_tree(knn_graph(vectors, len(vectors), "euclidean"), min_samples)

    clustering = cluster(tree, min_cluster_size)

    labels, probabilities = reference(tree, min_cluster_size)
    # hdbscan may cut one group of copies into several clusters, and adds stabilities up in single precision
    if tree.weight[0] > 0 and not nearly_tied(clustering, min_cluster_size):
        assert same_groups(clustering.labels, labels)
        np.testing.assert_allclose(clustering.probabilities, probabilities, rtol=1e-5)
    assert np.isfinite(clustering.probabilities).all()
    assert ((clustering.probabilities == 0) | (clustering.labels >= 0)).all()


def nearly_tied(clustering, min_cluster_size):
    """Whether a cluster is as stable as those inside it, so that rounding decides."""
    tree = clustering.hierarchy
    best = tree.stability.copy()
    for one in range(len(best) - 1, -1, -1):
        inside = best[np.flatnonzero(tree.parent == one)].sum()
        if inside > 0 and abs(inside - best[one]) < 1e-5 * best[one]:
            return True
        best[one] = max(best[one], inside)
    return False


def test_the_largest_cluster_comes_first():
    tree = spanning_tree(knn_graph(groups(np.random.default_rng(7), [30, 90, 50]), 10, "euclidean"))

    clustering = cluster(tree, 10)

    sizes = np.bincount(clustering.labels[clustering.labels >= 0])
    assert clustering.n_clusters == 3
    assert sizes.tolist() == sorted(sizes, reverse=True)
    assert clustering.labels.dtype == np.int32
    assert clustering.probabilities.dtype == np.float32


@pytest.mark.parametrize("method", ["eom", "leaf"])
def test_the_order_of_rows_changes_nothing(method):
    rng = np.random.default_rng(8)
    vectors = rng.integers(0, 12, size=(500, 2)).astype(np.float32)
    ids = rng.permutation(500)
    clustering = cluster(spanning_tree(knn_graph(vectors, 15, "euclidean", ids), 4), 8, method)
    assert clustering.n_clusters > 3
    for _ in range(20):
        order = rng.permutation(500)
        shuffled = cluster(spanning_tree(knn_graph(vectors[order], 15, "euclidean", ids[order]), 4), 8, method)
        assert (shuffled.labels == clustering.labels[order]).all()
        assert (shuffled.probabilities == clustering.probabilities[order]).all()


def test_condensed_tree_can_be_plotted_and_tabulated():
    tree = spanning_tree(knn_graph(groups(np.random.default_rng(9), [40, 30, 50]), 10, "euclidean"))
    clustering = cluster(tree, 10)

    table = clustering.condensed_tree.to_pandas()
    plot = clustering.condensed_tree.get_plot_data()
    selected = clustering.condensed_tree._select_clusters()

    assert sorted(table.loc[table.child_size == 1, "child"]) == list(range(120))
    assert table.loc[table.parent == 120, "child_size"].sum() == 120
    assert len(plot["bar_tops"]) > 3
    assert np.isfinite(plot["bar_tops"]).all()
    assert len(selected) == clustering.n_clusters
    # hdbscan labels the same rows from this table as from its own
    from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters

    array = clustering.condensed_tree_array
    assert same_groups(clustering.labels, get_clusters(array, compute_stability(array))[0])
    own = condense_tree(tree.linkage, 10)
    assert sorted(array["lambda_val"].tolist()) == sorted(own["lambda_val"].tolist())


def test_labels_from_elsewhere_have_no_condensed_tree():
    from cluster_explorer import Clustering

    clustering = Clustering(np.zeros(3, np.int32), np.ones(3, np.float32), 1)

    assert clustering.condensed_tree_array is None
    with pytest.raises(DataError, match="not cut from a tree"):
        _ = clustering.condensed_tree


# hard cases


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_thousands_of_copies_stay_together(dtype):
    rng = np.random.default_rng(10)
    distinct = groups(rng, [60, 60], 8, apart=20).astype(dtype)
    copied = np.vstack([distinct, np.repeat(distinct[:1], 3000, axis=0), np.repeat(distinct[70:71], 2000, axis=0)])
    tree = spanning_tree(knn_graph(copied, 15, "euclidean"))
    for method in ("eom", "leaf"):
        for min_cluster_size in (5, 20, 500):
            clustering = cluster(tree, min_cluster_size, method)
            assert len(set(clustering.labels[120:3120])) == 1
            assert len(set(clustering.labels[3120:])) == 1
            assert clustering.labels[120] != clustering.labels[3120]
            assert clustering.labels[120] >= 0
            assert (clustering.probabilities[120:] == 1).all()
            assert np.isfinite(clustering.probabilities).all()


def test_all_rows_identical_are_one_group_if_one_is_allowed():
    tree = spanning_tree(knn_graph(np.ones((300, 4)), metric="cosine"))

    assert (cluster(tree, 20).labels == -1).all()
    together = cluster(tree, 20, allow_single_cluster=True)
    assert (together.labels == 0).all()
    assert (together.probabilities == 1).all()
    assert (cluster(tree, 20, "leaf").labels == -1).all()


@pytest.mark.parametrize("n_neighbors", [5, 15])
def test_two_far_groups(n_neighbors):
    rng = np.random.default_rng(11)
    vectors = np.vstack([rng.normal(size=(150, 5)), rng.normal(size=(100, 5)) + 1e4])
    graph = knn_graph(vectors, n_neighbors, "euclidean")
    assert graph.n_components == 2

    clustering = cluster(spanning_tree(graph), 30)

    assert clustering.n_clusters == 2
    assert (clustering.labels[:150] == 0).mean() > 0.9
    assert (clustering.labels[150:] == 1).mean() > 0.9


def test_a_chain_is_not_cut():
    chain = np.arange(500, dtype=np.float64)[:, None]
    tree = spanning_tree(knn_graph(chain, 15, "euclidean"))

    clustering = cluster(tree, 20, allow_single_cluster=True)

    assert (tree.weight <= 5).all()
    assert tree.weight.min() == 3.0  # the third neighbour on either side is the fifth nearest
    assert clustering.n_clusters == 1
    # the ends are thinner than the rest
    assert (clustering.labels[10:-10] == 0).all()


def test_one_cluster_only():
    rng = np.random.default_rng(12)
    tree = spanning_tree(knn_graph(rng.normal(size=(400, 2)), 15, "euclidean"), 15)

    clustering = cluster(tree, 100, allow_single_cluster=True)

    labels, probabilities = reference(tree, 100, single=True)
    assert clustering.n_clusters == 1
    assert same_groups(clustering.labels, labels)
    np.testing.assert_allclose(clustering.probabilities, probabilities, rtol=1e-6)
    assert cluster(tree, 100).n_clusters == 0
    wide = cluster(tree, 100, cluster_selection_epsilon=0.5, allow_single_cluster=True)
    assert (wide.labels == 0).mean() > 0.5


@pytest.mark.parametrize("single", [False, True])
def test_min_cluster_size_greater_than_the_number_of_rows_gives_noise(single):
    tree = spanning_tree(knn_graph(np.random.default_rng(13).normal(size=(30, 2)), metric="euclidean"))

    clustering = cluster(tree, 31, allow_single_cluster=single)

    assert (clustering.labels == -1).all()
    assert clustering.n_clusters == 0
    assert len(clustering.condensed_tree.to_pandas()) == 30


@pytest.mark.parametrize("n", range(2, 21))
@pytest.mark.parametrize("min_cluster_size", [2, 3, 20])
def test_few_rows(n, min_cluster_size):
    tree = spanning_tree(knn_graph(np.random.default_rng(n).normal(size=(n, 2)), 15, "euclidean"))

    clustering = cluster(tree, min_cluster_size)

    assert len(clustering.labels) == n
    if n >= min_cluster_size:
        assert same_groups(clustering.labels, reference(tree, min_cluster_size)[0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_precision_of_the_input_does_not_matter(dtype):
    vectors = groups(np.random.default_rng(14), [60, 60, 60]).astype(np.float16)

    clustering = cluster(spanning_tree(knn_graph(vectors.astype(dtype), 10, "euclidean")), 10)

    again = cluster(spanning_tree(knn_graph(vectors, 10, "euclidean")), 10)
    assert (clustering.labels == again.labels).all()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"min_cluster_size": 1}, "min_cluster_size=1 must be a whole number of at least 2"),
        ({"min_cluster_size": 2.5}, "whole number"),
        ({"cluster_selection_method": "dbscan"}, "'eom', 'leaf'"),
        ({"cluster_selection_epsilon": -0.1}, "cluster_selection_epsilon=-0.1"),
        ({"cluster_selection_epsilon": float("nan")}, "distance"),
        ({"max_cluster_size": -1}, "max_cluster_size=-1"),
    ],
)
def test_parameters_out_of_range_are_named(tree, options, says):
    with pytest.raises(InvalidParameterError, match=says):
        cluster(tree, **options)


def test_two_threads_may_work_at_once():
    from concurrent.futures import ThreadPoolExecutor

    vectors = groups(np.random.default_rng(15), [300, 200, 400], dimensions=6)

    def work(_):
        return cluster(spanning_tree(knn_graph(vectors, 8, "euclidean"), exact=True), 20).labels

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(work, range(8)))

    assert all((labels == results[0]).all() for labels in results)


@pytest.mark.parametrize("offset", [1e3, 1e5, 1e7])
def test_two_groups_far_from_the_origin_are_found_as_at_the_origin(offset):
    vectors = np.random.default_rng(0).normal(size=(300, 2))
    vectors[160:] += 20

    found = cluster(spanning_tree(knn_graph(vectors + offset, 15, "euclidean"), 5), 20)

    assert np.array_equal(found.labels, np.repeat([0, 1], [160, 140]))
