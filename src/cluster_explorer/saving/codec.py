"""Frozen values as arrays and JSON, and back: only types on a list. What they hold is for `checking`."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.annotations import Annotations, NamedRows
from cluster_explorer.describe import ClusterNames
from cluster_explorer.exploring.identity import Identities, RowColors
from cluster_explorer.values import Clustering, CondensedHierarchy, Dendrogram, KnnGraph, Layout, Scope, SpanningTree

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.saving.archive import Archive

#: Everything that a session file may hold, by the name it has there.
_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Annotations,
        ClusterNames,
        Clustering,
        CondensedHierarchy,
        Dendrogram,
        Identities,
        KnnGraph,
        Layout,
        NamedRows,
        RowColors,
        Scope,
        SpanningTree,
    )
}


class UnknownTypeError(TypeError):
    """A value is of a type that session files do not hold."""


class Encoder:
    """Turns values into JSON, and collects the arrays that they refer to; the same array is kept once."""

    def __init__(self) -> None:
        self.arrays: dict[str, npt.NDArray[Any]] = {}
        self._names: dict[int, str] = {}

    def encode(self, value: object, name: str) -> Any:
        """Return a value as JSON.

        Parameters
        ----------
        value : object
            None, a number, str, ndarray, tuple of such, or one of the frozen values of this package.
        name : str
            What its arrays are called in the file.

        Raises
        ------
        UnknownTypeError
            If it is anything else.
        """
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return {"array": self._keep(value, name)}
        if isinstance(value, tuple):
            return [self.encode(item, f"{name}.{index}") for index, item in enumerate(value)]
        if is_dataclass(value) and type(value).__name__ in _TYPES:
            parts = {
                field.name: self.encode(getattr(value, field.name), f"{name}.{field.name}")
                for field in fields(value)
                if field.init
            }
            return {"type": type(value).__name__, "fields": parts}
        raise UnknownTypeError(f"{name}: {type(value).__name__} is not kept in session files")

    def _keep(self, array: npt.NDArray[Any], name: str) -> str:
        held = self._names.setdefault(id(array), name)
        self.arrays[held] = array
        return held


def decode(encoded: Any, archive: Archive) -> Any:
    """Return the value that `Encoder.encode` was given.

    Raises
    ------
    SavedFileError
        If the file does not hold what it should.
    """
    if isinstance(encoded, list):
        return tuple(decode(item, archive) for item in encoded)
    if not isinstance(encoded, dict):
        return encoded
    if isinstance(encoded.get("array"), str):
        return archive.array(encoded["array"])
    kind = _TYPES.get(str(encoded.get("type")))
    parts = encoded.get("fields")
    if kind is None or not isinstance(parts, dict):
        raise archive.damaged(f"it holds a value of unknown type {encoded.get('type')!r}")
    known = {field.name: field for field in fields(kind) if field.init}
    missing = [name for name, field in known.items() if name not in parts and _is_required(field)]
    if missing or not parts.keys() <= known.keys():
        raise archive.damaged(f"a {kind.__name__} has the fields {', '.join(parts)}")
    return kind(**{name: decode(part, archive) for name, part in parts.items()})


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
