"""Which real components were tested, and why others could not be: told in the summary of a run."""

from __future__ import annotations

import pytest

#: What is to be told of each, by its name. With several processes, that of the one which ran its tests.
OUTCOMES = pytest.StashKey[dict[str, str]]()
