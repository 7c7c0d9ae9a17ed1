"""Running other programs: an argument list, never a shell; limits of time and size, and a scrubbed environment."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from orch_app.kit.errors import Unavailable

MAX_BYTES = 1024 * 1024
CHUNK = 64 * 1024
SETTLE_S = 2.0
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


@dataclass(frozen=True)
class Finished:
    """How a program ended. `code` is negative when a signal ended it; output beyond the limit ends the program."""

    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    too_much: bool
    duration_ms: int

    @property
    def is_ok(self) -> bool:
        """Whether the program ended by itself and reported success."""
        return self.code == 0 and not self.timed_out and not self.too_much

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    @property
    def error_text(self) -> str:
        return self.stderr.decode("utf-8", "replace")


class _Sink:
    """Collects one stream of a program and asks for its end when there is too much of it."""

    def __init__(self, stream: IO[bytes], limit: int, overflow: threading.Event) -> None:
        self.content = bytearray()
        self._stream, self._limit, self._overflow = stream, limit, overflow
        self.thread = threading.Thread(target=self._drain, name="process-output", daemon=True)
        self.thread.start()

    def _drain(self) -> None:
        with contextlib.suppress(ValueError, OSError):  # closed under us after the program had to be ended
            while chunk := self._stream.read(CHUNK):
                room = self._limit - len(self.content)
                self.content += chunk[:room]
                if len(chunk) > room:
                    self._overflow.set()


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    stdin: bytes = b"",
    max_bytes: int = MAX_BYTES,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end, at most `timeout_s` seconds and `max_bytes` of each output stream.

    The program and everything it starts in its process group is killed at either limit. It sees `ENVIRONMENT` and what
    `environment` adds, nothing of ours. A failing program is an answer, not an error.

    Raises:
        Unavailable: the program is not installed or cannot be executed.
    """
    started = time.monotonic()
    process = _start(argv, {**ENVIRONMENT, **(environment or {})})
    overflow = threading.Event()
    sinks = [_Sink(stream, max_bytes, overflow) for stream in (process.stdout, process.stderr) if stream]
    feeder = threading.Thread(target=_feed, args=(process.stdin, stdin), name="process-input", daemon=True)
    feeder.start()
    timed_out = _await_end(process, started + timeout_s, overflow)
    for thread in (feeder, *(sink.thread for sink in sinks)):
        thread.join(SETTLE_S)
    _kill_group(process)  # what it left behind in its group, and what else may hold our pipes open
    _close(process)
    duration_ms = round((time.monotonic() - started) * 1000)
    out, err = (bytes(sink.content) for sink in sinks)
    return Finished(process.returncode, out, err, timed_out, overflow.is_set(), duration_ms)


def _start(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            list(argv), stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), cwd="/", start_new_session=True
        )
    except OSError as error:
        name = os.path.basename(argv[0])  # noqa: PTH119 - a program's name, not a path of ours
        raise Unavailable(f"The program {name} cannot be started here: {error.strerror}.", "program_missing") from error


def _feed(stream: IO[bytes] | None, content: bytes) -> None:
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):  # it may end without reading everything
        stream.write(content)
        stream.flush()
    with contextlib.suppress(OSError):
        stream.close()


def _await_end(process: subprocess.Popen[bytes], deadline: float, overflow: threading.Event) -> bool:
    """Wait for the end, or bring it about; True when it took too long."""
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0 or overflow.is_set():
            _kill_group(process)
            process.wait()
            return left <= 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(left, 0.05))
    return False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdout, process.stderr):
        if stream:
            with contextlib.suppress(OSError, ValueError):
                stream.close()
