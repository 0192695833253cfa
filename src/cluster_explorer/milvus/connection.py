"""Reach Milvus by address, call it, and let go of it again."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import uuid4

from cluster_explorer.errors import (
    ConnectionFailedError,
    InvalidParameterError,
    MilvusOperationError,
    available,
)
from cluster_explorer.milvus.address import Address, parse_uri
from cluster_explorer.milvus.faults import NotLoadedError, quiet, translated
from cluster_explorer.milvus.lite import check_path, open_databases

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

# pymilvus comes without types.
MilvusClient: TypeAlias = Any
T = TypeVar("T")

#: A server that is up answers in well under a second; nobody should wait for `timeout` to learn that it is down.
_LONGEST_CONNECT = 10.0

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


class Connection:
    """An open client. Its calls may come from several threads.

    Parameters
    ----------
    address : Address
        Where it leads.
    client : pymilvus.MilvusClient
        Connected.
    timeout : float
        Seconds that each call may take; rounded up to whole ones, as pymilvus 2.5 ignores others when it retries.
    """

    def __init__(self, address: Address, client: MilvusClient, timeout: float) -> None:
        self.address = address
        self.timeout = math.ceil(timeout)
        self._client = client
        self._loaded = ""
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Connection({self.address.uri!r}, {'closed' if self.closed else 'open'})"

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def run(self, action: str, call: Callable[[MilvusClient], T]) -> T:
        """Call Milvus, and wait for a server that is away for a moment.

        Parameters
        ----------
        action : str
            What is being done, as the end of "Cannot ...".
        call : callable
            Makes calls with the client it is given. It may be repeated, so it must be harmless to.

        Returns
        -------
        object
            What `call` returns.

        Raises
        ------
        ConnectionFailedError
            When the server is away for longer than the timeout, or refuses the token.
        MilvusOperationError
            When Milvus cannot do it, or does not answer in time.
        """
        deadline = time.monotonic() + self.timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._run_once(action, call)
            except (ConnectionFailedError, NotLoadedError) as error:
                # Its kinds (a locked file, a refused token) do not pass by waiting.
                if type(error) not in (ConnectionFailedError, NotLoadedError) or time.monotonic() + pause > deadline:
                    raise
                if self._closed.wait(pause):
                    raise
                if isinstance(error, NotLoadedError):
                    self._load_again()
                pause = min(2 * pause, _LONGEST_PAUSE)

    def keep_loaded(self, collection_name: str) -> None:
        """Load this collection again when a server that was restarted has forgotten it."""
        self._loaded = collection_name

    def close(self) -> None:
        """Close the client and, with its last user in this process, the Milvus Lite database. May be repeated."""
        with self._lock:
            if self.closed:
                return
            self._closed.set()
        with quiet:
            self._client.close()
        if self.address.is_lite:
            open_databases.release(self.address.target)

    def _run_once(self, action: str, call: Callable[[MilvusClient], T]) -> T:
        if self.closed:
            raise MilvusOperationError(
                f"Cannot {action}: the connection to {self.address.uri} was closed. Open it again."
            )
        with translated(action, self.address.uri, self.timeout):
            return call(self._client)

    def _load_again(self) -> None:
        if self._loaded:
            with suppress(ConnectionFailedError, MilvusOperationError):
                self._run_once(
                    f"load collection {self._loaded!r}",
                    lambda client: client.load_collection(self._loaded, timeout=self.timeout),
                )


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
        check_path(address, create=create)
        open_databases.acquire(address)
    try:
        client = _client(address, token or address.token, db_name, timeout)
    except BaseException:
        if address.is_lite:
            open_databases.release(address.target)
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
        return Client(
            uri=address.target,
            token=token,
            db_name=db_name,
            timeout=min(timeout, _LONGEST_CONNECT),
            # Not shared with other clients of the process (as pymilvus 3 and 2.6 say it): closing ours must close its
            # channel and no one else's.
            dedicated=True,
            alias=f"cluster-explorer-{uuid4().hex}",
            # By default a new channel inherits how long gRPC waits before it tries a server again that was down.
            grpc_options={"grpc.use_local_subchannel_pool": 1},
        )


def _check_database(connection: Connection, db_name: str) -> None:
    try:
        names = connection.run("list databases", lambda client: client.list_databases(timeout=connection.timeout))
    except MilvusOperationError:
        # Not every server lists them, and not to everyone.
        return
    if db_name not in names:
        raise ConnectionFailedError(
            f"There is no database db_name={db_name!r} at {connection.address.uri}. {available(sorted(names))}"
        )
