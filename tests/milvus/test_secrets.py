"""A token and a key are used in all that an explorer does, and are in nothing that it says, shows, saves or logs."""

from __future__ import annotations

import io
import logging
import pickle
import traceback
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from cluster_explorer import ChatTitles, ClusterExplorer
from cluster_explorer.errors import ClusterExplorerError
from cluster_explorer.ingest import ingest
from milvus_server import GUARDED_TOKEN

SECRETS = ("7f3a9c", "sk-live-0d4e1b")
KEY = "sk-live-0d4e1b-titles"


@pytest.fixture
def where(guarded_server):
    rng = np.random.default_rng(0)
    vectors = np.concatenate([centre + 0.2 * rng.normal(size=(40, 6)) for centre in np.eye(6)[:4] * 3])
    frame = pd.DataFrame({"text": [f"text {row} of {row // 40}" for row in range(len(vectors))], "section": "a"})
    place = {"uri": f"http://{guarded_server}", "collection_name": "news", "token": GUARDED_TOKEN}
    ingest(frame, vectors=vectors, **place)
    return place


def everything_shown(explorer):
    """What a notebook that is saved with its widgets, or exported as HTML, holds."""
    from ipywidgets.embed import dependency_state, embed_minimal_html

    said = io.StringIO()
    embed_minimal_html(said, views=[explorer.widget], state=dependency_state([explorer.widget]))
    assert "cluster" in said.getvalue()
    return f"{said.getvalue()}{explorer._repr_mimebundle_()}"


def contents(path):
    """Return all bytes of a file; of an archive and of a Parquet table unpacked as well."""
    held = path.read_bytes()
    if path.suffix == ".parquet":
        held += f"{pd.read_parquet(path).to_dict()}{pyarrow.parquet.read_metadata(path).metadata}".encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            held += b"".join(archive.read(name) for name in archive.namelist())
    return held


def test_token_and_key_are_in_nothing_that_is_said_shown_saved_or_logged(where, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    titles = ChatTitles(base_url="http://127.0.0.1:9/v1", model="m", api_key=KEY, max_retries=0, timeout=2)
    said = io.StringIO()
    with ClusterExplorer(**where) as explorer:
        explorer.recluster(min_cluster_size=10)
        explorer.selected_ids = tuple(explorer.ids_[:5].tolist())
        explorer.write_labels("topic", names=True, run_id=True, journal=tmp_path / "topic.journal")
        explorer.refresh()
        explorer.save(tmp_path / "news.ce")
        explorer.to_csv(tmp_path / "news.csv", metadata=True)
        explorer.to_parquet(tmp_path / "news.parquet", metadata=True)
        explorer.save_html(tmp_path / "news.html", metadata=True)
        explorer.save_image(tmp_path / "news.svg")
        print(everything_shown(explorer), file=said)
        results = explorer.title_clusters(titles=titles)
        assert len(results.failures) == 4  # nobody listens there
        print(results, titles, explorer, explorer.trait_values(), explorer.annotations, file=said)
        print(
            explorer._session.state, vars(explorer._session.library), explorer._session.library._collection, file=said
        )
        for attempt in (
            lambda: explorer.write_labels("text"),
            lambda: explorer.undo_write(tmp_path / "nothing"),
            lambda: ClusterExplorer(**{**where, "token": f"{GUARDED_TOKEN}-not"}),
            lambda: ClusterExplorer(**{**where, "collection_name": "nothing"}),
            lambda: ClusterExplorer(**where, filter="=="),
            lambda: ClusterExplorer(**{**where, "uri": f"http://user:{SECRETS[0]}@127.0.0.1:1"}, timeout=1),
            lambda: ClusterExplorer.from_texts(["a"], vectors=[[1.0]], **where),
            lambda: ClusterExplorer.load(tmp_path / "news.ce", token=GUARDED_TOKEN),
            lambda: ClusterExplorer.load(tmp_path / "news.ce", where["uri"], token="wrong"),
        ):
            with pytest.raises(ClusterExplorerError) as caught:
                attempt()
            print(repr(caught.value), *traceback.format_exception(caught.value), file=said)
        explorer.undo_write()
    with ClusterExplorer.load(tmp_path / "news.ce", where["uri"], token=GUARDED_TOKEN) as again:
        print(again, everything_shown(again), file=said)
    printed = capfd.readouterr()
    everything = f"{said.getvalue()}{caplog.text}{printed.out}{printed.err}"
    # the server repeats the token that it refuses
    assert "check api key [***] is correct" in everything
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "guarded.db" not in str(path)]
    exported = {"news.csv", "news.parquet", "news.html", "news.svg"}
    assert {path.name for path in files} == {"news.ce", "topic.journal", *exported}
    # the search in them finds what is there
    assert all(b"text 7 of 0" in contents(tmp_path / name) for name in exported - {"news.svg"})
    for secret in SECRETS:
        assert secret not in everything
        assert not [path for path in files if secret.encode() in contents(path)]
        # what was written into the collection
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in contents(path)]
    with pytest.raises(TypeError):
        pickle.dumps(explorer)


@pytest.mark.parametrize(
    "uri",
    [
        "https://in01.zillizcloud.com?token=s3cret",
        "https://in01.zillizcloud.com/#s3cret",
        "http://localhost:19530/db?api_key=s3cret",
        "tcp://root:s3cret@localhost:19530?secure=s3cret",
        "milvus://host:19530?token=s3cret",
        "milvus://root:s3cret@host:19530",
        "in01.zillizcloud.com/x?api_key=s3cret",
        "root:s3cret",
        "root:p@s3cret",
        "host#s3cret",
    ],
)
def test_a_secret_in_an_unusual_address_is_refused_and_not_repeated(uri):
    with pytest.raises(ClusterExplorerError, match="token=") as caught:
        ClusterExplorer(uri, "c", timeout=1)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("uri", "shown"), [("news", "news"), ("data/news.DB", "data/news.DB"), ("host:19530", "host…"), ("a://b", "a://b")]
)
def test_a_mistyped_address_is_shown_as_far_as_it_holds_no_secret(uri, shown):
    with pytest.raises(ClusterExplorerError, match="neither a Milvus Lite database nor a server") as caught:
        ClusterExplorer(uri, "c", timeout=1)
    assert repr(shown) in str(caught.value)
