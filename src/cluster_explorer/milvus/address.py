"""Where a database is: a Milvus Lite file or a server, and the credentials that its uri carried."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

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
        # One name for one folder, as milvus-lite forms it; Path.absolute would keep "..".
        path = os.path.abspath(Path(text).expanduser())  # noqa: PTH100
        return Address(uri=text, target=path, is_lite=True)
    raise InvalidParameterError(
        f"uri={text!r} is neither a Milvus Lite database nor a server. "
        "Give the path of a database, ending in '.db' in lowercase, or an address such as 'http://localhost:19530'."
    )
