"""From a source of rows to a clustered map: which stage needs what, and what a change of parameters makes stale.

Nothing here knows a notebook, a widget or Milvus. Every stage is a row of `STAGES`; every result remembers the
parameters it was computed with, so what a change makes stale follows from comparing them.
"""

from __future__ import annotations

from cluster_explorer.pipeline.running import is_fresh, key_of, quick_stages, run_stage, stale
from cluster_explorer.pipeline.showing import STAND_IN, whole, with_stand_in
from cluster_explorer.pipeline.table import ALL_TARGETS, QUICK_PARAMS, STAGE, STAGES
from cluster_explorer.pipeline.work import Key, Library, Results, Source, Stage, Work

__all__ = [
    "ALL_TARGETS",
    "QUICK_PARAMS",
    "STAGE",
    "STAGES",
    "STAND_IN",
    "Key",
    "Library",
    "Results",
    "Source",
    "Stage",
    "Work",
    "is_fresh",
    "key_of",
    "quick_stages",
    "run_stage",
    "stale",
    "whole",
    "with_stand_in",
]
