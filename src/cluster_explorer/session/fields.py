"""The fields that colours and the order of the list are wished by: read when they are needed, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_explorer.exploring.finding import field_of
from cluster_explorer.exploring.listing import without_order

if TYPE_CHECKING:
    from cluster_explorer.exploring.columns import Column
    from cluster_explorer.session.session import Session
    from cluster_explorer.state import State


class FieldWishes:
    """Reads what is wished for and not there, in the background, and takes back a wish that cannot be met.

    Views go on showing what there is: the clusters, and the best texts first.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        session.store.subscribe(self._follow)

    def _follow(self, before: State, after: State) -> None:
        if _met(after) is not after:
            self._session.store.post(_met)
        if before.metadata.reading and not after.metadata.reading:
            # cancelled or failed, unless it is here: nothing waits for ever, and who wishes it again has it read again
            self._session.store.post(_given_up)
        elif _needed(before) != _needed(after) and after.results.rows is not None:
            self._session.metadata.want(missing_fields(after))


def wished_fields(state: State) -> tuple[str, ...]:
    """Return the fields that the map is to be coloured by, and the list sorted by."""
    wishes = (field_of(state.finding.color_by), field_of(state.listing.sort))
    return tuple(name for name in wishes if name is not None)


def missing_fields(state: State) -> tuple[str, ...]:
    """Return those of the wished fields that are not here."""
    return tuple(name for name in wished_fields(state) if name not in state.finding.columns.by_name)


def without_colors(column: Column) -> str:
    """Say why a field has no colours."""
    if column.kind == "categories":
        return f"In field {column.name!r} every text has a value of its own, so colours would tell nothing."
    return f"Field {column.name!r} holds lists, values of several kinds or nothing at all, which have no colours."


def _needed(state: State) -> tuple[object, ...]:
    """All that says which fields have to be read; values are compared by identity."""
    return (id(state.results.rows), id(state.finding.columns), *wished_fields(state))


def _met(state: State) -> State:
    """Take back the wishes for fields that have turned out to hold nothing to colour or sort by."""
    columns = state.finding.columns.by_name
    colored, ordered = (columns.get(field_of(by) or "") for by in (state.finding.color_by, state.listing.sort))
    if colored is not None and not colored.has_colors:
        state = replace(_colored_by_cluster(state), notice=without_colors(colored))
    if ordered is not None and not ordered.has_order:
        state = replace(_sorted_as_ever(state), notice=without_order(ordered.name))
    return state


def _given_up(state: State) -> State:
    """Take back the wishes for fields that are not here and not being read."""
    missing = set(missing_fields(state)) - set(state.metadata.reading)
    if not missing:
        return state
    if field_of(state.finding.color_by) in missing:
        state = _colored_by_cluster(state)
    if field_of(state.listing.sort) in missing:
        state = _sorted_as_ever(state)
    return replace(state, notice=state.metadata.problem or state.notice)


def _colored_by_cluster(state: State) -> State:
    return replace(state, finding=replace(state.finding, color_by="cluster"))


def _sorted_as_ever(state: State) -> State:
    return replace(state, listing=replace(state.listing, sort="auto", descending=False))
