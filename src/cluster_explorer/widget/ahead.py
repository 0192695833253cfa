"""Loading what takes long and will be needed, while the collection is still being opened."""

from __future__ import annotations

import sys
import threading
from importlib.util import find_spec


def load_ahead() -> None:
    """Load Jupyter's notebook format in the background, in the kernel of a notebook.

    Plotly's figure widget imports it, and it the checker of its schema, which compiles grammars for 1 to 3 seconds: the
    cell that shows an explorer would wait for them. Plotly itself is not loaded here, since its modules import each
    other in circles, which two threads must not do at once. A script, which shows nothing, loads nothing.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel") and "nbformat" not in sys.modules and find_spec("nbformat") is not None:
        threading.Thread(target=_load, name="cluster-explorer-loading", daemon=True).start()


def _load() -> None:
    import nbformat  # noqa: F401 - that it is loaded is all that is wanted
