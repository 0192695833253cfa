"""What a collection can be asked, and how it answers; nothing here knows Milvus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.values import FloatArray, ProgressCallback


class Found(Protocol):
    """Rows that answer a question, best first."""

    @property
    def keys(self) -> tuple[Any, ...]:
        """Primary keys."""

    @property
    def scores(self) -> FloatArray:
        """One for each key."""

    @property
    def score_name(self) -> str:
        """What the scores are."""

    @property
    def n_found(self) -> int:
        """Rows that match in all."""


class Answering(Protocol):
    """Answers questions about its rows."""

    def nearest_to(self, vector: FloatArray, limit: int) -> Found:
        """Search the rows nearest to a vector."""

    def nearest_to_rows(self, keys: Sequence[int] | Sequence[str], limit: int) -> Found:
        """Search the rows nearest to any of some rows, those left out."""

    def holding_words(self, words: Sequence[str], limit: int, *, on_progress: ProgressCallback | None = None) -> Found:
        """Find the rows whose text holds all words."""

    def matching(self, expression: str, *, on_progress: ProgressCallback | None = None) -> tuple[Any, ...]:
        """Find the keys of the rows that a filter expression selects."""
