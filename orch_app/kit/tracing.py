"""W3C trace context: the trace that a request belongs to, taken over from its caller, kept and passed on.

Nothing is measured here; whoever does can find our logs, audit entries and calls of outside systems by the same id.
"""

import re
import secrets
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
MEMBERS = 32
STATE_LENGTH = 512
_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?")
_MEMBER = re.compile(r"[a-z0-9][a-z0-9_*/-]{0,255}(@[a-z][a-z0-9_*/-]{0,13})?=[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_SAMPLED = 1


@dataclass(frozen=True)
class Trace:
    """One request of ours within a trace. `state` is the callers' `tracestate`, which only they can read."""

    trace_id: str
    span_id: str
    is_sampled: bool = False
    state: str = ""

    @property
    def parent(self) -> str:
        """`traceparent` for what this request calls, and in its own answer."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """The trace of the request that is being answered; None outside of requests."""
    return _current.get()


def begin() -> Trace:
    """A new trace. Nobody has asked to keep it, so it is not sampled."""
    return Trace(secrets.token_hex(16), secrets.token_hex(8))


def continue_from(parents: Sequence[str], states: Sequence[str] = ()) -> Trace | None:
    """The caller's trace with a step of our own in it; None when its `traceparent` does not follow the standard."""
    found = _PARENT.fullmatch(parents[0]) if len(parents) == 1 else None
    if (
        not found
        or found[1] == "ff"
        or (found[1] == "00" and found[5])
        or not int(found[2], 16)
        or not int(found[3], 16)
    ):
        return None
    return Trace(found[2], secrets.token_hex(8), bool(int(found[4], 16) & _SAMPLED), _state(states))


@contextmanager
def within(trace: Trace | None) -> Iterator[None]:
    """Make it the current trace, also for the threads that this request uses."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def pass_on(headers: MutableMapping[str, str]) -> None:
    """Tell an outside system which trace it is called in, unless the caller of this function has said so."""
    trace = current()
    if trace is None or TRACEPARENT in headers:
        return
    headers[TRACEPARENT] = trace.parent
    if trace.state:
        headers[TRACESTATE] = trace.state


def _state(states: Sequence[str]) -> str:
    """All headers as one list; nothing when a member breaks the rules or there are too many."""
    members = [member.strip(" \t") for text in states for member in text.split(",")]
    kept = [member for member in members if member]
    joined = ",".join(kept)
    is_good = len(kept) <= MEMBERS and len(joined) <= STATE_LENGTH and all(map(_MEMBER.fullmatch, kept))
    return joined if is_good else ""
