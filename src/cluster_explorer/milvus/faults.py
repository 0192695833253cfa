"""What Milvus and gRPC raise, turned into our own errors in one place; and their loggers kept quiet meanwhile."""

from __future__ import annotations

import logging
import re
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cluster_explorer.errors import (
    AuthenticationError,
    ClusterExplorerError,
    CollectionNotFoundError,
    ConnectionFailedError,
    MessageTooLargeError,
    MilvusOperationError,
    RequestRefusedError,
    ServerNotReadyError,
)
from cluster_explorer.milvus.recovery import TELLING, recovery
from cluster_explorer.scrubbing import NO_SECRETS, Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger("cluster_explorer.milvus")

# pymilvus 2.5 sets a level of its own on the second; the last one is the server of Milvus Lite in this process, which
# reports each call that Lite does not know.
_NOISY = ("pymilvus", "pymilvus.milvus_client", "milvus_lite", "grpc._server")
_SILENT = logging.CRITICAL + 1
_LONGEST_REASON = 600
#: Frames of the server's own program, in front of what went wrong: places in Go files, and functions.
_FRAMES = re.compile(r"stack trace: (?:\S+:\d+ \S+\s+)+")

# Milvus' codes (its merr/errors.go). Servers older than 2.3 have others, which pymilvus calls compatible.
_NO_COLLECTION = 100
_NO_COLLECTION_BEFORE = 4
#: Also what pymilvus says of everything unexpected, and Milvus Lite of most: the words tell them apart.
_STARTING, _STARTING_WORDS = 1, "service not ready"
_CANNOT_CONNECT = 2
_NOT_LOADED = 101
_TIMED_OUT = 10_001
#: Too many requests, a limit on their rate, resources short, collection not fully loaded, on recovering, partition not
#: fully loaded. Older pymilvus does not say that Milvus marks them as such that pass.
_PASSING = (4, 8, 12, 103, 106, 202)
#: What is said under any code as long as the parts of a server have not found each other again after a restart: those
#: that were killed are missed only when their lease ends, 30 s later. The bracket tells it from a filter's own words.
_FINDING_PARTS = re.compile(r"(?:node not (?:match|found)|channel not found)\[")
#: How the first servers with these codes marked those that pass.
_PASSING_FLAG = 1 << 16
#: What Go says of a deadline, at the end of whatever it was met in.
_DEADLINE_WORDS = "context deadline exceeded"
#: What pymilvus raises over an answer that it does not expect, such as JSON that cannot be decoded.
_UNREADABLE = (ValueError, KeyError, IndexError, TypeError)


class NotLoadedError(ServerNotReadyError):
    """The collection is not in the server's memory, as after a restart."""


class _Quiet:
    """Silence pymilvus, milvus-lite and gRPC while at least one of our calls runs, in whatever thread.

    What Milvus Lite warns of when it opens a collection that is not whole is listened to (see `recovery`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._levels: dict[str, int] = {}

    def __enter__(self) -> None:
        import pymilvus  # noqa: F401 - sets its log levels when it is first imported: before we change them

        with self._lock:
            if self._calls == 0:
                self._levels = {name: logging.getLogger(name).level for name in (*_NOISY, *TELLING)}
                for name in _NOISY:
                    logging.getLogger(name).setLevel(_SILENT)
                for name in TELLING:
                    logging.getLogger(name).setLevel(logging.WARNING)
                    logging.getLogger(name).addFilter(recovery)
            self._calls += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._calls -= 1
            if self._calls == 0:
                for name, level in self._levels.items():
                    logging.getLogger(name).removeFilter(recovery)
                    logging.getLogger(name).setLevel(level)


#: Their tracebacks would fill the notebook beside our one sentence. What they raise is logged to
#: ``cluster_explorer.milvus`` (level DEBUG) instead.
quiet = _Quiet()


@contextmanager
def translated(action: str, uri: str, timeout: float, secrets: Secrets = NO_SECRETS) -> Iterator[None]:
    """Run calls to Milvus, and raise our own errors instead of pymilvus' and gRPC's.

    Parameters
    ----------
    action : str
        What is being done, as the end of "Cannot ...".
    uri : str
        Where, without credentials.
    timeout : float
        Seconds that each call was given.
    secrets : Secrets
        What may not be repeated although the server does.
    """
    import grpc  # type: ignore[import-untyped] # grpcio comes without types
    from pymilvus.exceptions import MilvusException

    with quiet:
        try:
            yield
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            _log.debug("cannot %s at %s\n%s", action, uri, secrets.taken_out(traceback.format_exc()))
            # The original is a dozen frames of retries inside pymilvus: its reason is in our message, the rest logged.
            raise translate(error, action, uri, timeout, secrets) from None
        except _UNREADABLE as error:
            if isinstance(error, ClusterExplorerError):
                raise
            _log.debug("cannot %s at %s\n%s", action, uri, secrets.taken_out(traceback.format_exc()))
            raise MilvusOperationError(
                f"Cannot {action} at {uri}: what Milvus answers cannot be read ({type(error).__name__}: "
                f"{_reason(error, secrets)}). If it stays so, the rows that are read may be damaged, or the server and "
                "the installed pymilvus do not fit together; the log 'cluster_explorer.milvus' (DEBUG) has the details."
            ) from None


def translate(
    error: Exception, action: str, uri: str, timeout: float, secrets: Secrets = NO_SECRETS
) -> ClusterExplorerError:
    """Return our own error for one of pymilvus' or gRPC's."""
    status = _status(error)
    reason = _reason(error, secrets)
    code = _code(error)
    if status in ("UNAUTHENTICATED", "PERMISSION_DENIED") or _sounds_forbidden(reason):
        return AuthenticationError(
            f"Cannot {action}: the server at {uri} refused the token, or the token may not do this ({reason}). "
            "Pass a valid token= (an API key, or 'user:password')."
        )
    if status == "UNAVAILABLE" or code == _CANNOT_CONNECT:
        return ConnectionFailedError(
            f"Cannot {action}: the server at {uri} cannot be reached. "
            "Check that it runs and that uri= is right, then try again; nothing that was stored is lost."
        )
    if status in ("DEADLINE_EXCEEDED", "TIMEOUT") or code == _TIMED_OUT or reason.endswith(_DEADLINE_WORDS):
        return MilvusOperationError(
            f"Cannot {action}: Milvus at {uri} did not answer within {timeout:g} s. "
            "Try again when it is less busy, or give it longer with timeout=."
        )
    if status == "RESOURCE_EXHAUSTED":
        return MessageTooLargeError(
            f"Cannot {action} at {uri}: the message is too large ({reason}). Batches are halved as far as that helps. "
            "Shorten the longest texts or the filter, or let the server take larger messages: "
            "proxy.grpc.serverMaxRecvSize and proxy.grpc.serverMaxSendSize in milvus.yaml."
        )
    no_collection = code == _NO_COLLECTION or getattr(error, "compatible_code", None) == _NO_COLLECTION_BEFORE
    if not no_collection and _passes(error, reason):
        return ServerNotReadyError(
            f"Cannot {action}: Milvus at {uri} says that it is not ready for that ({reason}). "
            "Try again when it has started or is less busy, or have it waited for longer with timeout=."
        )
    kind = CollectionNotFoundError if no_collection else NotLoadedError if code == _NOT_LOADED else RequestRefusedError
    return kind(f"Cannot {action} at {uri}: {reason}")


def _code(error: Exception) -> int:
    """Milvus' own code of an error, without what it is marked with; 0 where there is none."""
    code = getattr(error, "code", None)
    # what gRPC raises has a method of that name, and pymilvus passes on what that returns
    return code & ~_PASSING_FLAG if isinstance(code, int) else 0


def _passes(error: Exception, reason: str) -> bool:
    """Whether what the server answers may be otherwise in a moment."""
    given = getattr(error, "code", None)
    marked = getattr(error, "retriable", False) or (isinstance(given, int) and bool(given & _PASSING_FLAG))
    code = _code(error)
    starting = (code == _STARTING and _STARTING_WORDS in reason) or _FINDING_PARTS.search(reason) is not None
    return marked or code in _PASSING or starting


def _status(error: BaseException) -> str:
    """Name of the gRPC status at the root of an error, or "" when there is none."""
    import grpc

    # pymilvus raises errors from themselves: both links of an error are followed, and each error looked at once.
    seen: set[int] = set()
    ahead: list[BaseException | None] = [error]
    while ahead:
        link = ahead.pop()
        if link is None or id(link) in seen:
            continue
        if isinstance(link, grpc.FutureTimeoutError):
            return "TIMEOUT"
        if isinstance(link, grpc.Call):
            return str(link.code().name)
        seen.add(id(link))
        ahead += [link.__context__, link.__cause__]
    return ""


def _reason(error: Exception, secrets: Secrets) -> str:
    """Return what the server said, short enough for a message, and without what it repeats of the token."""
    if isinstance(message := getattr(error, "message", None), str):
        reason = message
    elif callable(details := getattr(error, "details", None)):
        reason = f"{_status(error)}: {details()}"
    else:
        reason = str(error)
    reason = _FRAMES.sub("", secrets.taken_out(reason)).strip()
    return reason if len(reason) <= _LONGEST_REASON else reason[: _LONGEST_REASON - 1] + "…"


def _sounds_forbidden(reason: str) -> bool:
    lowered = reason.lower()
    return any(words in lowered for words in ("auth check failure", "permission deny", "unauthenticated"))
