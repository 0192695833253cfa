"""What is written back beside the rows of a collection: what for, what came of it, and how it is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_explorer.journal import Journal, Place, Value
    from cluster_explorer.values import IdArray, ProgressCallback

#: Where the values may go: beside the rows where the schema allows it and otherwise elsewhere, or always there.
Into: TypeAlias = Literal["auto", "collection", "companion"]
Labels: TypeAlias = Literal["strict", "attached"]


@dataclass(frozen=True)
class WriteReport:
    """What writing back did, or, as a dry run, would do.

    Attributes
    ----------
    collection_name, uri : str
        Where the values are; the uri without credentials.
    place : {"dynamic field", "field", "companion collection"}
        How they are kept there.
    fields : tuple of str
        Names of the fields.
    dry_run : bool
        Whether nothing was written.
    n_added : int
        Rows that had no values.
    n_changed : int
        Rows that had others.
    n_marked : int
        Rows that had these values, and were given the mark of this run alone.
    n_same : int
        Rows that had these values, and were left alone.
    n_gone : int
        Rows that are no longer in the collection.
    n_meanwhile : int
        Rows that somebody else gave other values while this was going on; they were left alone.
    n_others : int
        Rows beside those that were clustered, outside a filter or scope for example, that hold the first field as well
        and still do: a filter on it finds them too.
    n_cleared : int
        Such rows that were asked to be cleared, and hold it no longer.
    reason : str
        Why the values are not kept in the collection itself; "" where they are.
    run_id : str
        The mark of this run, where one was asked for.
    """

    collection_name: str
    uri: str
    place: Place
    fields: tuple[str, ...]
    dry_run: bool
    n_added: int = 0
    n_changed: int = 0
    n_marked: int = 0
    n_same: int = 0
    n_gone: int = 0
    n_meanwhile: int = 0
    n_others: int = 0
    n_cleared: int = 0
    reason: str = ""
    run_id: str = ""

    @property
    def n_written(self) -> int:
        """Rows that were written, or would be."""
        return self.n_added + self.n_changed + self.n_marked + self.n_cleared

    @property
    def sentence(self) -> str:
        """What was done, for a reader.

        Examples
        --------
        >>> WriteReport("news", "news.db", "dynamic field", ("cluster",), dry_run=True, n_added=7, n_same=3).sentence
        "Would write 'cluster' (dynamic field) in collection 'news'; rows: 7 new, 3 as they are."
        """
        counts = [
            (self.n_added, "new"),
            (self.n_changed, "changed"),
            (self.n_marked, "given the mark of this run alone"),
            (self.n_same, "as they are"),
            (self.n_gone, "no longer there"),
            (self.n_meanwhile, "changed by others meanwhile and left alone"),
            (self.n_cleared, "others cleared"),
        ]
        said = [f"{count:,} {what}" for count, what in counts if count]
        rows = f"rows: {', '.join(said)}" if said else "no rows"
        names = ", ".join(map(repr, self.fields))
        verb = "Would write" if self.dry_run else "Wrote"
        why = f" {self.reason}" if self.reason else ""
        others = (
            f" {self.n_others:,} other rows hold {self.fields[0]!r} too, and a filter finds them as well: clear them "
            "(clear_others=True), or tell runs apart by a mark (run_id=True)."
            if self.n_others
            else ""
        )
        return f"{verb} {names} ({self.place}) in collection {self.collection_name!r}; {rows}.{others}{why}"


@dataclass(frozen=True)
class WriteWish:
    """How labels are to be written back.

    Attributes
    ----------
    field : str
        Where the labels go; what is written beside them is named after it.
    labels : {"strict", "attached"}
        The strict labels, or those with noise attached as far as `noise_threshold` says: what the map shows.
    names : bool
        Whether the cluster's name goes beside it, as ``<field>_name``.
    confidence : bool
        Whether a confidence goes beside it, as ``<field>_confidence``.
    run_id : bool or str
        A mark of this run, as ``<field>_run``; True for one made of the time, False or "" for none.
    clear_others : bool
        Whether other rows that hold the field lose what they hold.
    into : {"auto", "collection", "companion"}
    companion : str or None
        Name of the companion collection.
    dry_run : bool
    """

    field: str = "cluster"
    labels: Labels = "strict"
    names: bool = False
    confidence: bool = False
    run_id: bool | str = False
    clear_others: bool = False
    into: Into = "auto"
    companion: str | None = None
    dry_run: bool = False

    @property
    def mark_field(self) -> str:
        """Name of the field of the mark; "" without one."""
        return f"{self.field}_run" if self.run_id else ""


@dataclass(frozen=True)
class UndoReport:
    """What undoing did.

    Attributes
    ----------
    n_restored : int
        Rows that hold what they held before, given back now or in an earlier call that was stopped.
    n_left : int
        Rows that were left alone, because somebody else has changed or deleted them since.
    """

    n_restored: int = 0
    n_left: int = 0

    @property
    def sentence(self) -> str:
        """What was done, for a reader."""
        left = f" {self.n_left:,} were changed or deleted by others since, and left alone." if self.n_left else ""
        return f"Restored {self.n_restored:,} rows.{left}"


@dataclass(frozen=True)
class Writing:
    """What is being written back, and what was; for the views.

    Attributes
    ----------
    running : str
        What is being done: "Writing", "Undoing", or "" for nothing.
    fraction : float
        Share of that which is done, 0 to 1.
    sentence : str
        What came of it last, or went wrong.
    failed : bool
        Whether `sentence` says what went wrong.
    can_undo : bool
    """

    running: str = ""
    fraction: float = 0.0
    sentence: str = ""
    failed: bool = False
    can_undo: bool = False


class Writable(Protocol):
    """Rows that values can be written beside."""

    def write_values(
        self,
        ids: IdArray,
        columns: Mapping[str, Sequence[Value]],
        wish: WriteWish,
        journal: Journal,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> WriteReport:
        """Write values beside rows, losing nothing of them."""

    def undo_values(self, journal: Journal, *, on_progress: ProgressCallback | None = None) -> UndoReport:
        """Give rows back what they held before values were written."""
