"""Questions to a collection: the rows nearest to vectors, those that hold words, those that an expression finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import DataError, FilterError, RequestRefusedError, available
from cluster_explorer.milvus.distances import searched_metric, true_distances
from cluster_explorer.milvus.dynamic import text_of
from cluster_explorer.milvus.expressions import both, holds_word, matches_words
from cluster_explorer.milvus.pages import PageReader
from cluster_explorer.milvus.scan import page_size
from cluster_explorer.milvus.search import LARGEST_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo
    from cluster_explorer.milvus.search import Searcher
    from cluster_explorer.values import FloatArray, ProgressCallback

_SCORES = {"cosine": "cosine similarity", "euclidean": "Euclidean distance", "ip": "inner product"}
#: Rows that "more like these" searches from, at most: more say nothing new, and each is a search.
_MOST_EXAMPLES = 100
_TEXT_BYTES = 1_000
_KEY_BYTES = 40


@dataclass(frozen=True, eq=False)
class Found:
    """Rows that answer a question, best first.

    Attributes
    ----------
    keys : tuple of int or str
        Primary keys.
    scores : ndarray of shape (m,), float32
        One for each key.
    score_name : str
        What the scores are.
    n_found : int
        Rows that match in all, where that is known; as many as there are keys otherwise.
    """

    keys: tuple[Any, ...] = field(repr=False)
    scores: FloatArray = field(repr=False)
    score_name: str
    n_found: int


def nearest_to(searcher: Searcher, vector: FloatArray, limit: int) -> Found:
    """Search the rows nearest to a vector; see `Collection.nearest_to`."""
    info = searcher.info
    if len(vector) != info.dim:
        raise DataError(
            f"The embedding function returned {len(vector):,} numbers, and the vectors of collection "
            f"{info.collection_name!r} have {info.dim:,}: it is not the one that its texts were embedded with. "
            "Pass that one as embedding_function=."
        )
    metric = searched_metric(info)
    if metric == "cosine" and not vector.any():
        raise DataError("The embedding function returned a vector of zeros, which has no direction to search in.")
    hits = searcher.search(vector[None], min(limit, LARGEST_LIMIT))
    # similarities are shown as they are
    scores = true_distances(hits.values, info) if metric == "euclidean" else hits.values
    return Found(tuple(hits.keys.tolist()), scores, _SCORES[metric], len(hits.keys))


def nearest_to_rows(searcher: Searcher, keys: Sequence[Any], limit: int) -> Found:
    """Search the rows nearest to some rows, those left out; see `Collection.nearest_to_rows`."""
    places = np.unique(np.linspace(0, len(keys) - 1, min(len(keys), _MOST_EXAMPLES)).astype(int))
    _, vectors = searcher.stored_vectors([keys[place] for place in places], as_stored=True)
    if not len(vectors):
        return Found((), np.empty(0, dtype=np.float32), "distance to the nearest of them", 0)
    known = set(keys)
    hits = searcher.search(vectors, min(limit + len(known), LARGEST_LIMIT))
    distances: dict[Any, float] = {}
    for key, distance in zip(hits.keys.tolist(), true_distances(hits.values, searcher.info).tolist(), strict=True):
        if key not in known:
            distances[key] = min(distances.get(key, np.inf), distance)
    nearest = sorted(distances, key=lambda key: distances[key])[:limit]
    scores = np.array([distances[key] for key in nearest], dtype=np.float32)
    return Found(tuple(nearest), scores, "distance to the nearest of them", len(nearest))


def holding_words(
    connection: Connection,
    info: CollectionInfo,
    filter: str,  # noqa: A002 - the name Milvus gives it
    words: Sequence[str],
    limit: int,
    *,
    count: int,
    on_progress: ProgressCallback | None,
) -> Found:
    """Find the rows whose text holds all words; see `Collection.holding_words`."""
    expression = (
        matches_words(info.text_field, words)
        if info.matches_text
        else " and ".join(f"({holds_word(info.text_field, word)})" for word in words)
    )

    def look(expression: str) -> dict[Any, int]:
        rows = _read(
            connection,
            info,
            expression,
            [info.text_field],
            count=count,
            row_bytes=_TEXT_BYTES,
            on_progress=on_progress,
        )
        return _occurrences(rows, info, words)

    try:
        occurrences = look(both(expression, filter))
    except RequestRefusedError:
        # servers before 2.4 know LIKE for the beginnings of texts alone: there, every text is read and looked at here
        occurrences = look(filter)
    best = sorted(occurrences, key=lambda key: (-occurrences[key], key))[:limit]
    scores = np.array([occurrences[key] for key in best], dtype=np.float32)
    return Found(tuple(best), scores, "occurrences", len(occurrences))


def _occurrences(rows: Iterator[Mapping[str, Any]], info: CollectionInfo, words: Sequence[str]) -> dict[Any, int]:
    """Count the words in each text that holds all of them, by key."""
    occurrences: dict[Any, int] = {}
    for row in rows:
        folded = text_of(row.get(info.text_field)).casefold()
        counts = [folded.count(word.casefold()) for word in words]
        # LIKE is given wildcards for what it may not take literally, so each text is looked at; a text match finds
        # other forms of a word as well, as its analyzer has them
        if all(counts) or info.matches_text:
            occurrences[row[info.primary_field]] = max(sum(counts), 1)
    return occurrences


def matching(
    connection: Connection,
    info: CollectionInfo,
    filter: str,  # noqa: A002 - the name Milvus gives it
    expression: str,
    *,
    count: int,
    on_progress: ProgressCallback | None,
) -> tuple[Any, ...]:
    """Find the keys of the rows that an expression selects; see `Collection.matching`."""
    try:
        selected = both(expression, filter)
        rows = _read(connection, info, selected, [], count=count, row_bytes=_KEY_BYTES, on_progress=on_progress)
        return tuple(row[info.primary_field] for row in rows)
    except RequestRefusedError as error:
        names = [info.primary_field, info.text_field, *info.metadata_fields]
        reason = str(error).partition(f"{info.uri}: ")[2] or str(error)
        raise FilterError(
            f"{expression!r} is not an expression that Milvus can run: {reason}\n{available(names)} "
            'Examples: section == "sport", published >= "2026-01-01", id in [1, 2, 3].'
        ) from None


def _read(
    connection: Connection,
    info: CollectionInfo,
    expression: str,
    fields: Sequence[str],
    *,
    count: int,
    row_bytes: int,
    on_progress: ProgressCallback | None,
) -> Iterator[Mapping[str, Any]]:
    reader = PageReader(
        connection,
        collection_name=info.collection_name,
        primary_field=info.primary_field,
        fields=fields,
        filter=expression,
        partition_names=info.partition_names,
        page_size=page_size(count, row_bytes),
    )
    read = 0
    for page in reader:
        yield from page
        read += len(page)
        if on_progress is not None:
            on_progress(min(1.0, read / max(1, count)))
