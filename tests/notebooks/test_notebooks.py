"""The notebooks: clean as committed, run from top to bottom in a copy of their folder, and right in what they say."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from ipykernel.kernelspec import write_kernel_spec
from nbclient import NotebookClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"

#: A folder of somebody's machine, in any operating system.
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|work|mnt|opt|var|private)/|\b[A-Za-z]:[\\/]{1,2}\w")

#: Waits in the kernel until the explorer's worker has finished what it was asked for.
WHEN_READY = """
import json, sys, threading
ready = threading.Event()
def notice(status):
    if status.state not in ("new", "running"):
        ready.set()
ex.observe(lambda change: notice(change["new"]), "status")
notice(ex.status)
ready.wait(60)
"""
EXPLORER = """
{
    "python": sys.executable,
    "status": ex.status.state,
    "rows": len(ex.labels_),
    "clusters": int(ex.labels_.max()) + 1,
    "positions": list(ex.positions_.shape),
    "min_cluster_size": ex.params.min_cluster_size,
}
"""
#: What is asked of a notebook's kernel after the cell that shows the explorer: an expression, its value fit for JSON.
QUESTIONS = {
    "quickstart.ipynb": f"{EXPLORER} | {{'given': len(news)}}",
    "news_headlines.ipynb": f"""{EXPLORER} | {{
        "measured": json.loads(measured.reset_index().to_json(orient="records", double_precision=15)),
        "compared": json.loads(compared.to_json(orient="index")),
        "joined": json.loads(joined.to_json(orient="index")),
        "memory": json.loads(memory.to_json(orient="index")),
        "finite": int(np.isfinite(matrix).sum()),
        "longest_edge": float(tree.weight.max()),
        "ceiling": float(ceiling),
        "noise": len(noise),
        "took": took,
    }}""",
}


@dataclass(frozen=True)
class Executed:
    """A notebook with its outputs, and the answers of its kernel."""

    notebook: NotebookNode
    answers: dict[str, Any]
    folder: Path

    def printed(self) -> str:
        """Everything that its cells printed."""
        outputs = [output for cell in self.notebook.cells for output in cell.get("outputs", [])]
        return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture(scope="module")
def execute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Executed]]:
    """Run a notebook, once, in a copy of its folder, with this Python and without anybody's Jupyter settings."""
    private = tmp_path_factory.mktemp("jupyter")
    write_kernel_spec(private / "kernels" / "python3")
    with pytest.MonkeyPatch.context() as environment:
        # the first place that is searched for kernels: a `python3` of the user's own may be another Python
        environment.setenv("JUPYTER_PATH", str(private))
        environment.setenv("JUPYTER_CONFIG_DIR", str(private / "config"))
        environment.setenv("JUPYTER_DATA_DIR", str(private / "data"))
        environment.setenv("JUPYTER_RUNTIME_DIR", str(private / "runtime"))
        environment.setenv("IPYTHONDIR", str(private / "ipython"))

        @cache
        def run(name: str) -> Executed:
            folder = tmp_path_factory.mktemp(Path(name).stem) / "notebooks"
            others = shutil.ignore_patterns("*.db", "*.lock", ".ipynb_checkpoints", "news_data_dedup.csv")
            shutil.copytree(FOLDER, folder, ignore=others)
            notebook = nbformat.read(folder / name, as_version=4)
            if name in QUESTIONS:
                asking = f"{WHEN_READY}\nprint(json.dumps({QUESTIONS[name]}))"
                after = notebook.cells.index(explorer_cell(notebook)) + 1
                notebook.cells.insert(after, nbformat.v4.new_code_cell(asking, id="questions"))
            where = {"metadata": {"path": str(folder)}}
            NotebookClient(notebook, timeout=240, kernel_name="python3", resources=where).execute()
            answers = notebook.cells.pop(after).outputs[-1].text if name in QUESTIONS else "{}"
            return Executed(notebook, json.loads(answers), folder)

        yield run


@pytest.fixture
def quickstart(execute: Callable[[str], Executed]) -> Executed:
    return execute("quickstart.ipynb")


@pytest.fixture
def tutorial(execute: Callable[[str], Executed]) -> Executed:
    return execute("news_headlines.ipynb")


@pytest.mark.parametrize("name", NAMES)
def test_committed_without_outputs_counts_and_state(name: str) -> None:
    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), f"cell {cell.id} holds outputs: clear them before committing"
        assert cell.get("execution_count") is None, f"cell {cell.id} holds an execution count"
        assert "execution" not in cell.metadata, f"cell {cell.id} says when it was run"
    assert "widgets" not in notebook.metadata, "the state of widgets is saved in it"
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("name", NAMES)
def test_names_no_folder_of_somebodys_machine(name: str) -> None:
    notebook = nbformat.read(FOLDER / name, as_version=4)
    for cell in notebook.cells:
        assert not ABSOLUTE_PATH.search(cell.source), f"cell {cell.id} names an absolute path"


@pytest.mark.parametrize(
    ("text", "is_absolute"),
    [
        ('read_csv("/home/me/news.csv")', True),
        ("cd /tmp/x", True),
        (r'open("C:\\data\\x")', True),
        ('read_csv("data/news_sample.csv")', False),
        ("https://milvus.io/docs/tmp/page.md", False),
        ('uri="http://localhost:19530"', False),
    ],
)
def test_what_counts_as_an_absolute_path(text: str, is_absolute: bool) -> None:
    assert bool(ABSOLUTE_PATH.search(text)) == is_absolute


@pytest.mark.parametrize("name", NAMES)
def test_runs_from_top_to_bottom_and_leaves_nothing_behind(name: str, execute: Callable[[str], Executed]) -> None:
    before = {path.name for path in FOLDER.iterdir()}
    executed = execute(name)
    outputs = [output for cell in executed.notebook.cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "error"] == []
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert {path.name for path in FOLDER.iterdir()} <= before


def test_quickstart_shows_a_map_of_every_item(quickstart: Executed) -> None:
    said = quickstart.answers
    assert said["python"] == sys.executable
    assert said["status"] == "ready"
    assert said["rows"] == said["given"] == 1219
    assert said["clusters"] > 10
    assert said["positions"] == [1219, 2]
    assert (quickstart.folder / "news.db").exists()
    assert shown_as_widget(quickstart)


def test_tutorial_takes_the_sample_and_says_why(tutorial: Executed) -> None:
    assert "data/news_sample.csv and its embeddings, because news_data_dedup.csv is not here." in tutorial.printed()


def test_tutorial_makes_the_same_distance_of_each_metric(tutorial: Executed) -> None:
    measured = {row["metric"]: row for row in tutorial.answers["measured"]}
    assert set(measured) == {"L2", "COSINE", "IP"}
    for row in measured.values():
        assert row["distance made of it"] == pytest.approx(row["distance by numpy"], abs=1e-3)
        assert row["largest difference of ten"] < 1e-3
    true = measured["L2"]["distance by numpy"]
    assert measured["L2"]["Milvus returns"] == pytest.approx(true**2, abs=1e-3)
    assert measured["COSINE"]["Milvus returns"] == pytest.approx(1 - true**2 / 2, abs=1e-3)


def test_tutorial_finds_the_same_step_by_step_and_by_the_explorer(tutorial: Executed) -> None:
    assert "The same clusters: True" in tutorial.printed()
    assert "The same map:      True" in tutorial.printed()


def test_tutorial_shows_that_direction_matters_and_that_the_graph_agrees_with_the_full_matrix(
    tutorial: Executed,
) -> None:
    compared = tutorial.answers["compared"]
    assert compared["5"]["in nobody's list"] > 0
    assert compared["5"]["ARI directed"] < 0.5 < compared["5"]["ARI symmetric"]
    assert all(row["ARI ClusterExplorer"] > 0.9 for row in compared.values())
    # hdbscan agrees with itself on shuffled rows about as well as ClusterExplorer does with it
    assert compared["49"]["ARI ClusterExplorer"] > tutorial.answers["ceiling"] - 0.05


def test_tutorial_counts_infinity_and_joins_pieces_without_it(tutorial: Executed) -> None:
    said = tutorial.answers
    assert said["finite"] == 1219 * 50
    assert said["longest_edge"] < 2  # no two unit vectors are farther apart
    for row in said["joined"].values():
        assert row["pieces"] > 1
        assert row["ARI truly"] > row["ARI far"] + 0.5


def test_tutorial_weighs_the_matrix_and_the_graph(tutorial: Executed) -> None:
    memory = tutorial.answers["memory"]
    assert memory["1,219 rows"] == {"matrix": 8 * 1219**2, "graph": 8 * 49 * 1219}
    assert memory["100,000 rows"] == {"matrix": 80e9, "graph": 39.2e6}


def test_tutorial_keeps_noise_and_times_what_is_done_once(tutorial: Executed) -> None:
    said = tutorial.answers
    assert f"{said['noise']:,} of 1,219 rows" in tutorial.printed()
    assert 0 < said["noise"] < 1219
    assert said["took"]["another min_cluster_size"] < said["took"]["search the neighbours, once"]


def test_tutorial_ends_with_the_explorer(tutorial: Executed) -> None:
    said = tutorial.answers
    assert said["status"] == "ready"
    assert said["rows"] == 1219
    assert said["min_cluster_size"] == 10
    assert said["clusters"] > 10
    assert (tutorial.folder / "news_tutorial.db").exists()
    assert shown_as_widget(tutorial)


def test_large_collections_take_in_what_was_added_and_the_map_stands(execute: Callable[[str], Executed]) -> None:
    executed = execute("large_collections.ipynb")
    assert "600 rows added." in executed.printed()
    assert "Points that moved: 0" in executed.printed()
    assert shown_as_widget(executed)


def test_titles_are_told_before_they_are_asked_for_and_asked_for_once(execute: Callable[[str], Executed]) -> None:
    executed = execute("titles.ipynb")
    before, asked, again, *_ = executed.printed().splitlines()
    n_clusters = int(before.split()[0])
    assert f"the keywords and {6 * n_clusters} texts of {n_clusters} clusters would go to" in before
    assert asked == f"{n_clusters} titles, 0 failures"
    assert again == f"Nothing would be sent: all {n_clusters} titles are known already."
    assert shown_as_widget(executed)


def explorer_cell(notebook: NotebookNode) -> NotebookNode:
    """Find the one cell that ends with the explorer."""
    (cell,) = [cell for cell in notebook.cells if cell.source.split("\n")[-1] == "ex"]
    return cell


def shown_as_widget(executed: Executed) -> bool:
    return any(WIDGET in output.get("data", {}) for output in explorer_cell(executed.notebook).outputs)
