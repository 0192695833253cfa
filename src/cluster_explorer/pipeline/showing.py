"""What of results may be shown: clusters, their members and their names are of one another, or are those of before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_explorer.pipeline.running import is_fresh, run_stage
from cluster_explorer.pipeline.table import STAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster_explorer.params import Params
    from cluster_explorer.pipeline.work import Key, Results, Stage, Work

#: A key that no parameters have: what stands in for a result is never mistaken for it.
STAND_IN: Key = ("stand-in",)
#: What is shown of clusters; views take labels from one of these and colours or names from another.
_OF_CLUSTERS = ("found", "followed", "clustering", "attached", "members", "names")


def whole(results: Results, before: Results, params: Params) -> Results:
    """Return results whose clusters can be shown, with those of before where the new ones are not complete.

    Parameters
    ----------
    results : Results
        What there is now.
    before : Results
        What is on show.
    params : Params
        What is wanted: where only the clusters on show answer it, they stay.
    """
    if before.members is None or before.rows is not results.rows:
        return results
    members = STAGE["members"]
    is_older = is_fresh(members, before, params) and not is_fresh(members, results, params)
    if is_older or not _are_of_one(results):
        return results.with_those_of(before, _OF_CLUSTERS)
    named = results.keys.get("names")
    # names of other clusters are worse than none
    return results if named is None or named[-1] == results.keys["clustering"] else results.without("names")


def _are_of_one(results: Results) -> bool:
    """Whether the members are of the clusters that there are."""
    members, clustering = results.members, results.clustering
    if members is None or clustering is None:
        return False
    attached = results.keys["members"][-1]
    is_made_of_it = isinstance(attached, tuple) and attached[-1] == results.keys["clustering"]
    return is_made_of_it or members.clustering.labels is clustering.labels


def with_stand_in(stage: Stage, work: Work, others: Iterable[Stage]) -> Results:
    """Return results with what stands in for a stage, and what quickly follows from it and from the rest.

    Parameters
    ----------
    stage : Stage
        It has a stand-in.
    work : Work
        With the results so far.
    others : iterable of Stage
        What is stale beside it, in order.
    """
    if stage.stand_in is None:
        return work.results
    results = work.results.with_result(stage.name, stage.stand_in(work), STAND_IN)
    standing_in, waiting = {stage.name}, set[str]()
    for other in others:
        if not other.quick or waiting.intersection(other.needs):
            waiting.add(other.name)
            continue
        results = run_stage(other, replace(work, results=results))
        if standing_in.intersection(other.needs):
            standing_in.add(other.name)
            results = results.with_result(other.name, results.by_stage[other.name], STAND_IN)
    return results
