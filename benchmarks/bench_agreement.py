"""How far labels among the distances agree with hdbscan's on the full distance matrix, and why not further.

``python benchmarks/bench_agreement.py [--corpora NAME ...]`` prints Markdown. Samples of 3,000 rows, min_samples 5;
scores are adjusted Rand indices over all rows, noise as one more cluster.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import hdbscan_reference as reference

SIZES, METHODS, N_NEIGHBORS = (5, 20), ("eom", "leaf"), 15
EXPLANATION = """\
Adjusted Rand index of our labels with those of `hdbscan.HDBSCAN(metric="precomputed")` on the full distance matrix of
3,000 rows, min_samples 5. *15 neighbours* is the tree of the graph as the widget has it (of which a share is proven),
*exact* the same with every edge proven. Many edges are equally long, and hdbscan takes those in the order of the rows:
*hdbscan, rows shuffled* is its agreement with itself. *Ties alike* is ours, exact, with hdbscan where it tells edges of
equal length apart by plain distance, as we do. *Tree* is how far the weights of the exact tree and of hdbscan's differ,
relative."""
HEAD = """\
| corpus | min_cluster_size | method | clusters | hdbscan, rows shuffled | 15 neighbours | exact | ties alike | proven | tree |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""  # noqa: E501 - a table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", nargs="*", default=list(reference.CORPORA), choices=list(reference.CORPORA))
    options = parser.parse_args()
    if not reference.DATA.exists():
        sys.exit("The shared corpora are not here: they belong beside the repository, in shared/data.")
    warnings.filterwarnings("ignore")  # of hdbscan
    lines = [line for name in options.corpora for line in rows_of(name)]
    print(EXPLANATION, "\n".join([HEAD, *lines]), sep="\n\n")


def rows_of(name: str) -> list[str]:
    """Compare on one corpus."""
    from sklearn.metrics import adjusted_rand_score

    from cluster_explorer import cluster, knn_graph, spanning_tree

    vectors = reference.CORPORA[name](name)
    graph = knn_graph(vectors, N_NEIGHBORS)
    distances = reference.full_matrix(graph.vectors)
    found, exact = spanning_tree(graph, reference.MIN_SAMPLES), spanning_tree(graph, reference.MIN_SAMPLES, exact=True)
    lines = []
    for size in SIZES:
        for method in METHODS:
            fitted = reference.fitted(distances, size, method)
            weight = fitted.single_linkage_tree_.to_numpy()[:, 2].sum()
            own = cluster(exact, size, method).labels
            scores = [
                adjusted_rand_score(fitted.labels_, reference.labels_of_shuffled_rows(distances, size, method)),
                adjusted_rand_score(fitted.labels_, cluster(found, size, method).labels),
                adjusted_rand_score(fitted.labels_, own),
                adjusted_rand_score(reference.labels_with_ties_broken(distances, size, method), own),
            ]
            cells = " | ".join(f"{score:.3f}" for score in scores)
            lines.append(
                f"| {name} | {size} | {method} | {own.max() + 1} | {cells} | {found.certified:.1%} "
                f"| {abs(exact.weight.sum() / weight - 1):.0e} |"
            )
            print(lines[-1], file=sys.stderr)
    return lines


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
