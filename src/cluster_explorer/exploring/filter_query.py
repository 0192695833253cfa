"""What a filter asks for, said by values: it can be asked again of other rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from cluster_explorer.errors import DataError
from cluster_explorer.exploring.columns import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_explorer.exploring.columns import Columns
    from cluster_explorer.exploring.finding import Outside, RowFilter


@dataclass(frozen=True)
class FilterQuery:
    """What a filter asks for, without row numbers and without places of categories, which are other ones elsewhere.

    Attributes
    ----------
    expression : str
        In Milvus' filter language; "" leaves all.
    values : mapping of str to tuple
        By field of categories: those that are left; None stands for no value.
    ranges : mapping of str to tuple of float
        By field of numbers or dates (seconds since 1970): the least and the greatest that is left.
    outside : {"grey", "anew"}
    """

    expression: str = ""
    values: Mapping[str, tuple[str | None, ...]] = field(default_factory=lambda: MappingProxyType({}))
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    outside: Outside = "grey"

    @property
    def leaves_all(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.expression or self.values or self.ranges)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields whose values are asked for."""
        return (*self.values, *self.ranges)


def query_of(row_filter: RowFilter, columns: Columns) -> FilterQuery:
    """Return what a filter asks for.

    Parameters
    ----------
    row_filter : RowFilter
    columns : Columns
        Which its places belong to.

    Examples
    --------
    >>> from cluster_explorer.exploring.columns import Columns, column_of
    >>> from cluster_explorer.exploring.finding import RowFilter
    >>> columns = Columns({"section": column_of("section", ["sport", "sport", "chess", None])})
    >>> query_of(RowFilter(chosen={"section": (-1, 1)}), columns).values["section"]
    (None, 'chess')
    """
    values = {
        name: tuple(None if place == MISSING else columns[name].categories[place] for place in places)
        for name, places in row_filter.chosen.items()
    }
    return FilterQuery(row_filter.expression, MappingProxyType(values), row_filter.ranges, row_filter.outside)


def chosen_places(query: FilterQuery, columns: Columns) -> Mapping[str, tuple[int, ...]]:
    """Return the places of the values asked for among the categories that there are; those that have gone are left out.

    Raises
    ------
    DataError
        If a field holds something else than it did.
    """
    for names, kinds in ((query.values, ("categories",)), (query.ranges, ("numbers", "dates"))):
        for name in names:
            if columns[name].kind not in kinds:
                raise DataError(
                    f"The field {name!r} holds {columns[name].kind} now, so this filter says nothing of it."
                )
    return MappingProxyType({name: columns[name].places(values) for name, values in query.values.items()})
