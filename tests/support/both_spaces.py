"""What an explorer begins with, for tests of what must hold in either space."""

from __future__ import annotations

import pytest

#: Marks a module whose explorers begin by default, and then among the distances (the fixture `params` of widgets).
in_both_spaces = pytest.mark.parametrize(
    "params", [{}, {"space": "distance", "min_cluster_size": 20}], ids=["by default", "distance"]
)
