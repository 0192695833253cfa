"""Names, stars and saved selections of an explorer on a real collection."""

from __future__ import annotations

import pytest

from both_spaces import in_both_spaces
from cluster_explorer.errors import InvalidParameterError

pytestmark = in_both_spaces


def test_a_name_stays_with_its_cluster_when_the_slider_moves_there_and_back(explorer):
    explorer.rename_cluster(2, "the comets")
    members = set(explorer.ids_[explorer.labels_ == 2].tolist())
    explorer.recluster(min_cluster_size=70)
    for label in explorer.cluster_names:
        assert members & set(explorer.ids_[explorer.labels_ == label].tolist())
    explorer.recluster(min_cluster_size=10)
    (label,) = explorer.cluster_names
    assert members & set(explorer.ids_[explorer.labels_ == label].tolist())
    explorer.recluster(min_cluster_size=20)
    assert explorer.cluster_names == {2: "the comets"}
    with pytest.raises(InvalidParameterError, match="clusters 0 to 3"):
        explorer.rename_cluster(-1, "noise has no name")


def test_stars_and_saved_selections(explorer):
    keys = explorer.ids_[[1, 5, 7]].tolist()
    explorer.star(keys)
    explorer.unstar(keys[:1])
    assert explorer.starred.id.tolist() == keys[1:]

    explorer.select(ids=keys)
    explorer.save_selection("three")
    explorer.select(ids=keys[2:], mode="intersect")
    explorer.save_selection("last")
    assert {name: ids.tolist() for name, ids in explorer.saved_selections.items()} == {"three": keys, "last": keys[2:]}
    assert set(explorer.select_saved("three", "last", how="difference").id) == set(keys[:2])
    assert set(explorer.select_starred(mode="add").id) == set(keys)
    explorer.delete_selection("last")
    assert list(explorer.saved_selections) == ["three"]
    explorer.clear_selection()
    with pytest.raises(InvalidParameterError, match="Nothing is selected"):
        explorer.save_selection("nothing")
