"""Vectors as Milvus keeps them (float32, float16, bfloat16), and as we compute with them: float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.values import FloatArray

#: Milvus' types whose vectors can be compared.
USABLE_TYPES = ("FLOAT_VECTOR", "FLOAT16_VECTOR", "BFLOAT16_VECTOR")

#: Bytes of one number.
WIDTH = {"FLOAT_VECTOR": 4, "FLOAT16_VECTOR": 2, "BFLOAT16_VECTOR": 2}


def float_vectors(cells: Sequence[Any], vector_type: str) -> FloatArray:
    """Turn the cells of a vector field into a table.

    Parameters
    ----------
    cells : sequence of array_like or bytes
        As pymilvus gives them: numbers, or (float16 and bfloat16) their bytes.
    vector_type : str
        Milvus' type of the field.

    Returns
    -------
    ndarray of shape (n, d), float32

    Examples
    --------
    >>> float_vectors([np.array([1, 0.5], np.float16).tobytes()], "FLOAT16_VECTOR").tolist()
    [[1.0, 0.5]]
    >>> float_vectors([bytes([0x80, 0x3F, 0x00, 0xBF])], "BFLOAT16_VECTOR").tolist()
    [[1.0, -0.5]]
    """
    if vector_type == "FLOAT_VECTOR":
        return np.array(cells, dtype=np.float32)
    # pymilvus has wrapped the bytes of a vector into a list of one in some versions
    joined = b"".join(bytes(cell[0] if isinstance(cell, list) and len(cell) == 1 else cell) for cell in cells)
    if vector_type == "FLOAT16_VECTOR":
        return np.frombuffer(joined, dtype="<f2").astype(np.float32).reshape(len(cells), -1)
    # a bfloat16 is the upper half of a float32
    halves = np.frombuffer(joined, dtype="<u2").astype(np.uint32) << np.uint32(16)
    return halves.view(np.float32).reshape(len(cells), -1)


def query_vectors(vectors: FloatArray, vector_type: str) -> list[Any]:
    r"""Turn vectors into queries of a field, as pymilvus takes them.

    Examples
    --------
    >>> query_vectors(np.array([[1.0, -0.5]], np.float32), "BFLOAT16_VECTOR")
    [b'\x80?\x00\xbf']
    """
    if vector_type == "FLOAT_VECTOR":
        return list(vectors)
    if vector_type == "FLOAT16_VECTOR":
        return list(vectors.astype(np.float16))
    bits = np.ascontiguousarray(vectors, dtype="<f4").view("<u4")
    # to the nearest, ties to even, as hardware rounds
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    return [row.tobytes() for row in rounded.astype("<u2")]
