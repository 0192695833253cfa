"""Neighbours by Milvus' search, compared with all distances computed one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_explorer import knn_graph, spanning_tree
from cluster_explorer.errors import Cancelled, DataError, InvalidParameterError
from cluster_explorer.ingest import ingest
from cluster_explorer.library import MilvusLibrary
from cluster_explorer.milvus import open_collection

N, K = 520, 12


def all_distances(vectors: np.ndarray) -> np.ndarray:
    difference = vectors[:, None, :].astype(np.float64) - vectors[None, :, :]
    return np.sqrt((difference**2).sum(axis=2))


@pytest.fixture(scope="session", params=["cosine", "euclidean", "ip"])
def metric(request):
    return request.param


@pytest.fixture(scope="session")
def stored_name(metric, shared_uri, vectors):
    """Vectors with three exact duplicates; of many lengths, except for the inner product."""
    values = vectors(N, 8)
    if metric != "ip":
        values = values * np.random.default_rng(0).uniform(0.5, 2, (N, 1)).astype(np.float32)
    values[100] = values[200] = values[300]
    name = f"neighbors_{metric}"
    ingest([f"text {n}" for n in range(N)], vectors=values, uri=shared_uri, collection_name=name, metric=metric)
    return name


@pytest.fixture
def collection(shared_uri, stored_name):
    with open_collection(shared_uri, stored_name) as opened:
        yield opened


@pytest.mark.parametrize("held", [True, False])
def test_neighbours_are_the_nearest_at_their_true_distances(collection, metric, held):
    shares = []
    rows = collection.scan()
    found = collection.neighbors(rows if held else replace(rows, vectors=None), K, on_progress=shares.append)
    compared = rows.vectors
    if metric == "cosine":
        compared = compared / np.linalg.norm(compared, axis=1, keepdims=True)
    distances = all_distances(compared)
    np.fill_diagonal(distances, np.inf)
    assert found.indices.shape == found.distances.shape == (N, K)
    assert (found.indices.dtype, found.distances.dtype) == (np.int32, np.float32)
    # what Milvus calls a similarity is single precision: near 1 its distance is known to 1e-3
    atol = 1e-6 if held or metric == "euclidean" else 1e-3
    np.testing.assert_allclose(found.distances, np.sort(distances, axis=1)[:, :K], atol=atol, rtol=1e-4)
    own = np.take_along_axis(distances, found.indices.astype(int), axis=1)
    np.testing.assert_allclose(found.distances, own, atol=atol, rtol=1e-4)
    assert shares[-1] == 1


def test_duplicates_are_neighbours_at_zero_and_nobody_is_their_own(collection):
    rows = collection.scan()
    found = collection.neighbors(rows, K)
    assert not (found.indices == np.arange(N)[:, None]).any()
    row_of_text = {text: row for row, text in enumerate(rows.texts)}
    twins = [row_of_text[f"text {n}"] for n in (100, 200, 300)]
    for twin in twins:
        assert set(found.indices[twin, :2]) == set(twins) - {twin}
        assert found.indices[twin, 0] < found.indices[twin, 1]
        np.testing.assert_array_equal(found.distances[twin, :2], 0)


def store(milvus, uri, collection_name, values, index_type):
    """Put vectors into a collection with an index of that type."""
    from pymilvus import DataType

    with milvus(uri) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("text", DataType.VARCHAR, max_length=100)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=values.shape[1])
        index = client.prepare_index_params()
        index.add_index("vector", index_type=index_type, metric_type="COSINE", params={"M": 8, "nlist": 64})
        client.create_collection(collection_name, schema=schema, index_params=index)
        client.insert(collection_name, rows_of(values))
        client.flush(collection_name)


def rows_of(values, first=0):
    return [{"id": first + n, "text": "a", "vector": value} for n, value in enumerate(values)]


@pytest.mark.parametrize("index_type", ["HNSW", "HNSW_SQ", "IVF_FLAT", "IVF_SQ8"])
def test_approximate_indexes_are_searched_widely(index_type, milvus, lite_server, collection_name, vectors):
    # in groups, as embeddings are: of vectors without any no index finds the neighbours
    values = np.repeat(vectors(30, 24), 50, axis=0) + 0.5 * vectors(1_500, 24)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    store(milvus, lite_server.uri, collection_name, values, index_type)
    with open_collection(lite_server.uri, collection_name) as collection:
        assert collection.info.index_type == index_type
        found = collection.neighbors(collection.scan(), 80)
    similarities = values @ values.T
    np.fill_diagonal(similarities, -1)
    nearest = np.argsort(-similarities, axis=1)[:, :80]
    recall = np.mean([len(np.intersect1d(a, b)) / 80 for a, b in zip(found.indices, nearest, strict=True)])
    assert recall > 0.9
    assert (np.diff(found.distances, axis=1) >= 0).all()


@pytest.mark.parametrize("index_type", ["FLAT", "HNSW"])
def test_an_index_that_compares_every_pair_proves_edges_and_another_none(
    index_type, milvus, uri, collection_name, vectors
):
    values = np.repeat(vectors(20, 16), 20, axis=0) + 0.3 * vectors(400, 16)
    # more copies than there are neighbours asked for
    values[300:330] = values[7]
    store(milvus, uri, collection_name, values, index_type)
    with open_collection(uri, collection_name) as collection:
        library = MilvusLibrary(collection, hold_vectors=True)
        rows = library.scan()
        graph = library.search_graph(rows, 10)
        without = library.search_graph(replace(rows, vectors=None), 10)
    assert graph.indices.shape == (400, 10)
    assert graph.exact == (index_type == "FLAT")
    assert (spanning_tree(graph).certified > 0) == graph.exact
    # how well neighbours were found is measured in any case
    assert graph.recall is None
    # distances made of similarities prove nothing
    assert not without.exact
    if graph.exact:
        here = knn_graph(rows.vectors, 10, "cosine", rows.ids)
        np.testing.assert_allclose(graph.distances, here.distances, rtol=1e-6)


@pytest.mark.parametrize("change", ["delete", "move", "add"])
def test_nothing_is_proven_of_rows_that_changed_since_they_were_read(change, milvus, uri, collection_name, vectors):
    values = vectors(200, 16)
    store(milvus, uri, collection_name, values, "FLAT")
    with open_collection(uri, collection_name) as collection:
        library = MilvusLibrary(collection, hold_vectors=True)
        rows = library.scan()
        assert library.search_graph(rows, 5).exact
        with milvus(uri) as client:
            if change == "delete":
                client.delete(collection_name, ids=[5])
            elif change == "move":
                client.upsert(collection_name, rows_of(-values[5:6], first=5))
            else:
                client.insert(collection_name, rows_of(np.repeat(values[5:6], 8, axis=0), first=1000))
        assert not library.search_graph(rows, 5).exact


def test_only_rows_under_the_filter_are_neighbours(shared_uri, stored_name):
    with open_collection(shared_uri, stored_name, filter="text like 'text 1%'") as part:
        rows = part.scan()
        found = part.neighbors(rows, 5)
    assert 100 < len(rows) < N
    assert (found.indices >= 0).all()
    assert np.isfinite(found.distances).all()


def test_fewer_rows_than_neighbours_are_padded(uri, collection_name):
    ingest(["a", "b", "c"], vectors=np.eye(3), uri=uri, collection_name=collection_name)
    with open_collection(uri, collection_name) as collection:
        found = collection.neighbors(collection.scan(), 4)
    assert np.sort(found.indices, axis=1).tolist() == [[-1, -1, 1, 2], [-1, -1, 0, 2], [-1, -1, 0, 1]]
    np.testing.assert_allclose(found.distances[:, :2], np.sqrt(2), rtol=1e-6)
    assert np.isinf(found.distances[:, 2:]).all()


def test_one_row_has_no_neighbours(uri, collection_name):
    ingest(["a"], vectors=[[1.0, 0]], uri=uri, collection_name=collection_name)
    with open_collection(uri, collection_name) as collection:
        found = collection.neighbors(collection.scan(), 3)
    assert found.indices.tolist() == [[-1, -1, -1]]


def test_rows_added_or_deleted_since_the_scan_are_no_neighbours(uri, collection_name, vectors, milvus):
    texts = [f"text {n}" for n in range(60)]
    ingest(texts[:50], vectors=vectors(60)[:50], uri=uri, collection_name=collection_name)
    with open_collection(uri, collection_name) as collection:
        rows = collection.scan()
        ingest(texts, vectors=vectors(60), uri=uri, collection_name=collection_name)
        with milvus(uri) as client:
            client.delete(collection_name, ids=[int(rows.ids[7])])
        found = collection.neighbors(rows, 5)
        streamed = collection.neighbors(replace(rows, vectors=None), 5)
    assert found.indices.max() < 50
    assert not (found.indices == 7).any()
    assert (streamed.indices[7] == -1).all()


def test_inner_product_needs_unit_vectors(uri, collection_name):
    ingest(["a", "b"], vectors=[[1.0, 0], [0, 2.0]], uri=uri, collection_name=collection_name, metric="IP")
    with (
        open_collection(uri, collection_name) as collection,
        pytest.raises(DataError, match=r"unit vectors only.*metric='cosine'"),
    ):
        collection.neighbors(collection.scan(), 1)


def test_another_metric_than_the_index_is_refused(uri, collection_name):
    ingest(["a", "b"], vectors=[[1.0, 0], [0, 2.0]], uri=uri, collection_name=collection_name, metric="L2")
    with (
        open_collection(uri, collection_name, metric="cosine") as collection,
        pytest.raises(InvalidParameterError, match="index"),
    ):
        collection.neighbors(collection.scan(), 1)


@pytest.mark.parametrize("k", [0, -1, 16_384])
def test_numbers_of_neighbours_out_of_range(uri, collection_name, k):
    ingest(["a"], vectors=[[1.0, 0]], uri=uri, collection_name=collection_name)
    with open_collection(uri, collection_name) as collection, pytest.raises(InvalidParameterError, match="1 to 16,383"):
        collection.neighbors(collection.scan(), k)


def test_a_search_can_be_cancelled(uri, collection_name, vectors):
    ingest([f"{n}" for n in range(510)], vectors=vectors(510), uri=uri, collection_name=collection_name)
    calls = []

    def stop(share: float) -> None:
        calls.append(share)
        raise Cancelled

    with open_collection(uri, collection_name) as collection:
        rows = collection.scan()
        with pytest.raises(Cancelled):
            collection.neighbors(rows, 5, on_progress=stop)
        assert calls == [500 / 510]
        assert collection.count() == 510
