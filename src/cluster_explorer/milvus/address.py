"""Where a database is: a Milvus Lite file or a server, and the credentials that its uri carried."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from cluster_explorer.errors import InvalidParameterError

_SERVER_SCHEMES = ("http", "https", "tcp", "unix")


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
        When it is neither, when it cannot be told where its credentials end, or when something follows a "?" or "#"
        in it, which servers do not read: a token, most likely.

    Examples
    --------
    >>> parse_uri("https://me:secret@example.com:19530")
    Address(uri='https://example.com:19530', is_lite=False)
    >>> parse_uri("https://me:p%40ss@example.com").token
    'me:p@ss'
    """
    text = os.fspath(uri)
    parts = _split(text)
    if parts.scheme.lower() in _SERVER_SCHEMES:
        return _server(parts, text)
    if text.endswith(".db") and "://" not in text:
        # One name for one folder, as milvus-lite forms it; Path.absolute would keep "..".
        path = os.path.abspath(Path(text).expanduser())  # noqa: PTH100
        return Address(uri=text, target=path, is_lite=True)
    raise InvalidParameterError(
        f"uri={_shown(text)!r} is neither a Milvus Lite database nor a server. "
        "Give the path of a database, ending in '.db' in lowercase, or an address such as 'http://localhost:19530'; "
        "a token or password goes into token=."
    )


def _server(parts: SplitResult, text: str) -> Address:
    if parts.scheme.lower() == "unix":
        return Address(uri=text, target=text, is_lite=False)
    credentials, _, host = parts.netloc.rpartition("@")
    # A "/", "?" or "#" in a password ends the host there: the rest of the password would be taken for the path.
    if not _has_port_or_none(parts) or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise _unreadable()
    if parts.query or parts.fragment:
        raise InvalidParameterError(
            f"uri= for {parts.hostname!r} holds more than an address: what follows its '?' or '#' (not repeated here, "
            "since it may be a secret) is read by no server. Leave it out, and give a token or API key as token=."
        )
    bare = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return Address(uri=bare, target=bare, is_lite=False, token=unquote(credentials))


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        # the error of the standard library repeats the text
        raise _unreadable() from None


def _unreadable() -> InvalidParameterError:
    return InvalidParameterError(
        "uri= is not an address that can be read (it is not repeated here, since it may hold a password). Give host "
        "and port, as in 'http://localhost:19530', and 'user:password' as token=. Special characters of a password "
        "that is part of an address are written %40 (@), %2F (/), %3A (:), %3F (?), %23 (#) and %25 (%)."
    )


def _has_port_or_none(parts: SplitResult) -> bool:
    try:
        _ = parts.port
    except ValueError:
        return False
    return True


def _shown(text: str) -> str:
    """Return what may be shown of what is no address: nothing that could be a password, a token or a key."""
    scheme, separator, rest = text.rpartition("://")
    before = f"{scheme}{separator}"
    if "@" in rest:
        return f"{before}…"
    plain = re.split(r"[:?#]", rest, maxsplit=1)[0]
    return f"{before}{plain}{'…' if len(plain) < len(rest) else ''}"
