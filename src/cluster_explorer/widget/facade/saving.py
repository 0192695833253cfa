"""Keeping an exploration in a file, and going on from there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_explorer.errors import ClusterExplorerError, InvalidParameterError
from cluster_explorer.pipeline import ALL_TARGETS, STAGE
from cluster_explorer.saving import KeptFilter, differences, fingerprint, write_session
from cluster_explorer.widget.facade.annotating import AnnotatingFacade

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_explorer.saving import Origin, SavedSession
    from cluster_explorer.values import Rows

#: What follows from the texts alone.
_FROM_TEXTS = frozenset({"terms", "names"})


class SavingFacade(AnnotatingFacade):
    """What is worth keeping between two notebooks; `ClusterExplorer.load` opens it again."""

    _origin: Origin

    def save(self, path: str | Path) -> Path:
        """Save the exploration: parameters, graph, clusters, map, and all that people added to it.

        The filter is kept, and asked again when the file is opened. Titles that an endpoint gave are kept as well, so
        that they are not asked for again. Texts, vectors and tokens stay where they are; the file names the collection
        and says what it held. What has not been computed yet is computed first. Open it with `ClusterExplorer.load`.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is replaced in one step, so that a crash leaves the old one. Nothing is written
            elsewhere.

        Returns
        -------
        Path

        Raises
        ------
        SavedFileError
            If the file cannot be written.
        """
        self._everything()
        session = self._session
        kept = KeptFilter(session.filtering.query, session.filtering.scope)
        return write_session(path, session.state, self._origin, titles=session.titling.known, kept=kept)

    def _everything(self) -> None:
        """Compute what is missing of all that a widget would show."""
        for target in ALL_TARGETS:
            # what the map is whole without must not keep anybody from saving it
            if not STAGE[target].optional:
                self._result(target)

    def _resume(self, saved: SavedSession) -> None:
        """Go on from a saved exploration, as far as the collection is still what it was."""
        from cluster_explorer.widget.progress import progress_bar

        with progress_bar("Reading rows") as on_progress:
            rows: Rows = self._session.library.scan(on_progress=on_progress)
        changed = differences(saved.fingerprint, fingerprint(rows), saved.saved_on)
        kept, params = saved.filter, saved.params
        notice = f"{self._session.library.damage} {changed.sentence}".strip()
        if changed.rows_or_vectors and params.scope is not None:
            # a scope is made of row numbers, which may mean other rows by now; the filter's is made anew
            left = kept.scope.parent if params.scope is kept.scope else params.scope
            if left is not None:
                notice = f"{notice} All texts are clustered, not only {left.name!r}, once drilled down to."
            kept, params = replace(kept, scope=None), params.changed({"scope": None})
        state = replace(self._session.state, params=params, annotations=saved.annotations, notice=notice)
        if changed.rows_or_vectors:
            # the rows are here already: only what follows from them is computed anew
            state = replace(state, results=saved.results_for_others(rows))
        else:
            results = saved.results(rows, without=_FROM_TEXTS if changed.texts else frozenset())
            state = replace(state, results=results)
        self._session.titling.remember(saved.titles)
        self._session.resume(state)
        # last, since another scope takes a notice away
        self._session.notify(f"{notice} {self._narrow_again(kept)}".strip())

    def _narrow_again(self, kept: KeptFilter) -> str:
        """Put the filter in force that was saved; return a sentence on why it cannot be, or ""."""
        if kept.query.leaves_all:
            return ""
        from cluster_explorer.widget.progress import progress_bar

        try:
            with progress_bar("Filtering") as on_progress:
                self._session.filtering.restore(kept.query, kept.scope, on_progress=on_progress)
        except ClusterExplorerError as error:
            return f"The filter that was saved cannot be applied any more, so all texts are shown. {error}"
        return ""


def refuse_to_guess_server(origin: Origin) -> None:
    """Raise unless an exploration is of a Milvus Lite file: its owner says where a token goes."""
    from cluster_explorer.milvus.address import parse_uri

    address = parse_uri(origin.uri)
    if not address.is_lite:
        raise InvalidParameterError(
            f"The session file says that the collection is at {address.uri!r}. The token was not sent there: if it is "
            f"for that server, say so with uri={address.uri!r}."
        )
