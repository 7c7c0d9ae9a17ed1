"""Progress of long steps: one live line on a terminal, plain lines elsewhere."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.launcher.refusal import Failure

TAIL_LINES = 30
PLAIN_EVERY_S = 10.0
MAX_LINE = 64 * 1024
LIVE_EVERY_S = 0.2


def say(text: str) -> None:
    """One line for people, on stderr; a closed terminal is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


class Step:
    """A long step that shows its name, the seconds gone and the last thing it said."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._note = ""
        self._live = sys.stderr.isatty()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._began = time.monotonic()

    def __call__(self, note: str) -> None:
        """Replace the note shown behind the title."""
        self._note = note.strip()

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if not self._live:
            say(f"{self.title} ...")
        self._ticker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._ticker.join()
        outcome = "failed" if kind else "done"
        say(f"{self._erase()}{self.title}: {outcome} ({self.elapsed_s:.1f} s)")

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def _erase(self) -> str:
        return "\r\x1b[K" if self._live else ""

    def _tick(self) -> None:
        while not self._ended.wait(LIVE_EVERY_S if self._live else PLAIN_EVERY_S):
            line = f"{self.title} ({self.elapsed_s:.0f} s) {self._note}"
            if not self._live:
                say(f"  {line.rstrip()}")
                continue
            width = shutil.get_terminal_size().columns - 1
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"{self._erase()}{line[:width]}")
                sys.stderr.flush()


def run(argv: Sequence[str | Path], step: Step, *, env: Mapping[str, str], cwd: Path) -> None:
    """Run a program inside a step, its last line shown as the note.

    Raises:
        Failure: the program's exit code was not 0; the detail is the end of its output.
    """
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with subprocess.Popen(
        argv, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        lines = LineSplitter()
        while chunk := os.read(process.stdout.fileno(), 65536):
            for line in lines.feed(chunk):
                tail.append(line)
                step(line)
        tail.extend(lines.finish())
        code = process.wait()
    if code:
        raise Failure(f"{Path(argv[0]).name} ended with exit code {code}", "\n".join(tail))


class LineSplitter:
    """Whole lines out of chunks of bytes; a carriage return ends a line too, as progress bars use it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that this chunk completes, empty ones left out."""
        parts = (self._rest + chunk.replace(b"\r", b"\n")).split(b"\n")
        # A part that never ends its line must not fill the memory.
        self._rest = parts.pop()[-MAX_LINE:]
        return [text for part in parts if (text := part.decode("utf-8", "replace").rstrip())]

    def finish(self) -> list[str]:
        """What was left without a line end."""
        return self.feed(b"\n")
