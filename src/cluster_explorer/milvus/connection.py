"""Reach Milvus by address, call it, and let go of it again."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import uuid4

from cluster_explorer.errors import (
    AuthenticationError,
    Cancelled,
    ClusterExplorerError,
    CollectionNotFoundError,
    ConnectionFailedError,
    InvalidParameterError,
    MilvusOperationError,
    RequestRefusedError,
    ServerNotReadyError,
    available,
)
from cluster_explorer.milvus.address import Address, parse_uri
from cluster_explorer.milvus.faults import NotLoadedError, quiet, translated
from cluster_explorer.milvus.lite import check_path, open_databases
from cluster_explorer.milvus.loading import Place, loaded_collections
from cluster_explorer.scrubbing import NO_SECRETS, Secrets
from cluster_explorer.stopping import answer_of, aside, can_be_stopped, stop_if_told

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

# pymilvus comes without types.
MilvusClient: TypeAlias = Any
T = TypeVar("T")

#: A server that is up answers in well under a second; nobody should wait for `timeout` to learn that it is down.
_LONGEST_CONNECT = 10.0

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
#: Seconds between two looks whether a server has done what takes it long.
_LOOK_PAUSE = 0.2
#: Seconds to have a server release what was loaded, and to close the client: one that is away is not waited for.
_LONGEST_CLOSE = 2


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
    secrets : Secrets
        What no message may repeat.
    db_name : str
        Database on the server; "" is its default database.
    """

    def __init__(
        self,
        address: Address,
        client: MilvusClient,
        timeout: float,
        secrets: Secrets = NO_SECRETS,
        db_name: str = "",
    ) -> None:
        self.address = address
        self.timeout = math.ceil(timeout)
        self._client = client
        self._secrets = secrets
        self._db_name = db_name
        #: Collections that are used, in the order they came.
        self._loaded: dict[str, Place] = {}
        self._closed = threading.Event()
        self._closing = threading.Lock()

    def __repr__(self) -> str:
        return f"Connection({self.address.uri!r}, {'closed' if self.closed else 'open'})"

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def run(self, action: str, call: Callable[[MilvusClient], T]) -> T:
        """Call Milvus, and wait for a server that is away or not ready for a moment.

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
            When Milvus cannot do it, does not answer in time, or is not ready for it as long as the timeout lasts.
        Cancelled
            When this thread was told to stop (see `stopping`) while the server was away.
        """
        return self._repeated(lambda: self._attempt(action, call, self._check_open))

    def ask(self, action: str, call: Callable[[MilvusClient], T]) -> T:
        """Do as `run` with a call that changes nothing: who is told to stop does not wait for its answer.

        One that changes something is waited for as long as its timeout lasts, or until the connection is closed: it
        might be done after what is asked for next.
        """
        return self._repeated(lambda: self._attempt(action, call, self._check_wanted))

    def wait_for(self, action: str, look: Callable[[], T | None], longest: float) -> T:
        """Look again and again until the server has done what takes it long, and return what there is then.

        Parameters
        ----------
        action : str
            What it does, for messages: "load collection 'news'".
        look : callable
            Returns None as long as it is not done.
        longest : float
            Seconds to wait for it.

        Raises
        ------
        MilvusOperationError
            When it takes longer. `Cancelled` when the connection is closed meanwhile.
        """
        deadline = time.monotonic() + longest
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise MilvusOperationError(
                    f"Cannot {action} at {self.address.uri}: after {longest:g} s it is not done. "
                    "Open the collection again later; the server goes on."
                )
            if self._pause(_LOOK_PAUSE):
                raise Cancelled(f"The connection was closed while it waited for the server to {action}.")
        return found

    def keep_loaded(self, collection_name: str, *, loaded_here: bool = False) -> None:
        """Load this collection again when a server that was restarted has forgotten it.

        It is named by its own name, which an alias is not: several connections may use it under several names. With
        `loaded_here` it was loaded by us, and is released when no connection of this process uses it any more.
        """
        place = Place(self.address.target, self._db_name, collection_name)
        if collection_name not in self._loaded:
            self._loaded[collection_name] = place
            loaded_collections.enter(place)
        if loaded_here and not self.address.is_lite:
            loaded_collections.note_loaded(place)

    def close(self) -> None:
        """Release what was loaded, and close the client and, with its last user in this process, the Lite database.

        Work in other threads that waits for a server ends at once. May be repeated; who comes second waits until it is
        done.
        """
        with self._closing:
            if self.closed:
                return
            self._closed.set()
            if self.address.is_lite:
                self._let_go()
                open_databases.release(self.address.target)
            else:
                # pymilvus closes a client only when it has given up reaching a server that is away
                with suppress(StillWaiting):
                    aside(self._let_go).result(_LONGEST_CLOSE)

    def _repeated(self, attempt: Callable[[], T]) -> T:
        """Make an attempt again and again while the server is away or not ready, as long as the timeout lasts."""
        deadline = time.monotonic() + self.timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return attempt()
            except (ConnectionFailedError, ServerNotReadyError) as error:
                # The kinds of the first (a locked file, a refused token) do not pass by waiting.
                passes = isinstance(error, ServerNotReadyError) or type(error) is ConnectionFailedError
                if not passes or time.monotonic() + pause > deadline:
                    raise
                if self._pause(pause):
                    raise
                if isinstance(error, NotLoadedError):
                    self._load_again()
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _pause(self, seconds: float) -> bool:
        """Wait; return whether the connection was closed meanwhile, and raise when this thread is told to stop."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            stop_if_told()
            if self._closed.wait(min(left, _LOOK_PAUSE)):
                return True
        return self.closed

    def _attempt(self, action: str, call: Callable[[MilvusClient], T], check: Callable[[str], None]) -> T:
        """Make a call, and wait for it as long as `check` lets it be waited for where it may last."""
        if self.address.is_lite or not can_be_stopped():
            # Lite is in this process, and answers; a cell is interrupted by its user
            return self._run_once(action, call)
        return answer_of(aside(lambda: self._run_once(action, call)), lambda: check(action))

    def _run_once(self, action: str, call: Callable[[MilvusClient], T]) -> T:
        self._check_open(action)
        try:
            with translated(action, self.address.uri, self.timeout, self._secrets):
                return call(self._client)
        except ClusterExplorerError:
            # what it broke off with says nothing when it was closed under the call
            self._check_open(action)
            raise

    def _check_open(self, action: str) -> None:
        if self.closed:
            raise MilvusOperationError(
                f"Cannot {action}: the connection to {self.address.uri} was closed. Open it again."
            )

    def _check_wanted(self, action: str) -> None:
        stop_if_told()
        self._check_open(action)

    def _load_again(self) -> None:
        for name in tuple(self._loaded):
            # told, not waited for: what needs it is asked for again until it is there
            load = partial(_load, name, self.timeout)
            with suppress(ConnectionFailedError, MilvusOperationError, CollectionNotFoundError):
                self._attempt(f"load collection {name!r}", load, self._check_wanted)

    def _let_go(self) -> None:
        """Have the server release what was loaded by us and is used by nobody else here, and close the client."""
        for name in [name for name, place in self._loaded.items() if loaded_collections.leave(place)]:
            # one that was dropped has nothing to release
            with (
                suppress(ClusterExplorerError),
                translated(f"release collection {name!r}", self.address.uri, _LONGEST_CLOSE, self._secrets),
            ):
                self._client.release_collection(name, timeout=_LONGEST_CLOSE)
        with quiet:
            self._client.close()


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
    ServerNotReadyError
        When a server is starting for as long as the timeout lasts.
    InvalidParameterError
        When the uri is neither a path nor an address.
    """
    if not timeout > 0:
        raise InvalidParameterError(f"timeout={timeout!r} is not a time to wait: give seconds above 0.")
    address = parse_uri(uri)
    secrets = Secrets.of_token(token or address.token)
    if address.is_lite:
        check_path(address, create=create)
        open_databases.acquire(address)
    try:
        client = _ready_client(address, token or address.token, db_name, timeout, secrets)
    except BaseException:
        if address.is_lite:
            open_databases.release(address.target)
        raise
    connection = Connection(address, client, timeout, secrets, db_name)
    try:
        if db_name:
            _check_database(connection, db_name)
    except BaseException:
        connection.close()
        raise
    return connection


def _load(collection_name: str, timeout: float, client: MilvusClient) -> None:
    client.load_collection(collection_name, timeout=timeout, _async=True)


def _ready_client(address: Address, token: str, db_name: str, timeout: float, secrets: Secrets) -> MilvusClient:
    """Connect, and wait for a server that is there and says that it is starting."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return _client(address, token, db_name, timeout, secrets)
        except ServerNotReadyError:
            if time.monotonic() + _LOOK_PAUSE > deadline:
                raise
        stop_if_told()
        time.sleep(_LOOK_PAUSE)


def _client(address: Address, token: str, db_name: str, timeout: float, secrets: Secrets) -> MilvusClient:
    from pymilvus import MilvusClient as Client

    with translated("connect", address.uri, timeout, secrets):
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
    except (AuthenticationError, RequestRefusedError):
        # Not every server lists them, and not to everyone; a token that is wrong fails at the next call.
        return
    if db_name not in names:
        raise ConnectionFailedError(
            f"There is no database db_name={db_name!r} at {connection.address.uri}. {available(sorted(names))}"
        )
