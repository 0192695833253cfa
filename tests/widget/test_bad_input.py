"""What the explorer says of collections that no map can be made of; other bad input: tests/milvus and tests/unit."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer import ClusterExplorer, ClusterExplorerError
from cluster_explorer.errors import DataError, InvalidParameterError
from waiting import until


def made(tmp_path, vectors, **options):
    texts = [f"text {row}" for row in range(len(vectors))]
    uri = str(tmp_path / "texts.db")
    return ClusterExplorer.from_texts(
        texts, vectors=np.asarray(vectors, dtype=np.float32), uri=uri, collection_name="texts", **options
    )


@pytest.mark.parametrize("space", ["graph", "distance"])
@pytest.mark.parametrize("n_rows", [3, 5, 8, 15])
def test_few_rows_have_all_the_others_as_neighbours_and_it_is_said(tmp_path, browser, n_rows, space):
    vectors = np.random.default_rng(0).normal(size=(n_rows, 8))
    with made(tmp_path, vectors, params={"space": space}) as explorer:
        explorer.widget
        until(lambda: explorer.status.state == "ready")
        assert explorer.labels_.shape == (n_rows,)
        assert explorer.positions_.shape == (n_rows, 2)
        assert explorer.knn_graph_.n_neighbors == n_rows - 1
        until(lambda: f"{n_rows - 1} neighbours (all there are)" in explorer._view.status._text.value)
        # a slider goes on from there
        assert explorer.recluster(min_cluster_size=2).labels.shape == (n_rows,)


def test_small_groups_of_a_small_collection_are_found(tmp_path):
    vectors = np.repeat(np.eye(8)[:2], 6, axis=0) + 0.05 * np.random.default_rng(0).normal(size=(12, 8))
    with made(tmp_path, vectors) as explorer:
        frame = explorer.to_frame()
    second = frame.text.str.removeprefix("text ").astype(int) >= 6
    found = [set(frame.attached_cluster[rows]) for rows in (second, ~second)]
    assert found in ([{0}, {1}], [{1}, {0}])


def test_a_small_collection_that_grows_gets_the_neighbours_that_were_asked_for(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    with made(tmp_path, vectors[:8]) as explorer:
        assert explorer.knn_graph_.n_neighbors == 7
        more = [f"later text {row}" for row in range(32)]
        place = {"uri": str(tmp_path / "texts.db"), "collection_name": "texts"}
        ClusterExplorer.from_texts(more, vectors=vectors[8:], **place).close()
        assert explorer.refresh().n_rows == 40
        assert explorer.knn_graph_.n_neighbors == 15


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
    vectors = np.ones((10, 8))
    with made(tmp_path, vectors) as explorer:
        with pytest.raises(ClusterExplorerError):
            explorer.labels_
        with pytest.raises(ClusterExplorerError):
            explorer.select(cluster=0)
        assert explorer.params.n_neighbors == 15
        assert len(explorer.ids_) == 10
        explorer.selected_ids = explorer.ids_[:2].tolist()
        assert len(explorer.selected_ids) == 2
