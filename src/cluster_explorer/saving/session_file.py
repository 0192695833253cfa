"""The file of a saved exploration: what it holds, written and read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import ClusterExplorerError, SavedFileError
from cluster_explorer.exploring.identity import Followed, Memory
from cluster_explorer.exploring.selection import rows_now
from cluster_explorer.params import Params
from cluster_explorer.pipeline import STAGE, STAGES, Results, is_fresh, key_of
from cluster_explorer.saving.archive import Archive, damaged, write_archive
from cluster_explorer.saving.checking import Checker
from cluster_explorer.saving.codec import Encoder, UnknownTypeError, decode
from cluster_explorer.saving.fingerprint import Fingerprint, fingerprint
from cluster_explorer.saving.kept_filter import KeptFilter, kept_filter
from cluster_explorer.values import Dendrogram, KnnGraph, Rows, SpanningTree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_explorer.annotations import Annotations
    from cluster_explorer.exploring.identity import Identities
    from cluster_explorer.state import State
    from cluster_explorer.values import Clustering, FloatArray, IdArray, Scope

#: Stages that do not depend on what is drilled down to.
_WHOLE = frozenset({"neighbors", "layout"})
#: Not kept: what is read from Milvus again, and what follows from the rest in no time.
_NOT_KEPT = frozenset({"rows", "graph", "terms", "certified", "found", "followed"})
#: A key that no parameters have: what is remembered is gone by, and never taken for what was found.
_REMEMBERED = ("remembered",)


@dataclass(frozen=True)
class Origin:
    """Where the texts of an exploration are; never with a token.

    Attributes
    ----------
    uri : str
        Path or address of the database, without credentials.
    collection_name, db_name, filter : str
    vector_field, text_field : str
    partition_names : str
        One a line.
    metric : str
        How vectors are compared; "" is as their index does.
    """

    uri: str
    collection_name: str
    db_name: str = ""
    filter: str = ""
    vector_field: str = ""
    text_field: str = ""
    partition_names: str = ""
    metric: str = ""


@dataclass(frozen=True, eq=False)
class SavedSession:
    """What a session file holds.

    Attributes
    ----------
    origin : Origin
    saved_on : str
        Date and time, UTC, to the minute.
    fingerprint : Fingerprint
        What the collection held.
    params : Params
    identities : Identities
        The colours of the clusters.
    memory : Memory
        The colours that they had, here and in the scopes around.
    annotations : Annotations
        Names, stars and saved selections.
    ids : ndarray of shape (n,)
        Primary keys of the rows.
    stages : mapping of str to object
        Results by stage name; a graph of the rows' own vectors is without them.
    titles : mapping of str to str
        Titles that need not be asked for again, as `TitleCache.lasting` has them.
    filter : KeptFilter
        What was asked for by the filter.
    """

    origin: Origin
    saved_on: str
    fingerprint: Fingerprint
    params: Params
    identities: Identities
    memory: Memory
    annotations: Annotations
    ids: IdArray = field(repr=False)
    stages: Mapping[str, Any] = field(repr=False)
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    filter: KeptFilter = field(default_factory=KeptFilter)

    def results(self, rows: Rows, *, without: frozenset[str] = frozenset()) -> Results:
        """Return the results as the pipeline holds them, for rows that were read again and are the same.

        Parameters
        ----------
        rows : Rows
        without : frozenset of str
            Stages to leave out, to be computed anew.
        """
        results = Results().with_result("rows", rows, key_of(STAGE["rows"], self.params))
        for name, value in self.stages.items():
            if name in without:
                continue
            held = _with_vectors(value, rows.vectors) if name == "neighbors" else value
            results = results.with_result(name, held, key_of(STAGE[name], self.params))
        return results.with_result("followed", Followed(self.identities, self.memory), _REMEMBERED)

    def results_for_others(self, rows: Rows) -> Results:
        """Return the results for rows of the same collection as it is now: how clusters looked, and nothing else."""
        before = Followed(memory=self.memory)
        is_comparable = self.ids.dtype == rows.ids.dtype
        followed = before.carried(rows_now(self.ids, rows.ids), len(rows)) if is_comparable else Followed()
        results = Results().with_result("rows", rows, key_of(STAGE["rows"], self.params))
        return results.with_result("followed", followed, _REMEMBERED)


def write_session(
    path: str | Path,
    state: State,
    origin: Origin,
    *,
    titles: Mapping[str, str] = MappingProxyType({}),
    kept: KeptFilter = KeptFilter(),  # noqa: B008 - frozen
) -> Path:
    """Write what a state holds to a file, replacing one that is there in one step.

    Parameters
    ----------
    path : str or Path
        Nothing else is written.
    state : State
        With its rows and graph computed.
    origin : Origin
    titles : mapping of str to str, optional
        Titles that need not be asked for again.
    kept : KeptFilter, optional
        The filter that is in force.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    SavedFileError
        If the file cannot be written.
    """
    rows = state.results.rows
    if rows is None:
        raise ClusterExplorerError("There is nothing to save yet: no rows have been read.")
    encoder = Encoder()
    encoder.encode(rows.ids, "ids")
    stages: dict[str, Any] = {}
    for name, value in _worth_keeping(state).items():
        try:
            stages[name] = encoder.encode(value, name)
        except UnknownTypeError:
            # a stage that session files do not know is computed anew
            continue
    manifest = {
        "origin": asdict(origin),
        "saved_on": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "fingerprint": fingerprint(rows).to_json(),
        "params": asdict(replace(state.params, scope=None)),
        "scope": encoder.encode(state.params.scope, "scope"),
        "identities": encoder.encode(state.identities, "identities"),
        "memory": _encoded_memory(state, encoder),
        "annotations": encoder.encode(state.annotations, "annotations"),
        "stages": stages,
        "titles": dict(titles),
        "filter": kept.to_json(),
    }
    target = Path(path)
    write_archive(target, manifest, encoder.arrays)
    return target


def read_session(path: str | Path) -> SavedSession:
    """Read a session file.

    Raises
    ------
    SavedFileError
        If it is missing, foreign, damaged, or of a newer version.
    """
    try:
        with Archive(Path(path)) as archive:
            return _session_in(archive)
    except SavedFileError:
        raise
    except Exception as error:
        # whoever made the file had more ideas than the checks: nothing but this error leaves here
        raise damaged(path, f"it cannot be understood ({type(error).__name__})") from error


def _session_in(archive: Archive) -> SavedSession:
    manifest = archive.manifest
    try:
        seen = Fingerprint(**_known(Fingerprint, manifest["fingerprint"]))
        origin = Origin(**_known(Origin, manifest["origin"]))
        params = Params(**_known(Params, manifest["params"]))
        saved_on, encoded = str(manifest["saved_on"]), dict(manifest["stages"])
        colors, added, scope = manifest["identities"], manifest["annotations"], manifest["scope"]
        # files of earlier versions have none
        remembered, titles, kept = manifest.get("memory"), manifest.get("titles", {}), manifest.get("filter")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise archive.damaged(f"its manifest is not complete ({error})") from error
    if any(not isinstance(text, str) for text in asdict(origin).values()) or type(seen.n_rows) is not int:
        raise archive.damaged("its manifest is not as it was written")
    archive.expect(seen.n_rows)
    checker = Checker(archive.array("ids"), archive.damaged)
    checker.check_ids(seen)
    identities, annotations = decode(colors, archive), decode(added, archive)
    checker.check_identities(identities)
    checker.check_annotations(annotations)
    checker.check_titles(titles)
    params = replace(params, scope=decode(scope, archive))
    checker.check_scope(params.scope)
    narrowed = kept_filter(kept, params.scope, archive.damaged)
    stages = {
        name: checker.checked(name, decode(value, archive))
        for name, value in encoded.items()
        # of what was drilled down to, nothing is kept but the scope
        if name in STAGE and (params.scope is None or name in _WHOLE)
    }
    if remembered is None:
        memory = _memory_of(stages.get("clustering"), identities)
    else:
        memory = _decoded_memory(decode(remembered, archive), params.scope, checker)
    return SavedSession(
        origin, saved_on, seen, params, identities, memory, annotations, checker.ids, stages, titles, narrowed
    )


def _encoded_memory(state: State, encoder: Encoder) -> Any:
    """Encode the colours remembered of what is clustered and of what one comes back to from there, outermost first."""
    memory, scope = (state.results.followed or Followed()).memory, state.params.scope
    path = (None, *(scope.path if scope is not None else ()))
    by_scope = tuple(memory.by_scope.get(step) for step in path)
    return encoder.encode((by_scope, tuple(memory.looks.items())), "memory")


def _decoded_memory(remembered: object, scope: Scope | None, checker: Checker) -> Memory:
    if not isinstance(remembered, tuple) or len(remembered) != 2:
        raise checker.damaged("its remembered colours are not as they were written")
    by_scope, looks = remembered
    checker.check_memory(by_scope, looks, scope)
    path = (None, *(scope.path if scope is not None else ()))
    worn = {step: colors for step, colors in zip(path, by_scope, strict=True) if colors is not None}
    return Memory(MappingProxyType(worn), MappingProxyType(dict(looks)))


def _memory_of(clustering: Clustering | None, identities: Identities) -> Memory:
    """Return the memory of one clustering."""
    known = clustering is not None and len(identities.colors) == clustering.n_clusters
    return Memory().holding(clustering, identities) if clustering is not None and known else Memory()


def _worth_keeping(state: State) -> dict[str, Any]:
    """Choose the results that answer the present parameters and take time to compute."""
    results, rows = state.results, state.results.rows
    kept: dict[str, Any] = {}
    for stage in STAGES:
        value = results.by_stage.get(stage.name)
        if stage.name in _NOT_KEPT or value is None or not is_fresh(stage, results, state.params):
            continue
        if state.params.scope is not None and stage.name not in _WHOLE:
            # what was drilled down to is clustered again from the graph, which is quick
            continue
        if isinstance(value, KnnGraph):
            if stage.name != "neighbors" and value is results.graph:
                continue
            # the rows' own vectors are in Milvus; those of an embedding of the graph are nowhere else
            value = replace(value, ids=rows.ids if rows is not None else value.ids)
            value = replace(value, vectors=None) if stage.name == "neighbors" else value
        if isinstance(value, SpanningTree):
            # made anew from the edges when it is read, since one from a file could not be trusted
            value = replace(value, dendrogram=_no_dendrogram())
        kept[stage.name] = value
    return kept


def _no_dendrogram() -> Dendrogram:
    none = np.empty(0, dtype=np.int32)
    return Dendrogram(none, none, none, none, none)


def _with_vectors(graph: KnnGraph, vectors: FloatArray | None) -> KnnGraph:
    from cluster_explorer.stages.graph import as_compared

    return graph if vectors is None else replace(graph, vectors=as_compared(vectors, graph))


def _known(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the fields that this version knows."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
