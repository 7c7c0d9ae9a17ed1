"""Calls of the product itself to other systems' HTTP APIs: limited in time and size, repeated where that does no harm,
failures named by one code each, and a system that is down left alone for a while.

Plays have a client of their own with the same codes, `runbooks/module_utils/orch/upstream.py`.
"""

import json
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import structlog

from orch_app.kit.breaker import BROKEN_AFTER, Breaker, breaker_of
from orch_app.kit.http import TIMEOUT_S, guarded_client, socket_client
from orch_app.kit.upstream_failures import UpstreamError, not_answered, refused

Query = Mapping[str, str | int | bool | list[str] | None]
Result = TypeVar("Result")

ATTEMPTS = 3
PATIENCE_S = 15.0
"""No further attempt begins later than this: somebody waits for the answer."""
BASE_S = 0.25
MAX_BYTES = 32 << 20
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_REDIRECT = 300
_MISREAD = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What reading a document raises that is not shaped as its system shapes it."""

_log = structlog.get_logger("upstream")


@dataclass(frozen=True)
class Reach:
    """How a system is reached. `allow` opens private networks; with `unix_socket` nothing goes over a network.

    `place` names the system for its breaker; left out it is the host and port, or the socket.
    """

    base: str
    allow: tuple[str, ...] = ()
    verify: bool | ssl.SSLContext = field(default=True, repr=False)
    unix_socket: str = ""
    timeout_s: float = TIMEOUT_S
    place: str = ""

    @property
    def breaker(self) -> Breaker:
        """The one that everybody who calls this system shares."""
        return breaker_of(self.place or self.unix_socket or httpx.URL(self.base).netloc.decode("ascii"))

    def client(self) -> httpx.Client:
        """A client for this system alone."""
        if self.unix_socket:
            return socket_client(self.unix_socket, timeout_s=self.timeout_s)
        return guarded_client(self.allow, timeout_s=self.timeout_s, verify=self.verify)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx.Headers
    content: bytes = field(repr=False)

    @property
    def document(self) -> Any:
        """The body as JSON; None where there is none.

        Raises:
            UpstreamError: it is something else.
        """
        if not self.content.strip():
            return None
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise UpstreamError("upstream_5xx", "The answer is not JSON.", answered=self.status) from None


class Stream:
    """An answer that is read while it comes. `stop` ends it from another thread."""

    def __init__(self, name: str, response: httpx.Response) -> None:
        self.headers = response.headers
        self._name = name
        self._response = response

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they come.

        Raises:
            UpstreamError: the connection broke, or nothing came for longer than the time limit.
        """
        try:
            yield from self._response.iter_bytes()
        except httpx.HTTPError as error:
            raise not_answered(self._name, error) from None

    def stop(self) -> None:
        """End the reading, also while it waits; whoever reads sees the end or an UpstreamError."""
        connection = self._response.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class Upstream:
    """One API of one system, called by `name`. `explain` makes a sentence of its own error documents.

    Use it as a context manager: its connections live as long. Failed calls are counted by the breaker of its place.
    Answers are read inside of the block: one that is shaped as no answer of that system is its failure, not ours.
    """

    def __init__(
        self,
        name: str,
        reach: Reach,
        headers: Mapping[str, str] | None = None,
        *,
        explain: Callable[[Any], str] = lambda _: "",
        breaker: Breaker | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._reach = reach
        self._headers = {"Accept": "application/json", "User-Agent": "jarvis", **(headers or {})}
        self._explain = explain
        self._breaker = breaker or reach.breaker
        self._sleep = sleep
        self._client = reach.client()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        if isinstance(error, _MISREAD):
            _log.warning("upstream.misread", system=self.name, exc_info=error)
            raise UpstreamError("validation", f"{self.name} answered something that cannot be understood.") from error

    def get(self, path: str, query: Query | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON document at a path.

        Raises:
            UpstreamError, EgressRefused: as `call`.
        """
        return self.call("GET", path, query=query, headers=headers).document

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, again where that is safe, and answer what came.

        A limit (429) is waited for whatever the method: nothing was done. Another failure is tried again only for
        methods that may run twice, or where no connection was made.

        Raises:
            UpstreamError: no answer, or one that is not a success.
            EgressRefused: the system may not be connected to.
        """
        request = self._request(method, path, query, headers, body)

        def attempt() -> Answer:
            with closing(self._open(request)) as response:
                return self._read(response)

        return self._repeated(method, attempt)

    @contextmanager
    def stream(
        self,
        path: str,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        silence_s: float | None = None,
    ) -> Iterator[Stream]:
        """The answer to a GET as it comes; `silence_s` is how long nothing may come, None for ever.

        Raises:
            UpstreamError, EgressRefused: as `call`, before the first byte.
        """
        request = self._request("GET", path, query, headers)
        limit = self._reach.timeout_s
        request.extensions["timeout"] = httpx.Timeout(limit, read=silence_s).as_dict()
        with closing(self._repeated("GET", lambda: self._open(request))) as response:
            yield Stream(self.name, response)

    def _request(
        self, method: str, path: str, query: Query | None, headers: Mapping[str, str] | None, body: Any = None
    ) -> httpx.Request:
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self._reach.base.rstrip('/')}{path}"
        sent = {**self._headers, **(headers or {})}
        content = {"json": body} if body is not None else {}
        return self._client.build_request(method, url, params=asked, headers=sent, **content)

    def _repeated(self, method: str, attempt: Callable[[], Result]) -> Result:
        self._require_hope()
        started = time.monotonic()
        for number in count(1):
            try:
                result = attempt()
            except UpstreamError as error:
                pause = _pause(method, error, number, time.monotonic() - started)
                if pause is None:
                    self._note(error)
                    raise
            else:
                self._breaker.succeeded()
                return result
            self._sleep(pause)
        raise AssertionError("every way out is above")

    def _require_hope(self) -> None:
        wait_s = self._breaker.admit()
        if wait_s:
            detail = f"{self.name} failed {BROKEN_AFTER} calls in a row and is left alone for {wait_s:.0f} s."
            raise UpstreamError("unreachable", detail, retry_after_s=wait_s)

    def _note(self, error: UpstreamError) -> None:
        if error.is_unwell:
            self._breaker.failed()
        else:
            self._breaker.succeeded()

    def _open(self, request: httpx.Request) -> httpx.Response:
        """The beginning of a good answer; a bad one is read and raised."""
        try:
            response = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise not_answered(self.name, error) from None
        if response.status_code < _REDIRECT:
            return response
        with closing(response):
            refusal = self._read(response)
        raise refused(self.name, refusal.status, refusal.headers, self._said(refusal))

    def _said(self, refusal: Answer) -> str:
        """The system's own words about a refusal; empty where there are none."""
        with suppress(UpstreamError):
            return self._explain(refusal.document) if refusal.content.strip() else ""
        return ""

    def _read(self, response: httpx.Response) -> Answer:
        """The whole body, within the limits of time and size."""
        content = bytearray()
        until = time.monotonic() + PATIENCE_S
        try:
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    detail = f"{self.name}: the answer is larger than {MAX_BYTES >> 20} MB."
                    raise UpstreamError("validation", detail, answered=response.status_code)
                if time.monotonic() > until:
                    raise UpstreamError("timeout", f"{self.name} did not finish its answer.")
        except httpx.HTTPError as error:
            raise not_answered(self.name, error) from None
        return Answer(response.status_code, response.headers, bytes(content))


def _pause(method: str, error: UpstreamError, number: int, spent_s: float) -> float | None:
    """Seconds before the next attempt; None where there is none."""
    may_repeat = method in REPEATABLE or error.was_not_done
    if number >= ATTEMPTS or not error.is_passing or not may_repeat:
        return None
    pause = max(BASE_S * 2 ** (number - 1), error.retry_after_s or 0.0) * random.uniform(1.0, 1.5)  # noqa: S311
    return pause if spent_s + pause <= PATIENCE_S else None
