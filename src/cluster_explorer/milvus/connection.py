"""Reach Milvus by address, and let go of it again: the client, its timeout, and the lock of a Milvus Lite file."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from cluster_explorer.errors import (
    ConnectionFailedError,
    DatabaseLockedError,
    InvalidParameterError,
    MilvusOperationError,
    OldDatabaseError,
    available,
)
from cluster_explorer.milvus.faults import quiet, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

# pymilvus comes without types.
MilvusClient: TypeAlias = Any

_SERVER_SCHEMES = ("http", "https", "tcp", "unix")

#: A server that is up answers in well under a second; nobody should wait for `timeout` to learn that it is down.
_LONGEST_CONNECT = 10.0


@dataclass(frozen=True)
class Address:
    """Where a database is, and the credentials that its uri carried.

    Attributes
    ----------
    uri : str
        As the user wrote it, without credentials: fit for messages and reprs.
    target : str
        What pymilvus is given: an absolute path for Milvus Lite.
    is_lite : bool
        Whether it is a Milvus Lite database, which runs in this process.
    token : str
        From the uri (``https://user:password@host``), or "".
    """

    uri: str
    target: str = field(repr=False)
    is_lite: bool
    token: str = field(repr=False, default="")


def parse_uri(uri: str | os.PathLike[str]) -> Address:
    """Tell a Milvus Lite file from a server, and take credentials out of the address.

    Raises
    ------
    InvalidParameterError
        When it is neither.

    Examples
    --------
    >>> parse_uri("https://me:secret@example.com:19530")
    Address(uri='https://example.com:19530', is_lite=False)
    """
    text = os.fspath(uri)
    parts = urlsplit(text)
    if parts.scheme.lower() in _SERVER_SCHEMES:
        credentials, _, host = parts.netloc.rpartition("@")
        bare = urlunsplit((parts.scheme, host, parts.path, "", "")) if parts.scheme != "unix" else text
        return Address(uri=bare, target=bare, is_lite=False, token=credentials)
    if text.endswith(".db"):
        return Address(uri=text, target=str(Path(text).expanduser().absolute()), is_lite=True)
    raise InvalidParameterError(
        f"uri={text!r} is neither a Milvus Lite database nor a server. "
        "Give the path of a database, ending in '.db' in lowercase, or an address such as 'http://localhost:19530'."
    )


class Connection:
    """An open client. Its calls may come from several threads.

    Parameters
    ----------
    address : Address
        Where it leads.
    client : pymilvus.MilvusClient
        Connected.
    timeout : float
        Seconds that each call may take.
    """

    def __init__(self, address: Address, client: MilvusClient, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self._client = client
        self._closed = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Connection({self.address.uri!r}, {'closed' if self._closed else 'open'})"

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @contextmanager
    def calls(self, action: str) -> Iterator[MilvusClient]:
        """Lend the client for calls to Milvus; what fails is raised as our own error, "Cannot <action> ..."."""
        if self._closed:
            raise MilvusOperationError(
                f"Cannot {action}: the connection to {self.address.uri} was closed. Open it again."
            )
        with translated(action, self.address.uri, self.timeout):
            yield self._client

    def close(self) -> None:
        """Close the client and, with its last user in this process, the Milvus Lite database. May be repeated."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        with quiet:
            self._client.close()
        if self.address.is_lite:
            _lite_databases.release(self.address.target)


def connect(
    uri: str | os.PathLike[str], *, token: str | None, db_name: str, timeout: float, create: bool = False
) -> Connection:
    """Connect to Milvus.

    Parameters
    ----------
    uri : str or path
        Path of a Milvus Lite database, or address of a server.
    token : str or None
        API key or ``user:password``.
    db_name : str
        Database on the server; "" is its default database.
    timeout : float
        Seconds that each call may take.
    create : bool
        Whether a Milvus Lite database that does not exist is created.

    Raises
    ------
    ConnectionFailedError
        When there is no such database or server; `DatabaseLockedError`, `OldDatabaseError` and `AuthenticationError`
        are kinds of it.
    InvalidParameterError
        When the uri is neither a path nor an address.
    """
    if not timeout > 0:
        raise InvalidParameterError(f"timeout={timeout!r} is not a time to wait: give seconds above 0.")
    address = parse_uri(uri)
    if address.is_lite:
        _check_lite_path(address, create=create)
        _lite_databases.acquire(address)
    try:
        client = _client(address, token or address.token, db_name, timeout)
    except BaseException:
        if address.is_lite:
            _lite_databases.release(address.target)
        raise
    connection = Connection(address, client, timeout)
    try:
        if db_name:
            _check_database(connection, db_name)
    except BaseException:
        connection.close()
        raise
    return connection


def _client(address: Address, token: str, db_name: str, timeout: float) -> MilvusClient:
    from pymilvus import MilvusClient as Client

    with translated("connect", address.uri, timeout):
        # Not shared with other clients of the process: closing ours must close the channel and no one else's.
        return Client(
            uri=address.target, token=token, db_name=db_name, timeout=min(timeout, _LONGEST_CONNECT), dedicated=True
        )


def _check_database(connection: Connection, db_name: str) -> None:
    with suppress(MilvusOperationError), connection.calls("list databases") as client:
        names = client.list_databases(timeout=connection.timeout)
        if db_name not in names:
            raise ConnectionFailedError(
                f"There is no database db_name={db_name!r} at {connection.address.uri}. {available(sorted(names))}"
            )


def _check_lite_path(address: Address, *, create: bool) -> None:
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


class _LiteDatabases:
    """The Milvus Lite databases that we hold open in this process.

    Closing a client keeps its database locked; the lock is released with the server that pymilvus started for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: dict[str, int] = {}
        self._opened_by_others: set[str] = set()

    def acquire(self, address: Address) -> None:
        """Open the database, unless it is open already; tell apart the ways in which that fails."""
        from milvus_lite.server_manager import server_manager_instance

        path = address.target
        with self._lock:
            if path not in self._users:
                # The only trace of a database that the user's own client opened; closing that one is not up to us.
                if path in getattr(server_manager_instance, "_servers", {}):
                    self._opened_by_others.add(path)
                with quiet:
                    if server_manager_instance.start_and_get_uri(path) is None:
                        raise _why_not_opened(address)
            self._users[path] = self._users.get(path, 0) + 1

    def release(self, path: str) -> None:
        """Forget one user of the database; with the last one, close it and release its lock."""
        from milvus_lite.server_manager import server_manager_instance

        with self._lock:
            self._users[path] -= 1
            if self._users[path] > 0:
                return
            del self._users[path]
            if path in self._opened_by_others:
                self._opened_by_others.remove(path)
                return
            with quiet:
                server_manager_instance.release_server(path)


_lite_databases = _LiteDatabases()


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
