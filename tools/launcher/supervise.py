"""Keeps the parts of the product alive: starts them, passes on what they print, starts again what dies, ends all."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.launcher.progress import LineSplitter
from tools.launcher.rotation import RotatingLog

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # alive this long, a part counts as healthy again and its next pause is the first one
STOP_S = 13.0  # between asking and killing; the whole stop stays below 15 s
EXIT_REFUSED = 2  # a part says so when its settings or its data cannot be used: starting again would not help
CHUNK = 65536
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)
Say = Callable[[str], None]


@dataclass
class Part:
    """One program of the product, and what is known about its present process."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    umask: int = -1
    process: subprocess.Popen[bytes] | None = None
    pause_s: float = FIRST_PAUSE_S
    began: float = 0.0
    due: float | None = None
    lines: LineSplitter = field(default_factory=LineSplitter)

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def lengthen(self) -> None:
        """Wait twice as long before the next start, up to the limit."""
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)


class Supervisor:
    """Runs parts in process groups of their own, in one thread: what is forked here must not meet other threads."""

    def __init__(self, parts: Sequence[Part], *, folder: Path, logs: Path, say: Say) -> None:
        self.parts = parts
        self.refused: Part | None = None
        self.has_been_ready = False  # from then on a part that refuses is started again like any other
        self._folder = folder
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._logs = {part.name: RotatingLog(logs / f"{part.name}.log") for part in parts}
        self._width = max(len(part.name) for part in parts)
        self._stopping = False

    def watch(self, fd: int) -> None:
        """Let a byte on this file descriptor (signals) end a turn early."""
        self._selector.register(fd, selectors.EVENT_READ, None)

    def start(self) -> None:
        for part in self.parts:
            self._start(part)

    def turn(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` for something to happen and deal with it."""
        for key, _ in self._selector.select(timeout_s):
            if key.data is None:
                os.read(key.fd, CHUNK)
            else:
                self._read(key.data)
        for part in self.parts:
            self._look_after(part)

    def stop(self, is_hurried: Callable[[], bool]) -> None:
        """Ask every part to end, wait, then kill what is left with all its descendants in the group."""
        self._stopping = True
        for part in self.parts:
            part.due = None
            if part.process and part.is_alive:
                part.process.terminate()
        deadline = time.monotonic() + STOP_S
        while any(part.is_alive for part in self.parts) and time.monotonic() < deadline and not is_hurried():
            self.turn(0.1)
        for part in self.parts:
            if part.is_alive:
                self._say(f"{part.name} did not end in time and is killed")
            self._bury(part)
        for log in self._logs.values():
            log.close()

    def _start(self, part: Part) -> None:
        parent = os.getpid()
        part.lines, part.due, part.began = LineSplitter(), None, time.monotonic()
        part.process = subprocess.Popen(
            part.argv, env=dict(part.env), cwd=self._folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=part.umask,
            preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509 - this process has one thread
        )  # fmt: skip
        assert part.process.stdout is not None
        os.set_blocking(part.process.stdout.fileno(), False)
        self._selector.register(part.process.stdout, selectors.EVENT_READ, part)

    def _look_after(self, part: Part) -> None:
        if part.due is not None and time.monotonic() >= part.due:
            self._start(part)
        elif part.due is None and part.process and not part.is_alive:
            self._after_end(part, part.process)

    def _after_end(self, part: Part, process: subprocess.Popen[bytes]) -> None:
        self._bury(part)
        if self._stopping:
            return
        if process.returncode == EXIT_REFUSED and not self.has_been_ready:
            self.refused = self.refused or part
            return
        if time.monotonic() - part.began >= STEADY_S:
            part.pause_s = FIRST_PAUSE_S
        part.due = time.monotonic() + part.pause_s
        ended = f"{part.name} {describe(process.returncode)}"
        self._say(f"{ended}; starting it again in {part.pause_s:g} s; its last lines: {self._logs[part.name].path}")
        part.lengthen()

    def _read(self, part: Part) -> bool:
        """Pass on what the part printed; at its end the pipe is closed. Says whether there may be more."""
        pipe = part.process.stdout if part.process else None
        if pipe is None or pipe.closed:
            return False
        try:
            chunk = os.read(pipe.fileno(), CHUNK)
        except BlockingIOError:
            return False
        self._pass_on(part, part.lines.feed(chunk) if chunk else part.lines.finish())
        if not chunk:
            self._close(part)
        return bool(chunk)

    def _pass_on(self, part: Part, lines: list[str]) -> None:
        for line in lines:
            self._logs[part.name].write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line}")
            if not line.startswith(" "):  # the inside of a traceback is for the file
                self._say(f"{part.name:<{self._width}} | {line}")

    def _bury(self, part: Part) -> None:
        """Kill the rest of the group, read the last lines, forget the process."""
        if part.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(part.process.pid, signal.SIGKILL)
        part.process.wait()
        while self._read(part):
            pass
        self._close(part)
        part.process = None

    def _close(self, part: Part) -> None:
        if part.process and part.process.stdout and not part.process.stdout.closed:
            with contextlib.suppress(KeyError):
                self._selector.unregister(part.process.stdout)
            part.process.stdout.close()


def describe(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"was ended by signal {-returncode}"


def _end_with(parent: int) -> None:
    """In the child before exec: be asked to end when `up` dies, even by SIGKILL."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
