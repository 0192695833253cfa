"""The whole way from texts to a map, with the oldest pymilvus that is allowed, and with BGE-M3's own loading code."""

from __future__ import annotations

import sys

import pytest

from environments import oldest_pymilvus, run
from milvus_server import TOKEN

EXPECTED = {
    "clusters": 3,
    "pure": True,
    "errors": ["CollectionNotFoundError", "FilterError"],
    "filtered": 31,
    "neighbours": 155,
    "back": {"written": 120, "exact": True, "restored": 120, "left": 0},
    "kept": {"same": True, "notice": "", "refreshed": "1 row added.", "joined": True},
}


@pytest.mark.parametrize("database", ["lite", pytest.param("real", marks=pytest.mark.server)])
def test_the_oldest_pymilvus_that_is_allowed(database, oldest, request, tmp_path):
    where = (str(tmp_path),)
    if database == "real":
        where = (request.getfixturevalue("milvus_server").uri, TOKEN)
    found = run(sys.executable, "whole_way.py", *where, path=(oldest,))
    assert found.pop("recall") > 0.99
    assert found == {"pymilvus": oldest_pymilvus(), **EXPECTED}


@pytest.mark.timeout(1_200)
def test_a_tiny_bge_m3_is_loaded_by_its_own_code_and_ends_on_a_map(bge_m3, tmp_path):
    found = run(bge_m3, "bge_m3_way.py", str(tmp_path))
    assert found["torch"].startswith("2.")
    assert (found["dim"], found["rows"], found["placed"]) == (32, 120, True)
    # of random weights, but not of one constant
    assert found["distinct"] > 100
