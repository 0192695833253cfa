"""Colours told apart by colour-blind people, legible on light and on dark ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Made by scripts/make_palette.py: every colour is as far as can be from those before it, for all kinds of sight. Least
# distance in CAM02-UCS under deuteranopia and protanopia: 14 among the first 8, 9 among 20, 4.8 among 60, 2 among 256.
_COLORS = """
#0072b2 #e69f00 #b00028 #80a8ff #ff2068 #a80070 #18e0a0 #189070 #98c8e0 #c85000 #6080ff #7090b8 #007048 #d0a868
#3048ff #a86890 #d08030 #78b090 #d00850 #b03098 #78d0c0 #90a8c8 #88c0f8 #5088d0 #905068 #d0c050 #486088 #b07040
#b87888 #b83008 #9898d8 #70c0c0 #20a068 #f88088 #5050c8 #6070d8 #d068b0 #8090f8 #288058 #984840 #40d0a8 #e8b088
#e89040 #a85830 #488078 #488898 #407880 #e87058 #e888b0 #c87000 #9850b0 #20b078 #e84098 #904080 #e08808 #1870ff
#a0a8e0 #50d8d0 #f0b028 #d04858 #e030d0 #c07838 #00b8b0 #d80068 #70a898 #80d868 #90b8d8 #3898a0 #00c868 #509080
#a818a0 #30a098 #90c8f0 #d82830 #c00038 #a02868 #e058c0 #a82810 #f8a0c0 #0068a0 #5088e8 #d08878 #a000e8 #a0b050
#3898e0 #38d828 #d04878 #809848 #5888a8 #007858 #30d888 #a84850 #c818b0 #ff00e8 #ff4008 #70c098 #986088 #d05828
#78b8a0 #c04000 #c890f0 #ff80c0 #88c0d0 #a84020 #008870 #b8b850 #48c0b0 #985078 #6088c0 #a010c0 #b01850 #b06040
#f03870 #b04090 #f048a8 #70a8b8 #98c078 #8890c8 #a82090 #d88068 #a058c0 #80c898 #60a888 #ff6048 #a0b0ff #00a878
#809050 #98a0d0 #884860 #1058e0 #6878a0 #98b8e8 #508880 #a83870 #5080d8 #48b880 #985868 #7088ff #d01028 #6078e8
#50a810 #9050c0 #c84860 #48b038 #48d8a8 #a02878 #5890a8 #80d070 #b07090 #508890 #6098b0 #287028 #a00098 #208858
#c81840 #ff7090 #38b050 #9808b0 #f84878 #9888e8 #78b0a0 #70c8b0 #90a0e8 #c01848 #9848a0 #10d000 #ff20a0 #f00840
#98c860 #8068c8 #a808d0 #80b818 #78c8c8 #68b8b8 #ff5828 #e00080 #5090d0 #98c0e0 #4058ff #a83088 #308070 #c89860
#c008a8 #e8a0c8 #e83090 #306880 #8898ff #d87898 #486838 #ffa040 #489088 #5870e8 #c80028 #c06860 #00e050 #18c0ff
#c82858 #b0a8f0 #f00820 #b07080 #d81850 #007870 #c84070 #e838d8 #78b878 #8898c8 #e8a0d8 #b0c890 #5078ff #609008
#508098 #5088b0 #388020 #a83038 #a078c0 #a87048 #18a8a0 #4858b8 #b01080 #e84878 #a04860 #b06868 #906080 #c09850
#5858d0 #b06888 #f898b8 #30a0a8 #78c0a8 #50b0a8 #28c8b8 #88a0c0 #408878 #906890 #60b8a8 #00d8f8 #58b068 #d85080
#b86038 #904058 #b80030 #98c880 #a06068 #ff10b0 #b01820 #c89030 #ff78b8 #68d0b8 #70c040 #0060e8 #986888 #b84070
#9868c0 #289028 #489820 #d08088
"""
PALETTE: tuple[str, ...] = tuple(_COLORS.split())
NOISE = "#9aa0a6"

# Cividis (Nunez, Anderton, Renslow 2018), which colour-blind people see as others do, without its ends: the darkest
# blue vanishes on dark ground and the lightest yellow on white.
_SEQUENCE = ("#35456c", "#4d556c", "#666970", "#7d7c78", "#958f78", "#b0a473", "#ccbb68", "#e8d25a")


def css_color(color: int | None) -> str:
    """Return the CSS colour of a colour number; None is noise. After the last colour they begin again.

    Examples
    --------
    >>> css_color(None), css_color(0)
    ('#9aa0a6', '#0072b2')
    """
    return NOISE if color is None else PALETTE[color % len(PALETTE)]


def with_alpha(color: str, alpha: float) -> str:
    """Return a CSS colour, given as #rrggbb, that lets the ground through.

    Examples
    --------
    >>> with_alpha("#9aa0a6", 0.45)
    'rgba(154,160,166,0.45)'
    """
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def sequence(n_colors: int) -> tuple[str, ...]:
    """Return colours for numbers, from low (dark blue) to high (yellow).

    Examples
    --------
    >>> sequence(2)
    ('#35456c', '#e8d25a')
    """
    import numpy as np

    stops = np.array([[int(color[start : start + 2], 16) for start in (1, 3, 5)] for color in _SEQUENCE])
    places = np.linspace(0, len(stops) - 1, n_colors)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return tuple("#" + "".join(f"{round(part):02x}" for part in color) for color in zip(*channels, strict=True))


def stepped_scale(colors: Sequence[str]) -> list[list[float | str]]:
    """Return a Plotly colour scale that shows code i as colour i, without blending.

    Use with ``cmin=-0.5`` and ``cmax=len(colors) - 0.5``.

    Examples
    --------
    >>> stepped_scale(["red", "blue"])
    [[0.0, 'red'], [0.5, 'red'], [0.5, 'blue'], [1.0, 'blue']]
    """
    edges = [index / len(colors) for index in range(len(colors) + 1)]
    return [[edge, color] for index, color in enumerate(colors) for edge in edges[index : index + 2]]
