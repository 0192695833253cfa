"""From texts to a map and back, printed as JSON: run by tests with another pymilvus, or with torch, on the path.

python whole_way.py FOLDER_OR_URI [TOKEN]
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np


def main(where: str, token: str | None) -> None:
    # another version's own deprecations are not ours
    warnings.simplefilter("ignore")
    import pymilvus

    from cluster_explorer import ClusterExplorer
    from cluster_explorer.errors import CollectionNotFoundError, FilterError
    from cluster_explorer.milvus import open_collection

    uri = where if where.startswith("http") else f"{where}/oldest.db"
    place = {"uri": uri, "token": token, "collection_name": "whole_way"}
    rng = np.random.default_rng(0)
    groups = np.repeat(rng.normal(size=(3, 16)), 40, axis=0) + 0.1 * rng.normal(size=(120, 16))
    texts = [f"text {n} of group {n // 40}" for n in range(120)]
    params = {"neighbors": "milvus", "min_cluster_size": 10}
    with ClusterExplorer.from_texts(texts, vectors=groups, params=params, **place) as explorer:
        frame = explorer.to_frame()
        recall = explorer.index_health_.recall
        back = written_and_taken_back(explorer, place)
        kept = saved_and_loaded(explorer, place, texts[50], groups[50])
    groups_of = frame.text.str.rpartition(" ")[2].to_numpy()
    pure = all(len(set(groups_of[frame.cluster == label])) == 1 for label in set(frame.cluster) - {-1})
    errors = []
    for change, kind in (
        ({"collection_name": "nothing"}, CollectionNotFoundError),
        ({"filter": "text =="}, FilterError),
    ):
        try:
            open_collection(**{**place, **change}).close()
        except kind:
            errors.append(kind.__name__)
    with open_collection(**place, filter="text like 'text 1%'") as part:
        rows = part.scan()
        found = part.neighbors(part.scan(vectors=False), 5)
    print(
        json.dumps(
            {
                "pymilvus": pymilvus.__version__,
                "clusters": int(frame.cluster.max()) + 1,
                "pure": pure,
                "recall": recall,
                "errors": errors,
                "filtered": len(rows),
                "neighbours": int((found.indices >= 0).sum()),
                "back": back,
                "kept": kept,
            }
        )
    )


def written_and_taken_back(explorer, place):
    """Labels beside the rows, found by a filter, and gone again."""
    from cluster_explorer.errors import DataError
    from cluster_explorer.milvus import open_collection

    def found(expression):
        with open_collection(**place, filter=expression) as part:
            return part.scan(vectors=False).ids.tolist()

    report = explorer.write_labels(names=True, run_id="run")
    labels, ids = explorer.labels_, explorer.ids_
    exact = {
        label: found(f"cluster == {label} and cluster_run == 'run'") == ids[labels == label].tolist()
        for label in np.unique(labels).tolist()
    }
    restored = explorer.undo_write().n_restored
    try:
        left = len(found("cluster >= -1"))
    except DataError:
        left = 0
    return {"written": report.n_written, "exact": all(exact.values()), "restored": restored, "left": left}


def saved_and_loaded(explorer, place, text, vector):
    """The session goes on from its file, and takes in a text that was added since where another one is."""
    from cluster_explorer import ClusterExplorer
    from cluster_explorer.ingest import ingest

    where = {name: place[name] for name in ("uri", "token")}
    with tempfile.TemporaryDirectory() as folder:
        saved = explorer.save(Path(folder) / "whole_way.ce")
        with ClusterExplorer.load(saved, **where) as again:
            same = again.to_frame().equals(explorer.to_frame())
            notice = again._session.state.notice
            ingest(["one more text"], vectors=[vector], **place)
            report = again.refresh()
            clusters = again.to_frame().set_index("text").cluster
    joined = bool(clusters["one more text"] == clusters[text] >= 0)
    return {"same": same, "notice": notice, "refreshed": report.sentence, "joined": joined}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
