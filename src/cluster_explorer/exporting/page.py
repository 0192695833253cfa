"""One HTML file with map, lasso, texts and word search that opens without a kernel and without a network."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.files import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray, KnnGraph

_STATIC = Path(__file__).parent.parent / "static"
_MOST_NEIGHBORS = 10


@dataclass(frozen=True, eq=False)
class Page:
    """What a page holds.

    Attributes
    ----------
    title : str
    traits : mapping of str to object
        What the panel is given, by name of the trait; fit for JSON.
    figure : str
        The map, as JSON of Plotly.
    ids : sequence of str
    texts : sequence of str
    labels : ndarray of shape (n,), int32
    probabilities, confidence : ndarray of shape (n,), float32
    positions : ndarray of shape (n, 2) or (n, 3), float32
    codes : ndarray of shape (n,)
        Number of each row's colour.
    colors : tuple of str
        CSS colours as they are shown beside the map.
    graph : KnnGraph
        For the nearest neighbours of a text.
    metric : str
        What its distances are, to read.
    columns : mapping of str to sequence of str
        Metadata to read beside a text.
    """

    title: str
    traits: Mapping[str, Any] = field(repr=False)
    figure: str = field(repr=False)
    ids: Sequence[str] = field(repr=False)
    texts: Sequence[str] = field(repr=False)
    labels: IntArray = field(repr=False)
    probabilities: FloatArray = field(repr=False)
    confidence: FloatArray = field(repr=False)
    positions: FloatArray = field(repr=False)
    codes: npt.NDArray[np.integer] = field(repr=False)
    colors: tuple[str, ...] = field(repr=False)
    graph: KnnGraph = field(repr=False)
    metric: str = ""
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)


def write_page(page: Page, path: str | Path) -> Path:
    """Write a page; one that is there is replaced in one step.

    About 5 MB are plotly.js and the panel; every row adds its text, some 150 bytes, and its metadata.

    Raises
    ------
    SavedFileError
        If the file cannot be written.
    """
    content = render_page(page).encode("utf-8", "replace")
    with written_whole(path) as handle:
        handle.write(content)
    return Path(path)


def render_page(page: Page) -> str:
    """Return the page as HTML.

    Texts are embedded as data, in a script element that is never run, and reach the page as text nodes. A content
    security policy lets the two scripts of the page run, known by their hashes, no other, and forbids the network.
    """
    from plotly.offline import get_plotlyjs

    scripts = [get_plotlyjs(), (_STATIC / "page.js").read_text(encoding="utf-8")]
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    # plotly.js compiles its drawing commands for the graphics card: that is what 'unsafe-eval' is for
    policy = (
        f"default-src 'none'; script-src {hashes} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
    )
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{escape(page.title)}</title>",
            *(f"<style>{style}</style>" for style in _styles()),
            "</head>",
            f'<body><main class="ce-root"><h1 class="ce-visually-hidden">{escape(page.title)}</h1>',
            '<div class="ce-main">',
            '<div class="ce-map"><div id="ce-map" style="height: 100%"></div></div>',
            '<div class="ce-column"><h2 class="ce-visually-hidden">Texts</h2>',
            '<div class="ce-side"><div id="ce-side"></div></div></div>',
            "</div></main>",
            f'<script type="application/json" id="ce-data">{_embedded(page)}</script>',
            *(f"<script>{script}</script>" for script in scripts),
            "</body></html>",
            "",
        ]
    )


def script_safe(content: str) -> str:
    r"""Escape JSON so that nothing in it can end the script element that holds it.

    Examples
    --------
    >>> print(script_safe('{"text": "</script><!--"}'))
    {"text": "\u003c/script\u003e\u003c!--"}
    """
    for character in "<>&\u2028\u2029":
        content = content.replace(character, f"\\u{ord(character):04x}")
    return content


def _embedded(page: Page) -> str:
    count = min(_MOST_NEIGHBORS, page.graph.n_neighbors)
    rows = {
        "ids": list(page.ids),
        "texts": list(page.texts),
        "dims": int(page.positions.shape[1]),
        "labels": _base64(page.labels, "<i4"),
        "probabilities": _base64(page.probabilities, "<f4"),
        "confidence": _base64(page.confidence, "<f4"),
        "positions": _base64(page.positions, "<f4"),
        "codes": _base64(page.codes, "<i4"),
        "colors": list(page.colors),
        "columns": [{"name": name, "values": list(values)} for name, values in page.columns.items()],
        "neighbors": {
            "count": count,
            "metric": page.metric,
            "rows": _base64(page.graph.indices[:, :count], "<i4"),
            "distances": _base64(page.graph.distances[:, :count], "<f4"),
        },
    }
    content = {"traits": dict(page.traits), "figure": json.loads(page.figure), "rows": rows}
    return script_safe(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _styles() -> list[str]:
    files = (_STATIC / "panel.css", _STATIC.parent / "widget" / "explorer.css", _STATIC / "page.css")
    return [file.read_text(encoding="utf-8") for file in files]


def _base64(array: npt.NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array).astype(dtype).tobytes()).decode("ascii")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
