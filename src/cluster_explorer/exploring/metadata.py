"""Metadata fields of all rows, held beside the results once somebody has asked for them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cluster_explorer.values import IdArray


@dataclass(frozen=True, eq=False)
class Metadata:
    """What has been read of the metadata, and what is being read.

    Attributes
    ----------
    ids : ndarray of shape (n,) or None
        The rows that the columns belong to; None before anything was read.
    columns : mapping of str to pandas.Series of length n
        The fields that are here, in the order of the rows; missing where a row has gone since.
    reading : tuple of str
        Fields that are being read, or are read next.
    fraction : float
        Share of that work that is done, 0 to 1.
    problem : str
        Why the last reading failed, or "".
    """

    ids: IdArray | None = field(default=None, repr=False)
    columns: Mapping[str, pd.Series[Any]] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    reading: tuple[str, ...] = ()
    fraction: float = 0.0
    problem: str = ""

    def with_columns(self, ids: IdArray, frame: pd.DataFrame) -> Metadata:
        """Return a copy that also holds the columns of a frame, aligned to `ids`; columns of other rows are dropped.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> frame = pd.DataFrame({"section": ["b", "a"]}, index=[2, 1])
        >>> Metadata().with_columns(np.array([1, 2]), frame).columns["section"].tolist()
        ['a', 'b']
        """
        held = self.columns if self.ids is ids else {}
        aligned = frame[~frame.index.duplicated()].reindex(ids)
        added = {str(name): aligned[name] for name in aligned.columns}
        return replace(self, ids=ids, columns=MappingProxyType({**held, **added}), problem="")

    def without(self, fields: tuple[str, ...]) -> Metadata:
        """Return a copy that no longer holds these columns: they were written to.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> held = Metadata().with_columns(np.array([1]), pd.DataFrame({"a": [1], "b": [2]}, index=[1]))
        >>> list(held.without(("a",)).columns)
        ['b']
        """
        left = {name: column for name, column in self.columns.items() if name not in fields}
        return replace(self, columns=MappingProxyType(left))

    def lacks(self, ids: IdArray, fields: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of `fields` that are not here for these rows."""
        return tuple(name for name in fields if self.ids is not ids or name not in self.columns)
