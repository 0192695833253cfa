"""Closing widgets whole: ipywidgets closes a box, but neither what is in it nor its layouts and styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class Root(ipywidgets.VBox):  # type: ignore[misc] # ipywidgets comes without types
    """A box that holds a whole widget, and tells when it is closed: by ``Widget.close_all()`` for example.

    Parameters
    ----------
    children : sequence of Widget
    on_close : callable
        Called once, when the box has been closed.

    Examples
    --------
    >>> Root([], on_close=lambda: print("closed")).close()
    closed
    """

    def __init__(self, children: Sequence[ipywidgets.Widget], on_close: Callable[[], None]) -> None:
        self._on_close = on_close
        super().__init__(children)

    def close(self) -> None:
        """Close the box and tell so, unless it is closed already."""
        was_open = self.comm is not None
        super().close()
        if was_open:
            self._on_close()


def close_all(widgets: Iterable[ipywidgets.Widget]) -> None:
    """Close widgets and all that they are made of, each once, the outermost first.

    A widget that is not closed stays in the registry of ipywidgets, with all that it refers to, as long as the kernel
    lives.

    Examples
    --------
    >>> button = ipywidgets.Button()
    >>> close_all([ipywidgets.HBox([button])])
    >>> button.comm is None
    True
    """
    waiting, seen = list(widgets), set[int]()
    while waiting:
        widget = waiting.pop(0)
        if id(widget) in seen:
            continue
        seen.add(id(widget))
        waiting.extend(_parts(widget))
        widget.close()


def _parts(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """Yield the widgets that a widget holds in the traits that the browser is told of."""
    held = widget._trait_values  # noqa: SLF001 - reading the traits themselves would make layouts that nobody used
    for name in widget.keys:
        value = held.get(name)
        for part in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(part, ipywidgets.Widget):
                yield part
