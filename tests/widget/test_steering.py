"""Steering from the widget: automatic size, landscape and levels, the noise dial, drilling down and back."""

from __future__ import annotations

import numpy as np
import pytest

from both_spaces import in_both_spaces
from cluster_explorer import cluster, cluster_graph
from cluster_explorer.errors import ClusterExplorerError
from waiting import until

pytestmark = in_both_spaces


@pytest.fixture
def ready(explorer, shown):
    def wait():
        until(lambda: explorer.status.state == "ready")
        explorer._session.store.apply(lambda state: state)

    return wait


def test_the_automatic_size_is_shown_as_a_number_and_moving_the_slider_ends_it(explorer, shown, ready):
    controls = shown.controls
    explorer.recluster(min_cluster_size=30)
    ready()
    assert not controls.auto_size.value
    controls.auto_size.value = True
    ready()
    assert explorer.params.min_cluster_size == "auto"
    # modularity decides for itself how coarse clusters are
    expected = 5 if explorer.params.cluster_selection_method == "modularity" else explorer.landscape_.best
    assert controls.by_name["min_cluster_size"].value == expected
    controls.by_name["min_cluster_size"].value = 25
    ready()
    assert explorer.params.min_cluster_size == 25
    assert not controls.auto_size.value
    # switching it off keeps the size that was in force
    controls.auto_size.value = True
    ready()
    controls.auto_size.value = False
    ready()
    assert explorer.params.min_cluster_size == expected


def test_a_control_shows_what_is_in_force_also_after_a_wish_that_cannot_be(explorer, shown, ready, browser):
    resolution, samples = shown.controls.by_name["resolution"], shown.controls.by_name["min_samples"]
    browser.sets(resolution, value=0.0)
    assert resolution.value == explorer.params.resolution > 0
    # sliders count in binary fractions
    browser.sets(resolution, value=0.5000000000000001)
    assert resolution.value == explorer.params.resolution == 0.5
    samples.max = 99
    browser.sets(samples, value=50)
    assert samples.value == explorer.params.min_samples == 5
    until(lambda: "min_samples=50" in shown.status._text.value)


def test_the_control_that_does_not_apply_is_hidden(explorer, shown, ready):
    def applying():
        ready()
        return {name: shown.controls.by_name[name].layout.display != "none" for name in ("resolution", EPSILON)}

    for space, method in (("graph", "modularity"), ("distance", "eom")):
        explorer.recluster(space=space)
        assert explorer.params.cluster_selection_method == method
        assert applying() == {"resolution": space == "graph", EPSILON: space == "distance"}
        explorer.recluster(cluster_selection_method="leaf")
        assert applying() == {"resolution": False, EPSILON: True}


EPSILON = "cluster_selection_epsilon"


def test_a_click_in_the_landscape_gives_the_clusters_it_promised(explorer, shown, ready, browser):
    plot = shown.controls.landscape.plot
    curves = plot.curves
    assert curves["peaks"]
    place = len(curves["sizes"]) // 2
    browser.says(plot, {"type": "choose", "min_cluster_size": curves["sizes"][place]})
    ready()
    assert explorer.labels_.max() + 1 == curves["n_clusters"][place]
    assert abs((explorer.labels_ < 0).mean() - curves["noise"][place]) < 1e-3
    assert plot.min_cluster_size == curves["sizes"][place]


def test_automatic_choice_comes_back_to_the_spaces_own_method(explorer, shown, ready, browser):
    controls, own = shown.controls, explorer.params.cluster_selection_method
    controls.auto_size.value = True
    ready()
    at_first = explorer.labels_.copy()
    browser.says(controls.landscape.plot, {"type": "choose", "min_cluster_size": 8})
    ready()
    assert explorer.params.cluster_selection_method == "leaf"
    controls.auto_size.value = True
    ready()
    assert explorer.params.cluster_selection_method == own
    assert explorer.params.min_cluster_size == "auto"
    assert (explorer.labels_ == at_first).all()
    # what is asked for by name in Python is left as it is asked for
    explorer.recluster(min_cluster_size=8)
    explorer.recluster(min_cluster_size="auto", cluster_selection_method="leaf")
    ready()
    assert controls.auto_size.value
    assert explorer.params.cluster_selection_method == "leaf"


@pytest.mark.parametrize("method", [None, "modularity", "eom", "leaf"])
@pytest.mark.parametrize(
    "others",
    [
        {},
        {"min_cluster_size": 8, "min_samples": 9, "n_neighbors": 12, "cluster_selection_epsilon": 0.4},
        {"min_cluster_size": "auto", "resolution": 8.0, "noise_threshold": 0.0, "random_state": 7},
    ],
    ids=["defaults", "distances", "graph"],
)
def test_the_same_clusters_are_found_without_an_explorer(explorer, method, others):
    here = explorer.recluster(cluster_selection_method=method, **others)
    names = ("space", "min_cluster_size", "min_samples", "cluster_selection_method", "cluster_selection_epsilon")
    names = (*names, "resolution", "noise_threshold", "random_state")
    there = cluster_graph(explorer.knn_graph_, **{name: getattr(explorer.params, name) for name in names})
    assert there.n_clusters == here.n_clusters
    assert are_same_groups(there.labels, here.labels)
    assert are_same_groups(there.attached_labels, here.attached_labels)
    np.testing.assert_array_equal(there.confidence, here.confidence)
    np.testing.assert_array_equal(there.probabilities, here.probabilities)


def are_same_groups(labels, others):
    """Whether two labellings differ at most in how they number their clusters; noise is -1 in both."""
    pairs = set(zip(labels.tolist(), others.tolist(), strict=True))
    numbers, other_numbers = zip(*pairs, strict=True)
    is_noise_noise = all((number < 0) == (other < 0) for number, other in pairs)
    return len(set(numbers)) == len(set(other_numbers)) == len(pairs) and is_noise_noise


def test_the_tooltip_of_auto_says_what_it_does(explorer, shown, ready):
    auto = shown.controls.auto_size
    for space, method, said in (
        ("graph", None, "modularity"),
        ("graph", "leaf", "persistent"),
        ("distance", None, "persistent"),
        ("graph", None, "modularity"),
    ):
        explorer.recluster(space=space, cluster_selection_method=method, min_cluster_size="auto")
        ready()
        assert said in auto.tooltip


def test_the_caption_of_the_landscape_is_right_for_every_size(explorer, shown):
    curves, tree = shown.controls.landscape.plot.curves, explorer._session.state.results.tree
    for size in range(5, curves["sizes"][-1]):
        place = next(place for place, held in enumerate(curves["sizes"]) if held >= size)
        found = cluster(tree, size, "leaf")
        assert (size, curves["n_clusters"][place]) == (size, found.n_clusters)
        assert abs(curves["noise"][place] - found.n_noise / len(found.labels)) < 1e-3


def test_the_automatic_size_is_a_level_to_step_from(explorer, shown, ready):
    explorer.recluster(min_cluster_size="auto", cluster_selection_method="leaf")
    ready()
    landscape, levels = shown.controls.landscape, explorer.landscape_.levels
    place = levels.index(explorer.landscape_.best)
    assert landscape.plot.min_cluster_size == levels[place]
    assert landscape.level.value == f"{place + 1} of {len(levels)}"
    assert landscape.coarser.disabled == (place == 0)
    assert landscape.finer.disabled == (place == len(levels) - 1)


def test_levels_are_the_peaks_from_coarse_to_fine(explorer, shown, ready):
    landscape = shown.controls.landscape
    levels = explorer.landscape_.levels
    landscape.coarser.click()
    ready()
    assert explorer.params.min_cluster_size == levels[0]
    assert landscape.level.value == f"1 of {len(levels)}"
    assert landscape.coarser.disabled
    for size in levels[1:]:
        landscape.finer.click()
        ready()
        assert explorer.params.min_cluster_size == size
    assert landscape.finer.disabled


def test_the_noise_dial_goes_from_strict_labels_to_no_noise(explorer, shown, ready):
    dial = shown.controls.by_name["noise_threshold"]
    # with more noise than a handful
    explorer.recluster(min_samples=15)
    ready()
    labels = explorer.labels_.copy()
    assert (labels < 0).sum() > 5
    dial.value = 1.0
    ready()
    assert (explorer.attached_labels_ == labels).all()
    n_noise = next(cluster["size"] for cluster in shown.panel.widget.clusters if cluster["label"] == -1)
    assert n_noise == (labels < 0).sum()
    dial.value = 0.0
    ready()
    assert (explorer.attached_labels_ >= 0).all()
    assert (explorer.labels_ == labels).all()
    assert -1 not in {cluster["label"] for cluster in shown.panel.widget.clusters}
    # attached rows have a colour of their own, lighter than that of their cluster
    codes = np.asarray(shown.scatter.figure.data[0].marker.color)
    assert not set(codes[labels >= 0].tolist()) & set(codes[labels < 0].tolist())


def test_colours_come_back_after_a_detour_through_the_other_space(explorer, shown, ready):
    def colors():
        ready()
        return explorer.labels_.copy(), np.asarray(shown.scatter.figure.data[0].marker.color).copy()

    explorer.recluster(space="distance", min_cluster_size=5)
    explorer.recluster(space="graph", min_cluster_size=10)
    labels, at_first = colors()
    # numbered by what was there before and not by size, so that they do not come back by chance
    sizes = np.bincount(labels[labels >= 0])
    assert list(sizes) != sorted(sizes, reverse=True)
    for size in (5, 40, 150):
        explorer.recluster(space="distance", min_cluster_size=size)
    between, _ = colors()
    assert not np.array_equal(between, labels)
    explorer.recluster(space="graph", min_cluster_size=10)
    again, at_last = colors()
    assert np.array_equal(again, labels)
    assert np.array_equal(at_last, at_first)


def test_drilling_down_clusters_only_the_selection_and_the_breadcrumb_leads_back(explorer, shown, ready):
    before = explorer.labels_.copy()
    colors = np.asarray(shown.scatter.figure.data[0].marker.color).copy()
    n_selected = len(explorer.select(cluster=0).index) + len(explorer.select(cluster=1).index)
    explorer.select(cluster=0)
    explorer.select(cluster=1, mode="add")
    chosen = np.isin(explorer.ids_, explorer.selected_ids)
    shown.scope.selection.click()
    ready()
    assert explorer.selected_ids == ()
    assert explorer.params.scope.rows.tolist() == np.flatnonzero(chosen).tolist()
    assert (explorer.labels_[~chosen] == -1).all()
    assert explorer.labels_.max() >= 1
    path = shown.scope._path
    assert path.layout.display != "none"
    assert [step.description for step in path.children[::2]] == ["All texts (260)", f"selection ({n_selected})"]
    # noise is counted among what was clustered
    listed = {cluster["label"]: cluster["size"] for cluster in shown.panel.widget.clusters}
    assert sum(listed.values()) == n_selected
    path.children[0].click()
    ready()
    assert explorer.params.scope is None
    assert (explorer.labels_ == before).all()
    assert (np.asarray(shown.scatter.figure.data[0].marker.color) == colors).all()
    assert path.layout.display == "none"


def test_one_step_up_leads_back_to_where_one_drilled_down_from(explorer, shown, ready):
    whole = explorer.labels_.copy()
    outer = explorer.cluster_only(explorer.ids_[:180], "three groups")
    explorer.cluster_only(explorer.ids_[:60], "one of them")
    assert [scope.name for scope in explorer.params.scope.path] == ["three groups", "one of them"]
    assert (explorer.cluster_up().labels == outer.labels).all()
    assert explorer.params.scope.name == "three groups"
    assert (explorer.cluster_up().labels == whole).all()
    assert explorer.params.scope is None
    assert (explorer.cluster_up().labels == whole).all()


def test_only_the_noise(explorer, shown, ready):
    # groups of 60 are noise beside leaves of 70 and more, in either space
    explorer.recluster(noise_threshold=1.0, cluster_selection_method="leaf", min_cluster_size=70)
    ready()
    noise = explorer.labels_ < 0
    assert noise.sum() > explorer.params.min_samples
    shown.scope.noise.click()
    ready()
    assert explorer.params.scope.rows.tolist() == np.flatnonzero(noise).tolist()
    assert explorer.cluster_all().labels[noise].max() == -1


def test_a_change_that_fails_is_raised_and_the_map_is_as_before(explorer, shown, ready, monkeypatch):
    import cluster_explorer.stages.clustering

    def fail(*_args, **_keys):
        raise MemoryError("no room for a tree")

    before, params = explorer.labels_, explorer.params
    monkeypatch.setattr(cluster_explorer.stages.clustering, "spanning_tree", fail)
    with pytest.raises(ClusterExplorerError, match="no room for a tree"):
        explorer.recluster(min_samples=7)
    with pytest.raises(ClusterExplorerError, match="no room for a tree"):
        explorer.cluster_only(explorer.ids_[:60])
    assert explorer.params == params
    assert explorer.labels_ is before


def test_too_few_rows_are_refused_and_nothing_changes(explorer, shown, ready):
    explorer.select(ids=explorer.ids_[:3])
    assert shown.scope.selection.disabled
    with pytest.raises(ClusterExplorerError, match="too few"):
        explorer.cluster_only("selection")
    with pytest.raises(ClusterExplorerError, match=r"rows='nois' is not a choice\. Available: 'selection', 'noise'"):
        explorer.cluster_only("nois")
    assert explorer.params.scope is None
