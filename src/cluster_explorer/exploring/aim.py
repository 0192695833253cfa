"""Where the map is told to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cluster_explorer.values import FloatArray

#: Share of members on each side that may lie outside: stray ones would zoom out again.
_STRAY = 0.02
#: Free space around, as a share of the extent.
_MARGIN = 0.15


@dataclass(frozen=True, eq=False)
class Aim:
    """The part of a flat map to show; every aim is another one, even at the same place.

    Attributes
    ----------
    x, y : (float, float)
        Ranges of the axes.
    """

    x: tuple[float, float]
    y: tuple[float, float]


def aim_at(positions: FloatArray) -> Aim:
    """Aim at some points, stray ones left out.

    Parameters
    ----------
    positions : ndarray of shape (m, 2), float32

    Returns
    -------
    Aim

    Examples
    --------
    >>> aim = aim_at(np.array([[0.0, 0.0], [10.0, 10.0]]))
    >>> aim.x[0] < 0.5 and aim.x[1] > 9.5
    True
    """
    low, high = np.quantile(positions.astype(np.float64), [_STRAY, 1 - _STRAY], axis=0)
    margin = np.maximum((high - low) * _MARGIN, 1e-3)
    (x0, y0), (x1, y1) = (low - margin).tolist(), (high + margin).tolist()
    return Aim((x0, x1), (y0, y1))
