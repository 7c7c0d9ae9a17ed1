"""Calls to another system's HTTP API: times limited, repeated where that does no harm, failures named by a code."""

from __future__ import annotations

import itertools
import json
import random
import socket
import ssl
import time
from functools import cached_property
from typing import Any, Callable, Iterable
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit

from ansible.module_utils.orch import egress
from ansible.module_utils.urls import ConnectionError as NoConnectionError
from ansible.module_utils.urls import Request, SSLValidationError, make_context

TIMEOUT_S = 30
ATTEMPTS = 4
MOST_WAITS = 5
BASE_S, CAP_S = 0.5, 60.0
MAX_BYTES = 64 << 20
BROKEN_AFTER = 3
SAFE = frozenset({"GET", "HEAD"})
REPEATABLE = SAFE | {"PUT", "DELETE"}
NO_SOCKET = "Invalid Socket File"  # what Ansible's client says of one that is not there, or not for us
AGENT = "jarvis"
_TLS = ("validate_certs", "client_cert", "client_key")
_PORTS = {"http": 80, "https": 443}
_CODES = {400: "validation", 401: "auth_failed", 403: "insufficient_scopes", 404: "not_found", 409: "conflict"}
_TOO_MANY = 429
_SERVER_ERROR = 500


class UpstreamError(Exception):
    """A call came to nothing. `code` is the failure code of the job, `status` the HTTP status or 0.

    `may_have_acted` is true where the request may have been carried out although no answer came: whoever changes
    something looks again before he repeats it. `document` is the upstream's own answer, where it is JSON;
    `retry_after_s` what it asks to be waited.
    """

    def __init__(
        self, code: str, message: str, status: int = 0, document: Any = None, retry_after_s: float = 0.0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.document = document
        self.retry_after_s = retry_after_s
        self.may_have_acted = code == "timeout" or status >= _SERVER_ERROR

    @property
    def is_passing(self) -> bool:
        """Whether the same call may work later."""
        return self.code in ("timeout", "unreachable", "rate_limited", "upstream_5xx")


class Answer:
    """What came back: `headers` by their names in small letters."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    @property
    def document(self) -> Any:
        """The body as JSON; None where there is none, raises UpstreamError where it is something else."""
        if not self.content.strip():
            return None
        try:
            return json.loads(self.content.decode())
        except ValueError:
            raise UpstreamError("upstream_5xx", "the answer is not JSON", self.status) from None


class Reach:
    """Where and how a module may connect; `allow` and `deny` are the job's `orch.egress_allow` and `egress_deny`.

    `files` are paths of PEM files for TLS: `ca_path`, `client_cert`, `client_key`.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        *,
        timeout_s: float = TIMEOUT_S,
        verify: bool = True,
        unix_socket: str = "",
        files: dict[str, str] | None = None,
    ) -> None:
        self.allow, self.deny = list(allow), list(deny)
        self.timeout_s = timeout_s
        self.is_local = bool(unix_socket)
        self.options: dict[str, Any] = {"timeout": timeout_s, "validate_certs": verify, "http_agent": AGENT}
        self.options.update(files or {})
        if unix_socket:
            self.options["unix_socket"] = unix_socket


class Upstream:
    """One API of one system. `calls` counts every request that was sent, `waited_s` what limits of theirs cost.

    A system that failed three calls in a row is not asked again. `attempts` are the tries of one call.
    """

    attempts = ATTEMPTS

    def __init__(
        self,
        name: str,
        base: str,
        headers: dict[str, str],
        reach: Reach,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.calls = 0
        self.waited_s = 0.0
        self._base = base.rstrip("/")
        self._headers = {"Accept": "application/json", **headers}
        self._reach = reach
        self._sleep = sleep
        self._failed_in_a_row = 0

    def explain(self, document: Any) -> str:  # noqa: ARG002 - each API says it in its own way
        """A sentence made of the upstream's own error document; empty where it says nothing."""
        return ""

    def get(self, path: str, **query: Any) -> Any:
        """The JSON document at a path; raises UpstreamError."""
        return self.call("GET", path, query=query).document

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request, again where that is safe, and answer what came; raises UpstreamError.

        A limit (429) is waited for, whatever the method: nothing was done. Another failure is tried again only for
        methods that may run twice, or where no connection was made.
        """
        self._require_hope()
        waits = 0
        for attempt in itertools.count(1):
            got = self._attempt(method, path, query or {}, body=body, content=content, headers=headers or {})
            if isinstance(got, Answer):
                self._failed_in_a_row = 0
                return got
            waits += got.code == "rate_limited"
            pause = self._pause(method, got, attempt - waits, waits)
            if pause is None:
                self._failed_in_a_row += got.is_passing
                raise got
            self._sleep(pause)
        raise AssertionError("every way out is above")

    def _require_hope(self) -> None:
        if self._failed_in_a_row >= BROKEN_AFTER:
            raise UpstreamError("unreachable", f"{self.name} failed {BROKEN_AFTER} calls in a row; no more are made")

    def _pause(self, method: str, error: UpstreamError, failures: int, waits: int) -> float | None:
        """Seconds before the next try; None where there is none."""
        if error.code == "rate_limited":
            pause = min(error.retry_after_s, CAP_S) * random.uniform(1.0, 1.2)  # noqa: S311
            self.waited_s += pause
            return pause if waits <= MOST_WAITS else None
        was_not_sent = error.code == "unreachable"
        if not error.is_passing or failures >= self.attempts or not (method in REPEATABLE or was_not_sent):
            return None
        return min(CAP_S, BASE_S * 2 ** (failures - 1)) * random.uniform(0.5, 1.5)  # noqa: S311

    def _attempt(self, method: str, path: str, query: dict[str, Any], **sent: Any) -> Answer | UpstreamError:
        """One request; a failure is answered, not raised."""
        asked = {name: value for name, value in query.items() if value is not None}
        url = f"{self._base}{path}{'?' + urlencode(asked, doseq=True) if asked else ''}"
        try:
            self._judge(url)
            return self._send(method, url, **sent)
        except UpstreamError as error:
            return error
        except HTTPError as error:
            return self._refusal(error)
        except (SSLValidationError, URLError, NoConnectionError, OSError) as error:
            return self._broken(error)

    def _send(self, method: str, url: str, body: Any, content: bytes | None, headers: dict[str, str]) -> Answer:
        data = json.dumps(body).encode() if body is not None else content
        kind = {"Content-Type": "application/json"} if body is not None else {}
        sent = {**self._headers, **kind, **headers}
        self.calls += 1
        options = {**self._reach.options, "follow_redirects": "none", "context": self._context}
        with Request().open(method, url, data=data, headers=sent, **options) as got:
            return _answer(got.status, got)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made once: to read the certificates that are trusted takes longer than most calls."""
        options = self._reach.options
        return make_context(options.get("ca_path"), **{name: options[name] for name in _TLS if name in options})

    def _judge(self, url: str) -> None:
        """Say at once what the rules for connections would refuse later without a word."""
        parts = urlsplit(url)
        if self._reach.is_local or not parts.hostname:
            return
        try:
            egress.pinned(parts.hostname, parts.port or _PORTS.get(parts.scheme), self._reach.allow, self._reach.deny)
        except egress.Refused as refused:
            code = "unreachable" if refused.code == "name_not_found" else "validation"
            raise UpstreamError(code, f"{self.name}: {refused}") from None

    def _refusal(self, error: HTTPError) -> UpstreamError:
        answer = _answer(error.code, error)
        try:
            document = answer.document
        except UpstreamError:
            document = None
        said = self.explain(document) if document is not None else ""
        message = f"{self.name} answered {error.code}{': ' + said if said else ''}"
        wait_s = _retry_after(answer.headers)
        return UpstreamError(_code(error.code), message, error.code, document, wait_s)

    def _broken(self, error: Exception) -> UpstreamError:
        reason = getattr(error, "reason", None)
        cause = reason if isinstance(reason, Exception) else error
        if isinstance(cause, (SSLValidationError, ssl.SSLError)):
            return UpstreamError("tls", f"{self.name}: the certificate is not trusted: {cause}")
        if isinstance(cause, (socket.timeout, TimeoutError)) or "timed out" in str(cause):
            return UpstreamError("timeout", f"{self.name} did not answer within {self._reach.timeout_s:g} s")
        if isinstance(cause, (ConnectionRefusedError, socket.gaierror)) or NO_SOCKET in str(cause):
            return UpstreamError("unreachable", f"{self.name} cannot be reached: {cause}")
        # The connection broke while it was in use: the request may have arrived.
        return UpstreamError("timeout", f"{self.name} broke the connection: {cause}")


def _answer(status: int, response: Any) -> Answer:
    content = response.read(MAX_BYTES + 1) if getattr(response, "fp", None) is not None else b""
    if len(content) > MAX_BYTES:
        raise UpstreamError("upstream_5xx", f"the answer is larger than {MAX_BYTES >> 20} MB", status)
    return Answer(status, {name.lower(): value for name, value in response.headers.items()}, content)


def _code(status: int) -> str:
    if status == _TOO_MANY:
        return "rate_limited"
    if status >= _SERVER_ERROR:
        return "upstream_5xx"
    return _CODES.get(status, "validation")


def _retry_after(headers: dict[str, str]) -> float:
    """Seconds that the upstream asks for; a date or nothing counts as the base."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return BASE_S
