"""A part of the panel: one feature's traits and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cluster_explorer.state import State

Message: TypeAlias = "dict[str, Any]"
Answers: TypeAlias = "Mapping[str, Callable[[Message], object]]"


class Part(Protocol):
    """Shows one feature's share of the state in the panel's model, and answers its messages.

    Attributes
    ----------
    answers : mapping of str to callable
        By the type of a message, what to do with it. A `ClusterExplorerError` is told to the browser.
    """

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""

    def render(self, before: State, after: State) -> None:
        """Bring the traits from one state to the next; called while the model holds back what it sends."""

    def tell(self, before: State, after: State) -> None:
        """Send messages that go along with a change unasked; called when the traits have been sent."""
