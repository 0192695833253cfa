"""One background worker that keeps the results up to the wanted parameters, with progress, Cancel and ordered reports.

There is no queue of jobs. What is wanted is a value; whatever is stale for it runs, the newest wish wins, and quick
stages are answered even in the middle of a long one.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_explorer.errors import Cancelled, ClusterExplorerError, as_ours
from cluster_explorer.pipeline import (
    QUICK_PARAMS,
    STAGE,
    STAND_IN,
    Results,
    Work,
    is_fresh,
    key_of,
    quick_stages,
    run_stage,
    stale,
    whole,
    with_stand_in,
)
from cluster_explorer.stopping import stopped_by
from cluster_explorer.values import ignore_progress
from cluster_explorer.worker.lane import my_turn
from cluster_explorer.worker.reports import Report, Status
from cluster_explorer.worker.timings import Timings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cluster_explorer.params import Params
    from cluster_explorer.pipeline import Source, Stage
    from cluster_explorer.values import Layout

_log = logging.getLogger(__name__)

#: Seconds of work before a progress bar is worth showing, and between two of its steps.
_PATIENCE = 0.3
_STEP = 0.1
#: Seconds that a quick stage may have taken the last time, to run in the middle of another one. It cannot be cancelled
#: there, but a wish is answered sooner than after a layout of many rows.
_QUICK = 3.0


class _Superseded(Cancelled):
    """The stage that runs has become pointless: other parameters are wanted by now."""


@dataclass(eq=False)
class _Job:
    """Where the worker stands, from its first stage to the point where all that was wanted is there."""

    params: Params
    renewal: Results | None = None
    stages: tuple[Stage, ...] = ()
    started: float = 0.0
    stage_started: float = 0.0
    told: float = 0.0


@dataclass(frozen=True, eq=False)
class _Stop:
    """What was wanted when the worker stopped, and why it did."""

    params: Params
    error: ClusterExplorerError


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
        #: What was published when that was.
        self._settled_on = Results()
        self._halted = True
        self._cancelled = False
        self._closed = False
        self._renewal: Results | None = None
        self._error: ClusterExplorerError | None = None
        #: Every time that work failed or was cancelled, and the last of them.
        self._n_stops = 0
        self._last_stop: _Stop | None = None
        #: Optional stages that failed, until they are asked for again.
        self._given_up: dict[str, ClusterExplorerError] = {}
        self._status = Status()
        self._thread: threading.Thread | None = None
        # the worker's own
        self._working = Results()
        self._job = _Job(params)
        self._seconds = Timings()

    def resume(self, results: Results, params: Params) -> None:
        """Take results of an earlier session for what is there; nothing may have been wanted before."""
        with self._changed:
            self._published = self._working = results
            self._wanted = params
            self._settled = params if results.layout is not None else None
            self._settled_on = results

    def want(self, params: Params, targets: Iterable[str] = ()) -> None:
        """Bring `targets`, beside those wanted before, up to `params`, in the background."""
        with self._changed:
            if self._closed:
                raise ClusterExplorerError("This explorer is closed. Make a new ClusterExplorer to go on.")
            self._wanted = params
            targets = frozenset(targets)
            self._targets |= targets
            self._given_up = {name: error for name, error in self._given_up.items() if name not in targets}
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

    def renew(self, params: Params, targets: Iterable[str] = (), *, without: frozenset[str] = frozenset()) -> None:
        """Read the collection anew and bring all that there is, and `targets`, up to it, in the background.

        What is shown stays until then, and for good if it fails. Results named in `without` are made anew rather than
        patched.
        """
        with self._changed:
            shown = self._published
            kept = {name: key for name, key in shown.keys.items() if name not in without}
            self._renewal = Results(shown.by_stage, kept).outdated()
            # in one hold: a renewal that fails at once must not have its error forgotten by the wish
            self.want(params, targets)

    @property
    def n_stops(self) -> int:
        """How often work has failed or was cancelled; what `wait` looks back to."""
        return self._n_stops

    def wait(
        self,
        params: Params,
        targets: Iterable[str],
        *,
        since: int | None = None,
        on_status: Callable[[Status], None] | None = None,
    ) -> Results:
        """Bring `targets` up to `params`, and return the results when they are there.

        Parameters
        ----------
        params : Params
        targets : iterable of str
        since : int, optional
            `n_stops` before something was wished for. That it could not be had is raised then, although what was there
            before, with its parameters, is there again.
        on_status : callable, optional
            Told of the status, ten times a second.

        Raises
        ------
        ClusterExplorerError
            What made the work fail; `Cancelled` when somebody cancelled it.
        """
        targets = tuple(targets)
        if threading.current_thread() is self._thread:
            # an observer of a result asks for another one: the worker cannot wait for itself
            return self._run_inline(params, targets)
        renewing = self._renewal is not None
        self.want(params, targets)
        return self._until_there(targets, renewing=renewing, since=since, on_status=on_status)

    def renew_and_wait(
        self,
        params: Params,
        targets: Iterable[str],
        *,
        without: frozenset[str] = frozenset(),
        on_status: Callable[[Status], None] | None = None,
    ) -> Results:
        """Read the collection anew, bring `targets` up to it, and return the results when they are there.

        Raises
        ------
        ClusterExplorerError
            What made the work fail; `Cancelled` when somebody cancelled it. What is shown is as it was.
        """
        targets = tuple(targets)
        if threading.current_thread() is self._thread:
            raise ClusterExplorerError(
                "Cannot wait for a refresh within a callback of the explorer's own work. Call refresh() in a cell."
            )
        # one wish for both: a second one would forget that the first has failed by now
        self.renew(params, targets, without=without)
        return self._until_there(targets, renewing=True, on_status=on_status)

    def _until_there(
        self,
        targets: tuple[str, ...],
        *,
        renewing: bool,
        since: int | None = None,
        on_status: Callable[[Status], None] | None,
    ) -> Results:
        try:
            while True:
                with self._changed:
                    stop = self._last_stop if since is not None and self._n_stops > since else None
                    if stop is not None and stale(self._published, stop.params, targets):
                        raise stop.error
                    failed = renewing and (self._error is not None or self._halted)
                    if not failed and self._renewal is None and not stale(self._published, self._wanted, targets):
                        return self._published
                    if self._error is not None:
                        raise self._error
                    for name in self._given_up.keys() & set(targets):
                        raise self._given_up[name]
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
        return not self._halted and (
            self._renewal is not None or bool(stale(self._published, self._wanted, tuple(self._targets)))
        )

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed or not self._has_work():
                    self._thread = None
                    self._changed.notify_all()
                    return
            try:
                with stopped_by(self._stop_if_told), my_turn(self._wait_for_others):
                    self._bring_up_to_date()
            except _Superseded:
                continue
            except Cancelled as error:
                self._stop(Status("cancelled"), error)
            except Exception as error:  # noqa: BLE001 - whatever a stage raises is shown, never lost in a thread
                told = as_ours(error, _log)
                self._stop(Status("failed", message=str(told)), told)

    def _wait_for_others(self) -> None:
        self._stop_if_told()
        self._tell(Status("running", title="Waiting for another explorer"))

    def _bring_up_to_date(self) -> None:
        now = time.monotonic()
        self._job = job = _Job(self._wanted, self._renewal, started=now, stage_started=now, told=now)
        if job.renewal is not None and self._working.earlier is not job.renewal.earlier:
            self._working = job.renewal
        self._tell(Status("running"))
        while True:
            self._stop_if_told()
            with self._changed:
                job.params, targets = self._wanted, tuple(self._targets)
            job.stages = stale(self._working, job.params, targets)
            if not job.stages:
                break
            self._show_stand_in(job)
            try:
                self._run_next(job)
            except Exception as error:
                if isinstance(error, Cancelled) or not job.stages[0].optional:
                    raise
                self._give_up(job.stages[0], as_ours(error, _log))
                continue
            if self._settled is None and job.renewal is None and len(job.stages) > 1:
                self._publish(self._working, self._estimate(job, 1.0), settled=None)
        self._working = self._working.settled()
        with self._changed:
            if self._renewal is job.renewal:
                self._renewal = None
            self._publish(self._working, self._finished(job), settled=job.params)
        # it holds the rows of before a refresh
        job.renewal = None

    def _finished(self, job: _Job) -> Status:
        """Say "ready" unless something else has been wanted in the meantime."""
        done = self._wanted == job.params and self._renewal is None
        return Status("ready", fraction=1.0) if done else Status("running")

    def _show_stand_in(self, job: _Job) -> None:
        """Show what can be shown before a stage that takes long: new clusters before their noise is attached."""
        stage = job.stages[0]
        if stage.stand_in is None or job.renewal is not None:
            return
        if self._settled is not None and self._seconds[stage.name] < _PATIENCE:
            return
        results = with_stand_in(stage, self._quick_work(self._working, job.params), job.stages[1:])
        self._publish(results, self._estimate(job, 0.0), settled=None)

    def _run_next(self, job: _Job) -> None:
        stage = job.stages[0]
        job.stage_started = time.monotonic()
        self._on_progress(0.0)
        work = Work(self._source, self._working, job.params, self._on_progress, self._on_layout, self._published)
        self._working = run_stage(stage, work)
        self._seconds.note(stage.name, time.monotonic() - job.stage_started)

    def _on_progress(self, share: float) -> None:
        """Stop a stage when it should stop, answer quick wishes on the way, and tell how far it is."""
        self._stop_if_told()
        job, wanted = self._job, self._wanted
        if self._renewal is not job.renewal:
            raise _Superseded("The collection is to be read anew.")
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
        if "members" not in results.by_stage:
            return
        in_time = self._seconds.below(_QUICK)
        plan = stale(results, shown, ("members",))
        if any(stage.stand_in is None and not (stage.quick and stage.name in in_time) for stage in plan):
            return
        while stages := quick_stages(results, shown, tuple(self._targets), in_time):
            results = run_stage(stages[0], self._quick_work(results, shown))
        if results is self._published:
            return
        if is_fresh(STAGE["members"], results, shown):
            self._publish(results, self._status, settled=shown if settled is not None else None)
            return
        # attaching noise takes long: until the stage that runs is done, it stays noise
        first, *others = stale(results, shown, tuple(self._targets))
        self._publish(with_stand_in(first, self._quick_work(results, shown), others), self._status, settled=None)

    def _on_layout(self, layout: Layout) -> None:
        """Show the first map while it is still being refined; a later one only when it is finished."""
        shown = self._published.layout
        if shown is None or not shown.finished:
            # of what is on show, which may answer newer wishes than what is being worked on
            latest = self._published if self._published.rows is self._working.rows else self._working
            # a key that no parameters have: never mistaken for the finished layout
            self._publish(latest.with_result("layout", layout, ("unfinished",)), self._status, settled=None)

    def _estimate(self, job: _Job, share: float) -> Status:
        return self._seconds.estimate(job.stages, share, started=job.started, stage_started=job.stage_started)

    def _quick_work(self, results: Results, params: Params) -> Work:
        return Work(self._source, results, params, on_progress=ignore_progress, shown=self._published)

    def _run_inline(self, params: Params, targets: tuple[str, ...]) -> Results:
        results = self._published
        while stages := stale(results, params, targets):
            results = run_stage(stages[0], self._quick_work(results, params))
        return results

    # Reports are made while _changed is held, so that their order is the order of what they tell of.

    def _publish(self, results: Results, status: Status, settled: Params | None) -> None:
        """Show results; with `settled`, they are all that was wanted of these parameters."""
        with self._changed:
            self._published = results = whole(results, self._published, self._wanted)
            if settled is not None:
                self._settled, self._settled_on = settled, results
            self._status = status
            self._report(Report(status, results=results))
            self._changed.notify_all()

    def _give_up(self, stage: Stage, error: ClusterExplorerError) -> None:
        """Go on without a stage that the explorer is whole without, and say so."""
        with self._changed:
            self._targets -= {stage.name}
            self._given_up[stage.name] = error
            self._report(Report(self._status, notice=f"{stage.title} failed: {error}"))

    def _tell(self, status: Status) -> None:
        with self._changed:
            self._status = status
            self._report(Report(status))

    def _stop(self, status: Status, error: ClusterExplorerError) -> None:
        """Go back to what was shown of the last parameters that were answered, and halt until something is wanted."""
        with self._changed:
            if STAND_IN in self._published.keys.values() and self._settled is not None:
                self._published = self._settled_on
            self._working = self._published
            self._renewal = None
            back = self._settled
            # a copy has no traceback, whose frames would hold the results of then for as long
            self._n_stops, self._last_stop = self._n_stops + 1, _Stop(self._wanted, copy.copy(error))
            self._wanted = back or self._wanted
            self._halted, self._cancelled = True, False
            self._error = error
            self._status = status
            self._report(Report(status, results=self._published, params=back))
            self._changed.notify_all()
