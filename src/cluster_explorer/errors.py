"""The errors of ClusterExplorer: one base class, each saying what failed, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
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


class RequestRefusedError(MilvusOperationError):
    """Milvus answers that it cannot do what it is asked."""


class ServerNotReadyError(MilvusOperationError):
    """A server is starting, recovering or too busy, for longer than it was waited for."""


class SavedFileError(ClusterExplorerError, ValueError):
    """A file cannot be written, or is not what `ClusterExplorer.save` wrote."""


class TitleError(ClusterExplorerError):
    """A title could not be had for a cluster."""


class TitleServiceError(TitleError):
    """Whoever gives titles cannot be used at all: not reachable, wrong key, wrong model."""


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


def clusters_there(n_clusters: int) -> str:
    """Say which clusters exist, as part of an error message.

    Examples
    --------
    >>> [clusters_there(n_clusters) for n_clusters in (0, 1, 12)]
    ['there are no clusters', 'there is only cluster 0', 'there are clusters 0 to 11']
    """
    if n_clusters == 0:
        return "there are no clusters"
    return "there is only cluster 0" if n_clusters == 1 else f"there are clusters 0 to {n_clusters - 1}"


def sentence_of(error: Exception, log: logging.Logger) -> str:
    """Return what an error says to a reader; one that nobody raised on purpose is logged with its trace."""
    if isinstance(error, ClusterExplorerError):
        return str(error)
    log.error("Unexpected error", exc_info=error)
    return f"Unexpected {type(error).__name__}: {error}. The log of the kernel has the details."


def as_ours(error: Exception, log: logging.Logger) -> ClusterExplorerError:
    """Return an error as it is shown; one that nobody foresaw is logged, and becomes the cause of one of ours."""
    if isinstance(error, ClusterExplorerError):
        return error
    ours = ClusterExplorerError(sentence_of(error, log))
    ours.__cause__ = error
    return ours
