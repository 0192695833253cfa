"""Check that vectors can be compared: finite, and for cosine longer than zero."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cluster_explorer.values import FloatArray

_NAMED = 5


def describe_bad_vectors(vectors: FloatArray, names: Sequence[object], kind: str, *, cosine: bool) -> str:
    """Say which vectors cannot be used, as the start of an error message; "" when all can.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
        The vectors.
    names : sequence of length n
        What each row is called: its id, or its number.
    kind : str
        What the names are: ``"id"`` or ``"row"``.
    cosine : bool
        Whether they are compared by angle, which a zero vector does not have.

    Examples
    --------
    >>> describe_bad_vectors(np.array([[0, 0], [3, 4]], np.float32), [7, 8], "id", cosine=True)
    'Zero vectors have no cosine distance: 1 found (id 7)'
    """
    infinite = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(infinite):
        return f"Vectors with NaN or infinite values: {named(infinite, names, kind)}"
    if cosine:
        zero = np.flatnonzero(~vectors.any(axis=1))
        if len(zero):
            return f"Zero vectors have no cosine distance: {named(zero, names, kind)}"
    return ""


def digests_of(vectors: FloatArray) -> npt.NDArray[np.int64]:
    """Return a hash of each vector: equal vectors have equal ones, and others, but for one pair in 2**64, have not.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32

    Returns
    -------
    ndarray of shape (n,), int64

    Examples
    --------
    >>> one, other, again = digests_of(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -0.0]], dtype=np.float32))
    >>> one == again, one == other
    (np.True_, np.False_)
    """
    # adding zero makes one zero of two: they are equal, and hash differently
    table = np.ascontiguousarray(vectors, dtype=np.float32) + np.float32(0)
    return np.frombuffer(b"".join(blake2b(row, digest_size=8).digest() for row in table), dtype=np.int64)


def named(positions: npt.NDArray[np.intp] | Sequence[int], names: Sequence[object], kind: str) -> str:
    """Count the rows at these positions and name the first of them.

    Examples
    --------
    >>> named([0, 2], ["a", "b", "c"], "id")
    "2 found (ids 'a', 'c')"
    """
    shown = ", ".join(repr(names[int(position)]) for position in positions[:_NAMED])
    more = ", …" if len(positions) > _NAMED else ""
    return f"{len(positions)} found ({kind}{'s' if len(positions) > 1 else ''} {shown}{more})"
