"""Components of a graph whose vectors stay in Milvus, joined by filtered searches: the tree is that of the vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cluster_explorer import Params, spanning_tree
from cluster_explorer.ingest import ingest
from cluster_explorer.library import MilvusLibrary
from cluster_explorer.milvus import open_collection
from cluster_explorer.pipeline import Results, Work, run_stage, stale
from cluster_explorer.stages.graph import graph_from_neighbors


def islands(metric):
    """Five groups that no neighbour list connects, one of them larger than the rest; one is of equal rows."""
    rng = np.random.default_rng(0)
    sizes = (150, 60, 40, 12, 30)
    centers = 8 * rng.normal(size=(len(sizes), 6))
    parts = [center + 0.3 * rng.normal(size=(size, 6)) for center, size in zip(centers, sizes, strict=True)]
    parts[-1][:] = parts[-1][0]
    vectors = np.vstack(parts).astype(np.float32)
    return vectors if metric == "euclidean" else vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module", params=["cosine", "euclidean", "ip"])
def metric(request):
    return request.param


@pytest.fixture(scope="module")
def library(metric, shared_uri):
    vectors, name = islands(metric), f"islands_{metric}"
    ingest(
        [f"text {n}" for n in range(len(vectors))], vectors=vectors, uri=shared_uri, collection_name=name, metric=metric
    )
    with open_collection(shared_uri, name) as collection:
        yield MilvusLibrary(collection)


def test_the_tree_is_that_of_the_vectors(library, metric):
    rows = library.scan()
    without = replace(rows, vectors=None)
    graph = library.search_graph(without, 8)
    assert graph.vectors is None
    assert graph.n_components == 5

    tree = spanning_tree(graph, 3, search_outside=library.outside_search(without))

    expected = spanning_tree(library.search_graph(rows, 8), 3)
    # similarities in single precision: their distances are known to 1e-3 near 0
    np.testing.assert_allclose(tree.weight, expected.weight, rtol=1e-5, atol=1e-5 if metric == "euclidean" else 1e-3)
    np.testing.assert_allclose(tree.weight[-4:], expected.weight[-4:], rtol=1e-4)


class WithoutVectors(MilvusLibrary):
    """A library whose vectors stay where they are."""

    def scan(self, *, on_progress=None):
        return self._collection.scan(vectors=False, on_progress=on_progress)


@pytest.mark.parametrize("space", ["distance", "graph"])
def test_the_pipeline_joins_them_without_holding_a_vector(library, space):
    source = WithoutVectors(library._collection)
    params = Params(n_neighbors=8, layout_n_neighbors=8, min_samples=3, min_cluster_size=10, space=space)

    results = Results()
    while stages := stale(results, params, ("clustering",)):
        results = run_stage(stages[0], Work(source, results, params, on_progress=lambda _: None))

    assert results.rows.vectors is None
    assert np.isfinite(results.tree.weight).all()
    assert len(set(results.clustering.labels[results.clustering.labels >= 0])) >= 4


def test_rows_added_or_deleted_since_the_scan_join_nothing(uri, collection_name, milvus):
    vectors = islands("euclidean")
    n_rows = len(vectors)
    frame = pd.DataFrame({"id": range(n_rows + 40), "text": [f"text {n}" for n in range(n_rows + 40)]})
    place = {"uri": uri, "collection_name": collection_name, "metric": "euclidean"}
    ingest(frame[:n_rows], vectors=vectors, **place)
    with open_collection(uri, collection_name) as collection:
        library = MilvusLibrary(collection)
        rows = replace(library.scan(), vectors=None)
        graph = library.search_graph(rows, 8)
        component = np.repeat(np.arange(5), (150, 60, 40, 12, 30)).astype(np.int32)
        # so many between two groups that no true neighbour is among the first hits
        between = np.repeat((vectors[:1] + vectors[150:151]) / 2, 40, axis=0)
        ingest(frame[n_rows:], vectors=between, **place)
        with milvus(uri) as client:
            client.delete(collection_name, ids=[int(rows.ids[3])])
        found = library.outside_search(rows)(np.arange(5, dtype=np.int32), component, 4)

    assert graph.n_components == 5
    assert (found.indices[3] == -1).all()
    there = found.indices[[0, 1, 2, 4]]
    assert ((there >= 150) & (there < n_rows)).all()
    assert np.isfinite(found.distances[[0, 1, 2, 4]]).all()


@pytest.mark.parametrize("index_type", ["HNSW", "IVF_FLAT", "IVF_SQ8"])
def test_approximate_indexes_reach_other_components(index_type, milvus, lite_server, collection_name):
    from pymilvus import DataType

    vectors = islands("cosine")
    with milvus(lite_server.uri) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("text", DataType.VARCHAR, max_length=100)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=6)
        index = client.prepare_index_params()
        index.add_index("vector", index_type=index_type, metric_type="COSINE", params={"M": 8, "nlist": 64})
        client.create_collection(collection_name, schema=schema, index_params=index)
        client.insert(collection_name, [{"id": n, "text": "a", "vector": value} for n, value in enumerate(vectors)])
        client.flush(collection_name)
    with open_collection(lite_server.uri, collection_name) as collection:
        library = MilvusLibrary(collection)
        rows = library.scan()
        held = library.search_graph(rows, 8)
        graph = graph_from_neighbors(rows.ids, held.indices, held.distances, "cosine")

        tree = spanning_tree(graph, 3, search_outside=library.outside_search(rows))

    expected = spanning_tree(held, 3)
    np.testing.assert_allclose(tree.weight[-4:], expected.weight[-4:], rtol=0.02)
