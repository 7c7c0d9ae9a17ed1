"""Moves everything a play says to its reader, and orders to its supervisor, without ever blocking either side."""

import contextlib
import fcntl
import json
import os
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from orch_app.domains.jobs.execution.events import Batch, EventTranslator, split_lines
from orch_app.domains.jobs.execution.isolation import Sandbox

_TICK_S = 0.05
_REST_S = 0.02
"""After a look the play goes on for so long unobserved: to be woken by every event would cost more than the event."""

_CHUNK = 1 << 16
_PIPE = 1 << 20
"""Bytes that a play may be ahead of us before it has to wait."""

_LINE_LIMIT = 16 << 20
_LINE_COST = 64
"""Bytes that a line costs besides its text, wherever it is kept."""

_EVENTS, _STDOUT, _STDERR = "events", "stdout", "stderr"


@dataclass
class Ending:
    """Why the pump asked the play to end, and what the supervisor reported."""

    is_timeout: bool = False
    is_canceled: bool = False
    is_too_long: bool = False
    report: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None


@dataclass(frozen=True)
class Order:
    """What the supervisor must know: the sandbox, as words before a program and as steps before a forked play.

    `watch` is what the job as a whole may use, see the supervisor's `Watch`; `guard` are rules for its connections, see
    `isolation/guard.py`.
    """

    prefix: tuple[str, ...]
    sandbox: Sandbox
    grace_s: float
    shielded: bool
    watch: dict[str, Any]
    guard: dict[str, Any] | None = None


class Pump:
    """One thread per play. Use as a context: on leaving, everything said has been delivered."""

    def __init__(
        self,
        translator: EventTranslator,
        on_event: Callable[[Batch], None],
        stops: tuple[threading.Event, threading.Event],
        *,
        timeout_s: float,
        output_limit: int,
    ) -> None:
        self._translator = translator
        self._on_event = on_event
        self._cancel, self._kill = stops
        self._deadline = time.monotonic() + timeout_s
        self._left = output_limit
        self._selector = selectors.DefaultSelector()
        self._buffers = {_EVENTS: bytearray(), _STDOUT: bytearray(), _STDERR: bytearray()}
        self._reads: list[int] = []
        self._writes: dict[str, int] = {}
        self._lifeline, self._play_end = socket.socketpair()
        self._ending = select.poll()
        self._ending.register(self._lifeline, select.POLLIN)
        self._report = bytearray()
        self._asked = False
        self._killed = False
        self.ending = Ending()
        self._thread = threading.Thread(target=self._run, name="play-pump", daemon=True)

    def __enter__(self) -> Self:
        for name in self._buffers:
            read, write = os.pipe2(os.O_CLOEXEC)
            self._reads.append(read)
            with contextlib.suppress(OSError):  # a user may have only so much of it; then the play waits sooner
                fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE)
            self._writes[name] = write
            self._selector.register(read, selectors.EVENT_READ, name)
        self._selector.register(self._lifeline, selectors.EVENT_READ, None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close our copies of the play's ends, so that the streams end, and wait until they were read."""
        self._close_play_ends()
        self._thread.join()
        for read in self._reads:
            os.close(read)
        self._lifeline.close()
        self._selector.close()

    def send_order(self, order: Order, server: socket.socket | None = None) -> None:
        """The supervisor's first message, with the write end of the event pipe; before it the shim's, if one comes."""
        if server is not None:
            with server:
                socket.send_fds(self._lifeline, [b"W"], [server.fileno()])
        message = json.dumps(asdict(order)).encode() + b"\n"
        sent = socket.send_fds(self._lifeline, [message], [self._writes[_EVENTS]])
        self._lifeline.sendall(message[sent:])
        os.close(self._writes.pop(_EVENTS))

    def stdio(self) -> tuple[int, int, int]:
        """Standard input, output and error of the supervisor."""
        return self._play_end.fileno(), self._writes[_STDOUT], self._writes[_STDERR]

    def _close_play_ends(self) -> None:
        self._play_end.close()
        while self._writes:
            os.close(self._writes.popitem()[1])

    def _run(self) -> None:
        while self._selector.get_map():
            batch, left = Batch(), self._left
            for key, _ in self._selector.select(_TICK_S):
                if key.data is None:
                    self._read_report()
                else:
                    self._read(key.fd, key.data, batch)
            self._deliver(batch)
            self._watch()
            if 0 < left - self._left < _CHUNK:
                self._rest()
        last = Batch()
        for name, buffer in self._buffers.items():
            self._translate(name, bytes(buffer), last)
        self._translator.finish(last)
        self._deliver(last)

    def _rest(self) -> None:
        """Leave the play alone for a moment, unless it has ended."""
        if self._lifeline in self._selector.get_map() and "rc" not in self.ending.report:
            self._ending.poll(_REST_S * 1000)

    def _read(self, descriptor: int, name: str, batch: Batch) -> None:
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            self._selector.unregister(descriptor)
            return
        self._left -= len(chunk) + _LINE_COST * chunk.count(b"\n")
        if self.ending.is_too_long:
            return
        buffer = self._buffers[name]
        buffer += chunk
        for line in split_lines(buffer):
            self._translate(name, line, batch)
        if len(buffer) > _LINE_LIMIT:
            self._left = -1

    def _translate(self, name: str, line: bytes, batch: Batch) -> None:
        if name == _EVENTS and line:
            self._translator.translate(line, batch)
        elif name != _EVENTS:
            self._translator.raw(name, line.decode(errors="replace"), batch)

    def _read_report(self) -> None:
        try:
            data = self._lifeline.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(self._lifeline)
            return
        self._report += data
        for line in split_lines(self._report):
            self.ending.report.update(json.loads(line))

    def _deliver(self, batch: Batch) -> None:
        """Hand over what became known. When the reader fails, the play is ended and the streams are still drained."""
        if self.ending.error is not None or not (batch.lines or batch.steps):
            return
        try:
            self._on_event(batch)
        except Exception as error:  # noqa: BLE001  the reader's error belongs to the caller of run_play: raised there
            self.ending.error = error

    def _watch(self) -> None:
        if self._left < 0 and not self.ending.is_too_long:
            self.ending.is_too_long = True
            self._order(b"K")
        if "rc" in self.ending.report:
            return
        if self._kill.is_set() and not self._killed:
            self._killed = self.ending.is_canceled = True
            self._order(b"K")
        if self._asked:
            return
        if self._cancel.is_set():
            self.ending.is_canceled = True
        elif time.monotonic() > self._deadline:
            self.ending.is_timeout = True
        elif self.ending.error is None:
            return
        self._order(b"T")

    def _order(self, order: bytes) -> None:
        self._asked = True
        with contextlib.suppress(OSError):
            self._lifeline.send(order)
