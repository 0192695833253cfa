"""What has been found, as arrays and frames; computed when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.widget.facade.base import FacadeBase

if TYPE_CHECKING:
    import pandas as pd
    from hdbscan.plots import CondensedTree

    from cluster_explorer.stages.index_health import IndexHealth
    from cluster_explorer.stages.persistence import Landscape
    from cluster_explorer.values import FloatArray, IdArray, IntArray, KnnGraph


class ResultsFacade(FacadeBase):
    """Results under the names that scikit-learn and hdbscan give them."""

    @property
    def labels_(self) -> IntArray:
        """Cluster of each row, shape (n,), int32; -1 is noise. Rows are ascending by primary key.

        Clusters are 0 upwards, at first the largest first. In a re-clustering or a refresh, a cluster has the number
        that it had first, where that is below the number of clusters there are then; else the number that it has,
        unless it is another's first.
        """
        return self._clustering().labels

    @property
    def probabilities_(self) -> FloatArray:
        """Strength of each row's membership, shape (n,), float32, 0 to 1; 0 for noise."""
        return self._clustering().probabilities

    @property
    def attached_labels_(self) -> IntArray:
        """The labels with noise attached as far as `noise_threshold` says: what the map shows; shape (n,), int32."""
        return self._members().labels

    @property
    def confidence_(self) -> FloatArray:
        """How far the cluster of each row can be trusted, shape (n,), float32, 0 to 1; 1 for what is not noise."""
        return self._members().confidence

    @property
    def landscape_(self) -> Landscape:
        """How clusters come and go with `min_cluster_size`; its `levels` are worth trying."""
        found: Landscape = self._result("landscape")
        return found

    @property
    def condensed_tree_(self) -> CondensedTree:
        """The hierarchy of the clusters, as `hdbscan.plots.CondensedTree`."""
        return self._clustering().condensed_tree

    @property
    def positions_(self) -> FloatArray:
        """Positions on the map, shape (n, 2) or (n, 3), float32."""
        positions: FloatArray = self._result("layout").positions
        return positions

    @property
    def knn_graph_(self) -> KnnGraph:
        """The kNN graph that clusters and map are computed from."""
        graph: KnnGraph = self._result("graph")
        return graph

    @property
    def index_health_(self) -> IndexHealth:
        """How well the neighbours were found, measured on a sample; its `advice` says what could be done."""
        found: IndexHealth = self._result("health")
        return found

    @property
    def ids_(self) -> IdArray:
        """Primary key of each row, shape (n,), ascending."""
        ids: IdArray = self._result("rows").ids
        return ids

    @property
    def selection(self) -> pd.DataFrame:
        """The selected rows, in reading order, with the columns of `to_frame`."""
        from cluster_explorer.exploring.reading import reading_order

        rows = self._session.state.selection.rows
        return self._frame(reading_order(rows, self._members()))

    def to_frame(self) -> pd.DataFrame:
        """Return every row, ascending by id.

        Returns
        -------
        DataFrame
            id, text, cluster and probability (strict), attached_cluster and confidence (with noise attached, as the map
            shows it), x, y (and z of a 3-D map).
        """
        return self._frame(np.arange(len(self.ids_), dtype=np.int32))

    def _frame(self, rows: IntArray) -> pd.DataFrame:
        import pandas as pd

        members, positions = self._members(), self.positions_
        return pd.DataFrame(
            {
                "id": self.ids_[rows],
                "text": pd.Series(self._session.texts(rows), dtype="object"),
                "cluster": members.clustering.labels[rows],
                "probability": members.probabilities[rows],
                "attached_cluster": members.labels[rows],
                "confidence": members.confidence[rows],
                **{axis: positions[rows, column] for column, axis in enumerate("xyz"[: positions.shape[1]])},
            }
        )
