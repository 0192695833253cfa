"""Reading metadata fields of all rows: when they are first asked for, in the background, and only once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_explorer.errors import FieldError, available
from cluster_explorer.session.background import STEP, Background, Outcome
from cluster_explorer.values import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from cluster_explorer.exploring.metadata import Metadata
    from cluster_explorer.session.session import Session
    from cluster_explorer.values import IdArray, ProgressCallback


class MetadataReading:
    """Fills `State.metadata`, a field at a time, on a thread of its own.

    Parameters
    ----------
    session : Session
        Whose collection is read.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._background = Background("cluster-explorer-metadata", "Reading metadata was cancelled.")
        # the collection is read once at a time, whoever asks
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        #: What is read in the background, and what is read there next.
        self._current: tuple[str, ...] = ()
        self._next: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields there are."""
        return self._session.library.metadata_fields

    def want(self, fields: Iterable[str] | None = None) -> None:
        """Read fields in the background, all of them when none are named; what is here is not read again.

        While others are read, these come next.
        """
        rows = self._session.state.results.rows
        wanted = self.checked(fields)
        missing = wanted if rows is None else self._state.lacks(rows.ids, wanted)
        if not missing:
            return
        with self._guard:
            self._next = _merged(self._next, missing)
        self._post(lambda metadata: replace(metadata, reading=self._due(), problem=""))
        self._go_on()

    def read(
        self, fields: Iterable[str] | None = None, *, on_progress: ProgressCallback | None = None
    ) -> Mapping[str, pd.Series]:
        """Return columns of all rows in the order of the rows; read first what is not here.

        Raises
        ------
        FieldError
            When a field does not exist.
        ClusterExplorerError
            When reading fails.
        """
        wanted = self.checked(fields)
        ids = self._ids()
        held = self._fill(ids, wanted, on_progress or ignore_progress).columns
        return {name: held[name] for name in wanted}

    def cancel(self) -> None:
        """Stop reading in the background; what is here stays."""
        with self._guard:
            self._next = ()
        self._background.cancel()

    def close(self) -> None:
        """Stop reading, and wait until it has stopped."""
        self.cancel()
        self._background.close()

    @property
    def _state(self) -> Metadata:
        return self._session.state.metadata

    def _ids(self) -> IdArray:
        rows = self._session.state.results.rows
        return rows.ids if rows is not None else self._session.require("rows").by_stage["rows"].ids

    def checked(self, fields: Iterable[str] | None) -> tuple[str, ...]:
        """Return fields, all when none are named.

        Raises
        ------
        FieldError
            When one of them does not exist.
        """
        there = self.fields
        wanted = there if fields is None else tuple(fields)
        unknown = [name for name in wanted if name not in there]
        if unknown:
            raise FieldError(f"There is no metadata field {unknown[0]!r} in the collection. {available(there)}")
        return wanted

    def _due(self) -> tuple[str, ...]:
        """Return what is read in the background and what comes next."""
        with self._guard:
            return _merged(self._current, self._next)

    def _go_on(self) -> None:
        """Begin with what comes next, unless something is being read: then it is begun with when that is done."""
        with self._guard:
            fields = self._next
            if fields and self._background.start(
                lambda on_progress: self._read(fields, on_progress),
                tell=lambda share: self._post(
                    lambda metadata: replace(metadata, reading=self._due(), fraction=share, problem="")
                ),
                done=lambda outcome: self._done(fields, outcome),
            ):
                self._current, self._next = fields, ()

    def _read(self, fields: tuple[str, ...], on_progress: ProgressCallback) -> str:
        self._fill(self._ids(), fields, on_progress)
        return ""

    def _done(self, fields: tuple[str, ...], outcome: Outcome) -> None:
        with self._guard:
            # others may have been begun with since
            if self._current is fields:
                self._current = ()
        problem = outcome.sentence if outcome.ended == "failed" else ""
        self._post(lambda metadata: replace(metadata, reading=self._due(), fraction=0.0, problem=problem))
        self._go_on()

    def _fill(self, ids: IdArray, wanted: tuple[str, ...], on_progress: ProgressCallback) -> Metadata:
        while not self._turn.acquire(timeout=STEP):
            on_progress(0.0)
        try:
            missing = self._state.lacks(ids, wanted)
            if not missing:
                return self._state
            frame = self._session.library.columns(missing, on_progress=on_progress)
            # not waited for: who applies changes may be waiting for this very answer
            self._post(lambda metadata: metadata.with_columns(ids, frame))
            return self._state.with_columns(ids, frame)
        finally:
            self._turn.release()

    def _post(self, change: Callable[[Metadata], Metadata]) -> None:
        self._session.store.post(lambda state: replace(state, metadata=change(state.metadata)))


def _merged(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
