"""Asking, more like these, and colours: the intents by which a person finds something on the map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError, available
from cluster_explorer.exploring.finding import FIELD_PREFIX, Finding, Hits, hits_now, places_of, within
from cluster_explorer.exploring.selection import Selection
from cluster_explorer.session.errands import Errands
from cluster_explorer.session.fields import without_colors
from cluster_explorer.values import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cluster_explorer.exploring.answering import Found
    from cluster_explorer.exploring.finding import Errand, HitsKind, RowFilter
    from cluster_explorer.exploring.selection import Mode
    from cluster_explorer.session.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.values import FloatArray, IdArray, IntArray, KnnGraph, ProgressCallback, Rows

By: TypeAlias = Literal["meaning", "words"]

#: What can be coloured by, beside the fields.
BUILT_IN = ("cluster", "confidence", "trust")
_LARGEST_LIMIT = 16_384
#: Milvus searches from so many rows at most; of a larger selection the graph knows more.
_MOST_EXAMPLES = 100
_LONGEST_QUESTION = 10_000


@dataclass(frozen=True, eq=False)
class _Answer:
    """Hits, and the rows that their numbers count: other ones may be on show by the time that the hits are."""

    hits: Hits
    held: Rows

    def among(self, rows: Rows | None) -> Hits:
        """Return the hits by the numbers that they have among some rows."""
        return self.hits if rows is None or rows is self.held else hits_now(self.hits, self.held.ids, rows.ids)

    def shown(self, state: State) -> State:
        """Select what was found, so that it is listed, counted by cluster and lit up."""
        hits = self.among(state.results.rows)
        selection = Selection(np.sort(hits.rows), "hits" if len(hits.rows) else "none")
        finding = replace(state.finding, hits=hits, problem="")
        return replace(state, selection=within(selection, finding.filter), inspected=-1, finding=finding)


class FindingIntents:
    """Finds rows and colours them.

    Every question is there twice: to wait for, as a cell does, and to be answered in the background, as a view does.

    Parameters
    ----------
    session : Session
    embedding_function : object or None
        What questions are embedded with; None where only words can be looked for.

    Attributes
    ----------
    errands : Errands
        What is being looked for in the background, one at a time.
    """

    def __init__(self, session: Session, embedding_function: object | None) -> None:
        self._session = session
        self._embedding_function = embedding_function
        self.errands = Errands(self._tell)

    @property
    def can_embed(self) -> bool:
        """Whether questions can be asked by their meaning."""
        return self._embedding_function is not None

    def close(self) -> None:
        """Stop what is being looked for."""
        self.errands.close()

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(
        self, question: str, limit: int, by: By | None = None, *, on_progress: ProgressCallback | None = None
    ) -> Hits:
        """Find what a question means, or the texts that hold its words, and show it."""
        return self._show(self._answer(*self._checked(question, limit, by), on_progress or ignore_progress))

    def start_asking(self, question: str, limit: int, by: By | None = None) -> None:
        """Do as `ask` in the background."""
        asked = self._checked(question, limit, by)
        title = "Searching by meaning" if asked[2] == "meaning" else "Looking for words"
        self._start(title, lambda on_progress: self._answer(*asked, on_progress))

    def more_like(self, rows: IntArray | None, limit: int) -> Hits:
        """Find the rows nearest to some rows, to the selected ones when none are given, and show them."""
        return self._show(self._similar(self._keys(rows), _positive(limit)))

    def start_more_like(self, rows: IntArray | None, limit: int) -> None:
        """Do as `more_like` in the background."""
        keys = self._keys(rows)
        self._start("Searching what is similar", lambda _on_progress: self._similar(keys, _positive(limit)))

    def cancel(self) -> None:
        """Forget what is being looked for."""
        self.errands.cancel()

    def _checked(self, question: str, limit: int, by: By | None) -> tuple[str, int, By]:
        if not isinstance(question, str) or not question.strip():
            raise InvalidParameterError("There is no question: type some words.")
        if len(question) > _LONGEST_QUESTION:
            raise InvalidParameterError(
                f"The question has {len(question):,} characters; ask with at most {_LONGEST_QUESTION:,}."
            )
        if by not in (None, "meaning", "words"):
            raise InvalidParameterError(f"by={by!r} is not a choice. {available(['meaning', 'words'])}")
        if by == "meaning" and not self.can_embed:
            raise InvalidParameterError(
                "Without an embedding function nothing can be asked by its meaning: open the collection with "
                'embedding_function=, the one its texts were embedded with, or look for words with by="words".'
            )
        return question.strip(), _positive(limit), by or ("meaning" if self.can_embed else "words")

    def _answer(self, question: str, limit: int, by: By, on_progress: ProgressCallback) -> _Answer:
        library = self._session.library
        on_progress(0.0)
        if by == "words":
            everything = len(_rows(self._with("rows")))
            found = library.holding_words(question.split(), everything, on_progress=on_progress)
            return self._located("words", question, found, limit)
        from cluster_explorer.embedding import embed_query

        vector = embed_query(self._embedding_function, question)
        on_progress(0.5)
        return self._enough("meaning", question, limit, lambda wanted: library.nearest_to(vector, wanted))

    def _enough(self, kind: HitsKind, question: str, limit: int, search: Callable[[int], Found]) -> _Answer:
        """Search further while rows that are filtered out take the places of others."""
        wanted = min(limit, _LARGEST_LIMIT)
        while True:
            found = search(wanted)
            answer = self._located(kind, question, found, limit)
            if len(answer.hits.rows) >= limit or len(found.keys) < wanted or wanted == _LARGEST_LIMIT:
                return answer
            wanted = min(8 * wanted, _LARGEST_LIMIT)

    def _located(self, kind: HitsKind, question: str, found: Found, limit: int) -> _Answer:
        """Find the rows of keys; those added since the map was made, and those filtered out, are left out."""
        state = self._with("rows")
        held = _rows(state)
        rows, there = places_of(held.ids, found.keys)
        kept = state.finding.filter.kept
        if kept is not None:
            there &= kept[rows]
        n_found = found.n_found - len(rows) + int(there.sum())
        scores = np.asarray(found.scores, dtype=np.float32)[there]
        return _Answer(Hits(kind, question, rows[there][:limit], scores[:limit], found.score_name, n_found), held)

    def _keys(self, rows: IntArray | None) -> IdArray:
        """Return the keys of rows, of the selected ones when none are given: their numbers may soon be others."""
        state = self._session.state
        held, chosen = state.results.rows, state.selection.rows if rows is None else rows
        if held is None or not len(chosen):
            raise InvalidParameterError(
                "Nothing is selected, so nothing can be similar to it. Select some texts first."
            )
        return held.ids[chosen]

    def _similar(self, keys: IdArray, limit: int) -> _Answer:
        """Take the neighbours from the graph where it knows them all, and let Milvus search where it does not."""
        state = self._with("graph")
        graph: KnnGraph = state.results.by_stage["graph"]
        held = _rows(state)
        places, there = places_of(held.ids, keys)
        examples = places[there]
        if not len(examples):
            raise DataError("What was selected has been deleted from the collection. Select other texts.")
        question = f"{len(examples):,} selected text{'' if len(examples) == 1 else 's'}"
        near, distances = _neighbours(graph, examples, state.finding.filter)
        farthest_known = float(graph.distances[examples, -1].min())
        complete = len(near) >= limit and float(distances[limit - 1]) <= farthest_known
        if complete or len(examples) > _MOST_EXAMPLES:
            best = near[:limit]
            score_name = "distance to the nearest of them"
            return _Answer(Hits("similar", question, best, distances[:limit], score_name, len(best)), held)
        wished, library = held.ids[examples].tolist(), self._session.library
        return self._enough("similar", question, limit, lambda wanted: library.nearest_to_rows(wished, wanted))

    def _show(self, answer: _Answer) -> Hits:
        self._session.store.apply(answer.shown)
        return answer.among(self._session.state.results.rows)

    # -- colours ---------------------------------------------------------------------------------------------------

    def color_by(self, by: str) -> None:
        """Colour by "cluster", "confidence", "trust" or a field; what is not there is computed or read meanwhile."""
        name = self._color_name(by)
        self._session.store.apply(lambda state: replace(state, finding=replace(state.finding, color_by=name)))
        if name == "trust":
            self._session.want("trust")

    def read_fields(self, fields: Iterable[str], *, on_progress: ProgressCallback | None = None) -> None:
        """Read fields that are needed now, and wait for them."""
        self._session.metadata.read(fields, on_progress=on_progress)
        # returns when they are in the state
        self._session.store.apply(lambda state: state)

    def select_color(self, code: int, mode: Mode = "replace") -> None:
        """Select the rows of one colour."""
        rows = np.flatnonzero(self._session.state.coloring.codes == code).astype(np.int32)
        self._session.select_rows(rows, mode)

    def isolate_color(self, code: int) -> RowFilter:
        """Leave only the rows of one colour of a field of categories; of rows without a value too."""
        state = self._session.state
        coloring = state.coloring
        field = coloring.by.removeprefix(FIELD_PREFIX)
        shown = [entry.code for entry in coloring.legend]
        if coloring.kind != "categories" or code not in shown:
            raise InvalidParameterError("This colour is not one that can be looked at alone.")
        # colours are counted from 1, after that of the rows without a value, whose place is before the first
        first, n_categories = code - 1, len(state.finding.columns[field].categories)
        return self._session.filtering.choose(field, range(first, n_categories) if code == max(shown) else [first])

    def _color_name(self, by: str) -> str:
        if by in BUILT_IN:
            return by
        field = by.removeprefix(FIELD_PREFIX)
        fields = self._session.library.metadata_fields
        if field not in fields:
            raise InvalidParameterError(f"color_by={by!r} is not a choice. {available([*BUILT_IN, *fields])}")
        column = self._session.state.finding.columns.by_name.get(field)
        if column is not None and not column.has_colors:
            columns = self._session.state.finding.columns.by_name
            others = [name for name in fields if name not in columns or columns[name].has_colors]
            raise InvalidParameterError(f"{without_colors(column)} {available([*BUILT_IN, *others])}")
        return FIELD_PREFIX + field

    # -- inside ----------------------------------------------------------------------------------------------------

    def _start(self, title: str, find: Callable[[ProgressCallback], _Answer]) -> None:
        def work(on_progress: ProgressCallback) -> Callable[[], object]:
            answer = find(on_progress)
            return lambda: self._show(answer)

        self.errands.start(title, work)

    def _tell(self, errand: Errand | None, problem: str) -> None:
        def told(finding: Finding) -> Finding:
            return replace(finding, errand=errand, problem=problem)

        self._session.store.post(lambda state: replace(state, finding=told(state.finding)))

    def _with(self, target: str) -> State:
        """Return a state that has a result, so that rows, filter and result are of one another.

        What is on show is taken as it is, also while the collection is read anew: the question was asked of that. Where
        there is none, it is computed.
        """
        state = self._session.state
        if target in state.results.by_stage:
            return state
        results = self._session.require(target)
        # returns when the result is in the state
        self._session.store.apply(lambda state: state)
        state = self._session.state
        # not so within a callback of the worker, where it waits for the state itself
        return state if target in state.results.by_stage else replace(state, results=results)


def _rows(state: State) -> Rows:
    rows: Rows = state.results.by_stage["rows"]
    return rows


def _positive(limit: int) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _LARGEST_LIMIT:
        raise InvalidParameterError(f"limit={limit!r} is not a number of rows from 1 to {_LARGEST_LIMIT:,}.")
    return limit


def _neighbours(graph: KnnGraph, examples: IntArray, row_filter: RowFilter) -> tuple[IntArray, FloatArray]:
    """Return the neighbours of any of the rows, nearest first, and their distance to the nearest of them."""
    best = np.full(len(graph) + 1, np.inf, dtype=np.float32)
    np.minimum.at(best, graph.indices[examples], graph.distances[examples])
    best[-1] = np.inf
    best[examples] = np.inf
    near = row_filter.within(np.flatnonzero(np.isfinite(best)).astype(np.int32))
    order = np.lexsort((near, best[near]))
    return near[order], best[near[order]]
