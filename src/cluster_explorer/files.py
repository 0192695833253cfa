"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cluster_explorer.errors import SavedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def written_whole(path: str | Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place and move it there when it is complete; one that is there is replaced in one step.

    The new file is for whom the old one was; a first one is for whom the umask says.

    Parameters
    ----------
    path : str or Path
        Nothing is written elsewhere but a hidden file beside it, for as long as the writing takes.

    Raises
    ------
    SavedFileError
        If the file cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        with _made(temporary, _mode_of(target)) as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(target)
    except OSError as error:
        raise SavedFileError(
            f"Cannot write {str(path)!r}: {error.strerror or error}. Choose a folder that exists and can be written to."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _mode_of(target: Path) -> int | None:
    """Return who may read and write a file that is there; None when there is none."""
    try:
        return stat.S_IMODE(target.stat().st_mode) & 0o777
    except OSError:
        return None


def _made(path: Path, mode: int | None) -> IO[bytes]:
    """Make a file for whom `mode` says, or as any other new file: then the system itself takes the umask off."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.fdopen(os.open(path, flags, 0o666 if mode is None else mode), "wb")
    if mode is not None:
        # the umask took something off
        path.chmod(mode)
    return handle
