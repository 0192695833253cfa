"""How dense the rows of a map lie, as a picture in the clusters' colours to lay beneath a sample of them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.exploring.sampling import Viewport, whole_map

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray

# a picture this coarse is smoothed by the browser as it is scaled, and is a tenth of the bytes
_PIXELS_PER_CELL = 4.0
_MOST_CELLS = 480
_BLUR = 0.9
_STRONGEST = 0.62
# how fast the tint rises with density: a tenth of the reference shows with half its strength
_CONTRAST = 60.0
_REFERENCE_QUANTILE = 0.98
#: What a row counts that is not selected, beside 1 for those that are.
UNSELECTED_WEIGHT = 0.08


@dataclass(frozen=True, eq=False)
class Tint:
    """A picture of density.

    Attributes
    ----------
    view : Viewport
        The part of the map that it covers.
    pixels : ndarray of shape (h, w, 4), uint8
        Red, green, blue and alpha, from the top left.
    """

    view: Viewport
    pixels: npt.NDArray[np.uint8] = field(repr=False)


def reference_density(positions: FloatArray) -> float:
    """Return the density of a dense part of a map, in rows per unit of area, for `density_tint`.

    Taken from the whole map once, so that the same ground keeps its tint while one zooms.

    Parameters
    ----------
    positions : ndarray of shape (n, 2), float32

    Returns
    -------
    float
    """
    view = whole_map(positions)
    width, height = _cells(view)
    counts = np.bincount(_cell_of(positions, view, width, height), minlength=width * height)
    return float(np.quantile(counts[counts > 0], _REFERENCE_QUANTILE)) / _cell_area(view, width, height)


def density_tint(
    positions: FloatArray,
    codes: npt.NDArray[np.integer],
    palette: npt.NDArray[np.float64],
    view: Viewport,
    *,
    reference: float,
    selected: npt.NDArray[np.bool_] | None = None,
    strength: float = 1.0,
) -> Tint:
    """Draw how dense rows lie, each spot in the mean colour of its rows.

    Parameters
    ----------
    positions : ndarray of shape (n, 2), float32
    codes : ndarray of shape (n,), integers
        Colour of each row, as a place in `palette`; 0 is the neutral colour, that of noise.
    palette : ndarray of shape (m, 4), float64
        Red, green, blue (0 to 255), and how much a row of this colour counts (0 to 1).
    view : Viewport
        The part to draw.
    reference : float
        Density that is drawn with full strength, in rows per unit of area.
    selected : ndarray of shape (n,), bool, optional
        Rows that keep their colour while all others fade to the neutral one.
    strength : float
        Between 0 (nothing is seen) and 1.

    Returns
    -------
    Tint

    Examples
    --------
    >>> positions = np.zeros((5, 2), dtype=np.float32)
    >>> palette = np.array([[128, 128, 128, 0.5], [255, 0, 0, 1]])
    >>> tint = density_tint(positions, np.ones(5, dtype=np.int32), palette, Viewport(-1, 1, -1, 1), reference=1.0)
    >>> middle = tint.pixels[tint.pixels.shape[0] // 2, tint.pixels.shape[1] // 2]
    >>> middle[:3].tolist(), int(middle[3]) > 100
    ([255, 0, 0], True)
    """
    from scipy.ndimage import gaussian_filter

    width, height = _cells(view)
    rows = view.rows_in(positions)
    cells = _cell_of(positions[rows], view, width, height)
    shown = codes[rows].astype(np.int32)
    if selected is not None:
        # a second palette for those that are not selected
        shown = shown + np.where(selected[rows], 0, len(palette))
        faded = np.r_[palette[:1, :3].repeat(len(palette), axis=0).T, [UNSELECTED_WEIGHT * palette[:, 3]]].T
        palette = np.r_[palette, faded]
    # each row weighs in with its colour, channel by channel
    size = width * height
    light = np.c_[np.ones(len(palette)), palette[:, :3]] * palette[:, 3:]
    amounts = np.stack([np.bincount(cells, part[shown], minlength=size).reshape(height, width) for part in light.T])
    amounts = np.stack([gaussian_filter(amount, _BLUR, mode="constant") for amount in amounts])
    density = amounts[0] / (reference * _cell_area(view, width, height))
    alpha = np.minimum(np.log1p(_CONTRAST * density) / np.log1p(_CONTRAST), 1.0) * _STRONGEST * strength
    colors = amounts[1:] / np.maximum(amounts[0], 1e-12)
    pixels = np.rint(np.concatenate([colors, 255.0 * alpha[None]])).clip(0, 255).astype(np.uint8)
    # 32 steps of each colour are not told apart in a tint, and take half of the bytes
    pixels[:3] = (pixels[:3] & 0xF8) | (pixels[:3] >> 5)
    pixels[3] &= 0xFC
    pixels[:, pixels[3] == 0] = 0
    return Tint(view, np.ascontiguousarray(pixels.transpose(1, 2, 0)[::-1]))


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode red, green, blue and alpha as a PNG.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, 4), uint8

    Returns
    -------
    bytes

    Examples
    --------
    >>> png(np.zeros((1, 1, 4), dtype=np.uint8))[1:4]
    b'PNG'
    """
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "png", compress_level=6)
    return encoded.getvalue()


def _cells(view: Viewport) -> tuple[int, int]:
    width, height = (round(size / _PIXELS_PER_CELL) for size in (view.width, view.height))
    return max(1, min(width, _MOST_CELLS)), max(1, min(height, _MOST_CELLS))


def _cell_area(view: Viewport, width: int, height: int) -> float:
    return (view.x1 - view.x0) / width * ((view.y1 - view.y0) / height)


def _cell_of(positions: FloatArray, view: Viewport, width: int, height: int) -> npt.NDArray[np.int64]:
    column = np.minimum((positions[:, 0] - view.x0) * (width / (view.x1 - view.x0)), width - 1).astype(np.int64)
    line = np.minimum((positions[:, 1] - view.y0) * (height / (view.y1 - view.y0)), height - 1).astype(np.int64)
    cells: npt.NDArray[np.int64] = line * width + column
    return cells
