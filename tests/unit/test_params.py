"""Parameters: their ranges, and what a wrong one is told."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer.errors import ClusterExplorerError, InvalidParameterError
from cluster_explorer.params import Params


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("min_cluster_size", 1, "2 or more"),
        ("min_cluster_size", 2.5, "whole number"),
        ("min_cluster_size", "20", "or 'auto'"),
        ("noise_threshold", 1.1, "0 to 1"),
        ("resolution", 0, "0.01 to 100"),
        ("min_cluster_size", True, "whole number"),
        ("n_neighbors", 0, "2 or more"),
        ("n_neighbors", float("inf"), "whole number"),
        ("min_cluster_size", float("inf"), "whole number"),
        ("min_cluster_size", 10**400, "whole number"),
        ("cluster_selection_epsilon", float("inf"), "0 or more"),
        ("min_dist", 1.5, "0 to 1"),
        ("min_dist", float("nan"), "0 to 1"),
        ("n_components", 4, "2 to 3"),
        ("cluster_selection_method", "lief", "Available: 'modularity', 'eom', 'leaf'."),
        ("neighbors", "annoy", "Available: 'auto', 'faiss', 'milvus'."),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(name, value, told):
    with pytest.raises(InvalidParameterError, match=told) as caught:
        Params().changed({name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)


def test_a_misspelt_parameter_lists_those_there_are():
    with pytest.raises(ClusterExplorerError, match="min_cluster_size"):
        Params().changed({"min_clustersize": 20})


def test_more_samples_than_neighbours_says_both_ways_out():
    with pytest.raises(InvalidParameterError, match=r"at most 15.*at least 20"):
        Params(min_samples=20)


def test_numbers_of_numpy_are_taken_and_become_plain():
    params = Params(min_cluster_size=np.int64(30), min_dist=np.float32(0.5))
    assert type(params.min_cluster_size) is int
    assert type(params.min_dist) is float
    assert params == Params(min_cluster_size=30, min_dist=0.5)


def test_another_space_brings_its_own_way_to_select_clusters_unless_one_is_named():
    assert Params().cluster_selection_method == "modularity"
    assert Params(space="distance").cluster_selection_method == "eom"
    leaf = Params().changed({"space": "distance", "cluster_selection_method": "leaf"})
    assert leaf.cluster_selection_method == "leaf"
    assert leaf.changed({"min_samples": 3}).cluster_selection_method == "leaf"
    assert leaf.changed({"space": "graph"}).cluster_selection_method == "modularity"
