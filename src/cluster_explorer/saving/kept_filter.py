"""A filter as a session file holds it: by what it asks for, so that it is asked again of the rows there are then."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cluster_explorer.exploring.filter_query import FilterQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.values import Scope


@dataclass(frozen=True)
class KeptFilter:
    """What a filter asks for, and which of the scopes is its own.

    Attributes
    ----------
    query : FilterQuery
    scope : Scope or None
        What the rows that it leaves were clustered anew as; one of the path of what is clustered.
    """

    query: FilterQuery = field(default_factory=FilterQuery)
    scope: Scope | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it fit for JSON; its scope as a place in the path."""
        return {
            "expression": self.query.expression,
            "values": {name: list(values) for name, values in self.query.values.items()},
            "ranges": {name: list(span) for name, span in self.query.ranges.items()},
            "outside": self.query.outside,
            "depth": None if self.scope is None else len(self.scope.path) - 1,
        }


def kept_filter(written: object, clustered: Scope | None, damaged: Callable[[str], Exception]) -> KeptFilter:
    """Read a filter from JSON that may come from anywhere.

    Parameters
    ----------
    written : object
        What `KeptFilter.to_json` returned; None, of files of earlier versions, is no filter.
    clustered : Scope or None
        What is clustered, in whose path the filter's own scope is.
    damaged : callable
        Makes the error for what makes no sense.
    """
    if written is None:
        return KeptFilter()
    path = clustered.path if clustered is not None else ()
    try:
        parts = dict(written)  # type: ignore[call-overload] # whatever it is, checked here
        depth = parts["depth"]
        query = FilterQuery(
            _text(parts["expression"]),
            MappingProxyType({_text(name): tuple(map(_value, values)) for name, values in parts["values"].items()}),
            MappingProxyType({_text(name): _span(span) for name, span in parts["ranges"].items()}),
            {"grey": "grey", "anew": "anew"}[parts["outside"]],  # type: ignore[arg-type] # one of the two
        )
        own = None if depth is None else path[range(len(path))[depth]]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise damaged("its filter makes no sense") from None
    return KeptFilter(query, own)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value


def _value(value: object) -> str | None:
    return None if value is None else _text(value)


def _span(value: Any) -> tuple[float, float]:
    low, high = (float(end) for end in value)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(value)
    return low, high
