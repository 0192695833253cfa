"""What clusters and selections are about, near-duplicates, and titles, from Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.widget.facade.steering import SteeringFacade

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from cluster_explorer.describe import Contrast, FieldShares
    from cluster_explorer.titles import ChatTitles, TitleEstimate, Titler, TitleResults


@dataclass(frozen=True, eq=False)
class ClusterReport:
    """What a cluster is about.

    Attributes
    ----------
    cluster : int
    size : int
        Texts in it as the map shows it (`attached_labels_`): with the noise that is attached to it, and under a filter
        those that are left.
    keywords : tuple of str
        The terms that set it apart from the other clusters, the best first.
    central : DataFrame
        Its most central texts: id, text, probability.
    border : DataFrame
        Its texts that lean most to other clusters: id, text, probability, toward (the other cluster, -1 for noise),
        leaving (the share of the text's neighbours there, 0 to 1).
    metadata : DataFrame
        The most frequent values of each field: field, value, count, share, share_overall.
    """

    cluster: int
    size: int
    keywords: tuple[str, ...]
    central: pd.DataFrame = field(repr=False)
    border: pd.DataFrame = field(repr=False)
    metadata: pd.DataFrame = field(repr=False)


class DescribingFacade(SteeringFacade):
    """What a cluster or a selection is about."""

    @property
    def titles(self) -> Titler | ChatTitles | None:
        """Who is asked for titles: a `ChatTitles`, a callable, or None. Assigning it sends nothing.

        A callable is called with one `TitleSample` for each cluster: its `keywords`, its most central `texts` and its
        number (`label`). It returns the title, a str.
        """
        return self._session.titling.titler

    @titles.setter
    def titles(self, titler: Titler | ChatTitles | None) -> None:
        self._session.titling.titler = titler

    @property
    def clusters(self) -> pd.DataFrame:
        """The clusters, the largest first, as the table beside the map lists them; noise is none of them.

        Under a filter they are what is left of them, and those that nothing is left of are not listed.

        Returns
        -------
        DataFrame
            Indexed by cluster, the number that `describe`, `select` and `zoom` take. Columns: name, as the map shows
            it; size, the texts in it with attached noise; n_core, those of them that are in it by `labels_`;
            keywords, a tuple, the best first; probability, the mean of `probabilities_` in it, without attached noise.

        Examples
        --------
        >>> ex.clusters[["name", "size"]].head(10)  # doctest: +SKIP
        >>> ex.describe(ex.clusters.index[0])  # doctest: +SKIP
        """
        import pandas as pd

        from cluster_explorer.session.cluster_table import cluster_table

        self._members()
        self._result("names")
        # returns when both are in the state
        self._session.store.apply(lambda state: state)
        lines = cluster_table(self._session.state)
        columns = ("name", "size", "n_core", "keywords", "probability")
        return pd.DataFrame(
            {column: [getattr(line, column) for line in lines] for column in columns},
            index=pd.Index([line.label for line in lines], name="cluster", dtype="int64"),
        )

    def describe(self, cluster: int, n_texts: int = 5) -> ClusterReport:
        """Describe a cluster: keywords, central and border texts, and the share of each metadata value.

        Its texts are those that the map shows in it, attached noise included; under a filter those that are left, and
        shares are of what is left. Metadata is read from Milvus when it is first asked for.

        Parameters
        ----------
        cluster : int
        n_texts : int
            Central and border texts, at most.

        Returns
        -------
        ClusterReport

        Raises
        ------
        InvalidParameterError
            If there is no such cluster.

        Examples
        --------
        >>> ex.describe(3).keywords  # doctest: +SKIP
        ('harbour strike', 'dockers', 'port')
        """
        self._result("names")
        self._read_metadata()
        found = self._session.describing.cluster(cluster, n_texts)
        border = self._texts_frame(found.border.rows)
        return ClusterReport(
            cluster=cluster,
            size=found.size,
            keywords=found.keywords,
            central=self._texts_frame(found.central),
            border=border.assign(toward=found.border.toward, leaving=found.border.leaving),
            metadata=_shares_frame(found.shares or ()),
        )

    def describe_selection(self) -> pd.DataFrame:
        """Return what is over-represented in the selection, compared with all other texts that are looked at.

        Those are the texts that are clustered, and left by the filter. Words, pairs of words and metadata values are
        tested by Fisher's exact test (one-sided) at a false discovery rate of 5 % (Benjamini-Hochberg; words, and each
        field by itself). Of a large collection, words are counted in a sample, of the selection and of the others:
        ``attrs["texts_read"]`` and ``attrs["others_read"]`` of the table say in how many texts.

        Returns
        -------
        DataFrame
            field ("" for words), value, inside, outside (texts that have it), share_inside, share_outside, lift,
            p_value, q_value; words first, the strongest evidence first in each. Empty when nothing, or everything, is
            selected.
        """
        self._result("terms")
        self._read_metadata()
        found = self._session.describing.selection()
        frame = _contrasts_frame([*found.terms, *(found.metadata or ())])
        frame.attrs |= {"texts_read": found.n_read, "others_read": found.n_others_read}
        return frame

    def near_duplicates(self, threshold: float | None = None) -> pd.DataFrame:
        """Find groups of nearly identical texts, from the distances of the neighbour graph.

        Groups form around representatives and do not chain: every text is within the threshold of its representative.
        Under a filter, only texts that are left are grouped.

        Parameters
        ----------
        threshold : float, optional
            Distance as in ``knn_graph_.distances`` (for cosine: of unit vectors, ``sqrt(2 - 2 * similarity)``); 0 finds
            identical vectors. When left out, cosine similarity 0.98, or for other metrics a tenth of the usual
            distance to the nearest neighbour.

        Returns
        -------
        DataFrame
            group, id, text, cluster and attached_cluster (as in `to_frame`), representative (bool); the largest group
            first, the representative first in each.

        Raises
        ------
        InvalidParameterError
            If the threshold is no distance.
        """
        import pandas as pd

        self._result("graph")
        members = self._members()
        found = self._session.describing.near_duplicates(threshold)
        rows = np.concatenate([*found.groups, np.empty(0, dtype=np.int32)])
        sizes = [len(group) for group in found.groups]
        first = np.zeros(len(rows), dtype=bool)
        first[np.cumsum([0, *sizes[:-1]])[: len(sizes)]] = True
        return pd.DataFrame(
            {
                "group": np.repeat(np.arange(len(sizes)), sizes),
                "id": self.ids_[rows],
                "text": pd.Series(self._session.texts(rows), dtype="object"),
                "cluster": members.clustering.labels[rows],
                "attached_cluster": members.labels[rows],
                "representative": first,
            }
        )

    def estimate_titles(
        self, clusters: Iterable[int] | None = None, *, titles: Titler | ChatTitles | None = None
    ) -> TitleEstimate:
        """Say what `title_clusters` would send, and where, without sending anything.

        Parameters
        ----------
        clusters : iterable of int, optional
            When left out, all that you have not named.
        titles : ChatTitles or callable, optional
            Who would be asked; when left out, the `titles` of this explorer.

        Returns
        -------
        TitleEstimate
            Requests, texts and tokens, where they would go, and in its `samples` exactly what would be sent. ``print``
            says it in a sentence or two.

        Raises
        ------
        InvalidParameterError
            If there is nobody to ask, or no such cluster.

        Examples
        --------
        >>> print(ex.estimate_titles())  # doctest: +SKIP
        41 requests, roughly 21,300 tokens: the keywords and 246 texts of 41 clusters would go to ...
        """
        self._result("names")
        return self._session.titling.estimate(clusters, titles)

    def title_clusters(
        self, clusters: Iterable[int] | None = None, *, titles: Titler | ChatTitles | None = None
    ) -> TitleResults:
        """Ask for titles of clusters, wait for them, and let the clusters bear them.

        A call sends texts to whoever is asked: `estimate_titles` says beforehand how many, and where. Clusters that you
        named keep their names; those whose title cannot be had keep their keywords.

        Parameters
        ----------
        clusters : iterable of int, optional
            When left out, all that you have not named.
        titles : ChatTitles or callable, optional
            Who is asked; when left out, the `titles` of this explorer. A callable is given one `TitleSample` for each
            cluster (its `keywords`, `texts` and `label`) and returns the title, a str.

        Returns
        -------
        TitleResults
            Titles by cluster, and failures with their reasons.

        Raises
        ------
        InvalidParameterError
            If there is nobody to ask, no such cluster, or titles are being asked for already.

        Examples
        --------
        >>> ex.title_clusters(titles=lambda sample: " and ".join(sample.keywords[:2]))  # doctest: +SKIP
        """
        from cluster_explorer.widget.progress import progress_bar

        self._result("names")
        with progress_bar("Asking for titles") as on_progress:
            return self._session.titling.ask(clusters, titles, on_progress=on_progress)

    def _read_metadata(self) -> None:
        from cluster_explorer.widget.progress import progress_bar

        with progress_bar("Reading metadata") as on_progress:
            self._session.describing.read_metadata(on_progress=on_progress)

    def _texts_frame(self, rows: np.ndarray) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(
            {
                "id": self.ids_[rows],
                "text": pd.Series(self._session.texts(rows), dtype="object"),
                "probability": self._clustering().probabilities[rows],
            }
        )


def _shares_frame(shares: Iterable[FieldShares]) -> pd.DataFrame:
    import pandas as pd

    columns = ("field", "value", "count", "share", "share_overall")
    rows = [
        (one.field, part.value, part.count, part.share, part.share_overall) for one in shares for part in one.shares
    ]
    return pd.DataFrame(rows, columns=list(columns))


def _contrasts_frame(found: Iterable[Contrast]) -> pd.DataFrame:
    import pandas as pd

    names = ("field", "value", "inside", "outside", "share_inside", "share_outside", "lift", "p_value", "q_value")
    return pd.DataFrame([[getattr(one, name) for name in names] for one in found], columns=list(names))
