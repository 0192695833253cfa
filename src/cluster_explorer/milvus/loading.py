"""Have a server hold a collection in its memory, know who uses it there, and write out what was stored."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_explorer.errors import MilvusOperationError

if TYPE_CHECKING:
    from cluster_explorer.milvus.connection import Connection

#: Seconds to wait for a server to load a collection.
_LONGEST_LOAD = 600.0

#: Milvus Lite builds its indexes while it flushes, and being in this process it cannot have gone away meanwhile.
_LITE_FLUSH_TIMEOUT = 3_600


@dataclass(frozen=True)
class Place:
    """A collection on a server, by its own name and not by an alias."""

    target: str
    db_name: str
    collection_name: str


class LoadedCollections:
    """The collections that the connections of this process use, and which of them were loaded for that.

    Several explorers of one collection are usual: a cell that is run again makes another one. The first loads it, and
    whoever leaves last releases it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[Place] = Counter()
        self._loaded_here: set[Place] = set()

    def enter(self, place: Place) -> None:
        """Note one more connection that uses a collection."""
        with self._lock:
            self._users[place] += 1

    def note_loaded(self, place: Place) -> None:
        """Note that a collection was not loaded before one of our connections wanted it."""
        with self._lock:
            self._loaded_here.add(place)

    def leave(self, place: Place) -> bool:
        """Note one connection less; return whether the collection is to be released."""
        with self._lock:
            self._users[place] -= 1
            if self._users[place] > 0:
                return False
            del self._users[place]
            if place not in self._loaded_here:
                return False
            self._loaded_here.remove(place)
            return True


#: The one list of them: what one connection loads, another one may use.
loaded_collections = LoadedCollections()


def load(connection: Connection, collection_name: str, vector_field: str, *, has_index: bool) -> None:
    """Load the collection where it is not; what we loaded is released when the connection is closed.

    Parameters
    ----------
    connection : Connection
        Open.
    collection_name : str
        Its own name, not an alias: who uses it is counted by that.
    vector_field : str
        The field of its vectors.
    has_index : bool
        Whether that has an index, which a server needs.

    Raises
    ------
    MilvusOperationError
        When a server cannot load it, or not in time.
    """
    from pymilvus.client.types import LoadState

    timeout = connection.timeout
    action = f"load collection {collection_name!r}"

    def state_now() -> object:
        return connection.ask(action, lambda client: client.get_load_state(collection_name, timeout=timeout)["state"])

    state = state_now()
    if state == LoadState.Loaded:
        connection.keep_loaded(collection_name)
        return
    if not has_index and not connection.address.is_lite:
        raise MilvusOperationError(
            f"Collection {collection_name!r} at {connection.address.uri} is not loaded, and cannot be: its vectors "
            f"({vector_field!r}) have no index. Open it with build_index=True to have one built (AUTOINDEX; add "
            "metric= for another one than cosine), or build one with MilvusClient.create_index."
        )
    # Large collections take a server longer than any call should: it is told to, and asked whether it has.
    connection.run(action, lambda client: client.load_collection(collection_name, timeout=timeout, _async=True))
    # while it is loading it was others who wanted it, and they may not be done with it when we are
    connection.keep_loaded(collection_name, loaded_here=state == LoadState.NotLoad)
    connection.wait_for(action, lambda: True if state_now() == LoadState.Loaded else None, _LONGEST_LOAD)


def flush(connection: Connection, collection_name: str) -> None:
    """Write out what was stored, so that the index covers it."""
    timeout = _LITE_FLUSH_TIMEOUT if connection.address.is_lite else connection.timeout
    connection.run(
        f"flush collection {collection_name!r}", lambda client: client.flush(collection_name, timeout=timeout)
    )
