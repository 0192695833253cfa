"""Progress bars in the cell or the terminal, for work that a cell waits for; shown only when it takes a while."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster_explorer.values import ProgressCallback
    from cluster_explorer.worker.reports import Status

#: Seconds of work before a bar is worth showing.
_DELAY = 0.5
_FORMAT = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}{postfix}"


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressCallback]:
    """Show the share of work that is done."""
    from tqdm.auto import tqdm

    with tqdm(total=1.0, desc=title, bar_format=_FORMAT, delay=_DELAY, leave=False) as bar:

        def on_progress(share: float) -> None:
            bar.update(share - bar.n)

        yield on_progress
        # a bar that is closed before its end stays in the notebook, in red
        bar.update(1.0 - bar.n)


@contextmanager
def status_bar() -> Iterator[Callable[[Status], None]]:
    """Show what the worker is doing, from the first status that says it is running."""
    from tqdm.auto import tqdm

    bars: list[tqdm[None]] = []

    def on_status(status: Status) -> None:
        if status.state != "running":
            return
        if not bars:
            bars.append(tqdm(total=1.0, bar_format=_FORMAT, leave=False))
        bar = bars[0]
        bar.set_description_str(status.title, refresh=False)
        if status.remaining is not None:
            bar.set_postfix_str(f"about {status.remaining:.0f} s left", refresh=False)
        bar.update(status.fraction - bar.n)

    try:
        yield on_status
    finally:
        for bar in bars:
            # a bar that is closed before its end stays in the notebook, in red
            bar.update(1.0 - bar.n)
            bar.close()
