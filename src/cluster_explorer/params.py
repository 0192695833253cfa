"""The parameters of a map, frozen and validated; their names are the field's own."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from cluster_explorer.errors import InvalidParameterError, available

if TYPE_CHECKING:
    from cluster_explorer.values import Scope

Auto: TypeAlias = Literal["auto"]
Method: TypeAlias = Literal["modularity", "eom", "leaf"]
Neighbors: TypeAlias = Literal["auto", "faiss", "milvus"]
Space: TypeAlias = Literal["graph", "distance"]

#: The least and the greatest value of each parameter that is a number.
RANGES: dict[str, tuple[float, float]] = {
    "n_neighbors": (2, math.inf),
    "min_samples": (1, math.inf),
    "min_cluster_size": (2, math.inf),
    "cluster_selection_epsilon": (0.0, math.inf),
    "resolution": (0.01, 100.0),
    "noise_threshold": (0.0, 1.0),
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
_LARGEST_WHOLE = 2**32 - 1
_FLOATS = frozenset({"cluster_selection_epsilon", "min_dist", "noise_threshold", "resolution"})
#: How clusters are selected unless that is said: by what each space is good for.
OWN_METHOD: dict[str, Method] = {"graph": "modularity", "distance": "eom"}


@dataclass(frozen=True)
class Params:
    """What the graph, the clusters and the map are computed with.

    Parameters
    ----------
    n_neighbors : int
        Neighbours of each row in the kNN graph, the row itself not counted. Where there are fewer rows, all of them are
        neighbours.
    min_samples : int
        Neighbours that make a point dense, as in `hdbscan.HDBSCAN`; at most `n_neighbors`.
    min_cluster_size : int or "auto"
        Smallest group that counts as a cluster. ``"auto"`` is the size at which the leaves of the hierarchy are most
        persistent (`landscape`); with ``"modularity"``, which decides itself how coarse clusters are, it is 5.
    space : {"graph", "distance"}
        Where dense groups are looked for: in a low-dimensional embedding of the kNN graph (little noise, clusters of
        even grain), or among the neighbour distances themselves (plain HDBSCAN, with much noise on text embeddings).
    cluster_selection_method : {"modularity", "eom", "leaf"}, optional
        The groups of the hierarchy that together have the greatest modularity on the graph; excess of mass (fewer,
        larger clusters); or the leaves of the hierarchy (more, finer ones). Left out, it is ``"modularity"`` in the
        space of the graph and ``"eom"`` among the distances.
    cluster_selection_epsilon : float
        Clusters closer than this distance are merged (not with ``"modularity"``).
    resolution : float
        With ``"modularity"``: more gives more and smaller clusters, 1 is Newman's modularity.
    noise_threshold : float
        Noise is shown as part of a cluster when its confidence reaches this, 0 to 1: at 0 all of it that a cluster can
        be reached from, at 1 none. It changes what is shown, and `attached_labels`; `labels` stays strict.
    layout_n_neighbors : int
        Neighbours that the map looks at (`n_neighbors` of UMAP).
    min_dist : float
        How tightly points may be packed on the map (UMAP), 0 to 1.
    n_components : {2, 3}
        Dimensions of the map.
    random_state : int
        Seed of the map and, in the space of the graph, of the embedding that clusters are found in.
    neighbors : {"auto", "faiss", "milvus"}
        Who searches the neighbours: Milvus on a server, faiss in this process for Milvus Lite (``"auto"``); or always
        the one that is named. faiss needs the vectors here: where they stay on the server (`hold_vectors` of
        `ClusterExplorer`), naming it is an error.
    scope : Scope, optional
        The rows that are clustered; None is all of them.

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
    min_cluster_size: int | Auto = "auto"
    space: Space = "graph"
    cluster_selection_method: Method = cast("Method", None)  # noqa: RUF009 - set below, from the space
    cluster_selection_epsilon: float = 0.0
    resolution: float = 3.0
    noise_threshold: float = 0.5
    layout_n_neighbors: int = 15
    min_dist: float = 0.1
    n_components: int = 2
    random_state: int = 42
    neighbors: Neighbors = "auto"
    scope: Scope | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        method: object = self.cluster_selection_method
        if method is None:
            object.__setattr__(self, "cluster_selection_method", OWN_METHOD.get(self.space, "modularity"))
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InvalidParameterError(f"{name}={getattr(self, name)!r} is not a choice. {available(choices)}")
        for name, (low, high) in RANGES.items():
            if name != "min_cluster_size" or self.min_cluster_size != "auto":
                object.__setattr__(self, name, _number(name, getattr(self, name), low, high))
        if self.min_samples > self.n_neighbors:
            raise InvalidParameterError(
                f"min_samples={self.min_samples} is greater than the n_neighbors={self.n_neighbors} held for each row. "
                f"Choose min_samples of at most {self.n_neighbors}, or n_neighbors of at least {self.min_samples}."
            )

    def changed(self, changes: dict[str, object]) -> Params:
        """Return a copy with some values changed; names that do not exist are an error.

        Another space brings its own `cluster_selection_method`, unless that is changed as well.

        Examples
        --------
        >>> Params().changed({"space": "distance"}).cluster_selection_method
        'eom'
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise InvalidParameterError(f"There is no parameter {name!r}. {available(known)}")
        if changes.get("space", self.space) != self.space:
            changes = {"cluster_selection_method": None, **changes}
        return replace(self, **changes)  # type: ignore[arg-type]  # __post_init__ checks every value


def _number(name: str, value: object, low: float, high: float) -> float:
    whole = name not in _FLOATS
    # numpy numbers are welcome; True and "5" are not
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    try:
        number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    # compiled code takes no larger whole numbers, and nothing is infinitely far
    largest = _LARGEST_WHOLE if whole else sys.float_info.max
    if not (low <= number <= min(high, largest)) or (whole and number != math.floor(number)):
        what = "a whole number" if whole else "a number"
        upper = f" to {high:g}" if math.isfinite(high) else " or more"
        also = ", or 'auto'" if name == "min_cluster_size" else ""
        raise InvalidParameterError(f"{name}={value!r} does not fit: it must be {what}, {low:g}{upper}{also}.")
    return int(number) if whole else number
