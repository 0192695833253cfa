"""The map as a picture for paper and slides: points, names and legend, drawn by matplotlib without a browser."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from cluster_explorer.errors import InvalidParameterError, available
from cluster_explorer.exploring.reading import shortened
from cluster_explorer.files import written_whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray

Theme: TypeAlias = Literal["light", "dark"]

FORMATS = ("png", "svg")
#: Points beyond which a vector picture holds them as one image: every one as a shape would be slow to open anywhere.
_MOST_SHAPES = 5_000
_MOST_NAMES = 60
_MOST_ENTRIES = 28
_NAME_LENGTH, _ENTRY_LENGTH = 34, 38
_GROUND: dict[str, str] = {"light": "#ffffff", "dark": "#111111"}
_INK: dict[str, str] = {"light": "#202124", "dark": "#e8eaed"}
#: Tried in this order for what the first one lacks.
_FONTS = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "WenQuanYi Zen Hei",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Emoji",
    "Symbola",
)
_RGBA = re.compile(r"rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)")
#: matplotlib's settings are global; explorers in several threads take turns.
_SETTINGS = threading.Lock()


@dataclass(frozen=True, eq=False)
class Named:
    """A name on the map, or an entry of the legend.

    Attributes
    ----------
    name, color : str
    size : int or None
        Rows.
    at : tuple of float or None
        Where the name goes on the map.
    """

    name: str
    color: str
    size: int | None
    at: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A map as it is shown.

    Attributes
    ----------
    title : str
    positions : ndarray of shape (n, 2) or (n, 3), float32
    codes : ndarray of shape (n,)
        Number of each point's colour.
    colors : tuple of str
        CSS colours, ``#rrggbb`` or ``rgba(r,g,b,a)``.
    names : tuple of Named
        What is written on the map, the largest first.
    legend : tuple of Named
        What the colours stand for.
    """

    title: str
    positions: FloatArray = field(repr=False)
    codes: npt.NDArray[np.integer] = field(repr=False)
    colors: tuple[str, ...] = field(repr=False)
    names: tuple[Named, ...] = field(default=(), repr=False)
    legend: tuple[Named, ...] = field(default=(), repr=False)


def write_image(
    picture: Picture, path: str | Path, *, width: int = 1400, height: int = 900, theme: Theme = "light"
) -> Path:
    """Draw a map to a file.

    Parameters
    ----------
    picture : Picture
    path : str or Path
        Ending in ``.png`` or ``.svg``.
    width, height : int
        In pixels; a PNG has twice as many, for sharp print.
    theme : {"light", "dark"}

    Raises
    ------
    InvalidParameterError
        If the ending, the size or the theme is not a choice.
    SavedFileError
        If the file cannot be written.
    """
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise InvalidParameterError(f"{str(path)!r} ends in no kind of image that can be drawn. {available(FORMATS)}")
    if theme not in _GROUND:
        raise InvalidParameterError(f"theme={theme!r} is not a choice. {available(_GROUND)}")
    for name, value in (("width", width), ("height", height)):
        if not 200 <= value <= 10_000:
            raise InvalidParameterError(f"{name}={value!r} does not fit: choose 200 to 10,000 pixels.")
    content = draw(picture, kind, width=width, height=height, theme=theme, density=2.0)
    with written_whole(path) as handle:
        handle.write(content)
    return Path(path)


def draw(
    picture: Picture, kind: str, *, width: int, height: int, theme: Theme = "light", density: float = 1.0
) -> bytes:
    """Draw a map as PNG or SVG; `density` is the pixels of a PNG for one of the size.

    Equal pictures give equal bytes.
    """
    import warnings

    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "cluster-explorer",
        "font.family": _fonts(),
        "font.size": 9,
    }
    content = io.BytesIO()
    with _SETTINGS, mpl.rc_context(settings), warnings.catch_warnings():
        # a script that no installed font has shows as boxes; there is nothing the caller could do here
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width / 100, height / 100), dpi=100 * density, facecolor=_GROUND[theme])
        _fill(figure, picture, theme)
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(content, format=kind, metadata=metadata, facecolor=figure.get_facecolor())
    return content.getvalue()


def rgba(color: str) -> tuple[float, float, float, float]:
    """Return red, green, blue and alpha of a CSS colour, 0 to 1.

    Examples
    --------
    >>> rgba("rgba(255,0,51,0.5)")
    (1.0, 0.0, 0.2, 0.5)
    """
    from matplotlib.colors import to_rgba

    found = _RGBA.fullmatch(color.strip())
    if found is None:
        return to_rgba(color)
    red, green, blue = (int(part) / 255 for part in found.groups()[:3])
    return red, green, blue, float(found[4] or 1)


def _fill(figure: Any, picture: Picture, theme: Theme) -> None:
    flat = picture.positions.shape[1] == 2
    share = 0.78 if picture.legend else 0.98
    area = (0.01, 0.02, share - 0.01, 0.91)
    axes = figure.add_axes(area) if flat else figure.add_axes(area, projection="3d")
    axes.set_axis_off()
    axes.patch.set_alpha(0)
    figure.text(0.02, 0.955, _one_line(picture.title, 120), fontsize=13, weight="bold", **_ink(theme))
    colors = np.array([rgba(color) for color in picture.colors])
    n_rows = len(picture.positions)
    order = np.argsort(picture.codes != 0, kind="stable")
    axes.scatter(
        *picture.positions[order].T,
        c=colors[picture.codes[order]],
        s=float(np.clip(16_000 / max(n_rows, 1), 0.6, 18)),
        linewidths=0,
        rasterized=n_rows > _MOST_SHAPES,
    )
    if flat:
        axes.margins(0.03)
        _write_names(axes, picture.names, theme)
    if picture.legend:
        _write_legend(figure, picture.legend, theme, share)


def _write_names(axes: Any, names: tuple[Named, ...], theme: Theme) -> None:
    """Write the names of the largest clusters where there is room; one that would cover another is left out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = axes.get_figure()
    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    taken: list[Any] = []
    for named in names[:_MOST_NAMES]:
        if named.at is None or not named.name:
            continue
        text = axes.text(
            *named.at[:2],
            _one_line(named.name, _NAME_LENGTH),
            ha="center",
            va="center",
            fontsize=9,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": _GROUND[theme], "alpha": 0.7, "linewidth": 0},
            **_ink(theme),
        )
        box = text.get_window_extent(renderer).padded(3)
        if any(box.overlaps(other) for other in taken):
            text.remove()
        else:
            taken.append(box)


def _write_legend(figure: Any, legend: tuple[Named, ...], theme: Theme, left: float) -> None:
    shown = legend if len(legend) <= _MOST_ENTRIES else legend[: _MOST_ENTRIES - 1]
    step = 0.9 / _MOST_ENTRIES
    for place, entry in enumerate(shown):
        y = 0.91 - place * step
        mark = rgba(entry.color)
        figure.text(left + 0.005, y, "●", fontsize=9, color=mark, va="center", fontfamily="DejaVu Sans")
        name = _one_line(entry.name, _ENTRY_LENGTH)
        count = "" if entry.size is None else f"  {entry.size:,}"
        figure.text(left + 0.022, y, name + count, fontsize=8, va="center", **_ink(theme))
    hidden = len(legend) - len(shown)
    if hidden:
        y = 0.91 - len(shown) * step
        figure.text(left + 0.022, y, f"and {hidden:,} more", fontsize=8, va="center", style="italic", **_ink(theme))


def _one_line(text: str, length: int) -> str:
    """Leave out what XML may not hold, and what breaks the line."""
    return shortened(" ".join("".join(c if c.isprintable() else " " for c in text).split()), length)


def _ink(theme: Theme) -> dict[str, Any]:
    # dollar signs in names are dollar signs, not mathematics
    return {"color": _INK[theme], "parse_math": False, "fontfamily": _fonts()}


@cache
def _fonts() -> list[str]:
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _FONTS if name in there] or ["DejaVu Sans"]
