"""An explorer on a real Milvus Lite collection, with a recording browser at the other end of its comms."""

from __future__ import annotations

import pytest

from recording import Browser
from waiting import until

WORDS = ("harbour strike", "comet tail", "cheese fair", "opera night")


@pytest.fixture
def browser(monkeypatch):
    return Browser(monkeypatch)


@pytest.fixture(scope="session")
def collection(blobs, tmp_path_factory):
    """A Milvus Lite file with 260 texts in four groups; returns its uri."""
    import pandas as pd

    from cluster_explorer import ClusterExplorer

    uri = str(tmp_path_factory.mktemp("widget") / "texts.db")
    frame = pd.DataFrame(
        {
            "key": [10**17 + row for row in range(len(blobs))],
            "text": [f"{WORDS[min(row // 60, 3)]}, item {row}" for row in range(len(blobs))],
            "section": [f"section {row % 3}" for row in range(len(blobs))],
        }
    )
    ClusterExplorer.from_texts(
        frame, vectors=blobs, id_column="key", uri=uri, collection_name="texts", metric="COSINE"
    ).close()
    return uri


@pytest.fixture
def params():
    """What the explorer begins with: four clusters and noise, for what does not depend on the way to them."""
    return {"min_cluster_size": 20, "space": "distance"}


@pytest.fixture
def explorer(collection, browser, params):
    from cluster_explorer import ClusterExplorer

    with ClusterExplorer(collection, "texts", params=params) as explorer:
        yield explorer


@pytest.fixture
def shown(explorer):
    """The explorer's view, when its first map is complete."""
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    explorer._session.store.apply(lambda state: state)  # returns when all views show what was handed in before
    return explorer._view
