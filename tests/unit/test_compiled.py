"""Compiled code on disk: used again, and dropped when a module it was made from has changed."""

from __future__ import annotations

import os

from cluster_explorer._kernels.common.compiled import _drop_outdated


def test_code_older_than_any_module_is_dropped(tmp_path):
    (tmp_path / "tree" / "__pycache__").mkdir(parents=True)
    for name, age in (
        ("old.py", 100),
        ("tree/changed.py", 50),
        ("tree/__pycache__/a.nbi", 70),
        ("tree/__pycache__/b.nbi", 10),
    ):
        file = tmp_path / name
        file.write_bytes(b"")
        os.utime(file, (1e9 - age, 1e9 - age))

    _drop_outdated(tmp_path)

    assert [file.name for file in (tmp_path / "tree" / "__pycache__").iterdir()] == ["b.nbi"]


def test_a_folder_without_compiled_code_is_left_alone(tmp_path):
    _drop_outdated(tmp_path)

    assert list(tmp_path.iterdir()) == []
