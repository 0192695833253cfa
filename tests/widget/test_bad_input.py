"""What the explorer says of collections that no map can be made of; other bad input: tests/milvus and tests/unit."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer import ClusterExplorer, ClusterExplorerError
from cluster_explorer.errors import DataError, InvalidParameterError


def made(tmp_path, vectors, **options):
    texts = [f"text {row}" for row in range(len(vectors))]
    uri = str(tmp_path / "texts.db")
    return ClusterExplorer.from_texts(
        texts, vectors=np.asarray(vectors, dtype=np.float32), uri=uri, collection_name="texts", **options
    )


def test_fewer_rows_than_neighbours_says_how_many_would_do(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(10, 8))
    with made(tmp_path, vectors) as explorer:
        with pytest.raises(DataError, match=r"10 rows, too few for 15 neighbours.*at most 9"):
            explorer.labels_
        explorer.params = {"n_neighbors": 9, "layout_n_neighbors": 9, "min_samples": 3, "min_cluster_size": 3}
        assert explorer.labels_.shape == (10,)
        assert explorer.positions_.shape == (10, 2)


def test_one_row_is_not_enough(tmp_path):
    with made(tmp_path, np.ones((1, 8))) as explorer, pytest.raises(DataError, match=r"one row.*at least 3"):
        explorer.labels_


def test_identical_rows_are_told(tmp_path):
    with made(tmp_path, np.ones((40, 8))) as explorer, pytest.raises(DataError, match="All 40 rows hold the same"):
        explorer.positions_


def test_more_samples_than_neighbours_are_told_with_both_ways_out(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 8))
    with made(tmp_path, vectors) as explorer:
        with pytest.raises(InvalidParameterError, match=r"min_samples=20.*n_neighbors=15"):
            explorer.recluster(min_samples=20)
        assert explorer.recluster(min_samples=15).labels.shape == (40,)


def test_nothing_is_lost_by_an_error(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(10, 8))
    with made(tmp_path, vectors) as explorer:
        with pytest.raises(ClusterExplorerError):
            explorer.labels_
        with pytest.raises(ClusterExplorerError):
            explorer.select(cluster=0)
        assert explorer.params.n_neighbors == 15
        assert len(explorer.ids_) == 10
        explorer.selected_ids = explorer.ids_[:2].tolist()
        assert len(explorer.selected_ids) == 2
