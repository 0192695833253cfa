"""A saved exploration of a real collection, opened again: the same map, nothing searched, changes noticed."""

from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest

import cluster_explorer.stages.graph
import cluster_explorer.stages.index_health
from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import DataError, InvalidParameterError, SavedFileError
from cluster_explorer.milvus import open_collection
from cluster_explorer.saving import Origin, write_session
from cluster_explorer.titles import ChatTitles
from endpoint import saying, serving


@pytest.fixture
def texts(blobs):
    """Texts with string keys that need care: quotes, other scripts, what a path may not hold."""
    return pd.DataFrame(
        {
            "key": [f"ключ {row} \"'../{'🜁' * (row % 3)}" for row in range(len(blobs))],
            "text": [f"item {row}" for row in range(len(blobs))],
        }
    )


@pytest.fixture
def uri(texts, blobs, tmp_path):
    uri = str(tmp_path / "own.db")
    opened = ClusterExplorer.from_texts(
        texts,
        vectors=blobs,
        id_column="key",
        uri=uri,
        collection_name="own",
        params={"min_cluster_size": 20},
        token="me:open-sesame-9",
    )
    opened.save(tmp_path / "own.ce")
    opened.close()
    return uri


@pytest.fixture
def no_search(monkeypatch):
    """From here on, searching neighbours fails."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("neighbours were searched")

    monkeypatch.setattr(cluster_explorer.stages.graph, "knn_graph", refuse)


def test_a_second_opening_shows_the_same_map_without_a_search(explorer, tmp_path):
    explorer.recluster(min_cluster_size=25)
    explorer.rename_cluster(2, "the harbour")
    explorer.star(explorer.ids_[[3, 40]])
    explorer.save(tmp_path / "texts.ce")
    before = explorer.to_frame()
    colors = explorer._session.state.identities.colors
    explorer.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_explorer.stages.graph, "knn_graph", lambda *_args, **_kwargs: pytest.fail("searched"))
        with ClusterExplorer.load(tmp_path / "texts.ce") as again:
            assert again.params.min_cluster_size == 25
            assert again._session.state.notice == ""
            pd.testing.assert_frame_equal(again.to_frame(), before)
            assert again._session.state.identities.colors == colors
            assert again.cluster_names == {2: "the harbour"}
            assert again.starred.id.tolist() == before.id[[3, 40]].tolist()
            # steering goes on from there
            assert again.recluster(min_cluster_size=5).n_clusters >= 4


def test_colours_are_remembered_of_what_was_drilled_down_from(explorer, tmp_path):
    explorer.recluster(space="distance", min_cluster_size=5)
    whole = explorer.recluster(space="graph", min_cluster_size="auto")
    colors = explorer._session.state.coloring.codes.copy()
    # numbered by what was there before and not by size, so that they do not come back by chance
    sizes = np.bincount(whole.labels[whole.labels >= 0])
    assert list(sizes) != sorted(sizes, reverse=True)
    explorer.cluster_only(explorer.ids_[np.flatnonzero(whole.labels < 3)], "the larger ones")
    inner = explorer._session.state.coloring.codes.copy()
    explorer.save(tmp_path / "inside.ce")
    explorer.close()
    with ClusterExplorer.load(tmp_path / "inside.ce") as again:
        again.recluster()
        assert (again._session.state.coloring.codes == inner).all()
        assert (again.cluster_all().labels == whole.labels).all()
        assert (again._session.state.coloring.codes == colors).all()


def test_colours_follow_rows_into_a_collection_that_has_changed(uri, blobs, tmp_path):
    with ClusterExplorer.load(tmp_path / "own.ce") as before:
        # so that colours are not simply numbered by size
        for space in ("distance", "graph"):
            before.recluster(space=space, min_cluster_size=5)
        frame = before.to_frame().assign(color=before._session.state.coloring.codes)
        before.save(tmp_path / "colored.ce")
    more = pd.DataFrame({"key": ["!"], "text": ["a text that came later"]})
    ClusterExplorer.from_texts(more, vectors=blobs[:1], id_column="key", uri=uri, collection_name="own").close()
    with ClusterExplorer.load(tmp_path / "colored.ce") as again:
        now = again.to_frame().assign(color=again._session.state.coloring.codes)
        both = frame.merge(now, on="id")
        both = both[(both.cluster_x >= 0) & (both.cluster_y >= 0)]
        assert (both.color_x == both.color_y).mean() > 0.95


def test_titles_that_an_endpoint_gave_are_not_asked_for_again(explorer, tmp_path):
    with serving(lambda asked, _attempt: saying(f"All about {asked['keywords'][0]}")) as endpoint:
        chat = ChatTitles(
            base_url=endpoint.base_url, model="small", api_key="sk-secret-8", extra_body={"user": "secret-9"}
        )
        given = dict(explorer.title_clusters(titles=chat).titles)
        assert len(given) == len(endpoint.requests) == 4
        explorer.recluster(min_cluster_size=25)
        explorer.save(tmp_path / "texts.ce")
        explorer.close()
        with zipfile.ZipFile(tmp_path / "texts.ce") as archive:
            assert b"secret" not in b"".join(archive.read(name) for name in archive.namelist())
        with ClusterExplorer.load(tmp_path / "texts.ce", titles=chat) as again:
            again.recluster(min_cluster_size=20)
            assert str(again.estimate_titles()) == "Nothing would be sent: all 4 titles are known already."
            assert dict(again.title_clusters().titles) == given
            assert len(endpoint.requests) == 4
            # another model would say something else
            other = ChatTitles(base_url=endpoint.base_url, model="large")
            assert again.estimate_titles(titles=other).n_requests == 4
            # and what was known stays known when this one is saved in turn
            again.save(tmp_path / "later.ce")
        with ClusterExplorer.load(tmp_path / "later.ce", titles=chat) as last:
            assert last.estimate_titles().n_requests == 0


def filtered(explorer):
    """What a filter does to an exploration."""
    state = explorer._session.state
    kept, scope = state.finding.filter.kept, state.params.scope
    return {
        "kept": None if kept is None else np.flatnonzero(kept).tolist(),
        "expression": state.finding.filter.expression,
        "path": [] if scope is None else [(step.name, len(step)) for step in scope.path],
        "labels": explorer.labels_.tolist(),
        "n_left": int((explorer._session.state.coloring.codes < len(state.coloring.colors) - 1).sum()),
    }


def loaded_again(explorer, path):
    explorer.save(path)
    explorer.close()
    return ClusterExplorer.load(path)


@pytest.mark.parametrize("outside", ["grey", "anew"])
def test_a_filter_is_in_force_again_and_can_be_changed_and_left(explorer, tmp_path, outside):
    explorer.filter_rows('text like "%item%"', outside=outside)
    explorer.filter_values({"section": ["section 0", "section 2"]})
    before = filtered(explorer)
    assert len(before["kept"]) == 173
    with loaded_again(explorer, tmp_path / "texts.ce") as again:
        assert filtered(again) == before
        assert again._session.state.notice == ""
        # the checkboxes are what they were: a part of the filter can be taken back, in the same way as before
        assert again.filter_values({"section": None}) == 260
        assert len(again.params.scope or range(260)) == 260
        assert again.filter_rows('section == "section 1"', outside="anew") == 87
        assert [step.name for step in again.params.scope.path] == ["filter"]
        again.clear_filter()
        assert again.params.scope is None
        assert len(set(again.labels_.tolist()) - {-1}) == 4


def test_what_was_drilled_down_to_within_a_filter_is_there_again(explorer, tmp_path):
    explorer.cluster_only(explorer.ids_[:200], "the first")
    explorer.filter_rows('section != "section 1"', outside="anew")
    explorer.cluster_only(explorer.ids_[:100], "the very first")
    before = filtered(explorer)
    assert [name for name, _size in before["path"]] == ["the first", "filter", "the very first"]
    with loaded_again(explorer, tmp_path / "texts.ce") as again:
        assert filtered(again) == before
        # without the filter one is where one was before it
        again.clear_filter()
        assert [step.name for step in again.params.scope.path] == ["the first"]


def test_a_filter_of_a_collection_that_has_changed_is_asked_anew(uri, blobs, tmp_path):
    with ClusterExplorer.load(tmp_path / "own.ce") as explorer:
        assert explorer.filter_rows('text like "item 1%"', outside="anew") == 111
        explorer.save(tmp_path / "part.ce")
    # before all others, so that every row number means another row
    more = pd.DataFrame({"key": ["!"], "text": ["item 1000"]})
    ClusterExplorer.from_texts(more, vectors=blobs[:1], id_column="key", uri=uri, collection_name="own").close()
    with ClusterExplorer.load(tmp_path / "part.ce") as again:
        notice = again._session.state.notice
        assert "260 rows then, 261 now" in notice
        assert "All texts are clustered" not in notice
        assert len(again.params.scope) == int(again._session.state.finding.filter.kept.sum()) == 112
        again.clear_filter()
        assert again.params.scope is None


def test_a_filter_that_cannot_be_applied_any_more_is_told_and_nothing_of_it_is_left(uri, tmp_path, no_search):
    with ClusterExplorer.load(tmp_path / "own.ce") as explorer:
        n_clusters = int(explorer.labels_.max()) + 1
        assert explorer.filter_rows('text like "item 1%"', outside="anew") == 111
        explorer.save(tmp_path / "part.ce")
    with open_collection(uri, "own") as collection:
        rows, info = collection.scan(), collection.info
        records = [
            {info.primary_field: key, info.vector_field: vector.tolist(), "text": "written anew"}
            for key, vector in zip(rows.ids, rows.vectors, strict=True)
        ]
        collection.connection.run("upsert", lambda client: client.upsert("own", records, partial_update=False))
    with ClusterExplorer.load(tmp_path / "part.ce") as again:
        notice = again._session.state.notice
        assert "other texts" in notice
        assert "The filter that was saved cannot be applied any more, so all texts are shown. No row is left" in notice
        assert filtered(again)["path"] == []
        assert filtered(again)["kept"] is None
        assert int(again.labels_.max()) + 1 == n_clusters


def test_string_keys_come_back(uri, texts, tmp_path, no_search):
    with ClusterExplorer.load(tmp_path / "own.ce") as again:
        assert set(again.to_frame().id) == set(texts.key)
        assert len(again.select(ids=[texts.key[7]])) == 1


def test_a_changed_collection_is_told_in_the_widget_and_its_map_is_drawn_anew(uri, texts, blobs, tmp_path, browser):
    more = pd.DataFrame({"key": ["one more"], "text": ["a text that came later"]})
    ClusterExplorer.from_texts(more, vectors=blobs[:1], id_column="key", uri=uri, collection_name="own").close()
    with ClusterExplorer.load(tmp_path / "own.ce") as again:
        again.widget
        assert "260 rows then, 261 now" in again._view.panel.widget.notice
        assert len(again.labels_) == len(again.positions_) == 261


def test_a_drilled_down_exploration_of_a_changed_collection_is_of_all_texts_and_says_so(uri, blobs, tmp_path):
    with ClusterExplorer.load(tmp_path / "own.ce") as before:
        before.cluster_only(before.ids_[40:160], "a part")
        n_inside = len(before.params.scope)
        before.save(tmp_path / "part.ce")
    with ClusterExplorer.load(tmp_path / "part.ce") as same:
        assert len(same.params.scope) == n_inside < 200
    # before all others, so that every row number means another row
    more = pd.DataFrame({"key": ["!"], "text": ["a text that came later"]})
    ClusterExplorer.from_texts(more, vectors=blobs[:1], id_column="key", uri=uri, collection_name="own").close()
    with ClusterExplorer.load(tmp_path / "part.ce") as again:
        assert "260 rows then, 261 now" in again._session.state.notice
        assert "All texts are clustered, not only 'a part'" in again._session.state.notice
        assert again.params.scope is None
        assert again.recluster(min_cluster_size=20).n_clusters >= 4


def test_a_check_that_fails_keeps_nobody_from_saving_and_exporting(explorer, tmp_path, monkeypatch, browser):
    def fail(*_args, **_kwargs):
        raise DataError("Milvus has gone.")

    monkeypatch.setattr(cluster_explorer.stages.index_health, "searched_health", fail)
    monkeypatch.setattr(cluster_explorer.stages.index_health, "index_health", fail)
    explorer.widget
    for write in (explorer.save, explorer.save_html):
        assert write(tmp_path / "written").stat().st_size > 1000
    assert explorer.save_image(tmp_path / "map.png").exists()


def test_texts_that_changed_are_told_and_the_map_is_kept(uri, texts, tmp_path, no_search):
    with open_collection(uri, "own") as collection:
        vector = collection.scan().vectors[0].tolist()
        key = collection.scan().ids[0]
        record = {collection.info.primary_field: key, collection.info.vector_field: vector, "text": "written anew"}
        collection.connection.run("upsert", lambda client: client.upsert("own", [record], partial_update=False))
    with ClusterExplorer.load(tmp_path / "own.ce") as again:
        assert "other texts" in again._session.state.notice
        assert len(again.positions_) == 260


def test_no_token_is_saved_and_a_moved_collection_is_found_again(uri, tmp_path, no_search):
    with zipfile.ZipFile(tmp_path / "own.ce") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"sesame" not in content
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "moved.db"
    (tmp_path / "own.db").rename(moved)
    with pytest.raises(Exception, match=r"own\.db"):
        ClusterExplorer.load(tmp_path / "own.ce")
    with ClusterExplorer.load(tmp_path / "own.ce", str(moved)) as again:
        assert again._session.state.notice == ""
        assert len(again.labels_) == 260


def test_a_token_is_not_sent_to_a_server_that_only_the_file_names(explorer, tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.setblocking(False)
        address = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        explorer._result("rows")
        write_session(tmp_path / "theirs.ce", explorer._session.state, Origin(address, "texts"))
        with pytest.raises(InvalidParameterError, match=rf"uri='{address}'"):
            ClusterExplorer.load(tmp_path / "theirs.ce", token="me:open-sesame-9")
        with pytest.raises(BlockingIOError):
            stranger.accept()  # nobody called


def test_a_damaged_file_opens_no_collection(tmp_path):
    (tmp_path / "x.ce").write_bytes(b"junk")
    with pytest.raises(SavedFileError, match="not a session file"):
        ClusterExplorer.load(tmp_path / "x.ce")


def test_a_loaded_map_is_ready_when_it_is_shown(explorer, tmp_path, browser):
    explorer.save(tmp_path / "texts.ce")
    positions = explorer.positions_
    explorer.close()
    with ClusterExplorer.load(tmp_path / "texts.ce") as again:
        again.widget
        np.testing.assert_array_equal(again._view.scatter.figure.data[0].x, positions[:, 0])
