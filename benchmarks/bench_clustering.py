"""Spanning tree and labels against fast_hdbscan on the same graphs; the default's slider; many components; the
tutorial's recipe; growth; memory.

    python benchmarks/bench_clustering.py                     # 10,000 to 1,000,000 rows: ten minutes on 2 cores
    python benchmarks/bench_clustering.py --largest 100000    # a minute

Rows are drawn around 500 centres in few dimensions. Some of the graphs fall into hundreds of components: fast_hdbscan
joins them by infinity, which costs nothing; here they are joined by their true shortest edges, and that time counts.
Both run in turns on the same graph, k = 15 and min_samples = 5, everything compiled; figures are medians, and ratios
are what counts on a busy machine. Memory is what the tree and its labels need at most, above the imports and the input
graph, looked at every millisecond in a process of its own, in a run that is not timed. Prints markdown.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Self

import numpy as np
import psutil
from asked import marked, outcome

#: What was asked (issue 3), of 100,000 and 1,000,000 rows; the tutorial's recipe has 7,600.
LARGEST_TREE, LARGEST_LABELS = 0.25, 0.7
LONGEST = {100_000: 0.1, 1_000_000: 1.0}
MOST_MEMORY = 1_000
LEAST_FASTER, LEAST_SMALLER = 50, 20
ASKED = (
    f"Asked (issue 3), of 100,000 and 1,000,000 rows: the tree in at most {LARGEST_TREE} of fast_hdbscan's time, "
    f"labels in at most {LARGEST_LABELS} of it, and in well under 100 ms and under 1 s; under 1 GB of memory. Ratios "
    "above these are marked for every size."
)
ASKED_OF_TUTORIAL = (
    f"Asked (issue 3): at least {LEAST_FASTER} times faster, in at most 1/{LEAST_SMALLER} of the memory."
)
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
DATA = Path(__file__).parents[2] / "shared" / "data"
N_NEIGHBORS, MIN_SAMPLES, MIN_CLUSTER_SIZE = 15, 5, 20
#: A slider moves: the median of a change is over these.
CLUSTER_SIZES = (10, 20, 30, 50, 100)
#: The tutorial's recipe (FACTS): 50 hits, min_samples and min_cluster_size of 3.
TUTORIAL_LIMIT, TUTORIAL_SIZE = 50, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="rows of the largest graph")
    parser.add_argument("--dimensions", type=int, nargs="*", default=[2, 5], help="of the points")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each measurement")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        what, file = arguments.child
        print(json.dumps(CHILDREN[what](Path(file))))
        return
    print(machine(), end="\n\n")
    sizes = [size for size in SIZES if size <= arguments.largest]
    compile_all()
    with tempfile.TemporaryDirectory() as folder:
        for dimensions in arguments.dimensions:
            print(f"### {dimensions} dimensions\n")
            print(growth_table(sizes, dimensions, arguments.rounds, Path(folder)), end="\n\n")
        print("### The default: a change of min_cluster_size in the space of the graph\n")
        print(default_table(sizes, Path(folder)), end="\n\n")
        print("### Many components\n")
        print(components_table(arguments.largest), end="\n\n")
        print("### The tutorial's recipe\n")
        print(tutorial_table(Path(folder)))


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("fast-hdbscan", "hdbscan", "numba", "numpy"))
    where = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return f"{where}; Python {platform.python_version()}, {packages}."


# -- growth ---------------------------------------------------------------------------------------------------------


def growth_table(sizes: list[int], dimensions: int, rounds: int, folder: Path) -> str:
    columns = ["rows", "components", "tree", "fast_hdbscan", "ratio", "labels", "fast_hdbscan", "ratio"]
    columns += ["tree, ns / (n log2 n)", "labels, ns / n", "memory"]
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    short: list[bool] = []
    for size in sizes:
        file = folder / f"{dimensions}_{size}.npz"
        n_components = save_graph(file, points(size, dimensions))
        # a change of min_cluster_size is quick: many of them, few trees where those take long
        found = compare(file, rounds if size < 300_000 else max(2, rounds // 2))
        memory = run_child("tree_and_labels", file)["megabytes"]
        n_log_n = size * math.log2(size)
        tree, labels = found["tree"] / found["peer_tree"], found["labels"] / found["peer_labels"]
        slow, large = found["labels"] >= LONGEST.get(size, math.inf), memory >= MOST_MEMORY
        short += [tree > LARGEST_TREE, labels > LARGEST_LABELS or slow, large]
        lines.append(
            f"| {size:,} | {n_components} "
            f"| {found['tree']:.3f} s | {found['peer_tree']:.2f} s | {marked(f'**{tree:.3f}**', short=short[-3])} "
            f"| {found['labels'] * 1e3:.1f} ms | {found['peer_labels'] * 1e3:.0f} ms "
            f"| {marked(f'**{labels:.3f}**', short=short[-2])} "
            f"| {found['tree'] / n_log_n * 1e9:.0f} | {found['labels'] / size * 1e9:.0f} "
            f"| {marked(f'{memory:.0f} MB', short=large)} |"
        )
        file.unlink()
    return "\n".join([*lines, "", outcome(ASKED, sum(short), len(short))])


def points(size: int, dimensions: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.uniform(-10, 10, size=(500, dimensions))
    width = rng.uniform(0.05, 0.5, size=500)
    group = rng.integers(0, 500, size=size)
    return (centers[group] + width[group, None] * rng.normal(size=(size, dimensions))).astype(np.float32)


def save_graph(file: Path, vectors: np.ndarray) -> int:
    from cluster_explorer import knn_graph

    graph = knn_graph(vectors, N_NEIGHBORS, "euclidean")
    np.savez(file, indices=graph.indices, distances=graph.distances, vectors=graph.vectors)
    return graph.n_components


def load_graph(file: Path):
    from cluster_explorer import KnnGraph

    with np.load(file) as held:
        arrays = {name: held[name] for name in held.files}
    ids = np.arange(len(arrays["indices"]))
    return KnnGraph(ids, arrays["indices"], arrays["distances"], "euclidean", 0, arrays["vectors"])


def compare(file: Path, rounds: int) -> dict[str, float]:
    from fast_hdbscan.hdbscan import clusters_from_spanning_tree, compute_minimum_spanning_tree

    from cluster_explorer import cluster, spanning_tree

    graph = load_graph(file)
    matrix = as_matrix(graph)
    times: dict[str, list[float]] = {"tree": [], "peer_tree": [], "labels": [], "peer_labels": []}
    for turn in range(rounds):
        took, tree = timed(lambda: spanning_tree(graph, MIN_SAMPLES))
        times["tree"].append(took)
        took, found = timed(lambda: compute_minimum_spanning_tree(matrix, MIN_SAMPLES, metric="precomputed"))
        times["peer_tree"].append(took)
        for size in CLUSTER_SIZES[turn % 2 :: 2]:
            took, _ = timed(lambda tree=tree, size=size: cluster(tree, size))
            times["labels"].append(took)
            took, _ = timed(lambda edges=found[0], size=size: clusters_from_spanning_tree(edges, min_cluster_size=size))
            times["peer_labels"].append(took)
    return {name: median(values) for name, values in times.items()}


def compile_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.npz"
        save_graph(file, points(5000, 5))
        compare(file, 1)


def as_matrix(graph):
    from scipy.sparse import csr_matrix

    n, k = graph.indices.shape
    return csr_matrix((graph.distances.ravel(), graph.indices.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))


def timed(work):
    """Return the seconds that something takes, and what it returns."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


# -- the default ------------------------------------------------------------------------------------------------------


def default_table(sizes: list[int], folder: Path) -> str:
    """What the explorer does by default: once for a graph, and again for each change of min_cluster_size."""
    columns = [
        "rows",
        "from graph to labels",
        "a change: labels",
        "noise attached after it",
        "with much noise",
        "memory",
    ]
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    for size in sizes:
        file = folder / f"default_{size}.npz"
        save_graph(file, points(size, 5))
        run = run_child("default", file)
        lines.append(
            f"| {size:,} | {run['first']:.1f} s | **{run['groups'] * 1e3:.1f} ms** | {run['attached'] * 1e3:.1f} ms "
            f"| {run['longest']:.2f} s | {run['megabytes']:.0f} MB |"
        )
        file.unlink()
    return "\n".join(lines)


def default(file: Path) -> dict[str, float]:
    from cluster_explorer import cluster_graph, knn_graph
    from cluster_explorer.stages.affinities import graph_affinities
    from cluster_explorer.stages.attach import with_noise_attached
    from cluster_explorer.stages.clustering import spanning_tree
    from cluster_explorer.stages.copies import distinct_rows
    from cluster_explorer.stages.graph_embedding import embed_graph, measure_in_embedding
    from cluster_explorer.stages.modularity import finest_groups

    cluster_graph(knn_graph(points(5000, 5), N_NEIGHBORS, "euclidean"))
    graph = load_graph(file)
    with Watch() as watch:
        first, _ = timed(lambda: cluster_graph(graph))
    # the explorer holds these: they do not depend on min_cluster_size
    distinct = distinct_rows(graph)
    affinities = graph_affinities(distinct)
    embedding = embed_graph(distinct.graph).of_copies(graph.ids, distinct.kind)
    finest = finest_groups(affinities, spanning_tree(measure_in_embedding(graph, embedding), MIN_SAMPLES))
    groups, attached = [], []
    # the last is larger than most of the groups, so that much is noise: what takes longest to attach
    for size in (*CLUSTER_SIZES * 3, len(graph) // 300):
        took, found = timed(lambda size=size: finest.hierarchy(size).cut())
        groups.append(took)
        took, _ = timed(lambda found=found: with_noise_attached(affinities, found))
        attached.append(took)
    return {
        "first": first,
        "groups": median(groups),
        "attached": median(attached),
        "longest": max(attached),
        "megabytes": watch.megabytes,
    }


def components_table(largest: int) -> str:
    """Graphs that fall into thousands of components: texts with more copies than neighbours, and far groups."""
    from cluster_explorer import knn_graph, spanning_tree
    from cluster_explorer.stages.copies import distinct_rows
    from cluster_explorer.stages.graph_embedding import embed_graph, measure_in_embedding

    lines = [
        "| rows | dimensions | components | tree of the distances | tree in the space of the graph |",
        "| --- " * 5 + "|",
    ]
    # the small ones are not shown: they compile
    for n_groups, dimensions, width in (
        (200, 16, 0.0),
        (200, 16, 0.01),
        (2500, 16, 0.0),
        (5000, 16, 0.0),
        (2500, 16, 0.01),
        (5000, 16, 0.01),
    ):
        if n_groups * 17 > largest:
            continue
        rng = np.random.default_rng(0)
        vectors = np.repeat(rng.normal(size=(n_groups, dimensions)), 17, axis=0)
        vectors = (vectors + width * rng.normal(size=vectors.shape)).astype(np.float32)
        graph = knn_graph(vectors, N_NEIGHBORS, "euclidean")
        distinct = distinct_rows(graph)
        measured = measure_in_embedding(graph, embed_graph(distinct.graph).of_copies(graph.ids, distinct.kind))
        took, _ = timed(lambda graph=graph: spanning_tree(graph, MIN_SAMPLES))
        took_in_space, _ = timed(lambda measured=measured: spanning_tree(measured, MIN_SAMPLES))
        if n_groups < 1000:
            continue
        what = "groups" if width else "texts with copies"
        lines.append(
            f"| {n_groups:,} {what} of 17 | {dimensions} | {graph.n_components:,} "
            f"| {took:.2f} s | {took_in_space:.2f} s |"
        )
    return "\n".join(lines)


# -- the tutorial's recipe --------------------------------------------------------------------------------------------


def tutorial_table(folder: Path) -> str:
    """From the neighbours of a search to labels: dense matrix and hdbscan, or graph, tree and labels."""
    path = DATA / "ag_news.embeddings.npy"
    if not path.exists():
        return f"Not measured: {path.name} is not in ../shared/data."
    file = folder / "tutorial.npz"
    save_tutorial(file, np.load(path).astype(np.float32))
    theirs, own = run_child("recipe", file), run_child("ours", file)
    lines = ["| | seconds | peak memory | clusters |", "| --- | --- | --- | --- |"]
    for name, run in (("matrix of N x N and hdbscan", theirs), ("spanning tree and labels", own)):
        lines.append(f"| {name} | {run['seconds']:.3f} | {run['megabytes']:.1f} MB | {run['clusters']} |")
    faster, smaller = theirs["seconds"] / own["seconds"], theirs["megabytes"] / own["megabytes"]
    short = (faster < LEAST_FASTER, smaller < LEAST_SMALLER)
    time = marked(f"**{faster:.0f}** times faster", short=short[0])
    memory = marked(f"**1/{smaller:.0f}** of the memory", short=short[1])
    lines += [f"| ratio | {time} | {memory} | |", "", outcome(ASKED_OF_TUTORIAL, sum(short), len(short))]
    return "\n".join(lines)


def save_tutorial(file: Path, vectors: np.ndarray) -> None:
    from cluster_explorer import knn_graph

    graph = knn_graph(vectors, TUTORIAL_LIMIT - 1)
    np.savez(file, indices=graph.indices, distances=graph.distances, vectors=graph.vectors)


def recipe(file: Path) -> dict[str, float]:
    """The tutorial's way, but with the largest distance where it puts infinity, with which hdbscan 0.8.44 crashes."""
    import hdbscan

    graph = load_graph(file)
    n = len(graph)
    hdbscan.HDBSCAN(metric="precomputed").fit(np.random.default_rng(0).random((50, 50)))

    def run() -> int:
        matrix = np.full((n, n), 10 * float(graph.distances.max()))
        np.fill_diagonal(matrix, 0)
        matrix[np.arange(n)[:, None], graph.indices] = graph.distances
        return int(hdbscan.HDBSCAN(TUTORIAL_SIZE, TUTORIAL_SIZE, metric="precomputed").fit(matrix).labels_.max()) + 1

    return measure(run, rounds=1)


def ours(file: Path) -> dict[str, float]:
    from cluster_explorer import cluster, spanning_tree
    from cluster_explorer.stages.graph import graph_from_neighbors

    held = load_graph(file)

    def run() -> int:
        graph = graph_from_neighbors(held.ids, held.indices, held.distances, "cosine")
        # vectors join components, where there are several
        return cluster(spanning_tree(graph, TUTORIAL_SIZE, vectors=held.vectors), TUTORIAL_SIZE).n_clusters

    run()
    return measure(run, rounds=9)


def measure(run, *, rounds: int) -> dict[str, float]:
    """Time some runs, and look at the memory of another one: looking takes time from what runs a few milliseconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        times = [timed(run)[0] for _ in range(rounds)]
        with Watch() as watch:
            clusters = run()
    return {"seconds": median(times), "megabytes": watch.megabytes, "clusters": clusters}


# -- in a process of its own ------------------------------------------------------------------------------------------


def tree_and_labels(file: Path) -> dict[str, float]:
    from cluster_explorer import cluster, knn_graph, spanning_tree

    cluster(spanning_tree(knn_graph(points(5000, 5), N_NEIGHBORS, "euclidean")), MIN_CLUSTER_SIZE)
    graph = load_graph(file)
    with Watch() as watch:
        cluster(spanning_tree(graph, MIN_SAMPLES), MIN_CLUSTER_SIZE)
    return {"megabytes": watch.megabytes}


class Watch:
    """Sees the largest memory of the process during a block, above that at its beginning."""

    def __enter__(self) -> Self:
        gc.collect()
        self._process = psutil.Process()
        self._before = self._largest = self._process.memory_info().rss
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.001):
            self._largest = max(self._largest, self._process.memory_info().rss)

    @property
    def megabytes(self) -> float:
        return max((self._largest - self._before) / 2**20, 0.1)


CHILDREN = {"tree_and_labels": tree_and_labels, "default": default, "recipe": recipe, "ours": ours}


def run_child(what: str, file: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, str(file)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
