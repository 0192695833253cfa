"""The tint beneath a sample: its place, colour and strength follow all rows, and a browser can read it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cluster_explorer.exploring.density import density_tint, png, reference_density
from cluster_explorer.exploring.sampling import Viewport

PALETTE = np.array([[154, 160, 166, 0.45], [255, 0, 0, 1], [0, 0, 255, 1]])
VIEW = Viewport(0, 10, 0, 10, 300, 300)


def two_spots():
    """A red spot at the top left with many rows, a blue one at the bottom right with few, and a grey row between."""
    rng = np.random.default_rng(0)
    positions = np.concatenate([rng.normal([2, 8], 0.2, (900, 2)), rng.normal([8, 2], 0.2, (90, 2)), [[5, 5]]])
    return positions.astype(np.float32), np.repeat([1, 2, 0], [900, 90, 1])


def tint(**options):
    positions, codes = two_spots()
    return density_tint(positions, codes, PALETTE, VIEW, reference=reference_density(positions), **options).pixels


def spot(pixels, x, y):
    height, width = pixels.shape[:2]
    return pixels[int((10 - y) / 10 * height), int(x / 10 * width)].astype(int)


def test_the_tint_lies_where_the_rows_lie_in_their_colours():
    pixels = tint()
    red, blue = spot(pixels, 2, 8), spot(pixels, 8, 2)
    assert red[:3].tolist() == [255, 0, 0]
    assert blue[:3].tolist() == [0, 0, 255]
    assert red[3] > blue[3] > 40
    assert spot(pixels, 9, 9)[3] == 0


def test_what_is_not_selected_fades_to_grey():
    selected = two_spots()[1] == 2
    before, after = tint(), tint(selected=selected)
    assert spot(after, 8, 2)[2] > 240
    assert np.abs(spot(after, 2, 8)[:3] - [154, 160, 166]).max() < 8
    assert spot(after, 2, 8)[3] < 0.7 * spot(before, 2, 8)[3]


def test_the_same_ground_keeps_its_tint_while_one_zooms():
    positions, codes = two_spots()
    reference = reference_density(positions)
    near = density_tint(positions, codes, PALETTE, Viewport(1, 3, 7, 9, 300, 300), reference=reference).pixels
    middle = near.shape[0] // 2
    around = near[middle - 8 : middle + 8, middle - 8 : middle + 8, 3].mean()
    assert around == pytest.approx(spot(tint(), 2, 8)[3], rel=0.25)


def test_strength_fades_the_whole_picture():
    assert tint(strength=0.5)[..., 3].max() == pytest.approx(0.5 * tint()[..., 3].max(), abs=4)


def test_a_view_without_rows_is_empty():
    positions, codes = two_spots()
    assert not density_tint(positions, codes, PALETTE, Viewport(50, 51, 50, 51), reference=1.0).pixels.any()


@settings(deadline=None)
@given(pixels=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4))))
def test_a_png_holds_the_pixels(pixels):
    from matplotlib.image import imread

    read = imread(io.BytesIO(png(pixels)), format="png")
    assert np.array_equal(np.rint(read * 255).astype(np.uint8), pixels)
