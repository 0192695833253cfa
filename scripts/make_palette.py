"""Choose the colours of clusters and print them, for ``src/cluster_explorer/exploring/palette.py``.

Each colour is the one farthest from all before it, where the distance of two colours is the least of what people see
who see all colours, no red (protanopia), no green (deuteranopia) or no blue (tritanopia: rare, counts half).
Distances are those of CAM02-UCS (Luo, Cui, Li 2006), the simulation is that of Machado, Oliveira and Fernandes (2009),
both by colorspacious.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np
from colorspacious import cspace_convert

#: Lightness that shows on white as well as on JupyterLab's dark grey, and enough colourfulness not to look like noise.
LIGHTNESS = (42.0, 80.0)
LEAST_CHROMA = 16.0
SIGHTS = ((None, 1.0), ("deuteranomaly", 1.0), ("protanomaly", 1.0), ("tritanomaly", 2.0))
#: What the noise looks like: clusters keep away from it.
NOISE = "#9aa0a6"
#: Okabe and Ito's blue and orange come first: the pair that everybody tells apart.
FIRST = ("#0072b2", "#e69f00")


def rgb(color: str) -> list[float]:
    return [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def seen(colors: np.ndarray, kind: str | None) -> np.ndarray:
    if kind is not None:
        space = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
        colors = np.clip(cspace_convert(colors, space, "sRGB1"), 0, 1)
    return cspace_convert(colors, "sRGB1", "CAM02-UCS")


def candidates(step: int = 8) -> np.ndarray:
    levels = [level / 255 for level in (*range(0, 255, step), 255)]
    colors = np.array(list(itertools.product(levels, repeat=3)))
    lab = seen(colors, None)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    return colors[(lab[:, 0] >= LIGHTNESS[0]) & (lab[:, 0] <= LIGHTNESS[1]) & (chroma >= LEAST_CHROMA)]


def distance(pool: list[np.ndarray], chosen: list[np.ndarray]) -> np.ndarray:
    return np.min(
        [weight * np.linalg.norm(p - c, axis=1) for p, c, (_, weight) in zip(pool, chosen, SIGHTS, strict=True)], axis=0
    )


def choose(n_colors: int) -> list[str]:
    colors = candidates()
    pool = [seen(colors, kind) for kind, _ in SIGHTS]

    def views(color: str) -> list[np.ndarray]:
        return [seen(np.array(rgb(color)), kind) for kind, _ in SIGHTS]

    nearest = distance(pool, views(NOISE))
    palette = list(FIRST)
    for color in palette:
        nearest = np.minimum(nearest, distance(pool, views(color)))
    while len(palette) < n_colors:
        best = int(nearest.argmax())
        palette.append("#" + "".join(f"{round(part * 255):02x}" for part in colors[best]))
        nearest = np.minimum(nearest, distance(pool, [view[best] for view in pool]))
    return palette


if __name__ == "__main__":
    colors = choose(int(sys.argv[1]) if len(sys.argv) > 1 else 256)
    for start in range(0, len(colors), 14):
        print(" ".join(colors[start : start + 14]))
