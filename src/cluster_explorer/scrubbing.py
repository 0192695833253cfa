"""Take keys and passwords out of what foreign code says: messages are shown, and saved with notebooks."""

from __future__ import annotations

import base64
import functools
import re
import traceback
import types
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HIDDEN = "***"
_SECRET_NAME = re.compile(r"key(?!word)|token(?!iz)|secret|passw|credential|authorization|auth$", re.IGNORECASE)
#: Shorter values named like secrets are words such as "id", which messages need.
_SHORTEST = 8
_SHORTEST_PASSWORD = 4
#: Objects looked through for secrets: a client that holds a session that holds headers is three deep.
_MOST_OBJECTS = 500
_DEEPEST = 4

_REST = r"[^\s'\",;)\]}<>]+"
#: What looks like a secret whoever says it, with what stays of it.
_SHAPES = (
    (re.compile(rf"\b(bearer|basic)\s+{_REST}", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (
        re.compile(
            r"((?:api[_-]?key|token|secret|password|authorization)[\"']?\s*[:=]\s*[\"']?)"
            rf"(?!bearer\b|basic\b|\*){_REST}",
            re.IGNORECASE,
        ),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s@]+@", re.IGNORECASE), rf"\1{_HIDDEN}@"),
    (re.compile(r"\b(?:sk|pk|pa|hf|gsk|xai|jina|nvapi)[-_][A-Za-z0-9_-]{12,}"), _HIDDEN),
)


def scrubbed(text: str, *holders: object) -> str:
    """Take secrets out of a text: what looks like one, and what the holders keep under a name that says so.

    Parameters
    ----------
    text : str
        What foreign code says.
    *holders : object
        Functions or clients: their attributes, dict entries, closures and the globals that they use are looked
        through, a few steps deep.

    Examples
    --------
    >>> scrubbed("Invalid header 'Authorization: Bearer jina_123'")
    "Invalid header 'Authorization: Bearer ***'"
    >>> scrubbed("no such model for 12345678-abc", {"api_key": "12345678-abc"})
    'no such model for ***'
    """
    # the longest first: one may be a part of another
    for secret in sorted(_known_secrets(holders), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN).replace(repr(secret)[1:-1], _HIDDEN)
    for shape, shown in _SHAPES:
        text = shape.sub(shown, text)
    return text


@dataclass(frozen=True)
class Secrets:
    """Words that are taken out of what a server says, which may repeat what it was sent.

    Attributes
    ----------
    words : tuple of str
    """

    words: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of_token(cls, token: str) -> Secrets:
        """Return a token, the password in it, and the token as it is sent.

        Examples
        --------
        >>> Secrets.of_token("me:s3cr3t").taken_out("me:s3cr3t is refused: not the password s3cr3t")
        '*** is refused: not the password ***'
        """
        password = token.partition(":")[2]
        sent = base64.b64encode(token.encode(errors="replace")).decode()
        return cls(tuple(word for word in (token, sent, password) if len(word) >= _SHORTEST_PASSWORD))

    def taken_out(self, text: str) -> str:
        """Return a text without the words."""
        for word in self.words:
            # whole words only: a short password may be part of many
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", _HIDDEN, text)
        return text


NO_SECRETS = Secrets()


def told(error: BaseException, *holders: object) -> str:
    """Return the kind of an error and what it says, without secrets.

    Examples
    --------
    >>> told(TimeoutError("the service is asleep"))
    'TimeoutError: the service is asleep'
    """
    return f"{type(error).__name__}: {scrubbed(str(error), *holders)}"


def cause_of(error: Exception, *holders: object) -> Exception:
    """Return an error to raise from: itself, or, where it or what led to it tells a secret, a copy that does not.

    The copy keeps the traceback, which shows where a user's own function failed.
    """
    said = "".join(_said(error))
    if scrubbed(said, *holders) == said:
        return error
    return RuntimeError(told(error, *holders)).with_traceback(error.__traceback__)


def _said(error: BaseException) -> Iterator[str]:
    """Return what a traceback says of an error and of those that led to it."""
    seen: set[int] = set()
    ahead: list[BaseException | None] = [error]
    while ahead:
        link = ahead.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield from traceback.format_exception_only(link)
        ahead += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]


def _known_secrets(holders: tuple[object, ...]) -> set[str]:
    found: set[str] = set()
    # Attributes of foreign objects may run code. Whatever that raises must not hide the error that is being told.
    with suppress(Exception):
        for secret in _secrets(holders):
            found.add(secret)
    return found


def _secrets(holders: tuple[object, ...]) -> Iterator[str]:
    """Find strings under names of secrets, breadth first."""
    seen: set[int] = set()
    level: list[object] = list(holders)
    for _ in range(_DEEPEST):
        deeper: list[object] = []
        for holder in level:
            if id(holder) in seen or len(seen) > _MOST_OBJECTS:
                continue
            seen.add(id(holder))
            for name, value in _held(holder):
                if _SECRET_NAME.search(name):
                    yield from _strings(value)
                if not isinstance(value, (str, bytes, int, float, type(None), type)):
                    deeper.append(value)
        level = deeper


def _held(holder: object) -> Iterator[tuple[str, object]]:
    """Return the named values of an object."""
    if isinstance(holder, dict):
        yield from ((str(name), value) for name, value in list(holder.items()))
    elif isinstance(holder, (list, tuple)):
        yield from (("", value) for value in holder[:_MOST_OBJECTS])
    elif isinstance(holder, functools.partial):
        yield from [("", holder.func), ("", holder.args), ("", holder.keywords)]
    elif isinstance(holder, types.MethodType):
        yield from [("", holder.__self__), ("", holder.__func__)]
    elif isinstance(holder, types.FunctionType):
        code, known = holder.__code__, holder.__globals__
        cells = zip(code.co_freevars, holder.__closure__ or (), strict=True)
        yield from ((name, _inside(cell)) for name, cell in cells)
        yield from ((name, known[name]) for name in code.co_names if name in known)
        yield from [("", holder.__defaults__), ("", holder.__kwdefaults__)]
    # a module holds a whole library
    if not isinstance(holder, types.ModuleType) and isinstance(attributes := getattr(holder, "__dict__", None), dict):
        yield from list(attributes.items())


def _inside(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        # a name that is not set yet
        return None


def _strings(value: object) -> Iterator[str]:
    """Return the strings of a secret: itself, what follows "Bearer ", both of a (user, password)."""
    reveal = getattr(value, "get_secret_value", None)
    if callable(reveal) and not isinstance(value, type):
        value = reveal()
    for part in value if isinstance(value, (list, tuple)) else [value]:
        text = part.decode(errors="replace") if isinstance(part, bytes) else part
        if isinstance(text, str):
            yield from (piece for piece in (text, text.strip(), text.rpartition(" ")[2]) if len(piece) >= _SHORTEST)
