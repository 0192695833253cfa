"""What a change of parameters makes stale."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer.params import Params
from cluster_explorer.pipeline import ALL_TARGETS, STAGES, Results, key_of, stale
from cluster_explorer.values import Scope

LABELS = ["found", "followed", "clustering", "attached", "members", "names"]
GROUPS = ["finest", "groups"]
BEFORE_NAMES = ["tree", "landscape", *GROUPS, *LABELS[:-1]]
TREE = [*BEFORE_NAMES, "names", "certified"]
DISTINCT = ["distinct", "affinities", "measured"]


class Held:
    n_neighbors = 30

    def __len__(self):
        return 100


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
        ({"min_cluster_size": 30}, ["groups", *LABELS]),
        ({"cluster_selection_method": "leaf"}, [*GROUPS, *LABELS]),
        ({"cluster_selection_epsilon": 0.3}, LABELS),
        ({"resolution": 2.0}, LABELS),
        ({"noise_threshold": 0.3}, ["members"]),
        ({"min_samples": 9}, TREE),
        ({"n_neighbors": 10}, ["graph", "scoped", *DISTINCT, *TREE]),
        ({"n_neighbors": 30}, ["graph", "scoped", *DISTINCT, *TREE]),
        ({"n_neighbors": 31}, ["neighbors", "graph", "scoped", *DISTINCT, *TREE]),
        ({"scope": Scope("some", np.arange(5, dtype=np.int32))}, ["scoped", *DISTINCT, *TREE]),
        ({"min_dist": 0.5}, ["layout"]),
        ({"random_state": 1}, ["measured", *BEFORE_NAMES, "layout", "names", "certified"]),
        ({"space": "distance"}, ["measured", *TREE]),
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
