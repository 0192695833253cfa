"""The row that says what is being done, what failed, or what is shown."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State


class StatusRow:
    """Says what is being done and how long it takes, with Cancel; or why it failed, with Try again.

    Parameters
    ----------
    session : Session
        Where Cancel and Try again go.
    """

    def __init__(self, session: Session) -> None:
        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout=ipywidgets.Layout(width="160px"))
        self._text = ipywidgets.HTML()
        self._text.add_class("ce-status-text")
        self._cancel = ipywidgets.Button(description="Cancel", tooltip="Stop, and keep the map as it is")
        self._retry = ipywidgets.Button(description="Try again", tooltip="Do again what failed or was cancelled")
        self._cancel.on_click(lambda _button: session.cancel())
        self._retry.on_click(lambda _button: session.retry())
        self.widget = ipywidgets.HBox([self._bar, self._cancel, self._retry, self._text])
        self.widget.add_class("ce-status")
        self._show(session.state)

    def render(self, before: State, after: State) -> None:
        """Bring the row from one state to the next."""
        if after.status is not before.status or after.results is not before.results or after.notice != before.notice:
            self._show(after)

    def _show(self, state: State) -> None:
        status = state.status
        running = status.state == "running" and bool(status.title)
        nothing_shown = state.results.layout is None
        set_visible(self._bar, visible=running)
        set_visible(self._cancel, visible=running)
        set_visible(self._retry, visible=status.state == "failed" or (status.state == "cancelled" and nothing_shown))
        self._bar.value = status.fraction if running else 0.0
        title = escape(status_tooltip(state), quote=True)
        self._text.value = f'<span role="status" title="{title}">{escape(status_line(state))}</span>'
        if status.state == "failed":
            self.widget.add_class("ce-failed")
        else:
            self.widget.remove_class("ce-failed")


def status_line(state: State) -> str:
    """Return one line on what is being done, what failed, or what is shown."""
    status = state.status
    if status.state == "running" and status.title:
        return f"{status.title} · {_time_left(status.remaining)}" if status.remaining is not None else status.title
    if status.state == "failed":
        kept = " The map is as it was before." if state.results.layout is not None else ""
        return f"{status.message}{kept}"
    cancelled = "Cancelled; the map is as it was before. " if status.state == "cancelled" else ""
    return cancelled + (state.notice or _summary(state))


def status_tooltip(state: State) -> str:
    """Return what there is to know beyond the line: how well neighbours were found, with advice; how names were."""
    health, terms = state.results.health, state.results.by_stage.get("terms")
    said = [] if health is None else [f"{health.sentence}.", *health.advice]
    if terms is not None and terms.read is not None:
        said.append(f"Names are made of the words of {len(terms.read):,} of {terms.counts.shape[0]:,} texts.")
    return " ".join(said)


def _summary(state: State) -> str:
    rows, graph, tree, members = (
        state.results.rows,
        state.results.graph,
        state.results.tree,
        state.results.members,
    )
    if rows is None or graph is None or tree is None or members is None:
        return ""
    scope = members.clustering.scope
    texts = f"{len(rows):,} texts" if scope is None else f"{len(scope):,} of {len(rows):,} texts"
    clusters = f"{members.n_clusters:,} cluster{'' if members.n_clusters == 1 else 's'}"
    n_clustered = max(len(rows) if scope is None else len(scope), 1)
    noise = f"{members.n_noise / n_clustered:.0%} noise"
    share = int(members.attached.sum()) / n_clustered
    attached = f", {share:.0%} attached" if share >= 0.005 else ""
    components = f"{graph.n_components:,} component{'' if graph.n_components == 1 else 's'}"
    # what is proven is proven of distances between vectors, not of those in an embedding
    which = "tree" if state.params.space == "distance" else "tree of distances"
    certified = state.results.certified
    proven = "" if certified is None else f", {certified:.1%} of the {which} proven exact"
    health = state.results.health
    found = f", {health.share} of them found" if health is not None and health.n_sampled else ""
    # the slider may ask for more than so few texts have
    all_there_are = " (all there are)" if graph.n_neighbors < state.params.n_neighbors else ""
    parts = [
        f"{texts}, {clusters}, {noise}{attached}",
        f"{graph.n_neighbors} neighbours{all_there_are}{found}, {components}{proven}",
        state.identities.sentence,
    ]
    return " · ".join(part for part in parts if part)


def _time_left(seconds: float) -> str:
    if seconds < 1.5:
        return "about a second left"
    if seconds < 90:
        return f"about {seconds:.0f} seconds left"
    return f"about {seconds / 60:.0f} minutes left"


def set_visible(widget: Any, *, visible: bool) -> None:
    """Show or hide a widget and its place."""
    display = None if visible else "none"
    if widget.layout.display != display:
        widget.layout.display = display
