"""The errors of ClusterExplorer: one base class, each saying what failed, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ClusterExplorerError(Exception):
    """Base class of every error that ClusterExplorer raises on purpose."""


class InvalidParameterError(ClusterExplorerError, ValueError):
    """A parameter is out of its range, or does not fit the others."""


class DataError(ClusterExplorerError, ValueError):
    """The data cannot be used as they are: NaN vectors, no texts, too few rows."""


class EmbeddingError(ClusterExplorerError):
    """An embedding function failed, or returned something that is not one vector a text."""


class ConnectionFailedError(ClusterExplorerError, ConnectionError):
    """Milvus cannot be opened or reached."""


class DatabaseLockedError(ConnectionFailedError):
    """Another process holds the lock of a Milvus Lite database."""


class OldDatabaseError(ConnectionFailedError):
    """The file was written by a Milvus Lite too old to be opened."""


class AuthenticationError(ConnectionFailedError, PermissionError):
    """The server refused the token, or the token lacks a permission."""


class CollectionNotFoundError(ClusterExplorerError, LookupError):
    """There is no collection of that name."""


class FieldError(ClusterExplorerError, LookupError):
    """A field is missing, ambiguous, or of a type that cannot be used."""


class FilterError(ClusterExplorerError, ValueError):
    """Milvus cannot parse or run the filter expression."""


class MilvusOperationError(ClusterExplorerError):
    """A Milvus call failed for another reason, or did not answer in time."""


class MessageTooLargeError(MilvusOperationError):
    """A message to or from Milvus is larger than the server or the network allows."""


class Cancelled(ClusterExplorerError):  # noqa: N818 - an outcome the user asked for, not a failure
    """The work was cancelled."""


def available(names: Iterable[object]) -> str:
    """Say which choices exist, as the last sentence of an error message.

    Examples
    --------
    >>> available(["news", "faq"])
    "Available: 'news', 'faq'."
    >>> available([])
    'Available: none.'
    """
    listed = ", ".join(repr(name) for name in names)
    return f"Available: {listed or 'none'}."
