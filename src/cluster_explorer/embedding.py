"""Turn texts into vectors by whatever embedding function the user has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cluster_explorer.errors import ClusterExplorerError, EmbeddingError, InvalidParameterError
from cluster_explorer.scrubbing import cause_of, scrubbed, told
from cluster_explorer.vectors import describe_bad_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cluster_explorer.values import FloatArray, ProgressCallback

#: An object of pymilvus-model (`encode_documents`, `encode_queries`), or a function from a list of str to an array.
EmbeddingFunction: TypeAlias = Any

_BATCH = 64


def embed_texts(
    embedding_function: EmbeddingFunction,
    texts: Sequence[str],
    *,
    batch_size: int = _BATCH,
    on_progress: ProgressCallback | None = None,
) -> FloatArray:
    """Embed texts as documents.

    Parameters
    ----------
    embedding_function : object or callable
        An embedding function of pymilvus-model [1]_, dense or hybrid (the dense part is used, as of BGE-M3), or any
        callable that takes a list of str and returns an array of shape (n, d), or a list of n vectors.
    texts : sequence of str
        What to embed.
    batch_size : int
        Texts a call.
    on_progress : callable, optional
        Called with the share of the texts embedded, 0 to 1, after each call. It may raise to stop.

    Returns
    -------
    ndarray of shape (n, d), float32
        One vector per text. Without texts, its shape is (0, 0).

    Raises
    ------
    EmbeddingError
        When the function fails, or returns something that is not one finite vector per text, all of one length.
    InvalidParameterError
        When it is not an embedding function.

    References
    ----------
    .. [1] https://milvus.io/docs/embeddings.md

    Examples
    --------
    >>> embed_texts(lambda texts: [[len(text), 1] for text in texts], ["one", "three"])
    array([[3., 1.],
           [5., 1.]], dtype=float32)
    """
    if batch_size < 1:
        raise InvalidParameterError(f"batch_size={batch_size} cannot be used: choose 1 or more texts a call.")
    encode = _encoder(embedding_function, "encode_documents")
    parts: list[FloatArray] = []
    for start in range(0, len(texts), batch_size):
        batch = list(texts[start : start + batch_size])
        vectors = _embed(encode, batch, first_row=start)
        if parts and vectors.shape[1] != parts[0].shape[1]:
            raise EmbeddingError(
                f"embedding_function returned vectors of {vectors.shape[1]} numbers for rows {start} and on, and of "
                f"{parts[0].shape[1]} before. All vectors of a collection have one length."
            )
        parts.append(vectors)
        if on_progress is not None:
            on_progress((start + len(batch)) / len(texts))
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def embed_query(embedding_function: EmbeddingFunction, text: str) -> FloatArray:
    """Embed a text as a query: by `encode_queries` where the function has it, as a document otherwise.

    Returns
    -------
    ndarray of shape (d,), float32
        The vector.

    Raises
    ------
    EmbeddingError
        When the function fails, or does not return one finite vector.

    Examples
    --------
    >>> embed_query(lambda texts: [[len(text), 1] for text in texts], "three")
    array([5., 1.], dtype=float32)
    """
    kind = "encode_queries" if hasattr(embedding_function, "encode_queries") else "encode_documents"
    encode = _encoder(embedding_function, kind)
    try:
        answer = encode([text])
    except ClusterExplorerError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a user's function raises is told
        raise EmbeddingError(
            f"embedding_function failed on the question: {told(error, embedding_function)}. Try again, or look for its "
            "words instead."
        ) from cause_of(error, embedding_function)
    vectors = _dense(answer, "the question")
    if len(vectors) != 1 or describe_bad_vectors(vectors, [0], "row", cosine=False):
        raise EmbeddingError("embedding_function did not return one vector of finite numbers for the question.")
    vector: FloatArray = vectors[0]
    return vector


def _encoder(embedding_function: EmbeddingFunction, method: str) -> Callable[[list[str]], Any]:
    encode = getattr(embedding_function, method, embedding_function)
    if not callable(encode):
        raise InvalidParameterError(
            f"embedding_function= (a {type(embedding_function).__name__}) cannot embed: give an embedding function of "
            "pymilvus-model, or a callable that takes a list of str and returns one vector for each."
        )
    result: Callable[[list[str]], Any] = encode
    return result


def _embed(encode: Callable[[list[str]], Any], texts: list[str], *, first_row: int) -> FloatArray:
    rows = f"rows {first_row} to {first_row + len(texts) - 1}"
    try:
        answer = encode(texts)
    except ClusterExplorerError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a user's function raises is told
        raise EmbeddingError(
            f"embedding_function failed on {rows}: {told(error, encode)}. What was stored before is kept; "
            "run the same call again to continue."
        ) from cause_of(error, encode)
    vectors = _dense(answer, rows)
    if len(vectors) != len(texts):
        raise EmbeddingError(
            f"embedding_function returned {len(vectors)} vectors for {len(texts)} texts ({rows}). "
            "It must return one vector for each text, in their order."
        )
    names = range(first_row, first_row + len(texts))
    if problem := describe_bad_vectors(vectors, names, "row", cosine=False):
        raise EmbeddingError(f"embedding_function returned unusable vectors. {problem}. Look at these texts.")
    return vectors


def _dense(answer: Any, rows: str) -> FloatArray:
    """Turn what an embedding function returned into a matrix."""
    if isinstance(answer, dict):
        if "dense" not in answer:
            raise EmbeddingError(
                f"embedding_function returned a dict without 'dense' vectors (its keys: {sorted(map(str, answer))}). "
                "Only dense vectors can be clustered: configure it to return them."
            )
        answer = answer["dense"]
    try:
        vectors = np.asarray(answer, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EmbeddingError(
            f"embedding_function returned something that is not an array of numbers for {rows} "
            f"({type(answer).__name__}: {scrubbed(str(error))}). It must return one vector for each text, all of "
            "one length."
        ) from None
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise EmbeddingError(
            f"embedding_function returned an array of shape {vectors.shape} for {rows}; "
            "expected (number of texts, length of the vectors)."
        )
    return vectors
