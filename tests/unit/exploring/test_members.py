"""What views show as members of clusters: noise on a dial, and only the rows that were clustered."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer import cluster, knn_graph, spanning_tree
from cluster_explorer.exploring.members import members_at
from cluster_explorer.stages.affinities import graph_affinities
from cluster_explorer.stages.attach import with_noise_attached
from cluster_explorer.stages.copies import distinct_rows
from cluster_explorer.values import Scope


def clustered(blobs, scope=None):
    vectors = blobs if scope is None else blobs[scope.rows]
    graph = knn_graph(vectors, 15)
    found = cluster(spanning_tree(graph), min_cluster_size=20)
    found = found if scope is None else found.spread_over(scope, len(blobs))
    return with_noise_attached(graph_affinities(distinct_rows(graph)), found)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_lower_threshold_only_ever_adds_members(blobs, one, other):
    low, high = sorted((one, other))
    clustering = clustered(blobs)
    more, fewer = members_at(clustering, low), members_at(clustering, high)
    kept = fewer.labels >= 0
    assert (more.labels[kept] == fewer.labels[kept]).all()
    assert more.n_noise <= fewer.n_noise
    assert (more.labels[clustering.labels >= 0] == clustering.labels[clustering.labels >= 0]).all()
    assert (more.sizes.sum() + more.n_noise) == len(blobs)


def test_the_ends_of_the_dial_are_all_noise_attached_and_the_strict_labels(blobs):
    clustering = clustered(blobs)
    assert clustering.n_noise
    assert (members_at(clustering, 1.0).labels == clustering.labels).all()
    assert members_at(clustering, 0.0).n_noise == 0
    assert members_at(clustering, 0.0).attached.sum() == clustering.n_noise


def test_rows_outside_of_a_scope_are_neither_members_nor_noise(blobs):
    scope = Scope("two groups", np.r_[0:120, 240:250].astype(np.int32))
    members = members_at(clustered(blobs, scope), 1.0)
    outside = np.setdiff1d(np.arange(len(blobs)), scope.rows)
    assert not members.inside[outside].any()
    assert not members.noise[outside].any()
    assert (members.labels[outside] == -1).all()
    assert members.sizes.sum() + members.n_noise == len(scope)
    assert members.n_clusters == 2
    # the condensed tree is one of the rows that were clustered
    assert len(members.clustering.condensed_tree_array) >= len(scope)
    assert members.clustering.condensed_tree_array["child_size"].max() <= len(scope)
