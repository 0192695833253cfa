"""The row below the map that speaks to the collection: Refresh; and Write back, with what would change first."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets

from cluster_explorer.widget.status import set_visible
from cluster_explorer.write_back import WriteWish

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.write_back import Labels, Writing


class CollectionRow:
    """A button that reads the collection anew, and one that opens a small form.

    Parameters
    ----------
    session : Session
        Where wishes go.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open = ipywidgets.ToggleButton(
            value=False, description="Write back…", tooltip="Write the cluster of each text into the collection"
        )
        self._refresh = ipywidgets.Button(
            description="Refresh", tooltip="Take in what was added, changed or deleted since the collection was read"
        )
        self._refresh.on_click(lambda _button: session.refreshing.start())
        self._field = ipywidgets.Text(
            value="cluster", description="field", continuous_update=False, style={"description_width": "initial"}
        )
        self._field.layout.width = "180px"
        self._labels = ipywidgets.Dropdown(
            options=[("noise as -1", "strict"), ("as on the map", "attached")],
            tooltip="The strict labels, or those with noise attached to clusters",
            layout=ipywidgets.Layout(width="150px"),
        )
        self._names = ipywidgets.Checkbox(value=False, description="names", indent=False)
        self._confidence = ipywidgets.Checkbox(value=False, description="confidence", indent=False)
        self._mark = ipywidgets.Checkbox(
            value=False, description="run mark", indent=False, tooltip="Tells these labels from those of other runs"
        )
        self._clear = ipywidgets.Checkbox(
            value=False,
            description="clear others",
            indent=False,
            tooltip="Take the field from all other rows that hold it, outside a filter or scope for example",
        )
        for box in (self._names, self._confidence, self._mark, self._clear):
            box.layout.width = "auto"
        self._journal = ipywidgets.Text(
            value="",
            placeholder="journal file (optional)",
            tooltip="A file that notes what rows held before, for undo_write(file) after a restart",
            layout=ipywidgets.Layout(width="180px"),
        )
        self._write = ipywidgets.Button(description="Write", tooltip="Write into the collection; it can be undone")
        self._undo = ipywidgets.Button(description="Undo", tooltip="Give the rows back what they held before")
        self._cancel = ipywidgets.Button(
            description="Cancel", tooltip="Stop; what was written stays, and can be undone"
        )
        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout=ipywidgets.Layout(width="120px"))
        self._said = ipywidgets.HTML()
        self._said.add_class("ce-write-said")
        self._form = ipywidgets.HBox(
            [
                self._field,
                self._labels,
                self._names,
                self._confidence,
                self._mark,
                self._clear,
                self._journal,
                self._write,
                self._undo,
                self._bar,
                self._cancel,
                self._said,
            ],
            layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"),
        )
        self.widget = ipywidgets.HBox(
            [self._refresh, self._open, self._form],
            layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"),
        )
        self.widget.add_class("ce-write")
        self._open.observe(lambda _change: self._look(), names="value")
        for control in (self._field, self._labels, self._names, self._confidence, self._mark, self._clear):
            control.observe(lambda _change: self._look(), names="value")
        self._write.on_click(
            lambda _button: session.writing.start(self._wish(dry_run=False), self._journal.value.strip() or None)
        )
        self._undo.on_click(lambda _button: session.writing.start_undo())
        self._cancel.on_click(lambda _button: session.writing.cancel())
        self._show(session.state.writing)
        self._offer(session.state)

    def render(self, before: State, after: State) -> None:
        """Bring the row from one state to the next."""
        if after.results.clustering is not before.results.clustering:
            self._offer(after)
        if after.writing != before.writing:
            self._show(after.writing)

    def _wish(self, *, dry_run: bool) -> WriteWish:
        labels: Labels = self._labels.value
        return WriteWish(
            field=self._field.value.strip(),
            labels=labels,
            names=self._names.value,
            confidence=self._confidence.value,
            run_id=self._mark.value,
            clear_others=self._clear.value,
            dry_run=dry_run,
        )

    def _look(self) -> None:
        """Tell what writing would change."""
        set_visible(self._form, visible=self._open.value)
        if self._open.value:
            self._session.writing.start(self._wish(dry_run=True))

    def _offer(self, state: State) -> None:
        """Let people write once there is something to write."""
        clustering = state.results.clustering
        self._open.disabled = clustering is None

    def _show(self, writing: Writing) -> None:
        running = bool(writing.running)
        set_visible(self._form, visible=self._open.value)
        set_visible(self._bar, visible=running)
        set_visible(self._cancel, visible=running)
        set_visible(self._undo, visible=writing.can_undo and not running)
        self._write.disabled = running
        self._bar.value = writing.fraction
        said = f"{writing.running}…" if running else writing.sentence
        self._said.value = f'<span role="status">{escape(said)}</span>'
