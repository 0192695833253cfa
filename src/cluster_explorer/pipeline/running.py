"""What a change of parameters makes stale, and the stages run again for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cluster_explorer.pipeline.table import STAGE, STAGES, neighbors_wanted

if TYPE_CHECKING:
    from cluster_explorer.params import Params
    from cluster_explorer.pipeline.work import Key, Results, Stage, Work
    from cluster_explorer.values import KnnGraph


def key_of(stage: Stage, params: Params) -> Key:
    """Return all that the result of a stage depends on: its own parameters, and those of the stages it needs.

    Examples
    --------
    >>> from cluster_explorer.params import Params
    >>> key_of(STAGE["tree"], Params()) == key_of(STAGE["tree"], Params(min_cluster_size=50))
    True
    >>> seeds = [Params(space="distance", random_state=seed) for seed in (1, 2)]
    >>> key_of(STAGE["tree"], seeds[0]) == key_of(STAGE["tree"], seeds[1])
    True
    """
    unread = {
        name for (other, value), names in stage.unread.items() if getattr(params, other) == value for name in names
    }
    own = tuple(getattr(params, name) for name in stage.params if name not in unread)
    return (stage.name, *own, *(key_of(STAGE[name], params) for name in stage.needs))


def is_fresh(stage: Stage, results: Results, params: Params) -> bool:
    """Tell whether the result that is held answers `params`."""
    if results.keys.get(stage.name) != key_of(stage, params):
        return False
    if stage.name != "neighbors":
        return True
    # more neighbours than are wanted serve as well, since a graph can be sliced
    held: KnnGraph = results.by_stage["neighbors"]
    return held.n_neighbors >= neighbors_wanted(params, len(held))


def stale(results: Results, params: Params, targets: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the stages that must run, in order, before every target answers `params`.

    Examples
    --------
    >>> from cluster_explorer.params import Params
    >>> from cluster_explorer.pipeline import Results
    >>> [stage.name for stage in stale(Results(), Params(), ("tree",))]
    ['rows', 'neighbors', 'graph', 'scoped', 'distinct', 'measured', 'tree']
    """
    wanted = set(targets)
    for stage in reversed(STAGES):
        if stage.name in wanted:
            wanted.update(stage.needs)
    return tuple(stage for stage in STAGES if stage.name in wanted and not is_fresh(stage, results, params))


def quick_stages(results: Results, params: Params, targets: tuple[str, ...], in_time: frozenset[str]) -> list[Stage]:
    """Return the stale stages that take little time, if what they need takes little time as well.

    Parameters
    ----------
    results : Results
    params : Params
    targets : tuple of str
    in_time : frozenset of str
        Stages that took little time when they ran last.
    """
    waiting: set[str] = set()
    quick = []
    for stage in stale(results, params, targets):
        if stage.quick and stage.name in in_time and not waiting.intersection(stage.needs):
            quick.append(stage)
        else:
            waiting.add(stage.name)
    return quick


def _earlier(work: Work) -> dict[str, Any]:
    """Return what answers the parameters for the rows that there were before."""
    earlier = work.results.earlier
    if earlier is None:
        return {}
    return {name: value for name, value in earlier.by_stage.items() if is_fresh(STAGE[name], earlier, work.params)}


def run_stage(stage: Stage, work: Work) -> Results:
    """Run one stage and return the results with its own among them."""
    value = stage.run(replace(work, earlier=_earlier(work)))
    return work.results.with_result(stage.name, value, key_of(stage, work.params))
