"""Writing labels back beside the rows, and undoing it: while a cell waits, or in the background for a button."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from cluster_explorer.errors import InvalidParameterError, available
from cluster_explorer.journal import Journal
from cluster_explorer.session.annotating import names_of
from cluster_explorer.session.background import Background, Outcome

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from cluster_explorer.journal import Value
    from cluster_explorer.session.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.values import FloatArray, IdArray, IntArray, ProgressCallback
    from cluster_explorer.write_back import UndoReport, WriteReport, WriteWish, Writing

_NOISE = "noise"


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Rows to be written: those that were clustered; and what their clusters are called."""

    ids: IdArray
    labels: IntArray
    confidence: FloatArray
    names: tuple[str, ...]

    def equals(self, other: _Chosen) -> bool:
        """Whether the same would be written of the same rows."""
        return self.names == other.names and all(
            np.array_equal(mine, theirs)
            for mine, theirs in (
                (self.ids, other.ids),
                (self.labels, other.labels),
                (self.confidence, other.confidence),
            )
        )


@dataclass(frozen=True, eq=False)
class _Run:
    """One writing of labels, by one call or, where that was stopped, by several.

    Attributes
    ----------
    wish : WriteWish
        As it was asked for.
    chosen : _Chosen
        The rows.
    run_id : str
        Its mark, "" for none.
    journal : Journal
        Its notes.
    """

    wish: WriteWish
    chosen: _Chosen
    run_id: str
    journal: Journal


@dataclass(frozen=True)
class _Task:
    """Work in the background; one that only looks is given up for any other."""

    title: str
    work: Callable[[ProgressCallback], str]
    is_look: bool = False


class WritingBack:
    """Writes what was found into the collection, and keeps what is needed to take it back.

    Parameters
    ----------
    session : Session
        Whose labels are written.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._journals: list[Journal] = []
        # one that was stopped after something of it was written
        self._stopped: _Run | None = None
        # one at a time writes, whoever asks
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        # guarded by _guard
        self._running: _Task | None = None
        self._next: _Task | None = None
        self._outdated = False
        self._background = Background(
            "cluster-explorer-writing", "Stopped. What was written until then stays; write again to go on, or undo it."
        )
        session.store.subscribe(self._on_state)

    # -- while the caller waits ------------------------------------------------------------------------------------

    def write(
        self,
        wish: WriteWish,
        *,
        journal: str | os.PathLike[str] | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> WriteReport:
        """Write labels back, or count what would be written.

        Raises
        ------
        ClusterExplorerError
            When it cannot be done, or Milvus fails; what was written until then can be undone.
        """
        chosen = self._chosen(wish)
        with self._turn:
            run = self._run(wish, chosen, journal)
            marked = replace(wish, run_id=run.run_id)
            columns = self._columns(marked, chosen)
            if wish.dry_run:
                return self._session.library.write_values(
                    chosen.ids, columns, marked, Journal(), on_progress=on_progress
                )
            return self._write(run, columns, marked, on_progress)

    def undo(
        self, journal: str | os.PathLike[str] | None = None, *, on_progress: ProgressCallback | None = None
    ) -> UndoReport:
        """Take back what was written last, or what a journal in a file says.

        Raises
        ------
        InvalidParameterError
            When nothing was written.
        ClusterExplorerError
            When Milvus fails; undoing again goes on.
        """
        with self._turn:
            if journal is None and not self._journals:
                raise InvalidParameterError(
                    "Nothing was written in this session, so there is nothing to undo. After a restart, give the file "
                    "that write_labels(journal=...) wrote."
                )
            notes = self._journals[-1] if journal is None else Journal.read(journal)
            fields = notes.head.fields if notes.head is not None else ()
            report = self._session.library.undo_values(notes, on_progress=on_progress)
            # several runs may have been noted in one file
            self._journals = [
                other
                for other in self._journals
                if other is not notes and (other.path is None or other.path != notes.path)
            ]
            self._stopped = None
            self._post(lambda writing: replace(writing, can_undo=bool(self._journals)))
        self._forget_columns(fields)
        return report

    # -- in the background -----------------------------------------------------------------------------------------

    def start(self, wish: WriteWish, journal: str | os.PathLike[str] | None = None) -> None:
        """Write, or count, in the background; `State.writing` tells what comes of it.

        Counting gives way to whatever is asked for after it, so that what is told is of the newest wish.
        """
        title = "Looking at what would change" if wish.dry_run else "Writing labels"

        def work(on_progress: ProgressCallback) -> str:
            return self.write(wish, journal=journal, on_progress=on_progress).sentence

        self._start(_Task(title, work, wish.dry_run))

    def start_undo(self) -> None:
        """Undo in the background."""
        self._start(_Task("Undoing", lambda on_progress: self.undo(on_progress=on_progress).sentence))

    def cancel(self) -> None:
        """Stop what runs in the background; what was written can be undone, or the same wish goes on."""
        with self._guard:
            self._next = None
        self._background.cancel()

    def close(self) -> None:
        """Stop what runs, and wait until it has stopped."""
        self.cancel()
        self._background.close()

    def _start(self, task: _Task) -> None:
        with self._guard:
            running = self._running
            if running is None:
                self._running = task
            elif running.is_look:
                self._next = task
            else:
                # what is being written is not to be hidden by what might be written next
                return
        if running is None:
            self._launch(task)
        else:
            self._background.cancel()

    def _launch(self, task: _Task) -> None:
        self._background.start(
            task.work,
            tell=lambda share: self._post(
                lambda writing: replace(writing, running=task.title, fraction=share, sentence="", failed=False)
            ),
            done=self._done,
        )

    def _done(self, outcome: Outcome) -> None:
        with self._guard:
            task, self._next = self._next, None
            self._running = task
            outdated, self._outdated = self._outdated, False
        if task is not None:
            self._launch(task)
            return
        failed = outcome.ended == "failed" and not outdated
        sentence = "" if outdated else outcome.sentence
        self._post(lambda writing: replace(writing, running="", fraction=0.0, sentence=sentence, failed=failed))

    def _on_state(self, before: State, after: State) -> None:
        """Tell no longer what would be written of clusters that are others by now."""
        old, new = before.results, after.results
        if old.members is None or (new.members is old.members and new.clustering is old.clustering):
            return
        with self._guard:
            running = self._running
            self._outdated = is_look = running is not None and running.is_look
        if is_look:
            self._background.cancel()
        elif running is None and after.writing.sentence:
            self._post(lambda writing: replace(writing, sentence="", failed=False))

    # -- what is written -------------------------------------------------------------------------------------------

    def _chosen(self, wish: WriteWish) -> _Chosen:
        """Return the rows that were clustered, and their labels as wished for."""
        if wish.labels not in ("strict", "attached"):
            raise InvalidParameterError(f"labels={wish.labels!r} is unknown. {available(['strict', 'attached'])}")
        results = self._session.require("rows", "clustering", "members", *(["names"] if wish.names else []))
        rows, members = results.rows, results.members
        assert rows is not None and members is not None  # noqa: S101, PT018 - required above
        clustering, inside = members.clustering, members.inside
        labels, confidence = clustering.labels, clustering.probabilities
        if wish.labels == "attached":
            labels, confidence = members.labels, np.where(members.labels < 0, np.float32(0), members.confidence)
        names = tuple(names_of(self._session.state.annotations, results)) if wish.names else ()
        return _Chosen(rows.ids[inside], labels[inside], confidence[inside], names)

    def _columns(self, wish: WriteWish, chosen: _Chosen) -> dict[str, Sequence[Value]]:
        labels, confidence = chosen.labels, chosen.confidence
        columns: dict[str, Sequence[Value]] = {wish.field: labels.tolist()}
        if wish.names:
            names = {-1: _NOISE, **{label: name or f"Cluster {label}" for label, name in enumerate(chosen.names)}}
            columns[f"{wish.field}_name"] = [names[label] for label in labels.tolist()]
        if wish.confidence:
            columns[f"{wish.field}_confidence"] = [round(value, 6) for value in confidence.tolist()]
        if wish.run_id:
            columns[wish.mark_field] = [str(wish.run_id)] * len(labels)
        return columns

    def _run(self, wish: WriteWish, chosen: _Chosen, path: str | os.PathLike[str] | None) -> _Run:
        """Return the run that a call is of: one that was stopped and goes on has one mark, and is undone as one."""
        stopped = self._stopped
        if (
            stopped is not None
            and stopped.wish == replace(wish, dry_run=False)
            and stopped.chosen.equals(chosen)
            and (path is None or Path(path).absolute() == stopped.journal.path)
        ):
            return stopped
        mark = _new_mark() if wish.run_id is True else wish.run_id or ""
        return _Run(wish, chosen, mark, Journal(path))

    def _write(
        self, run: _Run, columns: dict[str, Sequence[Value]], wish: WriteWish, on_progress: ProgressCallback | None
    ) -> WriteReport:
        notes = run.journal
        try:
            report = self._session.library.write_values(run.chosen.ids, columns, wish, notes, on_progress=on_progress)
            self._stopped = None
        except BaseException:
            if len(notes):
                self._stopped = run
            raise
        finally:
            if len(notes) and notes not in self._journals:
                self._journals.append(notes)
            self._post(lambda writing: replace(writing, can_undo=bool(self._journals)))
            self._forget_columns(tuple(columns))
        return report

    def _forget_columns(self, fields: tuple[str, ...]) -> None:
        """Let what was read of these fields be read anew."""
        self._session.store.post(lambda state: replace(state, metadata=state.metadata.without(fields)))

    def _post(self, change: Callable[[Writing], Writing]) -> None:
        self._session.store.post(lambda state: replace(state, writing=change(state.writing)))


def _new_mark() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{uuid4().hex[:6]}"
