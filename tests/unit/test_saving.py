"""Session files: everything comes back as it was, nothing is executed, and whatever is wrong with a file is said."""

from __future__ import annotations

import io
import json
import pickle
import stat
import zipfile
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from array_library import ArrayLibrary
from cluster_explorer.errors import SavedFileError
from cluster_explorer.params import Params
from cluster_explorer.saving import Origin, differences, fingerprint, read_session, write_session
from cluster_explorer.saving.archive import Archive, write_archive
from cluster_explorer.session import Session
from cluster_explorer.values import Rows
from cluster_explorer.vectors import digests_of

ORIGIN = Origin("news.db", "headlines", filter="year > 2000", text_field="text")
PARAMS = Params(min_cluster_size=20)


def library_of(blobs):
    return ArrayLibrary(blobs, [f"story number {row} of the harbour" for row in range(len(blobs))])


@pytest.fixture(scope="module")
def state(blobs):
    session = Session(library_of(blobs), PARAMS)
    session.require("clustering", "layout", "names")
    session.annotating.rename_cluster(0, "<b>ports</b> 🜁")
    session.annotating.star(np.array([4, 9], dtype=np.int32))
    session.select_cluster(1)
    session.annotating.save_selection("to read")
    yield session.state
    session.close()


@pytest.fixture
def saved(state, tmp_path):
    return write_session(tmp_path / "news.ce", state, ORIGIN)


def assert_same(left, right):
    assert type(left) is type(right)
    if is_dataclass(left):
        for field in fields(left):
            if field.name != "vectors":
                assert_same(getattr(left, field.name), getattr(right, field.name))
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
    elif isinstance(left, tuple):
        assert len(left) == len(right)
        for pair in zip(left, right, strict=True):
            assert_same(*pair)
    else:
        assert left == right


def test_everything_comes_back_as_it_was(saved, state):
    read = read_session(saved)
    assert read.params == PARAMS
    assert read.origin == ORIGIN
    assert_same(read.identities, state.identities)
    assert_same(read.annotations, state.annotations)
    assert len(read.annotations.starred) == 2
    np.testing.assert_array_equal(read.ids, state.results.rows.ids)
    assert {"neighbors", "tree", "clustering", "layout", "names"} <= read.stages.keys()
    for name, value in read.stages.items():
        assert_same(value, state.results.by_stage[name])


def test_a_session_goes_on_without_computing_what_was_saved(saved, state, blobs):
    read = read_session(saved)
    session = Session(library_of(blobs), PARAMS)
    session.resume(replace(session.state, results=read.results(state.results.rows)))
    try:
        # searching fails here, so whatever comes back was not searched
        session.library.failure = AssertionError("the rows were read again")
        before = session.state.results
        results = session.require("clustering", "layout", "names")
        assert results.layout is before.layout
        assert results.by_stage["neighbors"] is before.by_stage["neighbors"]
        assert results.clustering is before.clustering
        # and it can be steered on: the graph has its vectors again
        session.set_params(PARAMS.changed({"min_samples": 3, "space": "distance"}))
        assert session.require("clustering").clustering.n_clusters > 0
    finally:
        session.close()


def test_neither_texts_nor_vectors_are_in_the_file(saved, blobs):
    with zipfile.ZipFile(saved) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"story number 17" not in content
    assert blobs[17].tobytes() not in content


def test_results_of_other_parameters_are_not_kept(state, tmp_path):
    moved = replace(state, params=PARAMS.changed({"min_dist": 0.7}))
    assert "layout" not in read_session(write_session(tmp_path / "x.ce", moved, ORIGIN)).stages


@given(st.lists(st.text(max_size=8), max_size=20), st.lists(st.floats(allow_nan=False, width=32), max_size=20))
def test_arrays_of_any_strings_and_numbers_come_back(strings, numbers):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.ce"
        arrays = {"s": np.array([*strings, None], dtype=object)[:-1], "n": np.array(numbers, dtype=np.float32)}
        write_archive(path, {}, arrays)
        with Archive(path) as archive:
            assert archive.array("s").tolist() == strings
            assert archive.array("n").tolist() == arrays["n"].tolist()


# -- writing -----------------------------------------------------------------------------------------------------


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(saved, tmp_path):
    before = saved.read_bytes()
    with pytest.raises(TypeError):
        write_archive(saved, {"unfit": object()}, {})
    assert saved.read_bytes() == before
    assert list(tmp_path.iterdir()) == [saved]


def test_a_folder_that_does_not_exist_is_named(state, tmp_path):
    with pytest.raises(SavedFileError, match="nowhere"):
        write_session(tmp_path / "nowhere" / "x.ce", state, ORIGIN)


def test_a_file_can_be_read_by_whom_other_new_files_can_be_read(saved, tmp_path):
    other = tmp_path / "other"
    other.touch()
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_a_file_that_was_for_its_owner_alone_stays_so(saved, state):
    saved.chmod(0o600)
    write_session(saved, state, ORIGIN)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


# -- files that are not to be trusted ----------------------------------------------------------------------------


def rewritten(saved, target, changes):
    """Copy a session file with some members replaced; None leaves one out."""
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = changes.pop(name, source.read(name))
            if content is not None:
                archive.writestr(name, content)
        for name, content in changes.items():
            archive.writestr(name, content)
    return target


def npy(array, *, allow_pickle=False):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def manifest_of(saved):
    with zipfile.ZipFile(saved) as archive:
        return json.loads(archive.read("manifest.json"))


class Trap:
    def __reduce__(self):
        return exec, ("raise RuntimeError('executed')",)


def test_a_pickle_in_the_file_is_refused_and_not_executed(saved, tmp_path):
    trapped = npy(np.array([Trap()], dtype=object), allow_pickle=True)
    for name in ("ids.npy", "layout.positions.npy"):
        with pytest.raises(SavedFileError, match="damaged"):
            read_session(rewritten(saved, tmp_path / "trap.ce", {name: trapped}))
    bare = tmp_path / "pickle.ce"
    bare.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(SavedFileError, match="not a session file"):
        read_session(bare)


def test_an_array_that_claims_more_memory_than_it_has_is_refused(saved, tmp_path):
    header = npy(np.zeros(4, dtype=np.int64)).replace(b"(4,)", b"(4444444444444,)", 1)
    with pytest.raises(SavedFileError, match="damaged"):
        read_session(rewritten(saved, tmp_path / "huge.ce", {"ids.npy": header}))


@pytest.mark.parametrize(
    ("member", "array"),
    [
        ("neighbors.indices.npy", np.full((260, 15), 10**6, dtype=np.int32)),
        ("neighbors.distances.npy", np.full((260, 15), np.nan, dtype=np.float32)),
        ("clustering.labels.npy", np.full(260, 99, dtype=np.int32)),
        ("layout.positions.npy", np.zeros((259, 2), dtype=np.float32)),
        ("layout.positions.npy", np.full((260, 2), np.inf, dtype=np.float32)),
        ("tree.source.npy", np.full(259, -5, dtype=np.int32)),
        ("tree.source.npy", np.zeros(259, dtype=np.int32)),
        ("tree.weight.npy", np.zeros(259, dtype=np.float32)),
    ],
)
def test_numbers_that_would_lead_compiled_code_astray_are_refused(saved, tmp_path, member, array):
    with pytest.raises(SavedFileError, match="damaged"):
        read_session(rewritten(saved, tmp_path / "astray.ce", {member: npy(array)}))


def test_a_hierarchy_in_the_file_is_not_trusted_but_made_anew(saved, state, tmp_path):
    # in range each by itself; walking down from the last merge would write outside of the clusters
    size = np.full(259, 260, dtype=np.int32)
    size[0] = 100
    right = np.arange(259, 518, dtype=np.int32)
    right[0] = 0
    crafted = {"size": size, "start": np.zeros(259, np.int32), "left": np.full(259, 260, np.int32), "right": right}
    crafted["order"] = np.arange(260, dtype=np.int32)
    changes = {f"crafted.{name}.npy": npy(array) for name, array in crafted.items()}
    manifest = manifest_of(saved)
    manifest["stages"]["tree"]["fields"]["dendrogram"] = {
        "type": "Dendrogram",
        "fields": {name: {"array": f"crafted.{name}"} for name in crafted},
    }
    changes["manifest.json"] = json.dumps(manifest)
    read = read_session(rewritten(saved, tmp_path / "crafted.ce", changes))
    assert_same(read.stages["tree"].dendrogram, state.results.by_stage["tree"].dendrogram)


def test_edges_that_are_no_tree_are_refused(saved, tmp_path):
    ring = np.arange(259, dtype=np.int32)
    changes = {"tree.source.npy": npy(ring), "tree.target.npy": npy((ring + 1) % 259)}
    with pytest.raises(SavedFileError, match="edges of its tree"):
        read_session(rewritten(saved, tmp_path / "ring.ce", changes))


def test_keys_that_the_fingerprint_was_not_taken_of_are_refused(saved, tmp_path):
    with pytest.raises(SavedFileError, match="keys of its rows"):
        read_session(rewritten(saved, tmp_path / "keys.ce", {"ids.npy": npy(np.arange(7, 267))}))
    with pytest.raises(SavedFileError, match="keys of its rows"):
        read_session(rewritten(saved, tmp_path / "fewer.ce", {"ids.npy": npy(np.arange(259))}))


def test_zeros_that_unpack_to_a_thousand_times_the_file_are_not_read(saved, tmp_path):
    bomb = tmp_path / "bomb.ce"
    bomb.write_bytes(saved.read_bytes())
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("more.npy", "w") as member:
        for _ in range(200):
            member.write(bytes(1_000_000))
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(SavedFileError, match="would unpack to 2"):
        read_session(bomb)


def test_a_zip_of_a_later_kind_is_an_error_of_ours(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    entry = content.rfind(b"PK\x01\x02")
    content[entry + 6] = 99  # the version of zip that is needed to unpack
    later = tmp_path / "later.zip"
    later.write_bytes(content)
    with pytest.raises(SavedFileError, match="damaged"):
        read_session(later)


def worn(colors, noise):
    return {"type": "RowColors", "fields": {"colors": {"array": colors}, "noise": {"array": noise}}}


def nested_scope(depth):
    scope = None
    for _ in range(depth):
        scope = {"type": "Scope", "fields": {"name": "x", "rows": {"array": "tree.source"}, "parent": scope}}
    return scope


def written_filter(**changes):
    return {"expression": "", "values": {}, "ranges": {}, "outside": "grey", "depth": None} | changes


@pytest.mark.parametrize(
    "change",
    [
        {"identities": {"type": "Identities", "fields": {"colors": [2_000_000_000]}}},
        {"identities": {"type": "Identities", "fields": {"colors": [3, 3]}}},
        {"identities": {"type": "Identities", "fields": {"n_split": "many"}}},
        {"memory": 5},
        {"memory": [[None], [["look", [3, 3]]]]},
        {"memory": [[None], [["look", [2_000_000_000]]]]},
        {"memory": [[None], ["look"]]},
        {"memory": [[None, None], []]},
        {"memory": [[worn("tree.source", "tree.certified_edges")], []]},
        {"memory": [[worn("clustering.labels", "clustering.labels")], []]},
        {"memory": [[{"type": "Identities", "fields": {}}], []]},
        {"params": {"n_neighbors": float("inf")}},
        {"params": {"min_cluster_size": 10**400}},
        {"scope": nested_scope(150)},
        {"scope": nested_scope(400)},
        {"stages": {"clustering": 5}},
        {"stages": {"rows": {"type": "Layout", "fields": {"positions": {"array": "layout.positions"}}}}},
        {"stages": {"layout": {"type": "ClusterNames", "fields": {"keywords": []}}}},
        {"stages": {"names": {"type": "ClusterNames", "fields": {"keywords": [[1]]}}}},
        {"filter": "section == 1"},
        {"filter": written_filter(depth=0)},
        {"filter": written_filter(depth=-1)},
        {"filter": written_filter(outside="gone")},
        {"filter": written_filter(expression=5)},
        {"filter": written_filter(values={"section": [5]})},
        {"filter": written_filter(ranges={"price": [3, 1]})},
        {"filter": written_filter(ranges={"price": ["a", "b", "c"]})},
        {"titles": ["Harbours"]},
        {"titles": {"key": 5}},
        {"titles": {"key": "on\ntwo lines"}},
        {"titles": {"key": "long " * 1000}},
    ],
)
def test_what_would_hang_or_fail_later_is_refused_at_once(saved, tmp_path, change):
    content = json.dumps(manifest_of(saved) | change)
    with pytest.raises(SavedFileError, match="damaged"):
        read_session(rewritten(saved, tmp_path / "odd.ce", {"manifest.json": content}))


@pytest.mark.parametrize(("stage", "part"), [("neighbors", "ids"), ("neighbors", "metric"), ("tree", "min_samples")])
def test_a_part_that_is_missing_is_refused(saved, tmp_path, stage, part):
    manifest = manifest_of(saved)
    manifest["stages"][stage]["fields"][part] = None
    with pytest.raises(SavedFileError, match="damaged"):
        read_session(rewritten(saved, tmp_path / "odd.ce", {"manifest.json": json.dumps(manifest)}))


def test_a_missing_array_is_named(saved, tmp_path):
    with pytest.raises(SavedFileError, match=r"layout.positions.npy is missing"):
        read_session(rewritten(saved, tmp_path / "less.ce", {"layout.positions.npy": None}))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_is_said_to_be_cut(saved, tmp_path, share):
    content = saved.read_bytes()
    cut = tmp_path / "cut.ce"
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SavedFileError, match="end is missing"):
        read_session(cut)


def test_a_flipped_byte_is_an_error_of_ours_wherever_it_is(saved, tmp_path):
    content = saved.read_bytes()
    changed = tmp_path / "flipped.ce"
    for place in np.linspace(0, len(content) - 1, 60).astype(int).tolist():
        flipped = bytearray(content)
        flipped[place] ^= 0x55
        changed.write_bytes(flipped)
        try:
            read_session(changed)
        except SavedFileError:
            continue


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04", b'{"format": "cluster-explorer-session"}'])
def test_foreign_files_are_called_foreign(tmp_path, content):
    foreign = tmp_path / "foreign.ce"
    foreign.write_bytes(content)
    with pytest.raises(SavedFileError, match="not a session file"):
        read_session(foreign)


def test_a_foreign_archive_and_a_missing_file_say_what_to_do(tmp_path):
    other = tmp_path / "other.npz"
    np.savez(other, a=np.zeros(3))
    with pytest.raises(SavedFileError, match=r"not a session file.*manifest\.json"):
        read_session(other)
    with pytest.raises(SavedFileError, match=r"no file.*ex\.save"):
        read_session(tmp_path / "missing.ce")
    with pytest.raises(SavedFileError, match="Cannot read"):
        read_session(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "Install a newer one"),
        ({"version": "1"}, "Install a newer one"),
        ({"format": "other"}, "does not say format"),
        ({"params": {"min_cluster_size": -1}}, "not complete"),
        ({"origin": {"uri": 5, "collection_name": "x"}}, "not as it was written"),
        ({"identities": {"type": "Path", "fields": {}}}, "unknown type"),
        ({"stages": {"layout": {"type": "os.system", "fields": {}}}}, "unknown type"),
        ({"stages": {"layout": {"type": "Layout", "fields": {"positions": 1, "extra": 2}}}}, "has the fields"),
        ({"stages": 7}, "not complete"),
        ({"annotations": {"type": "Annotations", "fields": {"selections": "abc"}}}, "names of its annotations"),
        ({"annotations": {"type": "Annotations", "fields": {"starred": {"array": "layout.positions"}}}}, "keys of its"),
    ],
)
def test_manifests_that_make_no_sense_are_refused(saved, tmp_path, change, message):
    content = json.dumps(manifest_of(saved) | change)
    with pytest.raises(SavedFileError, match=message):
        read_session(rewritten(saved, tmp_path / "odd.ce", {"manifest.json": content}))


def test_fields_of_later_versions_are_passed_over_and_earlier_ones_may_lack_some(saved, tmp_path):
    manifest = manifest_of(saved)
    manifest["origin"]["added_later"] = "x"
    # which files of earlier versions do not have
    del manifest["titles"], manifest["filter"]
    manifest["stages"]["added_later"] = {"type": "Unheard", "fields": {}}
    later = rewritten(saved, tmp_path / "later.ce", {"manifest.json": json.dumps(manifest)})
    assert read_session(later).origin == ORIGIN


# -- what has changed since --------------------------------------------------------------------------------------

ROWS = Rows(np.array([2, 5, 9]), np.eye(3, dtype=np.float32), np.array(["a", "b", "c"], dtype=object))


@pytest.mark.parametrize(
    ("present", "said", "anew"),
    [
        (ROWS, "", False),
        (Rows(np.array([2, 5]), np.eye(3, dtype=np.float32)[:2], None), "3 rows then, 2 now", True),
        (replace(ROWS, ids=np.array([2, 5, 10])), "keys 2 to 9 then, 2 to 10 now", True),
        (replace(ROWS, ids=np.array([2, 6, 9])), "not the same keys", True),
        (replace(ROWS, vectors=np.eye(3, dtype=np.float32)[::-1]), "other vectors", True),
        (replace(ROWS, texts=np.array(["ab", "", "c"], dtype=object)), "other texts", False),
        (replace(ROWS, vectors=None, texts=None), "", False),
        (replace(ROWS, vectors=None, digests=digests_of(ROWS.vectors)), "", False),
        (replace(ROWS, vectors=None, digests=digests_of(ROWS.vectors[::-1])), "other vectors", True),
    ],
)
def test_a_changed_collection_is_told_in_one_sentence(present, said, anew):
    found = differences(fingerprint(ROWS), fingerprint(present), "yesterday")
    assert said in found.sentence
    assert bool(found.sentence) == bool(said)
    assert found.rows_or_vectors == anew


def test_string_keys_and_number_keys_of_the_same_look_are_told_apart():
    numbers, strings = np.array([1, 2]), np.array(["1", "2"], dtype=object)
    assert fingerprint(Rows(numbers, None)).ids != fingerprint(Rows(strings, None)).ids
