"""Refreshing an explorer whose vectors stay on the server: what changed is found, and nothing else is searched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from cluster_explorer import ClusterExplorer
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import Collection
from cluster_explorer.milvus.neighbors import NeighborSearch
from milvus_server import TOKEN

GROUPS, EACH, DIM = 6, 60, 16
PARAMS = {"min_cluster_size": 20, "space": "distance", "noise_threshold": 0.0}


@pytest.fixture(params=["served lite", pytest.param("real", marks=pytest.mark.server)])
def place(request, collection_name):
    """Six groups of sixty texts on a server, and how to reach them."""
    server = request.getfixturevalue("lite_server" if request.param == "served lite" else "milvus_server")
    token = {} if request.param == "served lite" else {"token": TOKEN}
    place = {"uri": server.uri, "collection_name": collection_name, **token}
    ingest(frame_of(range(GROUPS * EACH)), vectors=around(np.repeat(np.arange(GROUPS), EACH)), **place)
    return place


def frame_of(keys):
    return pd.DataFrame({"id": list(keys), "text": [f"text {key}" for key in keys]})


def around(groups, seed=0):
    """One vector near the middle of each group that is named."""
    middles = np.random.default_rng(1).normal(size=(GROUPS, DIM)) * 3
    noise = np.random.default_rng(seed).normal(size=(len(groups), DIM))
    return (middles[groups] + noise).astype(np.float32)


@pytest.fixture
def searched(monkeypatch):
    """How many rows Milvus was asked to find the neighbours of."""
    counts = []
    neighbors = Collection.neighbors

    def counted(self, rows, n_neighbors, wanted=None, **options):
        counts.append(len(rows) if wanted is None else len(wanted))
        return neighbors(self, rows, n_neighbors, wanted, **options)

    monkeypatch.setattr(Collection, "neighbors", counted)
    return counts


def test_what_changed_is_found_and_nothing_else_is_searched(place, searched, milvus_client):
    with ClusterExplorer(**place, hold_vectors=False, params=PARAMS) as explorer:
        before, positions = explorer.labels_, explorer.positions_
        assert explorer.knn_graph_.vectors is None
        searched.clear()
        assert explorer.refresh().sentence == "Nothing has changed in the collection."
        assert not searched
        # five move from the first group into the second, a dozen come, three go
        moved = frame_of(range(5)).assign(vector=list(around(np.ones(5, dtype=int), seed=2)))
        milvus_client.upsert(place["collection_name"], moved.to_dict("records"))
        ingest(frame_of(range(1000, 1012)), vectors=around(np.full(12, 3), seed=3), **place)
        milvus_client.delete(place["collection_name"], ids=[70, 71, 72])
        searched.clear()
        report = explorer.refresh()
        assert report.sentence == "12 rows added, 5 changed, 3 deleted."
        assert 17 <= sum(searched) < 150
        now = explorer.ids_
        labels = dict(zip(now.tolist(), explorer.labels_.tolist(), strict=True))
        assert {labels[key] for key in range(5)} <= {labels[80], -1}
        # those that moved are drawn where they are now, and all others stay where they were
        places = dict(zip(now.tolist(), explorer.positions_, strict=True))
        middles = [
            np.mean([places[key] for key in range(60 * group + 15, 60 * group + 55)], axis=0) for group in (0, 1)
        ]
        for key in range(5):
            near = [float(np.linalg.norm(places[key] - middle)) for middle in middles]
            assert near[1] < near[0]
        np.testing.assert_array_equal([places[key] for key in range(10, 60)], positions[10:60])
        assert len(before) == GROUPS * EACH
        with ClusterExplorer(**place, hold_vectors=False, params=PARAMS) as anew:
            assert adjusted_rand_score(anew.labels_, explorer.labels_) >= 0.98


def test_rows_are_added_though_four_times_as_many_neighbors_are_more_than_milvus_finds(place, monkeypatch):
    # 16,383 with a collection that a test can make
    monkeypatch.setattr(NeighborSearch, "most_neighbors", 40)
    with ClusterExplorer(**place, hold_vectors=False, params={**PARAMS, "n_neighbors": 20}) as explorer:
        assert explorer.knn_graph_.n_neighbors == 20
        ingest(frame_of(range(1000, 1012)), vectors=around(np.full(12, 3), seed=3), **place)
        assert explorer.refresh().sentence == "12 rows added."
        labels = dict(zip(explorer.ids_.tolist(), explorer.labels_.tolist(), strict=True))
        assert sum(labels[key] == labels[200] for key in range(1000, 1012)) >= 10


def test_vectors_that_changed_since_an_exploration_was_saved_are_told(place, milvus_client, tmp_path):
    path = tmp_path / "saved.ce"
    with ClusterExplorer(**place, hold_vectors=False, params=PARAMS) as explorer:
        explorer.positions_, explorer.labels_
        explorer.save(path)
    with ClusterExplorer.load(path, **place, hold_vectors=False) as again:
        assert again._session.state.notice == ""
    other = frame_of(range(GROUPS * EACH)).assign(vector=list(around(np.repeat(np.arange(GROUPS), EACH), seed=9)))
    milvus_client.upsert(place["collection_name"], other.to_dict("records"))
    with ClusterExplorer.load(path, **place, hold_vectors=False) as again:
        assert "the same keys, but other vectors" in again._session.state.notice


@pytest.fixture
def milvus_client(place):
    from pymilvus import MilvusClient

    client = MilvusClient(place["uri"], token=place.get("token", ""))
    yield client
    client.close()
