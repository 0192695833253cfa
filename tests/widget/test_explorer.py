"""ClusterExplorer from Python: results on demand, selections, traits both ways."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cluster_explorer import ClusterExplorer, ClusterExplorerError, Params
from cluster_explorer.errors import DataError, InvalidParameterError
from waiting import until

COLUMNS = ["id", "text", "cluster", "probability", "attached_cluster", "name", "confidence", "x", "y", "starred"]


def test_in_a_script_results_are_computed_when_asked_for(explorer):
    assert explorer.status.state == "new"
    assert explorer.labels_.shape == (260,)
    assert set(explorer.labels_.tolist()) == {-1, 0, 1, 2, 3}
    assert explorer.probabilities_[explorer.labels_ < 0].max() == 0
    assert explorer.knn_graph_.indices.shape == (260, 15)
    assert explorer.positions_.shape == (260, 2)
    assert explorer.condensed_tree_.to_pandas().lambda_val.notna().all()


def test_the_frame_holds_every_row_in_key_order(explorer):
    frame = explorer.to_frame()
    assert list(frame.columns) == COLUMNS
    assert frame.id.tolist() == [10**17 + row for row in range(260)]
    assert frame.text[61] == "comet tail, item 61"
    assert (frame.cluster.to_numpy() == explorer.labels_).all()


@pytest.mark.parametrize(
    "choose",
    [
        lambda ex: {"ids": [10**17 + 3, 10**17 + 5]},
        lambda ex: {"cluster": int(ex.labels_[70])},
        lambda ex: {"polygon": [(x, y) for x, y in _corners(ex.positions_[:60])]},
    ],
    ids=["ids", "cluster", "polygon"],
)
def test_select_returns_what_is_selected_and_every_other_place_agrees(explorer, choose):
    chosen = explorer.select(**choose(explorer))
    assert len(chosen) > 0
    pd.testing.assert_frame_equal(chosen, explorer.selection)
    assert sorted(chosen.id) == sorted(explorer.selected_ids)
    expected = explorer.to_frame().set_index("id").loc[chosen.id.to_numpy()].reset_index()
    pd.testing.assert_frame_equal(chosen, expected)


def _corners(positions):
    low, high = positions.min(axis=0) - 0.01, positions.max(axis=0) + 0.01
    return [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]


def test_selections_add_up_and_clear(explorer):
    explorer.select(cluster=0)
    n_first = len(explorer.selected_ids)
    explorer.select(cluster=1, mode="add")
    assert len(explorer.selected_ids) > n_first
    explorer.select(cluster=1, mode="subtract")
    assert len(explorer.selected_ids) == n_first
    explorer.clear_selection()
    assert explorer.selected_ids == ()
    assert explorer.selection.empty
    assert list(explorer.selection.columns) == COLUMNS


@pytest.mark.parametrize(
    "wrong", [{}, {"ids": [1], "cluster": 0}, {"polygon": [1, 2, 3]}, {"cluster": 0, "mode": "and"}, {"cluster": 77}]
)
def test_a_wrong_selection_is_refused_and_changes_nothing(explorer, wrong):
    explorer.select(cluster=0)
    before = explorer.selected_ids
    with pytest.raises(ClusterExplorerError):
        explorer.select(**wrong)
    assert explorer.selected_ids == before


def test_recluster_returns_the_clusters_and_moves_the_params_trait(explorer):
    clustering = explorer.recluster(min_cluster_size=70)
    assert explorer.params == Params(min_cluster_size=70, space="distance")
    assert clustering.labels is explorer.labels_
    assert clustering.n_clusters < 4


def test_assigning_params_reclusters_and_observers_are_told(explorer, shown):
    seen = []
    explorer.observe(lambda change: seen.append(change["new"].min_cluster_size), names="params")
    before = explorer.labels_
    explorer.params = {"min_cluster_size": 70}
    assert seen == [70]
    until(lambda: explorer._session.state.results.clustering.labels is not before)
    assert shown.controls.by_name["min_cluster_size"].value == 70


def test_a_wrong_parameter_is_refused_and_the_trait_stays(explorer):
    with pytest.raises(InvalidParameterError, match="min_dist=7"):
        explorer.params = {"min_dist": 7}
    with pytest.raises(InvalidParameterError, match="Available"):
        explorer.params = {"min_distance": 0.5}
    assert explorer.params == Params(min_cluster_size=20, space="distance")


def test_assigning_ids_selects_and_observers_are_told_of_any_selection(explorer):
    seen = []
    explorer.observe(lambda change: seen.append(change["new"]), names="selected_ids")
    explorer.selected_ids = [10**17 + 5, 10**17 + 3]
    assert set(explorer.selection.id) == {10**17 + 3, 10**17 + 5}
    explorer.clear_selection()
    assert seen[-1] == ()
    assert explorer._session.state.selection.kind == "none"


def test_ids_that_cannot_be_selected_leave_the_trait_as_it_was(explorer):
    explorer.selected_ids = [10**17 + 5]
    with pytest.raises(DataError, match="keys are whole numbers"):
        explorer.selected_ids = ("nope",)
    assert explorer.selected_ids == (10**17 + 5,)
    assert len(explorer.selection) == 1


def test_status_can_be_watched_and_not_be_set(explorer):
    states = []
    explorer.observe(lambda change: states.append(change["new"].state), names="status")
    explorer.labels_
    assert states[-1] == "ready"
    with pytest.raises(Exception, match="read-only"):
        explorer.status = explorer.status


def test_the_repr_names_the_collection_and_no_secret(collection):
    with ClusterExplorer(collection, "texts", token="user:secret-token") as explorer:
        explorer.labels_
        assert repr(explorer) == "ClusterExplorer('texts', 260 rows, ready)"
        told = repr(explorer) + repr(vars(explorer)) + repr(explorer._session.state) + str(explorer.trait_values())
        assert "secret-token" not in told


def test_two_explorers_of_one_collection_do_not_disturb_each_other(collection, browser):
    with ClusterExplorer(collection, "texts") as first, ClusterExplorer(collection, "texts") as second:
        first.widget
        second.widget
        until(lambda: first.status.state == second.status.state == "ready")
        first.select(cluster=0)
        assert second.selected_ids == ()
        assert np.array_equal(first.labels_, second.labels_)
        assert np.array_equal(first.positions_, second.positions_)


def test_results_computed_before_showing_are_shown_at_once(explorer):
    positions = explorer.positions_
    explorer.select(cluster=0)
    explorer.widget
    figure = explorer._view.scatter.figure
    assert np.array_equal(np.asarray(figure.data[0].x), positions[:, 0])
    assert len(figure.data[0].selectedpoints) == len(explorer.selected_ids)
    assert explorer._view.panel.widget.selection["count"] == len(explorer.selected_ids)


@pytest.mark.parametrize("space", ["graph", "distance"])
def test_one_call_on_the_graph_gives_what_the_widget_shows_by_default(collection, browser, space):
    from cluster_explorer import ClusterExplorer, Params, cluster_graph

    with ClusterExplorer(collection, "texts", params={"space": space}) as explorer:
        found = cluster_graph(explorer.knn_graph_, space=space, noise_threshold=Params().noise_threshold)
        assert found.n_clusters > 1
        shown = explorer.recluster()
        for given in (found.labels, shown.labels):
            np.testing.assert_array_equal(given, explorer.labels_)
        for given in (found.attached_labels, shown.attached_labels):
            np.testing.assert_array_equal(given, explorer.attached_labels_)
        for given in (found.confidence, shown.confidence):
            np.testing.assert_array_equal(given, explorer.confidence_)
        np.testing.assert_array_equal(found.probabilities, explorer.probabilities_)
        # and, without a threshold, what it shows at the other end of the dial
        everything = cluster_graph(explorer.knn_graph_, space=space)
        explorer.recluster(noise_threshold=0.0)
        np.testing.assert_array_equal(everything.attached_labels, explorer.attached_labels_)
        # not by chance: some noise is attached, some is left
        assert (explorer.attached_labels_ > explorer.labels_).any()
