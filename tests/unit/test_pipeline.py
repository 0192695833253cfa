"""What a change of parameters makes stale."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer.params import Params
from cluster_explorer.pipeline import ALL_TARGETS, STAGES, Results, key_of, stale


class Held:
    n_neighbors = 30


def everything(params):
    """Results of every stage, as far as staleness can see them."""
    results = Results()
    for stage in STAGES:
        results = results.with_result(
            stage.name, Held() if stage.name == "neighbors" else object(), key_of(stage, params)
        )
    return results


@pytest.mark.parametrize(
    ("changes", "recomputed"),
    [
        ({}, []),
        ({"min_cluster_size": 30}, ["clustering", "names"]),
        ({"cluster_selection_method": "leaf"}, ["clustering", "names"]),
        ({"cluster_selection_epsilon": 0.3}, ["clustering", "names"]),
        ({"min_samples": 9}, ["tree", "clustering", "names"]),
        ({"n_neighbors": 10}, ["graph", "measured", "tree", "clustering", "names"]),
        ({"n_neighbors": 30}, ["graph", "measured", "tree", "clustering", "names"]),
        ({"n_neighbors": 31}, ["neighbors", "graph", "measured", "tree", "clustering", "names"]),
        ({"min_dist": 0.5}, ["layout"]),
        ({"random_state": 1}, ["measured", "tree", "clustering", "layout", "names"]),
        ({"space": "distance"}, ["measured", "tree", "clustering", "names"]),
        ({"n_components": 3}, ["layout"]),
        ({"layout_n_neighbors": 30}, ["layout"]),
        ({"layout_n_neighbors": 31}, ["neighbors", "layout"]),
    ],
)
def test_a_change_recomputes_what_lies_downstream_of_it_and_nothing_else(changes, recomputed):
    params = Params(n_neighbors=15, layout_n_neighbors=20)
    assert [stage.name for stage in stale(everything(params), params.changed(changes), ALL_TARGETS)] == recomputed


def test_only_what_a_target_needs_is_computed():
    needed = [stage.name for stage in stale(Results(), Params(), ("layout",))]
    assert needed == ["rows", "neighbors", "layout"]


def test_stages_come_after_what_they_need():
    seen = set()
    for stage in STAGES:
        assert set(stage.needs) <= seen
        seen.add(stage.name)
    assert np.unique([stage.name for stage in STAGES]).size == len(STAGES)
