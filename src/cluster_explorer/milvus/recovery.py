"""What Milvus Lite could not read of a collection that it opened: it tells its log alone, and goes on without that."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path

_log = logging.getLogger("cluster_explorer.milvus")

_WRITE_AHEAD_LOG = "milvus_lite.storage.wal"
#: Who warns of what is lost while a collection is opened.
TELLING = (_WRITE_AHEAD_LOG, "milvus_lite.engine.recovery", "milvus_lite.storage.manifest")


@dataclass(frozen=True)
class _Warned:
    """One warning: where it is from, of which collection, and whether of a log; "" is what it does not say."""

    path: str
    collection_name: str
    of_log: bool

    def is_of(self, database: str, collection_name: str = "") -> bool:
        return (not self.path or Path(self.path).is_relative_to(database)) and (
            not self.collection_name or collection_name in ("", self.collection_name)
        )


class Recovery(logging.Filter):
    """A filter of Milvus Lite's loggers that keeps what they say, writes it to our log, and lets none of it pass.

    Milvus Lite opens a collection when it is first asked about it, on a thread of its server: what it warns of is known
    when that question has been answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._untold: list[_Warned] = []
        self._told: list[_Warned] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep a warning; return that nobody else is to hear of it."""
        # a manifest that is written and could not be copied first has lost nothing
        if record.funcName != "save":
            _log.warning("Milvus Lite opened a collection that is not whole: %s", record.getMessage())
            with self._lock:
                self._untold.append(_warned(record))
        return False

    def sentence(self, database: str, collection_name: str) -> str:
        """Say what may be lost of a collection, as its database was opened; "" where nothing is known to be.

        Parameters
        ----------
        database : str
            Absolute path.
        collection_name : str
            Its own name, not an alias.
        """
        with self._lock:
            known = [*self._told, *self._untold]
            warned = [one for one in known if one.is_of(database, collection_name)]
            self._told += [one for one in warned if one in self._untold]
            self._untold = [one for one in self._untold if one not in warned]
        if not warned:
            return ""
        if all(one.of_log for one in warned):
            return (
                f"Milvus Lite could not read its log of collection {collection_name!r} to the end, which a crash or a "
                "full disk may have cut, so what was stored or deleted last may be lost: do it again where it is."
            )
        return (
            f"Milvus Lite found files of collection {collection_name!r} missing or damaged, so rows may be lost: "
            "restore them from a copy, or store the texts again."
        )

    def forget(self, database: str) -> None:
        """Forget what was told of a database, which is closed.

        What nobody was told of is kept: texts may have been stored in it first, and then it is opened.
        """
        with self._lock:
            self._told = [one for one in self._told if not one.is_of(database)]
            # one that does not say where it is was of a database that is open: this one, most likely
            self._untold = [one if one.path else replace(one, path=database) for one in self._untold]


#: The one that listens: databases belong to the process.
recovery = Recovery()


def _warned(record: logging.LogRecord) -> _Warned:
    """Return what a warning says: where files of a log are, and otherwise nothing of where it is."""
    said = record.args if isinstance(record.args, tuple) else ()
    path = next((Path(one) for one in said if isinstance(one, str) and Path(one).is_absolute()), None)
    if record.name != _WRITE_AHEAD_LOG or path is None:
        return _Warned("", "", of_log=record.name == _WRITE_AHEAD_LOG)
    # collections/NAME/wal/FILE
    return _Warned(str(path), path.parent.parent.name, of_log=True)
