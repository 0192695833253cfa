"""The parameters of a map, frozen and validated; their names are the field's own."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Literal, TypeAlias, get_args

from cluster_explorer.errors import InvalidParameterError, available

Method: TypeAlias = Literal["eom", "leaf"]
Neighbors: TypeAlias = Literal["auto", "faiss", "milvus"]
Space: TypeAlias = Literal["graph", "distance"]

_RANGES: dict[str, tuple[float, float]] = {
    "n_neighbors": (2, math.inf),
    "min_samples": (1, math.inf),
    "min_cluster_size": (2, math.inf),
    "cluster_selection_epsilon": (0.0, math.inf),
    "layout_n_neighbors": (2, math.inf),
    "min_dist": (0.0, 1.0),
    "n_components": (2, 3),
    "random_state": (0, 2**32 - 1),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "cluster_selection_method": get_args(Method),
    "neighbors": get_args(Neighbors),
    "space": get_args(Space),
}
_FLOATS = frozenset({"cluster_selection_epsilon", "min_dist"})


@dataclass(frozen=True)
class Params:
    """What the graph, the clusters and the map are computed with.

    Parameters
    ----------
    n_neighbors : int
        Neighbours of each row in the kNN graph, the row itself not counted.
    min_samples : int
        Neighbours that make a point dense, as in `hdbscan.HDBSCAN`; at most `n_neighbors`.
    min_cluster_size : int
        Smallest group that counts as a cluster.
    space : {"graph", "distance"}
        Where dense groups are looked for: in a low-dimensional embedding of the kNN graph (little noise, clusters of
        even grain), or among the neighbour distances themselves (plain HDBSCAN, with much noise on text embeddings).
    cluster_selection_method : {"eom", "leaf"}
        Excess of mass (fewer, larger clusters) or the leaves of the hierarchy (more, finer ones).
    cluster_selection_epsilon : float
        Clusters closer than this distance are merged.
    layout_n_neighbors : int
        Neighbours that the map looks at (`n_neighbors` of UMAP).
    min_dist : float
        How tightly points may be packed on the map (UMAP), 0 to 1.
    n_components : {2, 3}
        Dimensions of the map.
    random_state : int
        Seed of the map.
    neighbors : {"auto", "faiss", "milvus"}
        Who searches the neighbours: Milvus on a server, faiss in this process for Milvus Lite (``"auto"``); or always
        the one that is named.

    Raises
    ------
    InvalidParameterError
        If a value is out of its range; the message says which, and what is allowed.

    Examples
    --------
    >>> Params(min_cluster_size=30).min_cluster_size
    30
    """

    n_neighbors: int = 15
    min_samples: int = 5
    min_cluster_size: int = 10
    space: Space = "graph"
    cluster_selection_method: Method = "eom"
    cluster_selection_epsilon: float = 0.0
    layout_n_neighbors: int = 15
    min_dist: float = 0.1
    n_components: int = 2
    random_state: int = 42
    neighbors: Neighbors = "auto"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InvalidParameterError(f"{name}={getattr(self, name)!r} is not a choice. {available(choices)}")
        for name, (low, high) in _RANGES.items():
            object.__setattr__(self, name, _number(name, getattr(self, name), low, high))
        if self.min_samples > self.n_neighbors:
            raise InvalidParameterError(
                f"min_samples={self.min_samples} is greater than the n_neighbors={self.n_neighbors} held for each row. "
                f"Choose min_samples of at most {self.n_neighbors}, or n_neighbors of at least {self.min_samples}."
            )

    def changed(self, changes: dict[str, object]) -> Params:
        """Return a copy with some values changed; names that do not exist are an error.

        Examples
        --------
        >>> Params().changed({"min_dist": 0.5}).min_dist
        0.5
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise InvalidParameterError(f"There is no parameter {name!r}. {available(known)}")
        return replace(self, **changes)  # type: ignore[arg-type]  # __post_init__ checks every value

    def differences(self, other: Params) -> dict[str, object]:
        """Return the values of `other` that differ from this one's, by name."""
        return {
            field.name: getattr(other, field.name)
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        }


def _number(name: str, value: object, low: float, high: float) -> float:
    whole = name not in _FLOATS
    # numpy numbers are welcome; True and "5" are not
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    if not (low <= number <= high) or (whole and number != math.floor(number)):
        what = "a whole number" if whole else "a number"
        upper = f" to {high:g}" if math.isfinite(high) else " or more"
        raise InvalidParameterError(f"{name}={value!r} does not fit: it must be {what}, {low:g}{upper}.")
    return int(number) if whole else number
