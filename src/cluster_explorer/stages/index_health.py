"""How well an index finds neighbours: measured against brute force on a sample, with advice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._inputs import as_comparable, as_table
from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray, KnnGraph

#: Rows whose neighbours are checked.
SAMPLE = 200
#: Rows they are compared with, where vectors have to be fetched; 30 MB at 384 dimensions.
CANDIDATES = 20_000

_GOOD_RECALL = 0.95
#: Standard deviations on either side of 95 % of a normal distribution.
_INTERVAL = 1.96
#: A smaller error is not worth a reader's while.
_SHOWN = 0.005
_MANY_UNLISTED = 0.05
#: Distances this close are the same: those of a server are made of similarities in single precision.
_TOLERANCE = 2e-3
#: Rows compared at once: 16 MB.
_BLOCK = 20_000


@dataclass(frozen=True)
class IndexHealth:
    """How well an index finds neighbours.

    Attributes
    ----------
    recall : float
        Share of the true neighbours that are in the lists, 0 to 1; measured on a sample unless the search was
        exhaustive.
    n_sampled : int
        Rows whose lists were checked; 0 where the search was exhaustive.
    n_compared : int
        Rows that each of them was compared with.
    n_unlisted : int
        Rows that are in nobody's list. Some always are, the more the higher the dimension.
    n_short : int
        Rows with fewer neighbours than were asked for.
    n_components : int
        Components that the graph falls into.
    n_rows : int
        Rows of the graph.
    recall_error : float
        How far off `recall` may be, either way, in 19 of 20 samples; 0 where nothing was sampled.
    """

    recall: float
    n_sampled: int
    n_compared: int
    n_unlisted: int
    n_short: int
    n_components: int
    n_rows: int
    recall_error: float = 0.0

    @property
    def share(self) -> str:
        """The recall and how far off it may be, to read.

        Examples
        --------
        >>> IndexHealth(0.93, 200, 20_000, 0, 0, 1, 1_000_000, recall_error=0.04).share
        '93% ± 4%'
        """
        error = f" ± {self.recall_error:.0%}" if self.recall_error >= _SHOWN else ""
        return f"{self.recall:.0%}{error}"

    @property
    def advice(self) -> tuple[str, ...]:
        """What could be done, a sentence each; none where all is well.

        Examples
        --------
        >>> IndexHealth(0.8, 200, 1000, 0, 0, 1, 1000).advice[0].partition(":")[0]
        'The index finds 80% of the neighbours'
        """
        found = []
        if self.recall + self.recall_error < _GOOD_RECALL:
            found.append(
                f"The index finds {self.share} of the neighbours: rebuild it with more links (HNSW: M, "
                'efConstruction; IVF: a smaller nlist), or search here with neighbors="faiss", which needs the vectors '
                "(hold_vectors=True when the collection is opened)."
