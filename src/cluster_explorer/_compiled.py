"""One way to compile the loops of the stages: machine code, kept on disk, without Python's global lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

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
    options = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
    try:
        return cast("Function", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # neither the package's folder nor the user's cache folder can be written
        return cast("Function", numba.njit(**options)(function))
