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
        ("min_cluster_size", "20", "whole number"),
        ("min_cluster_size", True, "whole number"),
        ("n_neighbors", 0, "2 or more"),
        ("min_dist", 1.5, "0 to 1"),
        ("min_dist", float("nan"), "0 to 1"),
        ("n_components", 4, "2 to 3"),
        ("cluster_selection_method", "lief", "Available: 'eom', 'leaf'."),
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


def test_differences_name_what_another_has_otherwise():
    assert Params().differences(Params(min_dist=0.5, min_samples=7)) == {"min_samples": 7, "min_dist": 0.5}
