"""What a failed call to another system is called: the same words as the failure codes of jobs, one problem for each."""

import ssl
from typing import Literal

import httpx

from orch_app.kit.errors import Unavailable

Kind = Literal[
    "auth_failed",
    "insufficient_scopes",
    "not_found",
    "conflict",
    "validation",
    "rate_limited",
    "upstream_5xx",
    "timeout",
    "unreachable",
    "tls",
]
PROBLEMS: dict[Kind, str] = {
    "auth_failed": "upstream_auth_failed",
    "insufficient_scopes": "upstream_insufficient_scopes",
    "not_found": "upstream_not_found",
    "conflict": "upstream_conflict",
    "validation": "upstream_validation",
    "rate_limited": "upstream_rate_limited",
    "upstream_5xx": "upstream_failed",
    "timeout": "upstream_timeout",
    "unreachable": "upstream_unreachable",
    "tls": "upstream_tls",
}
_KINDS: dict[int, Kind] = {
    400: "validation",
    401: "auth_failed",
    403: "insufficient_scopes",
    404: "not_found",
    409: "conflict",
    429: "rate_limited",
}
_UNWELL = frozenset({"upstream_5xx", "timeout", "unreachable"})
_REFUSAL, _SERVER_ERROR = 400, 500


class UpstreamError(Unavailable):
    """A call to another system came to nothing. `answered` is the HTTP status, 0 when there was no answer."""

    title = "Another system did not do what was asked"

    def __init__(self, kind: Kind, detail: str, *, answered: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(detail, PROBLEMS[kind], retry_after_s=retry_after_s)
        self.kind: Kind = kind
        self.answered = answered

    @property
    def is_unwell(self) -> bool:
        """Whether the system itself is in trouble, whoever asks."""
        return self.kind in _UNWELL

    @property
    def is_passing(self) -> bool:
        """Whether the same call may work a little later."""
        return self.is_unwell or self.kind == "rate_limited"

    @property
    def was_not_done(self) -> bool:
        """Whether the request was certainly not carried out, though it may be repeated."""
        return self.kind in {"unreachable", "rate_limited"}

    @property
    def may_have_acted(self) -> bool:
        """Whether the request may have been carried out: look before repeating what changes something."""
        return self.kind == "timeout" or self.answered >= _SERVER_ERROR


def refused(name: str, status: int, headers: httpx.Headers, said: str) -> UpstreamError:
    """The failure that an answer other than a success is; `said` are the system's own words."""
    kind: Kind = "upstream_5xx" if status >= _SERVER_ERROR else _KINDS.get(status, "validation")
    why = said.rstrip(". ") if status >= _REFUSAL else "it is at another address, and redirects are not followed"
    detail = f"{name} answered {status}{': ' if why else ''}{why}."
    return UpstreamError(kind, detail, answered=status, retry_after_s=_retry_after(headers))


def not_answered(name: str, error: httpx.HTTPError) -> UpstreamError:
    """The failure that something below HTTP is."""
    if _is_about_tls(error):
        return UpstreamError("tls", f"There is no trusted TLS connection to {name}: {error}.")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return UpstreamError("unreachable", f"{name} cannot be reached: {str(error) or 'no answer in time'}.")
    if isinstance(error, httpx.TimeoutException):
        return UpstreamError("timeout", f"{name} did not answer in time.")
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        # The connection broke while it was in use: the request may have arrived.
        return UpstreamError("timeout", f"{name} broke the connection.")
    return UpstreamError("validation", f"{name} cannot be spoken to: {error}.")


def _is_about_tls(error: BaseException | None) -> bool:
    """Whether TLS itself failed; an end in the middle is a broken connection."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        error = error.__cause__ or error.__context__
    return False


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that the system asks for; a date or nothing counts as no wish."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None
