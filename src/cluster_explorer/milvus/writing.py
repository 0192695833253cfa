"""Write values beside the rows of a collection, losing nothing of them; and take the values back again."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cluster_explorer.errors import FieldError
from cluster_explorer.journal import JournalHead
from cluster_explorer.milvus.counting import count_rows
from cluster_explorer.milvus.destination import choose_destination, make_companion, real_name
from cluster_explorer.milvus.loading import flush
from cluster_explorer.milvus.planning import Plan, Planner
from cluster_explorer.milvus.storing import StoredRows
from cluster_explorer.values import part_of
from cluster_explorer.write_back import UndoReport, WriteReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_explorer.journal import Journal, Value
    from cluster_explorer.milvus.collection import Collection
    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.destination import Destination
    from cluster_explorer.values import IdArray, ProgressCallback
    from cluster_explorer.write_back import Into

#: Rows noted in the journal and then written, at a time.
_ROWS = 2_000
#: How much of the time looking at all rows takes, before any is written.
_LOOKING = 0.2


def write_values(
    collection: Collection,
    ids: Sequence[int] | Sequence[str] | IdArray,
    columns: Mapping[str, Sequence[Value]],
    *,
    journal: Journal,
    into: Into = "auto",
    companion: str | None = None,
    dry_run: bool = False,
    mark_field: str = "",
    clear_others: bool = False,
    on_progress: ProgressCallback | None = None,
) -> WriteReport:
    """Write values beside rows: into fields of the collection, or into a companion where its schema allows none.

    Nothing else in a row changes: Milvus merges the values in where it can (Lite, and servers from 2.6.2), and
    elsewhere whole rows are read and stored again at once. There, what others write into a row in between is lost, and
    a row that they delete then comes back: within half a second, or longer where the connection breaks just then. What
    they did before is seen and kept.

    All rows are looked at before any is written, and the first is written alone and compared. Rows that hold the values
    already are left alone, so the same call again goes on where it was stopped; so are those whose values others
    changed after they were looked at.

    Parameters
    ----------
    collection : Collection
        Open.
    ids : sequence of int or str
        Primary keys; rows that are no longer there are left out.
    columns : mapping of str to sequence
        Values by name of the field, one for each key: int, float or str.
    journal : Journal
        Notes what each row held, before it is written.
    into : {"auto", "collection", "companion"}
        Where the values go.
    companion : str, optional
        Name of the companion collection; that of this one and ``_labels`` when left out.
    dry_run : bool
        Whether to count only what would be written; the written fields alone are read for that.
    mark_field : str
        The one of the columns that holds the mark of this run; "" without one.
    clear_others : bool
        Whether other rows that hold the first field lose what they hold in all of these fields.
    on_progress : callable, optional
        Called with the share of the rows done, 0 to 1. It may raise to stop; what was written is in the journal.

    Returns
    -------
    WriteReport

    Raises
    ------
    FieldError
        When a field cannot be used, or holds other things; nothing was written then.
    InvalidParameterError
        When the schema does not allow what `into` or `clear_others` says.
    ConnectionFailedError, MilvusOperationError
        When Milvus cannot be reached or fails. What it acknowledged is kept, and in the journal.
    """
    connection, info = collection.connection, collection.info
    keys: list[Any] = [str(key) for key in ids] if info.ids_are_strings else [int(key) for key in ids]
    destination = choose_destination(connection, info, columns, into, companion)
    rows = StoredRows(connection, destination)
    planner = Planner(connection, destination, rows, mark_field)
    looking = 1.0 if dry_run else _LOOKING
    plan = planner.plan(keys, columns, clear_others=clear_others, on_progress=part_of(on_progress, 0.0, looking))
    counts = plan.counts
    if not dry_run:
        journal.open(_head(collection, destination))
        if not destination.exists:
            make_companion(connection, info, destination)
        if destination.place == "dynamic field":
            # before they are written: what is there after a stop can be read as well
            collection.knows_fields(destination.fields)
        counts = _write(planner, plan, journal, part_of(on_progress, looking, 1.0))
        if plan.changes:
            _settle(connection, destination)
    return WriteReport(
        collection_name=destination.collection_name,
        uri=info.uri,
        place=destination.place,
        fields=destination.fields,
        dry_run=dry_run,
        reason=destination.reason,
        run_id=str(columns[mark_field][0]) if mark_field and keys else "",
        n_added=counts["added"],
        n_changed=counts["changed"],
        n_marked=counts["marked"],
        n_same=counts["same"],
        n_gone=counts["gone"],
        n_meanwhile=counts["meanwhile"],
        n_others=plan.n_others,
        n_cleared=counts["cleared"],
    )


def undo_values(collection: Collection, journal: Journal, *, on_progress: ProgressCallback | None = None) -> UndoReport:
    """Give rows back what they held before `write_values`; those that others have changed since are left alone.

    On Milvus Lite, dynamic fields that were not there hold None afterwards, since Lite cannot take one away. A journal
    that was undone to the end is empty, and says so in its file.

    Parameters
    ----------
    collection : Collection
        Open; the one that was written to, or whose companion was.
    journal : Journal
        As it was filled.
    on_progress : callable, optional
        Called with the share of the rows done, 0 to 1. It may raise to stop; the same call again goes on.

    Returns
    -------
    UndoReport

    Raises
    ------
    FieldError
        When the journal is of another database or collection.
    ConnectionFailedError, MilvusOperationError
        When Milvus cannot be reached or fails.
    """
    connection, info, head = collection.connection, collection.info, journal.head
    if head is None:
        return UndoReport()
    _check_place(collection, head)
    companion = head.collection_name if head.place == "companion collection" else None
    destination = choose_destination(
        connection, info, _examples(journal), "companion" if companion else "collection", companion
    )
    changes = journal.changes
    if destination.exists:
        n_restored = _give_back(StoredRows(connection, destination), journal, part_of(on_progress, 0.0, 1.0))
        _settle(connection, destination)
    else:
        # somebody has dropped the companion, and with it all rows that were added to it
        n_restored = sum(change.before is None for change in changes.values())
    if companion and destination.exists and count_rows(connection, companion) == 0:
        connection.run(
            f"drop the empty collection {companion!r}",
            lambda client: client.drop_collection(companion, timeout=connection.timeout),
        )
    journal.mark_undone()
    return UndoReport(n_restored=n_restored, n_left=len(changes) - n_restored)


def _write(planner: Planner, plan: Plan, journal: Journal, on_progress: ProgressCallback) -> Counter[str]:
    """Do what is planned; return how many rows came out how."""
    counts, n_done = Counter(plan.counts), 0
    for batch in plan.changes.parts(_ROWS):
        journal.note(batch)
        for key, outcome in planner.rows.exchange(batch).items():
            if outcome != "written":
                counts[planner.kind(batch[key])] -= 1
                counts[{"already": "same", "changed": "meanwhile", "gone": "gone"}[outcome]] += 1
        n_done += len(batch)
        on_progress(n_done / len(plan.changes))
    return counts


def _give_back(rows: StoredRows, journal: Journal, on_progress: ProgressCallback) -> int:
    """Reverse the changes of a journal; return how many rows are as they were."""
    n_restored = n_done = 0
    for batch in journal.changes.parts(_ROWS):
        outcomes = rows.exchange({key: change.reversed for key, change in batch.items()})
        n_restored += sum(outcome in ("written", "already") for outcome in outcomes.values())
        n_done += len(batch)
        on_progress(n_done / len(journal.changes))
    return n_restored


def _head(collection: Collection, destination: Destination) -> JournalHead:
    return JournalHead(
        collection_name=destination.collection_name,
        uri=_address_of(collection.connection),
        db_name=_database_of(collection),
        place=destination.place,
        fields=destination.fields,
    )


def _check_place(collection: Collection, head: JournalHead) -> None:
    """Raise unless a journal is of this collection, or of a companion in its database."""
    name = real_name(collection.connection, collection.info.collection_name)
    here = (_address_of(collection.connection), _database_of(collection))
    if (head.uri, head.db_name) != here or (head.place != "companion collection" and head.collection_name != name):
        raise FieldError(
            f"The journal is of {head}, and this is collection {name!r} at {here[0]}, database {here[1]!r}. Open the "
            "collection that was written to."
        )


def _address_of(connection: Connection) -> str:
    """Return the address in one form, however it was typed."""
    target = connection.address.target
    if connection.address.is_lite:
        return os.path.realpath(target)
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _database_of(collection: Collection) -> str:
    return collection.info.db_name or "default"


def _examples(journal: Journal) -> dict[str, list[Value]]:
    """Return a value of each field, by which it is told whether fields still can take what the journal says."""
    examples: dict[str, list[Value]] = {name: [] for name in (journal.head.fields if journal.head else ())}
    for change in journal.changes.values():
        for state in (change.after, change.before):
            for name, value in (state or {}).items():
                if value is not None and not examples[name]:
                    examples[name].append(value)
        if all(examples.values()):
            break
    return examples


def _settle(connection: Connection, destination: Destination) -> None:
    """Let Lite write out what changed, since its index covers nothing else; servers do so in their own time."""
    if destination.is_lite:
        flush(connection, destination.collection_name)
