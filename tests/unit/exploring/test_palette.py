"""Colours that people who see no red or no green can tell apart, on light and on dark ground."""

from __future__ import annotations

import numpy as np
import pytest
from colorspacious import cspace_convert

from cluster_explorer.exploring.palette import NOISE, PALETTE, sequence


def rgb(color):
    return [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def seen(colors, sight):
    values = np.array([rgb(color) for color in colors])
    if sight is not None:
        space = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
        values = np.clip(cspace_convert(values, space, "sRGB1"), 0, 1)
    return cspace_convert(values, "sRGB1", "CAM02-UCS")


@pytest.mark.parametrize("sight", [None, "deuteranomaly", "protanomaly"])
@pytest.mark.parametrize(("n_colors", "least"), [(8, 14), (20, 9), (60, 4.8), (256, 2)])
def test_no_two_colours_look_the_same(n_colors, least, sight):
    lab = seen([NOISE, *PALETTE[:n_colors]], sight)
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    assert distances[np.triu_indices(len(lab), 1)].min() >= least


def luminance(color):
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(color)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("color", [*PALETTE, *sequence(48)])
def test_every_colour_shows_on_white_and_on_dark_grey(color):
    assert 1.05 / (luminance(color) + 0.05) > 1.45
    assert (luminance(color) + 0.05) / (luminance("#111111") + 0.05) > 1.9


@pytest.mark.parametrize("sight", [None, "deuteranomaly", "protanomaly"])
def test_a_scale_gets_steadily_lighter(sight):
    lightness = seen(sequence(48), sight)[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] - lightness[0] > 45
