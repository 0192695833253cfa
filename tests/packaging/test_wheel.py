"""The wheel, as a user installs it: without Node, without network, with everything it needs inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.packaging

CONSTRUCT = """
import json, sys
import numpy as np
import cluster_explorer
from cluster_explorer import ClusterExplorer

rng = np.random.default_rng(0)
vectors = np.concatenate([rng.normal(c, 0.1, (40, 8)) for c in (1.0, -1.0)]).astype("float32")
with ClusterExplorer.from_texts([f"text {i}" for i in range(80)], vectors=vectors, metric="L2",
                                uri=sys.argv[1], collection_name="texts") as ex:
    n_clusters = len(set(ex.recluster(min_cluster_size=10).labels.tolist()) - {-1})
    views = [type(view).__name__ for view in ex.widget.children]
print(json.dumps({"file": cluster_explorer.__file__, "clusters": n_clusters, "views": views}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("milvus_cluster_explorer-*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """An empty environment that the wheel alone was installed into, and that borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(install, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    site_packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    # a path entry, not a site folder: the editable install of this project stays invisible
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(site_packages.stdout.strip()) / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return python


def test_the_wheel_holds_the_front_end_and_the_marker_for_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = "cluster_explorer"
    expected = {"static/panel.js", "static/panel.css", "widget/explorer.css", "py.typed"}
    assert {f"{package}/{name}" for name in expected} <= names
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".db"))]


def test_it_clusters_and_makes_its_widget_without_node(python, tmp_path):
    answer = subprocess.run(
        [python, "-W", "error::UserWarning:cluster_explorer", "-c", CONSTRUCT, tmp_path / "texts.db"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/nowhere", "HOME": str(tmp_path)},
        timeout=240,
    )
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout.splitlines()[-1])
    assert Path(told["file"]).is_relative_to(python.parent.parent)
    assert told["clusters"] == 2
    assert told["views"]


def test_importing_loads_nothing_heavy(python):
    code = "import sys, cluster_explorer; print(*sorted(name.split('.')[0] for name in sys.modules))"
    loaded = set(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split())
    heavy = {"numpy", "pandas", "plotly", "pymilvus", "umap", "numba", "hdbscan", "faiss", "sklearn", "ipywidgets"}
    assert not loaded & heavy


def test_requirements_name_no_torch_by_default(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = archive.read(name).decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert required
    assert not [line for line in required if "torch" in line.lower() or "jupyterlab" in line.lower()]
