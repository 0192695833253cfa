"""Asking for the titles of many clusters: several at a time, with progress, Cancel and a memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from cluster_explorer.errors import Cancelled, TitleError, TitleServiceError
from cluster_explorer.exploring.reading import shortened
from cluster_explorer.scrubbing import scrubbed, told
from cluster_explorer.titles.chat import ChatTitles
from cluster_explorer.titles.prompt import title_from
from cluster_explorer.values import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence

    from cluster_explorer.titles.samples import Titler, TitleSample
    from cluster_explorer.values import ProgressCallback

_log = logging.getLogger(__name__)
_STEP = 0.1
_PATIENCE = 2.0
_SAID = 100

Ask: TypeAlias = "Callable[[TitleSample], Awaitable[str]]"


@dataclass(frozen=True)
class TitleResults:
    """What came of asking.

    Attributes
    ----------
    titles : mapping of int to str
        Title by cluster.
    failures : mapping of int to str
        Why there is none, by cluster; those keep their keywords.
    stopped : bool
        Whether somebody cancelled before all were asked for.
    """

    titles: Mapping[int, str]
    failures: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    stopped: bool = False


class TitleCache:
    """Remembers titles by what was shown and who was asked; may be used by several threads.

    Parameters
    ----------
    known : mapping of str to str, optional
        What an earlier one held as `lasting`.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._titles: dict[Hashable, str] = {}
        self._titles.update(known or {})

    def __len__(self) -> int:
        return len(self._titles)

    @property
    def lasting(self) -> dict[str, str]:
        """The titles that mean the same in another process, by a digest of endpoint, model and what was shown.

        What a function of this process answers is not among them: nobody knows it again.
        """
        return {key: title for key, title in self._titles.copy().items() if isinstance(key, str)}

    def get(self, titler: Titler | ChatTitles, sample: TitleSample) -> str | None:
        """Return the title that was given to a sample, if it was."""
        return self._titles.get(_key(titler, sample))

    def put(self, titler: Titler | ChatTitles, sample: TitleSample, title: str) -> None:
        """Remember a title."""
        self._titles[_key(titler, sample)] = title


def told_apart(titles: Mapping[int, str], keywords: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Add a keyword to each title that several clusters were given: asked one by one, they know nothing of each other.

    Parameters
    ----------
    titles : mapping of int to str
        Title by cluster.
    keywords : mapping of int to sequence of str
        Keywords by cluster, the most telling first.

    Returns
    -------
    dict of int to str
        A cluster without a keyword of its own keeps its title as it is.

    Examples
    --------
    >>> told_apart({0: "Sport", 1: "Oil", 2: "sport"}, {0: ["match", "cup"], 1: ["barrel"], 2: ["match", "tennis"]})
    {0: 'Sport (cup)', 1: 'Oil', 2: 'sport (tennis)'}
    """
    alike: dict[str, list[int]] = {}
    for label, title in titles.items():
        alike.setdefault(title.casefold(), []).append(label)
    told = dict(titles)
    for labels in alike.values():
        for label in labels if len(labels) > 1 else ():
            others = {word for other in labels if other != label for word in keywords.get(other, ())}
            words = (word for word in keywords.get(label, ()) if word not in others)
            own = next((word for word in words if word.casefold() not in titles[label].casefold()), None)
            if own is not None:
                told[label] = f"{titles[label]} ({own})"
    return told


def ask_for_titles(
    titler: Titler | ChatTitles,
    samples: Sequence[TitleSample],
    *,
    cache: TitleCache | None = None,
    on_progress: ProgressCallback | None = None,
) -> TitleResults:
    """Ask for titles, and wait for them. A cluster whose title cannot be had is left out and told of.

    Parameters
    ----------
    titler : callable or ChatTitles
        A plain callable is asked for one title after the other, in a thread.
    samples : sequence of TitleSample
    cache : TitleCache, optional
        Titles that it knows are not asked for; those that come are added.
    on_progress : callable, optional
        Called with the share of the titles that are there, at least ten times a second. When it raises `Cancelled`,
        requests under way are dropped, and what has come by then is returned.

    Returns
    -------
    TitleResults

    Examples
    --------
    >>> from cluster_explorer.titles.samples import make_sample
    >>> samples = [make_sample(4, ["harbour", "strike"], [])]
    >>> dict(ask_for_titles(lambda sample: " and ".join(sample.keywords), samples).titles)
    {4: 'harbour and strike'}
    """
    remembered = TitleCache() if cache is None else cache
    run = _Run(titler, samples, remembered, on_progress or ignore_progress)
    # a notebook's own event loop may be running in this thread
    thread = threading.Thread(target=run.run, name="cluster-explorer-titles", daemon=True)
    thread.start()
    run.watch(thread)
    return run.results()


class _Run:
    """One round of asking."""

    def __init__(
        self,
        titler: Titler | ChatTitles,
        samples: Sequence[TitleSample],
        cache: TitleCache,
        on_progress: ProgressCallback,
    ) -> None:
        self._titler = titler
        self._samples = samples
        self._cache = cache
        self._on_progress = on_progress
        self._titles: dict[int, str] = {}
        self._failures: dict[int, str] = {}
        self._stopped = threading.Event()
        self._problem: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._ask_all())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits
            self._problem = error

    def watch(self, thread: threading.Thread) -> None:
        """Tell of progress until all is done; whatever that raises stops the asking."""
        try:
            while thread.is_alive():
                self._on_progress((len(self._titles) + len(self._failures)) / max(1, len(self._samples)))
                thread.join(_STEP)
        except Cancelled:
            self._stopped.set()
        except BaseException:
            self._stopped.set()
            raise
        finally:
            # looking up a host's name cannot be stopped: such a thread is left behind
            thread.join(_PATIENCE)
        if self._problem is not None:
            raise self._problem

    def results(self) -> TitleResults:
        keywords = {sample.label: sample.keywords for sample in self._samples}
        return TitleResults(
            MappingProxyType(told_apart(self._titles, keywords)),
            MappingProxyType(self._failures),
            stopped=self._stopped.is_set(),
        )

    async def _ask_all(self) -> None:
        unknown: list[TitleSample] = []
        for sample in self._samples:
            known = self._cache.get(self._titler, sample)
            if known is None:
                unknown.append(sample)
            else:
                self._titles[sample.label] = known
        if unknown and not self._stopped.is_set():
            if isinstance(self._titler, ChatTitles):
                chat = self._titler
                async with chat.client() as client:
                    await self._ask_with(lambda sample: chat.title(sample, client), unknown, chat.max_concurrency)
            else:
                await self._ask_with(self._call, unknown, 1)

    async def _ask_with(self, ask: Ask, samples: Sequence[TitleSample], concurrency: int) -> None:
        waiting = iter(samples)
        workers = [asyncio.create_task(self._work(ask, waiting)) for _ in range(min(concurrency, len(samples)))]
        try:
            while not all(worker.done() for worker in workers):
                if self._stopped.is_set():
                    break
                await asyncio.wait(workers, timeout=_STEP / 2, return_when=asyncio.FIRST_EXCEPTION)
                if any(worker.done() and worker.exception() for worker in workers):
                    break
        finally:
            for worker in workers:
                worker.cancel()
            outcomes = await asyncio.gather(*workers, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, TitleServiceError):
                # all others would fail alike
                for sample in samples:
                    if sample.label not in self._titles:
                        self._failures[sample.label] = str(outcome)
            elif isinstance(outcome, Exception):
                raise outcome

    async def _work(self, ask: Ask, waiting: Iterator[TitleSample]) -> None:
        for sample in waiting:
            try:
                title = await ask(sample)
            except TitleServiceError:
                raise
            except TitleError as error:
                self._failures[sample.label] = str(error)
            else:
                self._cache.put(self._titler, sample, title)
                self._titles[sample.label] = title

    async def _call(self, sample: TitleSample) -> str:
        """Call a plain function in a thread that is left behind when somebody cancels."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def call() -> None:
            try:
                answer: object = self._titler(sample)  # type: ignore[operator]
                title = title_from(answer) if isinstance(answer, str) else ""
                problem = None if title else TitleError(f"The function returned no title but {self._shown(answer)}.")
            except Exception as error:  # noqa: BLE001 - whatever a user's function raises is told
                _log.warning("A function for titles raised %s", type(error).__name__)
                title, problem = "", TitleError(f"The function failed: {told(error, self._titler)}")

            def settle() -> None:
                if done.cancelled():
                    return
                if problem is None:
                    done.set_result(title)
                else:
                    done.set_exception(problem)

            try:
                loop.call_soon_threadsafe(settle)
            except RuntimeError:
                _log.info("A title came after the asking had been cancelled")

        threading.Thread(target=call, name="cluster-explorer-title", daemon=True).start()
        return await done

    def _shown(self, answer: object) -> str:
        """Return a text without a title, short; of anything else, such as a whole response, its kind."""
        if isinstance(answer, str):
            return repr(shortened(scrubbed(answer, self._titler), _SAID))
        return f"a {type(answer).__name__}"


def _key(titler: Titler | ChatTitles, sample: TitleSample) -> Hashable:
    if not isinstance(titler, ChatTitles):
        return titler, sample.content
    asked = json.dumps([*titler.identity, sample.content], ensure_ascii=True)
    return hashlib.sha256(asked.encode("ascii")).hexdigest()
