"""A client for endpoints that speak OpenAI's chat completions: hosted ones, and Ollama, vLLM or llama.cpp at home."""

from __future__ import annotations

import asyncio
import json
import math
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from cluster_explorer.describe.scripts import cleaned
from cluster_explorer.errors import InvalidParameterError, TitleError, TitleServiceError
from cluster_explorer.exploring.reading import shortened
from cluster_explorer.titles.prompt import SYSTEM, question, title_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from cluster_explorer.titles.samples import TitleSample

_LARGEST_ANSWER = 1_000_000
_LONGEST_WAIT = 120.0
_FIRST_WAIT = 0.5
_SAID = 200
_LOOKED_AT = 1_000
#: Answers after which the same request may well succeed.
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
#: Answers that every other request would get as well.
_HOPELESS = frozenset({401, 402, 403, 404, 405, 410})


class _Failed(Exception):  # noqa: N818 - a step of a loop, never seen outside
    """One attempt failed; it may be tried again after `wait` seconds, or sooner where that is None."""

    def __init__(self, reason: str, wait: float | None = None, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.unreachable = unreachable


class ChatTitles:
    """Titles by a language model behind an OpenAI-compatible endpoint. Nothing is sent before a title is asked for.

    Parameters
    ----------
    base_url : str
        Such as ``"https://api.openai.com/v1"`` or ``"http://localhost:11434/v1"``; requests go to
        ``base_url + "/chat/completions"``.
    model : str
        The model's name at that endpoint.
    api_key : str, optional
        Sent as a bearer token to this endpoint alone; redirects are not followed. It is kept out of reprs, messages,
        logs, traits and pickles: an unpickled `ChatTitles` has none.
    timeout : float
        Seconds that one attempt may take, however slowly the answer drips in.
    max_retries : int
        How often a request is tried again after rate limits (429), overload and broken connections. Waits double from
        half a second on, or are what the endpoint asks for (``Retry-After``), up to two minutes.
    max_concurrency : int
        Requests under way at a time.
    extra_body : mapping, optional
        Further fields of the request, such as ``{"temperature": 0, "max_tokens": 60}``; not every model takes all.

    Raises
    ------
    InvalidParameterError
        If the address is no http(s) address, or holds a password.

    Examples
    --------
    >>> ChatTitles(base_url="http://localhost:11434/v1", model="qwen3:4b", api_key="secret")
    ChatTitles(base_url='http://localhost:11434/v1', model='qwen3:4b', api_key='***')
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 4,
        max_concurrency: int = 4,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        self.base_url = _checked_address(base_url)
        if not model:
            raise InvalidParameterError("model must name a model of the endpoint; it is empty.")
        if not (timeout > 0 and max_retries >= 0 and max_concurrency >= 1):
            raise InvalidParameterError(
                f"timeout={timeout!r} must be above 0, max_retries={max_retries!r} at least 0, and "
                f"max_concurrency={max_concurrency!r} at least 1."
            )
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise InvalidParameterError("api_key holds characters that no key has: check what was copied.")
        self.model = model
        self.timeout = timeout
        self.max_retries = max_retries
        self.max_concurrency = max_concurrency
        self.extra_body = dict(extra_body or {})
        self._api_key = api_key

    def __repr__(self) -> str:
        key = "" if self._api_key is None else ", api_key='***'"
        return f"ChatTitles(base_url={self.base_url!r}, model={self.model!r}{key})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_api_key": None}

    @property
    def destination(self) -> str:
        """Where texts go, in words; a proxy on the way reads along where the address is not https."""
        proxy = self.proxy
        through = "" if proxy is None else f" through the proxy {_host_of(proxy)}"
        return f"the model {self.model!r} at {urlsplit(self.base_url).netloc}{through}"

    @property
    def leaves_machine(self) -> bool:
        """Whether the endpoint is on another machine, as far as its address tells."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return not ip_address(host).is_loopback
        except ValueError:
            return host != "localhost" and not host.endswith(".localhost")

    @property
    def proxy(self) -> str | None:
        """The proxy on the way to another machine, as the environment names it (``HTTPS_PROXY``, ``NO_PROXY``).

        There is none on the way to this machine: what is said to stay here does not leave by another's hands.
        """
        address = urlsplit(self.base_url)
        if not self.leaves_machine or proxy_bypass(address.netloc):
            return None
        proxies = getproxies()
        found = proxies.get(address.scheme) or proxies.get("all")
        return f"http://{found}" if found and "://" not in found else found or None

    @property
    def identity(self) -> tuple[str, ...]:
        """What titles depend on, beside the sample."""
        return ("chat", self.base_url, self.model, json.dumps(self.extra_body, sort_keys=True, default=str))

    def client(self) -> httpx.AsyncClient:
        """Make the HTTP client that requests share; close it when they are done.

        Raises
        ------
        TitleServiceError
            If httpx is not installed, or the proxy of the environment cannot be used.
        """
        try:
            import httpx
        except ImportError:
            raise TitleServiceError(
                "ChatTitles needs the package httpx. Install it: pip install 'milvus-cluster-explorer[titles]'."
            ) from None
        proxy = self.proxy
        # certificates are the environment's; the proxy is the one that was told of, not what httpx would find itself
        certificates = httpx.create_ssl_context()
        try:
            return httpx.AsyncClient(
                timeout=self.timeout, follow_redirects=False, verify=certificates, trust_env=False, proxy=proxy
            )
        except (ImportError, ValueError) as error:
            raise TitleServiceError(
                f"The proxy {_host_of(proxy or '')} of the environment cannot be used ({type(error).__name__}). "
                "Correct HTTPS_PROXY, or name the endpoint's host in NO_PROXY."
            ) from None

    async def title(self, sample: TitleSample, client: httpx.AsyncClient) -> str:
        """Ask for the title of one cluster, and again where that may help.

        Raises
        ------
        TitleError
            If the endpoint gave no title.
        TitleServiceError
            If no other request would fare better: wrong key, wrong model, nobody there.
        """
        wait = _FIRST_WAIT
        for attempt in range(self.max_retries + 1):
            try:
                async with asyncio.timeout(self.timeout):
                    return await self._attempt(sample, client)
            except TimeoutError:
                failed = _Failed(f"no answer within {self.timeout:g} s")
            except _Failed as error:
                failed = error
            if attempt == self.max_retries:
                break
            # with a random part, so that several requests do not come back all at once
            asked = wait * (1 + random.random() / 4) if failed.wait is None else failed.wait  # noqa: S311
            if asked > _LONGEST_WAIT:
                raise TitleServiceError(
                    f"{self._where} asks to wait {asked:,.0f} s: {failed}. Try again then; titles that came are kept."
                )
            await asyncio.sleep(asked)
            wait = min(2 * wait, 30.0)
        tried = f"{self.max_retries + 1} attempts" if self.max_retries else "one attempt"
        message = f"{self._where} gave no title in {tried}: {failed}."
        if failed.unreachable:
            raise TitleServiceError(f"{message} Check base_url, and that the endpoint runs.")
        raise TitleError(message)

    @property
    def _where(self) -> str:
        return f"The endpoint {urlsplit(self.base_url).netloc}"

    async def _attempt(self, sample: TitleSample, client: httpx.AsyncClient) -> str:
        import httpx

        body = {
            **self.extra_body,
            "model": self.model,
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": question(sample.keywords, sample.texts)},
            ],
        }
        headers = {} if self._api_key is None else {"Authorization": f"Bearer {self._api_key}"}
        try:
            async with client.stream(
                "POST", f"{self.base_url}/chat/completions", json=body, headers=headers
            ) as response:
                answer = await _read(response)
        except httpx.TimeoutException:
            raise _Failed(f"no answer within {self.timeout:g} s") from None
        except httpx.ConnectError as error:
            raise _Failed(f"it cannot be reached ({self._shown(str(error))})", unreachable=True) from None
        except httpx.HTTPError as error:
            raise _Failed(f"the connection broke ({type(error).__name__})") from None
        if response.status_code != httpx.codes.OK:
            self._refuse(response, answer)
        return self._title_in(answer)

    def _refuse(self, response: httpx.Response, answer: bytes) -> None:
        status = response.status_code
        said = self._shown(_error_in(answer))
        reason = self._shown(f"{status} {response.reason_phrase}") + (f", {said!r}" if said else "")
        if status in _HOPELESS:
            hint = {401: "Check api_key.", 403: "Check api_key.", 404: "Check base_url and model."}.get(status, "")
            raise TitleServiceError(f"{self._where} refuses: {reason}. {hint}".strip())
        if status in _PASSING:
            raise _Failed(reason, wait=_wished_wait(response.headers.get("retry-after")))
        raise TitleError(f"{self._where} refuses: {reason}.")

    def _title_in(self, answer: bytes) -> str:
        try:
            content = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            raise _Failed(f"the answer is no chat completion: {self._shown(_as_text(answer))!r}") from None
        if isinstance(content, list):
            content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        # before the title is cut and its decoration taken off, after which half a key would not be known for one
        title = title_from(self._without_key(content)) if isinstance(content, str) else ""
        if not title:
            raise _Failed("the answer holds no title")
        return self._without_key(title)

    def _shown(self, said: str) -> str:
        """Return what an endpoint said, short, and without the key that some of them repeat."""
        return shortened(" ".join(cleaned(self._without_key(said)[:_LOOKED_AT]).split()), _SAID)

    def _without_key(self, said: str) -> str:
        return said.replace(self._api_key, "***") if self._api_key else said


def _checked_address(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidParameterError(
            f"base_url must be an http or https address, such as 'http://localhost:11434/v1'; it has scheme "
            f"{parts.scheme!r} and host {parts.hostname!r}."
        )
    if parts.username or parts.password or parts.query:
        raise InvalidParameterError(
            f"base_url ({parts.scheme}://{parts.hostname}/...) holds a password or a query. Give the key as api_key."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _host_of(proxy: str) -> str:
    """Return host and port of a proxy's address, without the password that may stand before them."""
    return urlsplit(proxy).netloc.rpartition("@")[2]


async def _read(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise _Failed(f"the answer is larger than {_LARGEST_ANSWER // 1000:,} kB")
        parts.append(part)
    return b"".join(parts)


def _error_in(answer: bytes) -> str:
    try:
        error = json.loads(answer)["error"]
        said = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError, RecursionError):
        return _as_text(answer)
    return str(said)


def _as_text(answer: bytes) -> str:
    return answer.decode("utf-8", errors="replace")


def _wished_wait(header: str | None) -> float | None:
    """Read ``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        return _seconds_until(header)
    return None if math.isnan(seconds) else max(0.0, seconds)


def _seconds_until(header: str) -> float | None:
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
