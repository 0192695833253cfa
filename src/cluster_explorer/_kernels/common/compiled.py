"""One way to compile the loops of the stages: machine code, kept on disk, without Python's global lock.

Compiled functions leave the making of arrays to their callers, as far as they can: that keeps them quick to compile.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

#: Numbers as compiled functions take them.
Float: TypeAlias = float | np.floating[Any]
Int: TypeAlias = int | np.integer[Any]

Function = TypeVar("Function", bound="Callable[..., object]")


def compiled(function: Function) -> Function:
    """Compile a function with numba, on one thread, and keep the result on disk where a folder can be written.

    Parallel loops are left out on purpose: two Python threads inside numba's default threading layer end the process.
    """
    return _compile(function, fastmath=False)


def compiled_sum(function: Function) -> Function:
    """Compile a function whose sums may be reordered, so that they use the processor's vector units."""
    return _compile(function, fastmath={"reassoc", "contract"})


def _compile(function: Function, *, fastmath: bool | set[str]) -> Function:
    def compile_with(*, cache: bool) -> Function:
        made = numba.njit(function, cache=cache, nogil=True, fastmath=fastmath, error_model="numpy")
        return cast("Function", made)

    try:
        return compile_with(cache=True)
    except RuntimeError:  # neither the package's folder nor the user's cache folder can be written
        return compile_with(cache=False)


def _drop_outdated(folder: Path) -> None:
    """Remove compiled code that is older than a module it may have been made from.

    numba compares its file with the module of one function alone; what that calls from other modules is compiled into
    it.
    """
    with suppress(OSError):
        newest = max((module.stat().st_mtime for module in folder.rglob("*.py")), default=0.0)
        for index in folder.rglob("__pycache__/*.nbi"):
            if index.stat().st_mtime < newest:
                index.unlink(missing_ok=True)


_drop_outdated(Path(__file__).parents[1])
