"""Milvus Lite databases: whether a path leads to one, and which of them this process holds open."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_explorer.errors import ConnectionFailedError, DatabaseLockedError, OldDatabaseError
from cluster_explorer.milvus.faults import quiet
from cluster_explorer.milvus.recovery import recovery

if TYPE_CHECKING:
    from cluster_explorer.milvus.address import Address


def check_path(address: Address, *, create: bool) -> None:
    """Check that a path leads to a Milvus Lite database, or that one can be made there.

    Raises
    ------
    ConnectionFailedError
        When not; `OldDatabaseError` when it is a file of an old version.
    """
    path = Path(address.target)
    if path.is_file():
        raise OldDatabaseError(
            f"Cannot open {address.uri!r}: it is a file, as Milvus Lite 2.5 and older wrote; version 3 keeps a folder. "
            "Export it with the old version (milvus-lite dump), or store the texts again under another name."
        )
    if path.is_dir():
        if not create and not (path / "collections").is_dir():
            raise ConnectionFailedError(
                f"Cannot open {address.uri!r}: the folder holds no Milvus Lite database. Check the path."
            )
    elif not path.parent.is_dir():
        raise ConnectionFailedError(
            f"Cannot open {address.uri!r}: there is no folder {str(path.parent)!r}. "
            f"Check the path{' or create the folder' if create else ''}."
        )
    elif not create:
        beside = sorted(other.name for other in path.parent.glob("*.db"))
        raise ConnectionFailedError(
            f"Cannot open {address.uri!r}: there is no such database. Databases in {str(path.parent)!r}: "
            f"{', '.join(map(repr, beside)) or 'none'}. ClusterExplorer.from_texts(...) makes one."
        )


class LiteDatabases:
    """The Milvus Lite databases that we hold open in this process.

    Closing a client keeps its database locked; the lock is released with the server that pymilvus started for it. A
    client of the user's own, opened before ours or after it, uses the same server: that one is left to it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: dict[str, int] = {}

    def acquire(self, address: Address) -> None:
        """Open the database, unless it is open already; tell apart the ways in which that fails."""
        from milvus_lite.server_manager import server_manager_instance

        path = address.target
        with self._lock:
            if path not in self._users:
                with quiet:
                    if server_manager_instance.start_and_get_uri(path) is None:
                        raise _why_not_opened(address)
            self._users[path] = self._users.get(path, 0) + 1

    def release(self, path: str) -> None:
        """Forget one user of the database; with the last one, close it and release its lock.

        Clients of ours are closed by then.
        """
        from milvus_lite.server_manager import server_manager_instance

        with self._lock:
            self._users[path] -= 1
            if self._users[path] > 0:
                return
            del self._users[path]
            with quiet:
                # an open database is found again, not opened anew
                if not _used_by_others(server_manager_instance.start_and_get_uri(path)):
                    server_manager_instance.release_server(path)
                    recovery.forget(path)


#: The one list of them: locks belong to the process.
open_databases = LiteDatabases()


def _used_by_others(uri: str | None) -> bool:
    """Whether clients that are not ours are connected to the server of a database."""
    address = (uri or "").removeprefix("http://")
    return address in _addresses_of_clients() or address in _addresses_of_aliases()


def _addresses_of_clients() -> set[str]:
    """Where the clients of newer versions of pymilvus are connected to, those that were closed or dropped left out."""
    try:
        from pymilvus.client.connection_manager import ConnectionManager
    except ImportError:
        return set()
    found = ConnectionManager.get_instance().get_stats()["connections"]
    return {connection["address"] for connection in found if connection["client_count"]}


def _addresses_of_aliases() -> set[str]:
    """Where pymilvus' older kind of connections leads, which its older clients use as well."""
    from pymilvus import connections

    with warnings.catch_warnings():
        # newer versions would rather have clients used, and say so to the user
        warnings.simplefilter("ignore")
        open_ones = [alias for alias, handler in connections.list_connections() if handler is not None]
        return {str(connections.get_connection_addr(alias).get("address", "")) for alias in open_ones}


def _why_not_opened(address: Address) -> ConnectionFailedError:
    """Open the database once more, directly, to learn what pymilvus does not tell."""
    from milvus_lite.db import MilvusLite
    from milvus_lite.exceptions import DataDirLockedError

    try:
        with quiet:
            MilvusLite(address.target).close()
    except DataDirLockedError:
        return DatabaseLockedError(
            f"Cannot open {address.uri!r}: another process holds it, and Milvus Lite allows one at a time. "
            "Close the other notebook or restart its kernel; or serve the folder to both with "
            f"'milvus-lite server --data-dir {address.uri}' and give uri='http://localhost:19530'."
        )
    except PermissionError:
        return ConnectionFailedError(
            f"Cannot open {address.uri!r}: the folder may not be written to, and Milvus Lite needs to. "
            "Change its permissions, or copy it to a folder of yours."
        )
    except Exception as error:  # noqa: BLE001 - whatever a damaged database raises is the reason to tell
        return ConnectionFailedError(
            f"Cannot open {address.uri!r}: {error}. If the files are damaged, restore them or store the texts again."
        )
    return ConnectionFailedError(f"Cannot open {address.uri!r}: it was busy for a moment. Try again.")
