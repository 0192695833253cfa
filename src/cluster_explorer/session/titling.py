"""Titles of clusters: what would be sent, and asking for them when somebody says so."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_explorer.annotations import given_names
from cluster_explorer.describe import central_rows
from cluster_explorer.errors import Cancelled, ClusterExplorerError, InvalidParameterError, clusters_there
from cluster_explorer.session.background import Background
from cluster_explorer.titles import ChatTitles, TitleCache, TitleEstimate, TitleResults, ask_for_titles, estimate
from cluster_explorer.titles.samples import make_sample
from cluster_explorer.titles.status import TitlingStatus
from cluster_explorer.values import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cluster_explorer.exploring.members import Members
    from cluster_explorer.pipeline import Results
    from cluster_explorer.session.session import Session
    from cluster_explorer.titles import Titler, TitleSample
    from cluster_explorer.values import KnnGraph, ProgressCallback, Rows

_STEP = 0.1
_N_TEXTS = 6
_BUSY = "Titles are being asked for already. Wait for them, or cancel."
_FUNCTION = "a function of this notebook"


class Titling:
    """Titles clusters by a model or a function; nothing is sent before `ask` or `start`.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._titler_given: Titler | ChatTitles | None = None
        self._session = session
        self._cache = TitleCache()
        self._stopped = threading.Event()
        self._turn = threading.Lock()
        self._background = Background("cluster-explorer-titling", "Titling was cancelled.")

    @property
    def titler(self) -> Titler | ChatTitles | None:
        """Who is asked unless another is named. Setting it sends nothing, and tells the views."""
        return self._titler_given

    @titler.setter
    def titler(self, titler: Titler | ChatTitles | None) -> None:
        check_titler(titler)
        self._titler_given = titler
        self._session.store.post(lambda state: replace(state, titling=TitlingStatus()))

    @property
    def known(self) -> Mapping[str, str]:
        """The titles that need not be asked for again, as `TitleCache.lasting` has them."""
        return self._cache.lasting

    def remember(self, known: Mapping[str, str]) -> None:
        """Take over the titles that an earlier session knew."""
        self._cache = TitleCache({**self._cache.lasting, **known})

    def estimate(self, labels: Iterable[int] | None = None, titler: Titler | ChatTitles | None = None) -> TitleEstimate:
        """Count what titling would send, without sending anything.

        Parameters
        ----------
        labels : iterable of int, optional
            Clusters; when left out, all that the reader has not named.
        titler : callable or ChatTitles, optional
        """
        who = self._titler(titler)
        samples = self._samples(self._results(), labels)
        unknown = [sample for sample in samples if self._cache.get(who, sample) is None]
        n_known = len(samples) - len(unknown)
        leaves_machine = isinstance(who, ChatTitles) and who.leaves_machine
        return estimate(unknown, n_known, _destination_of(who), leaves_machine=leaves_machine)

    def ask(
        self,
        labels: Iterable[int] | None = None,
        titler: Titler | ChatTitles | None = None,
        *,
        shown: TitleEstimate | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> TitleResults:
        """Ask for titles, wait for them, and let the clusters bear them.

        Parameters
        ----------
        labels : iterable of int, optional
            Clusters; when left out, all that the reader has not named.
        titler : callable or ChatTitles, optional
        shown : TitleEstimate, optional
            What somebody was told would be sent, and has agreed to: anything else is refused.
        on_progress : callable, optional

        Raises
        ------
        InvalidParameterError
            If there is nobody to ask, no such cluster, titles are being asked for already, or what would be sent is not
            what was shown.
        """
        who = self._titler(titler)
        if not self._turn.acquire(blocking=False):
            raise InvalidParameterError(_BUSY)
        try:
            self._stopped.clear()
            self._tell(TitlingStatus("running"))
            # the collection may be read anew meanwhile: rows and clusters are of one time
            found = self._results()
            samples = self._samples(found, labels)
            if shown is not None:
                self._check_shown(shown, who, samples)
            results = ask_for_titles(
                who, samples, cache=self._cache, on_progress=self._reporting(on_progress or ignore_progress)
            )
            if results.titles:
                self._session.annotating.add_titles(
                    results.titles, found.by_stage["rows"].ids, found.by_stage["members"].clustering
                )
            self._tell(_outcome(results))
        except BaseException as error:
            message = str(error) if isinstance(error, ClusterExplorerError) else type(error).__name__
            self._tell(TitlingStatus("failed", message=message))
            raise
        else:
            return results
        finally:
            self._turn.release()

    def start(self, labels: Iterable[int] | None = None, *, shown: TitleEstimate | None = None) -> None:
        """Ask in the background; `State.titling` tells how far it is, and why nothing was asked.

        Parameters
        ----------
        labels : iterable of int, optional
            Clusters; when left out, all that the reader has not named.
        shown : TitleEstimate, optional
            What somebody was told would be sent, and has agreed to: anything else is refused.

        Raises
        ------
        InvalidParameterError
            If there is nobody to ask, or titles are being asked for already.
        """
        wanted = None if labels is None else tuple(labels)
        self._titler(None)

        def work(on_progress: ProgressCallback) -> str:
            self.ask(wanted, shown=shown, on_progress=on_progress)
            return ""

        # how it goes and how it ends is told by `ask`
        if self._turn.locked() or not self._background.start(work, tell=ignore_progress, done=lambda _outcome: None):
            raise InvalidParameterError(_BUSY)

    def cancel(self) -> None:
        """Stop asking; titles that came by then are kept."""
        self._stopped.set()
        self._background.cancel()

    def close(self) -> None:
        """Stop asking, and wait until it has stopped."""
        self.cancel()
        self._background.close()

    def _check_shown(self, shown: TitleEstimate, who: Titler | ChatTitles, samples: Iterable[TitleSample]) -> None:
        """Raise `InvalidParameterError` if anything would be sent that was not shown, or to somebody else."""
        agreed = {sample.content for sample in shown.samples}
        is_other = any(sample.content not in agreed for sample in samples if self._cache.get(who, sample) is None)
        if is_other or _destination_of(who) != shown.destination:
            what = "other texts would be sent" if is_other else "somebody else would be asked"
            raise InvalidParameterError(
                f"Nothing was sent: {what} than was shown. Look at it again, then press the button."
            )

    def _titler(self, titler: Titler | ChatTitles | None) -> Titler | ChatTitles:
        found = self.titler if titler is None else titler
        if found is None:
            raise InvalidParameterError(
                "There is nobody to ask for titles. Give titles=ChatTitles(base_url=..., model=...) or any callable."
            )
        check_titler(found)
        return found

    def _results(self) -> Results:
        return self._session.require("rows", "graph", "members", "names")

    def _samples(self, results: Results, labels: Iterable[int] | None) -> list[TitleSample]:
        session = self._session
        rows_held: Rows = results.by_stage["rows"]
        graph: KnnGraph = results.by_stage["graph"]
        members: Members = results.by_stage["members"]
        named = given_names(session.state.annotations, rows_held.ids, members.clustering.labels)
        wanted = [label for label in range(members.n_clusters) if label not in named] if labels is None else labels
        wanted = list(dict.fromkeys(wanted))
        if unknown := [label for label in wanted if not 0 <= label < members.n_clusters]:
            raise InvalidParameterError(
                f"There is no cluster {unknown[0]} to title: {clusters_there(members.n_clusters)}."
            )
        standing = session.describing.centrality(graph, members)
        rows = [central_rows(standing, members, label, _N_TEXTS, graph) for label in wanted]
        keywords = results.names.keywords if results.names is not None else ()
        return [
            make_sample(label, keywords[label] if label < len(keywords) else (), session.texts(central, rows_held))
            for label, central in zip(wanted, rows, strict=True)
        ]

    def _reporting(self, on_progress: ProgressCallback) -> ProgressCallback:
        told = 0.0

        def report(share: float) -> None:
            nonlocal told
            if self._stopped.is_set():
                raise Cancelled("Titling was cancelled.")
            on_progress(share)
            if time.monotonic() - told >= _STEP:
                told = time.monotonic()
                self._tell(TitlingStatus("running", fraction=share))

        return report

    def _tell(self, status: TitlingStatus) -> None:
        self._session.store.post(lambda state: state if state.titling == status else replace(state, titling=status))


def _destination_of(who: Titler | ChatTitles) -> str:
    return who.destination if isinstance(who, ChatTitles) else _FUNCTION


def _outcome(results: TitleResults) -> TitlingStatus:
    n_titles, n_failed = len(results.titles), len(results.failures)
    message = next(iter(results.failures.values()), "")
    if results.stopped:
        return TitlingStatus("cancelled", 1.0, n_titles, n_failed, message)
    return TitlingStatus("failed" if n_failed and not n_titles else "done", 1.0, n_titles, n_failed, message)


def check_titler(titler: Titler | ChatTitles | None) -> None:
    """Raise `InvalidParameterError` unless titles can be asked of `titler`, or it is None."""
    if titler is not None and not isinstance(titler, ChatTitles) and not callable(titler):
        raise InvalidParameterError(
            f"titles must be a ChatTitles or a callable that takes a sample and returns a str, not {titler!r:.100}."
        )
