"""The explorer in marimo, which shows anywidgets one by one and no other Jupyter widgets.

Map and panel are anywidgets; they are placed side by side in HTML of our own, and the panel finds the map across their
shadow roots. Sliders are marimo's own affair: ``ex.recluster(min_cluster_size=slider.value)`` in a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster_explorer.widget.view import ExplorerView

#: What the boxes of ipywidgets do in Jupyter.
_LAYOUT = """
.ce-root, .ce-main { display: flex; }
.ce-root { flex-direction: column; }
.ce-map > *, .ce-side > * { display: block; width: 100%; }
"""


def marimo_view(view: ExplorerView) -> object:
    """Return map and panel for marimo, side by side."""
    import marimo as mo

    from cluster_explorer.widget.view import STYLE

    figure, panel = mo.ui.anywidget(view.scatter.figure), mo.ui.anywidget(view.panel.widget)
    return mo.Html(
        f"<style>{STYLE.read_text(encoding='utf-8')}{_LAYOUT}</style>"
        f'<div class="ce-root"><div class="ce-main"><div class="ce-map">{figure}</div>'
        f'<div class="ce-side">{panel}</div></div></div>'
    )
