"""A disk that is full while labels are written into Milvus Lite: one sentence, nothing lost, and on it goes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection

N = 1_000

#: A limit on the size of files stands in for the disk, as in `test_hard_faults`; the journal needs far less than it.
_WRITE = """
import resource, signal, sys
from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import ClusterExplorerError
from cluster_explorer.milvus import writing
writing._ROWS = 100
uri, journal, again = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with ClusterExplorer(uri, "c", params={"min_cluster_size": 5, "space": "distance"}) as explorer:
    explorer.labels_
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, limits[1]))
    try:
        explorer.write_labels(journal=journal)
    except ClusterExplorerError as error:
        print(error, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if again == "same kernel":
        report = explorer.write_labels(journal=journal)
        print(report.n_same, report.n_written, flush=True)
"""


@pytest.mark.parametrize("again", ["same kernel", "another kernel"])
def test_labels_that_a_full_disk_cut_are_whole_once_there_is_room(tmp_path, vectors, again):
    path, journal = tmp_path / "news.db", tmp_path / "labels.journal"
    frame = pd.DataFrame({"id": range(N), "text": [f"text {row}" for row in range(N)], "stars": range(N)})
    ingest(frame, vectors=vectors(N, 64), uri=path, collection_name="c")
    ran = subprocess.run(
        [sys.executable, "-c", _WRITE, str(path), str(journal), again],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said, *counts = ran.stdout.splitlines()
    assert "news.db" in said, ran.stdout
    assert len(said) < 1_000
    with ClusterExplorer(str(path), "c", params={"min_cluster_size": 5, "space": "distance"}) as explorer:
        if again == "same kernel":
            n_same, n_written = map(int, counts[0].split())
        else:
            report = explorer.write_labels(journal=journal)
            n_same, n_written = report.n_same, report.n_written
        assert n_same + n_written == N
        assert 0 < n_same < N
        labels = explorer.labels_
    with open_collection(path, "c") as collection:
        rows, columns = collection.scan(), collection.columns()
    assert rows.texts.tolist() == frame.text.tolist()
    np.testing.assert_array_equal(rows.vectors, vectors(N, 64))
    assert columns.stars.tolist() == list(range(N))
    assert columns.cluster.tolist() == labels.tolist()
    with ClusterExplorer(str(path), "c") as explorer:
        assert explorer.undo_write(journal).n_restored == N
    with open_collection(path, "c") as collection:
        assert collection.columns(["cluster"]).cluster.isna().all()
