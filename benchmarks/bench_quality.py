"""How well clusters agree with topics given by people: our default and its peers, on the shared corpora.

``python benchmarks/bench_quality.py [--seeds 3] [--corpora NAME ...] [--without-peers]`` prints Markdown: scores,
how far we are ahead, and what helped, from ``quality_notes.md``. Topics are used for scoring alone. Seconds are from
graph (ours, PLSCAN, HDBSCAN) or from vectors (the others, who search neighbours of their own) to labels, warm, on one
worker thread where the library lets one choose.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.params import Params

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cluster_explorer import KnnGraph

    Labels = npt.NDArray[np.integer]

NOTES = Path(__file__).with_name("quality_notes.md")
SHARED = Path(__file__).parents[2] / "shared" / "data"
CORPORA = ("google_news", "banking77", "ag_news")
EXPLANATION = """\
AMI and ARI over all rows, noise counting as one more cluster; mean ± standard deviation of {seeds} seeds; the same 15
neighbours for all that start from a graph. Ours three times from the same clusters, with all noise attached
(`noise_threshold` 0), with what the widget attaches by default ({shown}), and with none (1)."""
#: What was asked (issue 3): how far ahead of the best peer, the mean of the two, and seconds for 13,000 rows.
TARGETS = ("google_news", "banking77")
LEAST_AHEAD, LEAST_MEAN, LONGEST = 0.05, 0.87, 3.0
OURS, SHOWN, STRICT = (
    "**ours, all noise attached (threshold 0)**",
    f"ours, as shown by default (threshold {Params.noise_threshold:g})",
    "ours, strict (threshold 1)",
)


@dataclass(frozen=True)
class Corpus:
    """A corpus: embeddings of unit length, their graph, and the topic of each row."""

    name: str
    vectors: npt.NDArray[np.float32]
    graph: KnnGraph
    topics: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """How well one clustering agrees with the topics."""

    ami: float
    ari: float
    coverage: float
    n_clusters: int
    seconds: float


def load(name: str) -> Corpus:
    import pandas as pd

    from cluster_explorer import knn_graph

    vectors = np.load(SHARED / f"{name}.embeddings.npy").astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    topics, _ = pd.factorize(pd.read_parquet(SHARED / f"{name}.parquet")["label"])
    return Corpus(name, vectors, knn_graph(vectors), topics)


def score(labels: Labels, corpus: Corpus, seconds: float) -> Score:
    """Score over all rows; noise counts as one more cluster."""
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    return Score(
        adjusted_mutual_info_score(corpus.topics, labels),
        adjusted_rand_score(corpus.topics, labels),
        float((labels >= 0).mean()),
        int(labels.max()) + 1,
        seconds,
    )


def ours(corpus: Corpus, seed: int) -> dict[str, Score]:
    from cluster_explorer import cluster_graph
    from cluster_explorer.exploring.members import members_at

    started = time.perf_counter()
    found = cluster_graph(corpus.graph, noise_threshold=0, random_state=seed)
    seconds = time.perf_counter() - started
    shown = members_at(found, Params.noise_threshold).labels
    by_method = {OURS: found.attached_labels, SHOWN: shown, STRICT: found.labels}
    return {method: score(labels, corpus, seconds) for method, labels in by_method.items()}


def timed(peer: Callable[[npt.NDArray[np.float32], KnnGraph, int], Labels], corpus: Corpus, seed: int) -> Score:
    started = time.perf_counter()
    labels = peer(corpus.vectors, corpus.graph, seed)
    return score(labels, corpus, time.perf_counter() - started)


def cell(scores: list[Score], name: str, digits: int = 3) -> str:
    values = [getattr(one, name) for one in scores]
    spread = f" ± {stdev(values):.{digits}f}" if len(values) > 1 and name in {"ami", "ari"} else ""
    return f"{mean(values):.{digits}f}{spread}"


def table(results: dict[str, dict[str, list[Score]]]) -> str:
    """Lay out results by corpus and method as one Markdown table."""
    lines = [
        "| corpus | method | AMI | ARI | coverage | clusters | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {corpus} | {method} | {cell(scores, 'ami')} | {cell(scores, 'ari')} | {cell(scores, 'coverage', 2)} "
        f"| {cell(scores, 'n_clusters', 0)} | {cell(scores, 'seconds', 1)} |"
        for corpus, methods in results.items()
        for method, scores in methods.items()
    ]
    return "\n".join(lines)


def summary(results: dict[str, dict[str, list[Score]]]) -> str:
    """Say how far we are ahead of the best peer on each corpus."""
    lines = ["| corpus | ours, all noise attached | best peer | ahead by |", "| --- | --- | --- | --- |"]
    for corpus, methods in results.items():
        own = mean(one.ami for one in methods[OURS])
        peers = {method: mean(one.ami for one in scores) for method, scores in methods.items() if "ours" not in method}
        if peers:
            best = max(peers, key=peers.__getitem__)
            lines.append(f"| {corpus} | {own:.3f} | {peers[best]:.3f} ({best}) | {own - peers[best]:+.3f} |")
    both = target_scores(results)
    if len(both) == len(TARGETS):
        lines.append(f"| mean of {' and '.join(TARGETS)} | {mean(one.ami for one in flat(both)):.3f} | | |")
    return "\n".join(lines)


def target_scores(results: dict[str, dict[str, list[Score]]]) -> list[list[Score]]:
    return [results[name][OURS] for name in TARGETS if name in results]


def flat(scores: list[list[Score]]) -> list[Score]:
    return [one for some in scores for one in some]


def verdict(results: dict[str, dict[str, list[Score]]]) -> str:
    """Say what was asked, and what falls short of it."""
    asked = (
        f"Asked (issue 3), with all noise attached: at least {LEAST_AHEAD} ahead of the best peer on each of "
        f"{' and '.join(TARGETS)}, a mean of the two of at least {LEAST_MEAN}, and under {LONGEST:g} s for 13,000 rows."
    )
    both = target_scores(results)
    if len(both) < len(TARGETS):
        return f"{asked} Not all of it was measured here."
    short = []
    found = mean(one.ami for one in flat(both))
    if found < LEAST_MEAN:
        short.append(f"the mean falls short by {LEAST_MEAN - found:.3f}")
    for name in TARGETS:
        own = mean(one.ami for one in results[name][OURS])
        peers = [mean(one.ami for one in scores) for method, scores in results[name].items() if "ours" not in method]
        if peers and own - max(peers) < LEAST_AHEAD:
            short.append(f"on {name} the lead falls short by {LEAST_AHEAD - (own - max(peers)):.3f}")
        if (seconds := mean(one.seconds for one in results[name][OURS])) >= LONGEST:
            short.append(f"on {name} it takes {seconds:.1f} s")
    unknown = " Peers were not run." if all("ours" in method for method in results[TARGETS[0]]) else ""
    return f"{asked} {'; '.join(short).capitalize() + '.' if short else 'All of it is reached.'}{unknown}"


def ideas() -> str:
    """Return the short account of what helped from the notes."""
    section = NOTES.read_text(encoding="utf-8").split("## In short\n", 1)[1].split("\n## ", 1)[0]
    return f"### What helped, and what did not\n\n{section.strip()}\n\nAll of it: [{NOTES.name}]({NOTES.name})."


def run(corpora: tuple[str, ...], n_seeds: int, *, with_peers: bool) -> dict[str, dict[str, list[Score]]]:
    from benchmarks.peers import PEERS

    results: dict[str, dict[str, list[Score]]] = {}
    for name in corpora:
        corpus = load(name)
        if not results:  # compile and load everything once, untimed
            ours(corpus, 0)
        results[name] = {OURS: [], SHOWN: [], STRICT: []}
        for seed in range(n_seeds):
            for method, one in ours(corpus, 42 + seed).items():
                results[name][method].append(one)
        for method, peer in PEERS.items() if with_peers else ():
            if len(results) == 1:
                peer(corpus.vectors[:2000], load_part(corpus), 0)
            # these two have no seed
            seeds = range(1 if method.startswith(("HDBSCAN", "PLSCAN")) else n_seeds)
            results[name][method] = [timed(peer, corpus, 42 + seed) for seed in seeds]
            print(name, method, cell(results[name][method], "ami"), file=sys.stderr)
    return results


def load_part(corpus: Corpus) -> KnnGraph:
    from cluster_explorer import knn_graph

    return knn_graph(corpus.vectors[:2000])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--corpora", nargs="*", default=CORPORA, choices=CORPORA)
    parser.add_argument("--without-peers", action="store_true")
    options = parser.parse_args()
    if not SHARED.exists():
        sys.exit("The shared corpora are not here: they belong beside the repository, in shared/data.")
    warnings.filterwarnings("ignore")  # of peers
    results = run(tuple(options.corpora), options.seeds, with_peers=not options.without_peers)
    print(
        EXPLANATION.format(seeds=options.seeds, shown=f"{Params.noise_threshold:g}"),
        table(results),
        summary(results),
        verdict(results),
        ideas(),
        sep="\n\n",
    )


if __name__ == "__main__":
    # before any library starts its threads: one worker thread is what the widget has
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
