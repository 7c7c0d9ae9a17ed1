"""What a tab may say on the event channel, and how fast.

Behind it are socket.io and Reflex, which trust their own browser part: what they cannot read ends their connection
half-way, or is written to the log as it came. So only what our pages say gets that far.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Message

from orch_app.kit.errors import OrchError
from orch_app.kit.json_text import check_json, read_json

LONGEST = 1_000_000
AT_ONCE = 60
PER_S = 20
_TALK = re.compile(r"4([012])/_event,(.*)", re.DOTALL)
_CONNECT, _DISCONNECT, _EVENT = "0", "1", "2"
_SILENT = {"ping": 1, "client_error": 2}
_CLOSE, _PONG = "1", "3"

Accepts = Callable[[str, Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Fault:
    """Why a frame is not passed on; the connection ends with `code`, or goes on when there is none."""

    reason: str
    code: int | None = None


BINARY = Fault("binary", 1003)
MALFORMED = Fault("malformed", 1008)
TOO_LARGE = Fault("too_large", 1009)
UNKNOWN = Fault("no_such_call")


def is_greeting(message: Message) -> bool:
    """Whether the tab introduces itself, which makes Reflex keep a state for it; once a socket is enough."""
    return (message.get("text") or "").startswith("40")


def fault_in(message: Message, accepts: Accepts) -> Fault | None:
    """What is wrong with a frame; None for whatever our pages send."""
    text = message.get("text")
    if text is None:
        return BINARY
    if len(text) > LONGEST:
        return TOO_LARGE
    if text in {_CLOSE, _PONG}:
        return None
    talk = _TALK.fullmatch(text)
    if not talk:
        return MALFORMED
    try:
        return _fault_of(talk[1], _document(talk[2]), accepts)
    except OrchError:
        return MALFORMED


def _document(text: str) -> Any:
    if not text:
        return None
    raw = text.encode("utf-8", "surrogatepass")
    check_json(raw)
    return read_json(raw)


def _fault_of(kind: str, said: Any, accepts: Accepts) -> Fault | None:
    if kind == _EVENT:
        return _fault_of_call(said, accepts)
    if said is None:
        return None
    if kind == _DISCONNECT or not isinstance(said, dict):
        return MALFORMED
    return _fault_of_event(said["event"], accepts) if said.get("event") is not None else None


def _fault_of_call(said: Any, accepts: Accepts) -> Fault | None:
    match said:
        case ["event", event]:
            return _fault_of_event(event, accepts)
        case [str(name), *rest] if len(rest) < _SILENT.get(name, 0):
            return None
        case _:
            return MALFORMED


def _fault_of_event(event: Any, accepts: Accepts) -> Fault | None:
    match event:
        case {"name": str(name)}:
            pass
        case _:
            return MALFORMED
    if not isinstance(event.get("payload") or {}, dict) or not _is_place(event.get("router_data")):
        return MALFORMED
    return None if accepts(name, event.get("payload") or {}) else UNKNOWN


def _is_place(place: Any) -> bool:
    """Whether this tells the address that a page shows; hydrating tells none."""
    if place is None:
        return True
    if not isinstance(place, dict) or not isinstance(place.get("query") or {}, dict):
        return False
    return all(isinstance(place.get(name) or "", str) for name in ("pathname", "asPath"))


class Pace:
    """A tab that says too much too fast is read more slowly; its own socket fills up and nobody else's."""

    def __init__(self) -> None:
        self._left = float(AT_ONCE)
        self._at = time.monotonic()

    async def take(self) -> None:
        """Count one frame, and wait when there were too many."""
        at = time.monotonic()
        self._left = min(AT_ONCE, self._left + (at - self._at) * PER_S) - 1
        self._at = at
        if self._left < 0:
            await asyncio.sleep(-self._left / PER_S)
