"""Reading and searching a collection against the same with plain pymilvus calls and, on Milvus Lite, plain faiss.

    python benchmarks/bench_milvus.py
    python benchmarks/bench_milvus.py --sizes 20000x384 --databases server

Each stage runs in a process of its own, so that its peak memory is its own. Prints markdown.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from asked import marked, outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

SIZES = {
    "server": ("20000x384", "200000x384", "1000000x64"),
    "lite": ("20000x384", "50000x64", "200000x384", "1000000x64"),
}
#: Multiplications up to which faiss compares every pair, in the product as here: 200,000 rows of 384 dimensions would
#: take half an hour.
EVERY_PAIR = 4e12
#: Share of the neighbours of a sample that the lists of an inverted file must find, in the product as here.
RECALL = 0.98
NAME = "bench"
K = 15
FLIGHTS = (1, 2, 3, 4, 6)
#: What was asked (issue 5): our overhead over the plain calls is at most 15 %.
LARGEST_RATIO = 1.15
#: Share of the time to a map from which on a stage is told of.
_SHOWN = 0.01
#: Rows of the plain calls, and neighbours searched of them: enough to know the speed.
PAGE = 5_000
EXPLANATION = """\
Synthetic rows in groups of 500, cosine; HNSW (M 16) on the server, FLAT on Milvus Lite. *Scan* reads keys, vectors
and texts, *ids* keys and texts alone, *search* finds the 15 neighbours of 20,000 rows with their vectors at hand,
*streamed* the same with vectors read batch by batch. The plain calls are `MilvusClient.query` in pages and
`MilvusClient.search` in batches of 500, one after the other, into arrays; on Milvus Lite the plain search is faiss's,
of all rows. *To a map* is everything the widget shows, without vectors in memory on the server, and by stage below.
Each stage in turns with its plain counterpart, the better of two runs. Where comparing every pair takes too long,
both search faiss's inverted file of as many lists (`IVFFlat`), in as many of them as find 98 % of the neighbours of a
sample. *Peak* is the memory of the process above what it held when the stage began.
"""
ASKED = f"Asked (issue 5): a ratio of at most {LARGEST_RATIO}, an overhead of 15 % over the plain calls."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", metavar="ROWSxDIM", help="other sizes than " + str(SIZES))
    parser.add_argument("--databases", nargs="*", default=("server", "lite"), choices=("server", "lite"))
    parser.add_argument("--searched", type=int, default=20_000, help="rows whose neighbours are searched")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "JSON"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        what, settings = arguments.child
        print(json.dumps(measured(STAGES[what], json.loads(settings))))
        return
    print(EXPLANATION)
    print("| database | rows | stage | ours, rows/s | plain, rows/s | ours / plain, time | peak: ours | plain |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    reports = []
    for database in arguments.databases:
        for size in arguments.sizes or SIZES[database]:
            n_rows, dim = map(int, size.split("x"))
            with tempfile.TemporaryDirectory() as folder:
                reports.append(compare(database, n_rows, dim, arguments.searched, Path(folder)))
    ratios = [ratio for report in reports for ratio in report.ratios]
    print("\n" + outcome(ASKED, sum(map(falls_short, ratios)), len(ratios)))
    print("\n*To a map*, by stage: rows per second, and the peak of the process up to then above its imports.\n")
    print("| database | rows | stage | seconds | rows/s | peak |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(*(row for report in reports for row in report.stages), sep="\n")
    print("", *(report.flights for report in reports if report.flights), sep="\n\n")


@dataclass(frozen=True)
class Report:
    """What is told below the table."""

    stages: list[str] = field(default_factory=list)
    flights: str = ""
    ratios: list[float] = field(default_factory=list)


def compare(database: str, n_rows: int, dim: int, searched: int, folder: Path) -> Report:
    server = None
    if database == "server":
        from milvus_server import TOKEN, CannotRunError, MilvusServer, installed

        try:
            server = MilvusServer(installed(), folder)
            server.start()
        except CannotRunError as reason:
            print(f"| server | | not measured: {reason} | | | | | |")
            return Report()
        place = {"uri": server.uri, "token": TOKEN}
    else:
        place = {"uri": str(folder / "bench.db"), "token": ""}
    held = str(folder / "vectors.npy")
    settings = {
        **place,
        "vectors": held,
        "n_rows": n_rows,
        "dim": dim,
        "searched": min(searched, n_rows),
        "lite": database == "lite",
    }
    label = f"{database} | {n_rows:,} x {dim}"
    try:
        run("fill", settings)
        ratios = []
        for title, ours, plain in pairs(database, n_rows, dim):
            best = {}
            for _ in range(2):
                for name in (ours, plain):
                    found = run(name, settings)
                    if name not in best or found["seconds"] < best[name]["seconds"]:
                        best[name] = found
            ratios.append(ratio_of(best[ours], best[plain]))
            print(table_row(label, title, best[ours], best[plain]), flush=True)
        flights = compare_flights(settings) if database == "server" and n_rows <= 50_000 else ""
        found = run("map", settings)
        print(
            f"| {label} | to a map | {found['rows'] / found['seconds']:,.0f} | | | {found['peak']:.0f} MB | |",
            flush=True,
        )
        stages = [
            f"| {label} | {stage['name']} | {stage['seconds']:.1f} | {n_rows / max(stage['seconds'], 1e-3):,.0f} | "
            f"{stage['peak']:.0f} MB |"
            for stage in found["stages"]
            if stage["seconds"] >= _SHOWN * found["seconds"]
        ]
        return Report(stages, flights, ratios)
    finally:
        if server is not None:
            server.kill()


def pairs(database: str, n_rows: int, dim: int) -> list[tuple[str, str, str]]:
    """Return title, our stage and the plain one, of all that is compared."""
    if database == "server":
        return [*SCANS, ("search", "our search", "plain search"), ("streamed", "our streamed", "plain streamed")]
    if n_rows**2 * dim <= EVERY_PAIR:
        return [*SCANS, ("search, every pair", "our pairs", "plain pairs")]
    return [*SCANS, ("search, inverted file", "our lists", "plain lists")]


def compare_flights(settings: dict) -> str:
    """Search with more and fewer batches in flight, and tell how fast each is."""
    rates = []
    for in_flight in FLIGHTS:
        best = min(run("flight", {**settings, "in_flight": in_flight})["seconds"] for _ in range(2))
        rates.append(f"{settings['searched'] / best:,.0f} with {in_flight}")
    size = f"{settings['n_rows']:,} x {settings['dim']}"
    return f"Batches in flight, {size}: {'; '.join(rates)} rows/s."


def ratio_of(ours: dict[str, float], plain: dict[str, float]) -> float:
    return (ours["seconds"] / ours["rows"]) / (plain["seconds"] / plain["rows"])


def falls_short(ratio: float) -> bool:
    # as it is printed: 1.15 is not marked for a digit that nobody sees
    return round(ratio, 2) > LARGEST_RATIO


def table_row(label: str, title: str, ours: dict[str, float], plain: dict[str, float]) -> str:
    speeds = [f"{found['rows'] / found['seconds']:,.0f}" for found in (ours, plain)]
    ratio = ratio_of(ours, plain)
    told = marked(f"**{ratio:.2f}**", short=falls_short(ratio))
    peaks = [f"{found['peak']:.0f} MB" for found in (ours, plain)]
    return "| " + " | ".join([label, title, *speeds, told, *peaks]) + " |"


def run(what: str, settings: dict) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__).resolve()), "--child", what, json.dumps(settings)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


# -- in a process of their own ----------------------------------------------------------------------------------------


def measured(stage, settings: dict) -> dict[str, float]:
    import faiss  # noqa: F401 - imports are not what is measured
    import pandas as pd  # noqa: F401
    import pymilvus  # noqa: F401

    import cluster_explorer.library
    import cluster_explorer.milvus  # noqa: F401

    prepared = stage.prepare(settings)
    before = megabytes()
    started = time.perf_counter()
    done = stage.work(settings, prepared)
    seconds = time.perf_counter() - started
    found = done if isinstance(done, dict) else {"rows": done}
    return {**found, "seconds": seconds, "peak": megabytes() - before}


def megabytes() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Stage:
    def __init__(self, prepare, work) -> None:
        self.prepare = prepare
        self.work = work


def client_of(settings: dict):
    from pymilvus import MilvusClient

    client = MilvusClient(settings["uri"], token=settings["token"])
    if settings["lite"] and client.has_collection(NAME):
        client.load_collection(NAME)
    return client


def collection_of(settings: dict):
    from cluster_explorer.milvus import open_collection

    return open_collection(settings["uri"], NAME, token=settings["token"], timeout=120)


def fill(settings: dict, client) -> int:
    from pymilvus import DataType

    n_rows, dim = settings["n_rows"], settings["dim"]
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    index = client.prepare_index_params()
    kind, params = ("FLAT", {}) if settings["lite"] else ("HNSW", {"M": 16, "efConstruction": 128})
    index.add_index("vector", index_type=kind, metric_type="COSINE", params=params)
    client.create_collection(NAME, schema=schema)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(max(n_rows // 500, 1), dim)).astype(np.float32)
    # what searches vectors that are at hand need not read them from the database first
    held = np.lib.format.open_memmap(settings["vectors"], mode="w+", dtype=np.float32, shape=(n_rows, dim))
    for start in range(0, n_rows, PAGE):
        group = rng.integers(0, len(centres), PAGE)
        vectors = centres[group] + 0.7 * rng.normal(size=(PAGE, dim)).astype(np.float32)
        rows = [
            {"id": start + place, "text": f"text {start + place} of group {group[place]}", "vector": vectors[place]}
            for place in range(min(PAGE, n_rows - start))
        ]
        held[start : start + len(rows)] = vectors[: len(rows)]
        client.insert(NAME, rows)
    client.flush(NAME)
    client.create_index(NAME, index)
    client.load_collection(NAME)
    return n_rows


def plain_pages(client, fields: list[str]):
    last = -1
    while True:
        page = client.query(
            NAME,
            filter=f"id > {last}",
            output_fields=["id", *fields],
            limit=PAGE,
            strict_float32=True,
            # the first waits for all that was written before, as ours does
            consistency_level="Strong" if last < 0 else "Bounded",
        )
        page = sorted(page, key=lambda row: row["id"]) if page else page
        if not page:
            return
        yield page
        last = page[-1]["id"]


def our_scan(settings: dict, collection) -> int:
    return len(collection.scan())


def our_ids(settings: dict, collection) -> int:
    return len(collection.scan(vectors=False))


def plain_scan(settings: dict, client) -> int:
    ids, vectors, texts = [], [], []
    for page in plain_pages(client, ["vector", "text"]):
        ids.append(np.array([row["id"] for row in page]))
        vectors.append(np.array([row["vector"] for row in page], dtype=np.float32))
        texts += [row["text"] for row in page]
    return len(np.concatenate(ids)) if len(np.concatenate(vectors)) == len(texts) else 0


def plain_ids(settings: dict, client) -> int:
    ids, texts = [], []
    for page in plain_pages(client, ["text"]):
        ids.append(np.array([row["id"] for row in page]))
        texts += [row["text"] for row in page]
    return len(np.concatenate(ids))


def first_rows(settings: dict, *, vectors: bool):
    """A search among all rows of which the rest is done, as after an interrupt."""
    from cluster_explorer.milvus.neighbors import NeighborSearch
    from cluster_explorer.milvus.search import Searcher
    from cluster_explorer.values import Rows

    collection = collection_of(settings)
    if vectors:
        # not scanned: a server that has just been read whole is slower for a while, which plain calls would not meet
        rows = Rows(ids=np.arange(settings["n_rows"]), vectors=np.load(settings["vectors"]), texts=None)
    else:
        rows = collection.scan(vectors=False, texts=False)
    search = NeighborSearch(Searcher(collection.connection, collection.info, ""), rows, K)
    search._done[settings["searched"] :] = True  # noqa: SLF001 - a part is enough to know the speed
    return search


def our_search(settings: dict, search) -> int:
    search.run(None)
    return settings["searched"]


def our_flight(settings: dict, search) -> int:
    from cluster_explorer.milvus import neighbors

    neighbors.IN_FLIGHT = settings["in_flight"]
    return our_search(settings, search)


def held_vectors(settings: dict):
    client = client_of(settings)
    vectors = np.load(settings["vectors"])
    return client, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def held_and_compiled(settings: dict):
    from cluster_explorer import knn_graph

    knn_graph(np.random.default_rng(0).normal(size=(500, 16)), K, "cosine")
    return held_vectors(settings)


def plain_search(settings: dict, prepared) -> int:
    client, vectors = prepared
    return search_all(client, settings, lambda start, stop: vectors[start:stop])


def plain_streamed(settings: dict, client) -> int:
    def read(start: int, stop: int):
        rows = client.query(
            NAME, filter=f"id in {list(range(start, stop))}", output_fields=["vector"], strict_float32=True
        )
        return np.array([row["vector"] for row in rows], dtype=np.float32)

    return search_all(client, settings, read)


def search_all(client, settings: dict, vectors_of) -> int:
    searched = settings["searched"]
    indices = np.full((searched, K + 1), -1)
    distances = np.full((searched, K + 1), np.inf)
    for start in range(0, searched, 500):
        stop = min(start + 500, searched)
        found = client.search(
            NAME,
            data=list(vectors_of(start, stop)),
            limit=K + 1,
            output_fields=["id"],
            search_params={"metric_type": "COSINE", "params": {"ef": 64}},
            timeout=120,
        )
        for row, hits in enumerate(found, start):
            indices[row, : len(hits)] = [hit["id"] for hit in hits]
            distances[row, : len(hits)] = [hit["distance"] for hit in hits]
    return searched


def our_pairs(settings: dict, prepared) -> int:
    from cluster_explorer import knn_graph

    return len(knn_graph(prepared[1], K, "cosine", exact=True))


def plain_pairs(settings: dict, prepared) -> int:
    import faiss

    index = faiss.IndexFlatIP(prepared[1].shape[1])
    index.add(prepared[1])
    for start in range(0, len(prepared[1]), 4_096):
        index.search(prepared[1][start : start + 4_096], K + 1)
    return len(prepared[1])


def our_lists(settings: dict, prepared) -> int:
    from cluster_explorer import knn_graph

    return len(knn_graph(prepared[1], K, "cosine", exact=False))


def plain_lists(settings: dict, prepared) -> int:
    import faiss

    vectors = prepared[1]
    n, dimensions = vectors.shape
    index = faiss.index_factory(dimensions, f"IVF{int(4 * n**0.5)},Flat", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    sample = vectors[:: n // 500]
    true = faiss.knn(sample, vectors, K + 1, faiss.METRIC_INNER_PRODUCT)[1]
    recall, index.nprobe = 0.0, 8
    while recall < RECALL:
        index.nprobe *= 2
        near = index.search(sample, K + 1)[1]
        recall = np.mean([np.isin(*lists).mean() for lists in zip(true, near, strict=True)])
    for start in range(0, n, 4_096):
        index.search(vectors[start : start + 4_096], K + 1)
    return n


def to_a_map(settings: dict, _nothing) -> dict:
    from cluster_explorer.library import MilvusLibrary
    from cluster_explorer.params import Params
    from cluster_explorer.pipeline import ALL_TARGETS, Results, Work, run_stage, stale

    collection = collection_of(settings)
    library = MilvusLibrary(collection, hold_vectors=None if settings["lite"] else False)
    results, params, took, before = Results(), Params(), [], megabytes()
    while stages := stale(results, params, ALL_TARGETS):
        started = time.perf_counter()
        results = run_stage(stages[0], Work(library, results, params, on_progress=lambda _share: None))
        seconds = time.perf_counter() - started
        took.append({"name": stages[0].name, "seconds": seconds, "peak": megabytes() - before})
    return {"rows": len(results.rows), "stages": took}


def warmed_up(settings: dict) -> None:
    from cluster_explorer.warm_up import warm_up

    warm_up()


STAGES = {
    "fill": Stage(client_of, fill),
    "our scan": Stage(collection_of, our_scan),
    "plain scan": Stage(client_of, plain_scan),
    "our ids": Stage(collection_of, our_ids),
    "plain ids": Stage(client_of, plain_ids),
    "our search": Stage(lambda settings: first_rows(settings, vectors=True), our_search),
    "flight": Stage(lambda settings: first_rows(settings, vectors=True), our_flight),
    "plain search": Stage(held_vectors, plain_search),
    "our streamed": Stage(lambda settings: first_rows(settings, vectors=False), our_search),
    "plain streamed": Stage(client_of, plain_streamed),
    "our pairs": Stage(held_and_compiled, our_pairs),
    "plain pairs": Stage(held_vectors, plain_pairs),
    "our lists": Stage(held_and_compiled, our_lists),
    "plain lists": Stage(held_vectors, plain_lists),
    "map": Stage(warmed_up, to_a_map),
}
SCANS = [("scan", "our scan", "plain scan"), ("ids", "our ids", "plain ids")]

if __name__ == "__main__":
    main()
