"""The landscape beside the slider, on rows that have groups within groups."""

from __future__ import annotations

import numpy as np
import pytest

from array_library import ArrayLibrary
from cluster_explorer.params import Params
from cluster_explorer.session import Session
from cluster_explorer.stages.persistence import Landscape
from cluster_explorer.widget.landscape_plot import LandscapePlot, curves


@pytest.fixture
def session():
    """Three large groups, each of one of 100 rows and three of 20."""
    rng = np.random.default_rng(0)
    coarse = np.repeat(np.array([[0.0, 0], [400, 0], [0, 400]]), 160, axis=0)
    fine = np.tile(np.repeat(np.array([[0.0, 0], [20, 0], [0, 20], [20, 20]]), [100, 20, 20, 20], axis=0), (3, 1))
    vectors = (coarse + fine + rng.normal(size=coarse.shape)).astype(np.float32)
    library = ArrayLibrary(vectors, [f"text {row}" for row in range(len(vectors))], metric="euclidean")
    session = Session(library, Params(space="distance", cluster_selection_method="leaf"))
    session.require("landscape", "members")
    yield session
    session.close()


@pytest.fixture
def plot(session):
    plot = LandscapePlot(session)
    session.store.subscribe(plot.render)
    return plot


def choose(session, size):
    session.steering.choose_size(size)
    session.require("landscape", "members")


def test_every_level_is_shown_as_one_and_stepped_through(session, plot):
    levels = session.state.results.landscape.levels
    assert len(levels) > 1
    choose(session, levels[0])
    for place, size in enumerate(levels):
        assert plot.plot.min_cluster_size == session.state.params.min_cluster_size == size
        assert plot.level.value == f"{place + 1} of {len(levels)}"
        plot.finer.click()
    assert plot.finer.disabled
    plot.coarser.click()
    assert session.state.params.min_cluster_size == levels[-2]


def test_a_size_that_gives_the_clusters_of_a_level_is_shown_as_that_level(session, plot):
    landscape = session.state.results.landscape
    names, level = landscape.min_cluster_size, landscape.levels[0]
    lower = int(names[np.searchsorted(names, level) - 1])
    assert lower + 1 < level
    choose(session, lower + 1)
    assert plot.level.value == f"1 of {len(landscape.levels)}"
    assert plot.coarser.disabled


@pytest.mark.parametrize(("button", "place"), [("coarser", 0), ("finer", 1)])
def test_between_two_levels_the_nearest_one_is_stepped_to(session, plot, button, place):
    landscape = session.state.results.landscape
    names, (coarse, fine) = landscape.min_cluster_size, landscape.levels[:2]
    between = int(names[np.searchsorted(names, coarse) - 1])
    assert fine < between < coarse
    choose(session, between)
    assert plot.level.value == f"– of {len(landscape.levels)}"
    getattr(plot, button).click()
    assert session.state.params.min_cluster_size == (coarse, fine)[place]


def test_stepping_says_that_it_selects_leaves(plot):
    assert all("leaves" in button.tooltip for button in (plot.coarser, plot.finer))


def test_every_size_of_a_large_landscape_is_sent():
    sizes = np.arange(5, 905, dtype=np.int32)
    counts = sizes[::-1].copy()
    large = Landscape(sizes, counts, counts / 1000, counts.astype(np.float64), np.array([0]))
    sent = curves(large)
    assert sent["sizes"] == sizes.tolist()
    assert sent["n_clusters"] == counts.tolist()
