"""Colours of clusters: told apart by colour-blind people, legible on light and on dark ground."""

from __future__ import annotations

# Made once with `glasbey.create_palette` (McInnes, github.com/lmcinnes/glasbey), colour-blind safe, CIELAB lightness 48
# to 72 so that no colour vanishes on white or on JupyterLab's dark grey; after the last one they begin again.
PALETTE: tuple[str, ...] = (
    "#867dff",
    "#df6120",
    "#fb65b6",
    "#00ce9a",
    "#41dbf3",
    "#caca14",
    "#00a2a6",
    "#ef79fb",
    "#ff8671",
    "#24a651",
    "#ebaedb",
    "#c27179",
    "#599e86",
    "#c269b2",
    "#7dbeba",
    "#2db6df",
    "#f7aaba",
    "#b6a255",
    "#00e786",
    "#ba61eb",
    "#e35551",
    "#d2b2ff",
    "#699e00",
    "#fbae6d",
    "#fb6dd2",
    "#fb9208",
    "#b27996",
    "#ff6592",
    "#be92c6",
    "#00e3c2",
    "#86aa79",
    "#868aba",
    "#ff7541",
    "#aa8645",
    "#00c6ce",
    "#d796be",
    "#9ed2a6",
    "#ba8aff",
    "#00c669",
    "#a6b600",
    "#18ae9e",
    "#00dfd7",
    "#e3518e",
    "#ca8a9e",
    "#a2b6db",
    "#86beff",
    "#009ece",
    "#75b29e",
    "#ce8671",
    "#b2be7d",
    "#f7ae96",
    "#ff86b6",
    "#28aaff",
    "#ff92f3",
    "#e79696",
    "#df51a6",
    "#d761db",
    "#9ace59",
    "#79a6be",
    "#c28e00",
)
NOISE = "#9aa0a6"
_NOISE_ON_MAP = "rgba(154,160,166,0.45)"


def css_color(color: int | None) -> str:
    """Return the CSS colour of a colour number; None is noise.

    Examples
    --------
    >>> css_color(None)
    '#9aa0a6'
    """
    return NOISE if color is None else PALETTE[color % len(PALETTE)]


def stepped_scale(n_colors: int) -> list[list[float | str]]:
    """Return a Plotly colour scale that shows code 0 as noise and code i + 1 as colour number i, without blending.

    Use with ``cmin=-0.5`` and ``cmax=n_colors + 0.5``.

    Examples
    --------
    >>> [stop for stop, _ in stepped_scale(1)]
    [0.0, 0.5, 0.5, 1.0]
    """
    steps = [_NOISE_ON_MAP, *(css_color(color) for color in range(n_colors))]
    edges = [index / len(steps) for index in range(len(steps) + 1)]
    return [[edge, color] for index, color in enumerate(steps) for edge in edges[index : index + 2]]
