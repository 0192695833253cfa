"""One background worker that keeps the results up to the wanted parameters, with progress, Cancel and ordered reports.

There is no queue of jobs. What is wanted is a value; whatever is stale for it runs, the newest wish wins, and quick
stages are answered even in the middle of a long one. Workers of several explorers take turns, because numba's
``workqueue`` threading layer ends the process when two threads enter it.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from cluster_explorer.errors import Cancelled, ClusterExplorerError
from cluster_explorer.pipeline import QUICK_PARAMS, STAGES, Results, Work, key_of, run_stage, stale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cluster_explorer.params import Params
    from cluster_explorer.pipeline import Source, Stage
    from cluster_explorer.values import Layout

_log = logging.getLogger(__name__)

#: Seconds of work before a progress bar is worth showing, and between two of its steps.
_PATIENCE = 0.3
_STEP = 0.1
#: How long stages take relative to each other, until they have been timed.
_FIRST_GUESS = {"rows": 2.0, "neighbors": 1.0, "tree": 0.5, "layout": 6.0, "terms": 1.0}

#: Only one worker of a process computes at a time: two threads in parallel numba code end the process.
_LANE = threading.RLock()

StatusState: TypeAlias = Literal["new", "running", "ready", "cancelled", "failed"]


@dataclass(frozen=True)
class Status:
    """What the worker is doing.

    Attributes
    ----------
    state : {"new", "running", "ready", "cancelled", "failed"}
        "new" before any work was asked for; "ready" when what is shown answers the parameters.
    title : str
        What is being done, while running; empty until it has taken long enough to be worth a progress bar.
    fraction : float
        Share of the whole job that is done, 0 to 1.
    remaining : float or None
        Seconds left, estimated; None while there is nothing to estimate from.
    message : str
        What went wrong, when failed.
    """

    state: StatusState = "new"
    title: str = ""
    fraction: float = 0.0
    remaining: float | None = None
    message: str = ""


@dataclass(frozen=True, eq=False)
class Report:
    """What the worker tells, in order.

    Attributes
    ----------
    status : Status
    results : Results or None
        Results to show from now on; None leaves what is shown.
    params : Params or None
        Parameters to go back to, after a failure or Cancel; None leaves them.
    """

    status: Status
    results: Results | None = None
    params: Params | None = None


class _Superseded(Cancelled):
    """The stage that runs has become pointless: other parameters are wanted by now."""


@dataclass(eq=False)
class _Job:
    """Where the worker stands, from its first stage to the point where all that was wanted is there."""

    params: Params
    stages: tuple[Stage, ...] = ()
    started: float = 0.0
    stage_started: float = 0.0
    told: float = 0.0


class Engine:
    """Keeps results up to the parameters that were wanted last.

    Parameters
    ----------
    source : Source
        Where rows come from.
    params : Params
        What to begin with; nothing runs before `want` or `wait`.
    report : callable
        Called on the worker's thread with every `Report`, in order. It must not wait for the worker.
    """

    def __init__(self, source: Source, params: Params, report: Callable[[Report], None]) -> None:
        self._source = source
        self._report = report
        self._changed = threading.Condition()
        # guarded by _changed
        self._wanted = params
        self._targets: frozenset[str] = frozenset()
        self._published = Results()
        self._settled: Params | None = None
        self._halted = True
        self._cancelled = False
        self._closed = False
        self._error: ClusterExplorerError | None = None
        self._status = Status()
        self._thread: threading.Thread | None = None
        # the worker's own
        self._working = Results()
        self._job = _Job(params)
        self._seconds = {stage.name: _FIRST_GUESS.get(stage.name, 0.1) for stage in STAGES}

    @property
    def status(self) -> Status:
        """What the worker is doing now."""
        return self._status

    def want(self, params: Params, targets: Iterable[str] = ()) -> None:
        """Bring `targets`, beside those wanted before, up to `params`, in the background."""
        with self._changed:
            if self._closed:
                raise ClusterExplorerError("This explorer is closed. Make a new ClusterExplorer to go on.")
            self._wanted = params
            self._targets = self._targets | frozenset(targets)
            self._halted = self._cancelled = False
            self._error = None
            if not self._has_work():
                return
            if self._status.state != "running":
                self._tell(Status("running"))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cluster-explorer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(
        self, params: Params, targets: Iterable[str], *, on_status: Callable[[Status], None] | None = None
    ) -> Results:
        """Bring `targets` up to `params`, and return the results when they are there.

        Raises
        ------
        ClusterExplorerError
            What made the work fail; `Cancelled` when somebody cancelled it.
        """
        targets = tuple(targets)
        if threading.current_thread() is self._thread:
            # an observer of a result asks for another one: the worker cannot wait for itself
            return self._run_inline(params, targets)
        self.want(params, targets)
        try:
            while True:
                with self._changed:
                    if not stale(self._published, self._wanted, targets):
                        return self._published
                    if self._error is not None:
                        raise self._error
                    if self._closed or self._halted:
                        raise Cancelled("The work was cancelled before its results were there.")
                    self._changed.wait(_STEP)
                if on_status is not None:
                    on_status(self._status)
        except KeyboardInterrupt:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Stop what runs; what is shown stays, with its parameters."""
        with self._changed:
            self._cancelled = self._thread is not None
            self._changed.notify_all()

    def close(self) -> None:
        """Stop what runs, for good, and wait until it has stopped."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _has_work(self) -> bool:
        return not self._halted and bool(stale(self._published, self._wanted, tuple(self._targets)))

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed or not self._has_work():
                    self._thread = None
                    self._changed.notify_all()
                    return
            try:
                with self._lane():
                    self._bring_up_to_date()
            except _Superseded:
                continue
            except Cancelled as error:
                self._stop(Status("cancelled"), error)
            except ClusterExplorerError as error:
                self._stop(Status("failed", message=str(error)), error)
            except Exception as error:  # noqa: BLE001 - whatever a stage raises is shown, never lost in a thread
                _log.exception("A stage of the pipeline failed")
                wrapped = ClusterExplorerError(
                    f"Unexpected {type(error).__name__}: {error}. The log of the kernel has the details."
                )
                wrapped.__cause__ = error
                self._stop(Status("failed", message=str(wrapped)), wrapped)

    @contextmanager
    def _lane(self) -> Iterator[None]:
        """Wait for the workers of other explorers in this process."""
        while not _LANE.acquire(timeout=_STEP):
            self._stop_if_told()
            self._tell(Status("running", title="Waiting for another explorer"))
        try:
            yield
        finally:
            _LANE.release()

    def _bring_up_to_date(self) -> None:
        now = time.monotonic()
        self._job = job = _Job(self._wanted, started=now, stage_started=now, told=now)
        self._tell(Status("running"))
        while True:
            self._stop_if_told()
            with self._changed:
                job.params, targets = self._wanted, tuple(self._targets)
            job.stages = stale(self._working, job.params, targets)
            if not job.stages:
                break
            self._run_next(job)
            if self._settled is None and len(job.stages) > 1:
                self._publish(self._working, self._estimate(job, 1.0), settled=None)
        self._publish(self._working, self._finished(job), settled=job.params)

    def _finished(self, job: _Job) -> Status:
        """Say "ready" unless something else has been wanted in the meantime."""
        return Status("ready", fraction=1.0) if self._wanted == job.params else Status("running")

    def _run_next(self, job: _Job) -> None:
        stage = job.stages[0]
        job.stage_started = time.monotonic()
        self._on_progress(0.0)
        self._working = run_stage(
            stage, Work(self._source, self._working, job.params, self._on_progress, self._on_layout)
        )
        self._seconds[stage.name] = max(time.monotonic() - job.stage_started, 0.001)

    def _on_progress(self, share: float) -> None:
        """Stop a stage when it should stop, answer quick wishes on the way, and tell how far it is."""
        self._stop_if_told()
        job, wanted = self._job, self._wanted
        if wanted is not job.params:
            if key_of(job.stages[0], wanted) != key_of(job.stages[0], job.params):
                raise _Superseded("Other parameters are wanted by now.")
            self._answer_quickly(wanted)
        now = time.monotonic()
        if now - job.started > _PATIENCE and now - job.told > _STEP:
            job.told = now
            self._tell(self._estimate(job, share))

    def _stop_if_told(self) -> None:
        if self._cancelled or self._closed:
            raise Cancelled("The work was cancelled.")

    def _answer_quickly(self, wanted: Params) -> None:
        """Bring what is shown up to the quick part of a wish while a long stage goes on."""
        settled = self._settled
        shown = (settled or self._job.params).changed({name: getattr(wanted, name) for name in QUICK_PARAMS})
        results = self._published
        if "clustering" not in results.by_stage:
            return
        while stages := [stage for stage in stale(results, shown, tuple(self._targets)) if stage.quick]:
            results = run_stage(stages[0], Work(self._source, results, shown, on_progress=_ignore))
        if results is not self._published:
            self._publish(results, self._status, settled=shown if settled is not None else None)

    def _on_layout(self, layout: Layout) -> None:
        """Show the first map while it is still being refined; a later one only when it is finished."""
        shown = self._published.layout
        if shown is None or not shown.finished:
            # a key that no parameters have: never mistaken for the finished layout
            unfinished = self._working.with_result("layout", layout, ("unfinished",))
            self._publish(unfinished, self._status, settled=None)

    def _estimate(self, job: _Job, share: float) -> Status:
        """Estimate the whole job from how far this stage is, and from how long the others took the last time."""
        now = time.monotonic()
        stage, spent = job.stages[0], now - job.stage_started
        expected = spent / share if share > 0.02 else max(self._seconds[stage.name], spent)
        ahead = sum(self._seconds[other.name] for other in job.stages[1:])
        left = expected - spent + ahead
        elapsed = now - job.started
        return Status("running", title=stage.title, fraction=elapsed / max(elapsed + left, 1e-9), remaining=left)

    def _run_inline(self, params: Params, targets: tuple[str, ...]) -> Results:
        results = self._published
        while stages := stale(results, params, targets):
            results = run_stage(stages[0], Work(self._source, results, params, on_progress=_ignore))
        return results

    # Reports are made while _changed is held, so that their order is the order of what they tell of.

    def _publish(self, results: Results, status: Status, settled: Params | None) -> None:
        """Show results; with `settled`, they are all that was wanted of these parameters."""
        with self._changed:
            self._published = results
            self._settled = settled or self._settled
            self._status = status
            self._report(Report(status, results=results))
            self._changed.notify_all()

    def _tell(self, status: Status) -> None:
        with self._changed:
            self._status = status
            self._report(Report(status))

    def _stop(self, status: Status, error: ClusterExplorerError) -> None:
        """Go back to what is shown, and halt until something is wanted again."""
        self._working = self._published
        with self._changed:
            back = self._settled
            self._wanted = back or self._wanted
            self._halted, self._cancelled = True, False
            self._error = error
            self._status = status
            self._report(Report(status, params=back))
            self._changed.notify_all()


def _ignore(_share: float) -> None:
    """Progress of work too short to tell of."""
