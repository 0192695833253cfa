"""Finding something on the map: asking, more like these, filters, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer.exploring.wished_values import refuse_values, wished_places, wished_span
from cluster_explorer.widget.facade.results import ResultsFacade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from cluster_explorer.exploring.finding import Hits, Outside
    from cluster_explorer.session.finding import By


class FindingFacade(ResultsFacade):
    """What the ask box, the filter bar and the legend do, by name."""

    def ask(self, question: str, *, limit: int = 50, by: By | None = None) -> pd.DataFrame:
        """Find the texts nearest to a question, light them up on the map, and return them.

        The question is embedded with the collection's embedding function (``encode_queries`` where it has that) and
        searched by Milvus. Without one, the texts that hold all its words are found: where the text field is analyzed,
        by Milvus' ``TEXT_MATCH``; elsewhere by ``LIKE``, as typed, in lower case, Capitalised and in CAPITALS.

        Parameters
        ----------
        question : str
        limit : int
            Texts, at most; 1 to 16,384.
        by : {"meaning", "words"}, optional
            How to look; by meaning where there is an embedding function.

        Returns
        -------
        DataFrame
            The columns of `to_frame`, and score after cluster; best first. ``frame.attrs["score"]`` says what the
            score is: cosine similarity, inner product, Euclidean distance, or occurrences of the words.

        Raises
        ------
        ClusterExplorerError
            If the question cannot be embedded or searched.

        Examples
        --------
        >>> ex.ask("strikes at the harbour", limit=20)  # doctest: +SKIP
        """
        from cluster_explorer.widget.progress import progress_bar

        with progress_bar("Asking") as on_progress:
            hits = self._session.finding.ask(question, limit, by, on_progress=on_progress)
        return self._hits_frame(hits)

    def more_like(self, ids: Iterable[object] | None = None, *, limit: int = 50) -> pd.DataFrame:
        """Find the texts nearest to some texts, to the selected ones when none are named; return them as `ask` does.

        The score is the distance to the nearest of them, as in `knn_graph_`. It comes from the graph as far as that is
        certain to hold them; beyond, Milvus searches, from at most 100 of the texts.

        Parameters
        ----------
        ids : iterable, optional
            Primary keys.
        limit : int
            Texts, at most.

        Returns
        -------
        DataFrame
        """
        self._result("graph")
        rows = None if ids is None else self._session.rows_of(ids)
        return self._hits_frame(self._session.finding.more_like(rows, limit))

    def filter_rows(self, expression: str, *, outside: Outside | None = None) -> int:
        """Narrow map, list and panel to the rows that a Milvus filter expression selects; "" leaves all.

        Parameters
        ----------
        expression : str
            In Milvus' filter language, for example ``section == "sport"``.
        outside : {"grey", "anew"}, optional
            Whether the other rows turn grey, or the rows that are left are clustered anew.

        Returns
        -------
        int
            Rows that are left.

        Raises
        ------
        FilterError
            If Milvus cannot run the expression; it lists the fields there are.
        DataError
            If no row would be left.
        """
        from cluster_explorer.widget.progress import progress_bar

        self._result("rows")
        with progress_bar("Filtering") as on_progress:
            self._session.filtering.filter_rows(expression, outside, on_progress=on_progress)
        return self._rows_left()

    def filter_values(
        self, values: Mapping[str, Sequence[object] | tuple[object, object] | None], *, outside: Outside | None = None
    ) -> int:
        """Narrow map, list and panel by the values of fields.

        A list is always of values, and a pair is always a range, however many different values there are.

        Parameters
        ----------
        values : mapping
            By field: a list of its categories, in which None stands for no value; a tuple (least, greatest) of numbers
            or dates, both ends included, None for an end that is open; or None, which leaves all. Dates are `datetime`
            objects or ISO 8601 strings, in UTC where they name no other zone; one without a time is that whole day, a
            month that whole month. Whole numbers with at most 12 different values are both categories and numbers.
            Fields that are not named stay as they were.
        outside : {"grey", "anew"}, optional
            Whether the other rows turn grey, or the rows that are left are clustered anew.

        Returns
        -------
        int
            Rows that are left.

        Raises
        ------
        FieldError
            If there is no such field; the message lists those there are.
        InvalidParameterError
            If a field holds something else than what is asked for: categories that there are not, a range of texts,
            lists (`filter_rows` can look into those). Nothing is filtered then.
        DataError
            If no row would be left, or too few to cluster them anew.

        Examples
        --------
        >>> ex.filter_values({"section": ["sport"], "published": ("2025-01-01", "2025-03-31")})  # doctest: +SKIP
        >>> ex.filter_values({"year": (2020, None), "section": None})  # doctest: +SKIP
        """
        self._result("rows")
        self._session.finding.read_fields(values)
        places: dict[str, Sequence[int] | None] = {}
        spans: dict[str, tuple[float, float] | None] = {}
        for name, wanted in values.items():
            column = self._session.state.finding.columns[name]
            if column.kind == "categories":
                places[name] = None if wanted is None else wished_places(column, wanted)
            elif column.kind != "other":
                spans[name] = None if wanted is None else wished_span(column, wanted)
            elif wanted is not None:
                raise refuse_values(column)
        self._session.filtering.by_values(places, spans, outside)
        return self._rows_left()

    def clear_filter(self) -> None:
        """Leave all rows."""
        self._session.filtering.clear()

    def color_by(self, by: str) -> None:
        """Colour the map by "cluster", "confidence", "trust" (how far the map can be believed) or a metadata field.

        Parameters
        ----------
        by : str
            A field called as one of these is meant by ``"field:cluster"``.

        Raises
        ------
        InvalidParameterError
            If there is no such field; if it holds neither categories nor numbers nor dates; or if it has more than 20
            values and every row one of its own, as with links and titles.
        """
        self._result("rows")
        field = by.removeprefix("field:")
        if field in self._session.library.metadata_fields and by not in ("cluster", "confidence", "trust"):
            self._session.finding.read_fields([field])
        if by == "trust":
            self._result("trust")
        self._session.finding.color_by(by)

    def _rows_left(self) -> int:
        kept = self._session.state.finding.filter.kept
        return len(self.ids_) if kept is None else int(kept.sum())

    def _hits_frame(self, hits: Hits) -> pd.DataFrame:
        frame = self._frame(hits.rows)
        frame.insert(3, "score", hits.scores)
        frame.attrs["score"] = hits.score_name
        return frame
