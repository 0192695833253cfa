"""Titles of clusters by a language model, or by any function: first an estimate, and nothing is sent unasked."""

from __future__ import annotations

from cluster_explorer.titles.asking import TitleCache, TitleResults, ask_for_titles
from cluster_explorer.titles.chat import ChatTitles
from cluster_explorer.titles.samples import TitleEstimate, Titler, TitleSample, estimate

__all__ = [
    "ChatTitles",
    "TitleCache",
    "TitleEstimate",
    "TitleResults",
    "TitleSample",
    "Titler",
    "ask_for_titles",
    "estimate",
]
