"""The public names, and that asking for them gives what they say."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cluster_explorer
import cluster_explorer.errors


@pytest.mark.parametrize("name", cluster_explorer.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(cluster_explorer, name)
    assert value.__doc__
    assert not isinstance(value, type(sys))  # a function, not the module of the same name


def test_what_users_catch_and_receive_is_public():
    errors = {name for name, value in vars(cluster_explorer.errors).items() if isinstance(value, type)}
    assert errors <= set(cluster_explorer.__all__)
    given = {"ClusterReport", "IndexHealth", "RefreshReport", "TitleEstimate", "TitleResults", "TitleSample"}
    assert given | {"UndoReport", "WriteReport"} <= set(cluster_explorer.__all__)


def test_functions_are_not_shadowed_by_the_modules_that_hold_others():
    code = (
        "import cluster_explorer.warm_up, cluster_explorer.widget.explorer, cluster_explorer.stages.recipe\n"
        "from cluster_explorer import cluster, landscape, layout, knn_graph\n"
        "print(all(map(callable, (cluster, landscape, layout, knn_graph))))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "True"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'clusters'"):
        cluster_explorer.clusters
