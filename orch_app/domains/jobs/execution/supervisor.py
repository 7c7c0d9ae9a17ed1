"""The process between a worker and one play: it lives exactly as long as both, and takes every descendant with it.

Run as a program of its own with `python -I -S -E supervisor.py ARGV...`, standard library only. Standard input is one
end of a socket pair, the lifeline: the first message is a JSON object `{prefix, grace_s, shielded, sandbox}` that
carries the write end of the event pipe; after that one byte is an order, `T` (TERM, after the grace KILL) or `K` (KILL
now). When the lifeline ends the worker is gone, and everything is killed. The answers are JSON lines: `{"pid": n}` when
the play was started, and at the end `{"rc", "cpu_s", "max_rss_kb", "forced"}`.

The fork-server of the warm engine uses the same class in the process it forks for a job; its play is a fork too.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

EVENTS_FD = 3
"""Where the play finds the write end of the event pipe."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK_S = 0.2
_KILL_ROUNDS = 2000
_KILL_PAUSE_S = 0.002
_FIRST_MESSAGE = 1 << 20


class Supervisor:
    """Starts the play, waits for it, passes orders on and ends what is left.

    `spared` is how many generations of processes are the sandbox itself, which must not get the polite signal. With
    `follows_parent` the end of the parent process is the end of the play as well.
    """

    def __init__(
        self, lifeline: socket.socket, grace_s: float, *, spared: int = 0, follows_parent: bool = True
    ) -> None:
        self._lifeline = lifeline
        self._grace_s = grace_s
        self._spared = spared
        self._parent = os.getppid() if follows_parent else None
        self._child = 0
        self._rc: int | None = None
        self._cpu_s = 0.0
        self._max_rss_kb = 0
        self._deadline: float | None = None
        self._asked = False
        self._forced = False

    def run(self, start: Callable[[], int]) -> int:
        """Run the play to its end, whatever ends it, and return its exit code (128 + n after signal n).

        `start` starts the play and returns the id of its process.
        """
        wake = self._watch_signals()
        self._child = start()
        self._tell({"pid": self._child})
        try:
            while self._rc is None and not self._forced:
                self._wait(wake)
        finally:
            self._end_all()
        code = 128 + signal.SIGKILL if self._rc is None else self._rc
        self._tell({"rc": code, "cpu_s": round(self._cpu_s, 4), "max_rss_kb": self._max_rss_kb, "forced": self._forced})
        return code

    def _watch_signals(self) -> int:
        """Children that end, and a TERM from outside, wake the loop through a pipe."""
        wake, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._terminate())
        for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(ignored, signal.SIG_IGN)
        return wake

    def _wait(self, wake: int) -> None:
        readable, _, _ = select.select([self._lifeline, wake], [], [], _TICK_S)
        if wake in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
        if self._lifeline in readable:
            self._obey(self._hear())
        if self._deadline is not None and not self._asked:
            self._ask_politely()
        self._reap()
        orphaned = self._parent is not None and os.getppid() != self._parent
        overdue = self._deadline is not None and time.monotonic() > self._deadline
        if orphaned or overdue:
            self._forced = True

    def _hear(self) -> bytes:
        """The next orders; a worker that died with our answers unread looks like an error, and is the end as well."""
        try:
            return self._lifeline.recv(64)
        except OSError:
            return b""

    def _obey(self, orders: bytes) -> None:
        if not orders or b"K" in orders:
            self._forced = True
        elif b"T" in orders:
            self._terminate()

    def _terminate(self) -> None:
        """Begin to end the play: polite now, by force after the grace."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace_s

    def _ask_politely(self) -> None:
        """TERM every process of the play, once; what a process starts to clean up after itself is left alone.

        A sandbox's own two processes are spared: their death would be a KILL inside.
        """
        spared = generations(self._child, self._spared)
        targets = [pid for pid in descendants(os.getpid()) if pid not in spared]
        for pid in targets:
            _send(pid, signal.SIGTERM)
        self._asked = bool(targets)

    def _reap(self) -> bool:
        """Collect what has ended, with its cost. False when there are no children at all."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self._cpu_s += usage.ru_utime + usage.ru_stime
            self._max_rss_kb = max(self._max_rss_kb, usage.ru_maxrss)
            if pid == self._child:
                code = os.waitstatus_to_exitcode(status)
                self._rc = code if code >= 0 else 128 - code

    def _end_all(self) -> None:
        """Kill until nothing is left: orphans come to us because we are their subreaper."""
        for _ in range(_KILL_ROUNDS):
            for pid in descendants(os.getpid()):
                _send(pid, signal.SIGKILL)
            if not self._reap():
                return
            time.sleep(_KILL_PAUSE_S)

    def _tell(self, answer: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._lifeline.sendall(json.dumps(answer).encode() + b"\n")


def descendants(pid: int) -> list[int]:
    """Every living process below this one, parents first."""
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children(todo.pop())
        found += below
        todo += below
    return found


def generations(pid: int, count: int) -> set[int]:
    """The process and its descendants, `count` generations in all."""
    found: set[int] = set()
    generation = [pid]
    for _ in range(count):
        found |= set(generation)
        generation = [child for one in generation for child in children(one)]
    return found


def children(pid: int) -> list[int]:
    """The living children of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def start_program(argv: list[str], events: int) -> int:
    """Fork the play as a program of its own and return its process id."""
    pid = os.fork()
    if pid == 0:
        _become_play(argv, events)
    os.close(events)
    return pid


def stand_alone(events: int) -> None:
    """In a new process: own session, no input, the event pipe as the only extra descriptor, default signals."""
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if events != EVENTS_FD:
        os.dup2(events, EVENTS_FD)
    os.set_inheritable(EVENTS_FD, True)


def _become_play(argv: list[str], events: int) -> NoReturn:
    try:
        stand_alone(events)
        os.closerange(EVENTS_FD + 1, 1 << 16)
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"ERROR! the play could not be started: {argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(ctypes.c_int(option), ctypes.c_ulong(value), 0, 0, 0)


def adopt_orphans() -> None:
    """Whoever is left without a parent below us becomes our child: nothing escapes."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hear_order(lifeline: socket.socket) -> tuple[dict[str, Any], int] | None:
    """The first message and the write end of the event pipe; None when the worker is gone before it was whole."""
    message, fds, _, _ = socket.recv_fds(lifeline, _FIRST_MESSAGE, 1)
    while message and not message.endswith(b"\n"):
        more = lifeline.recv(_FIRST_MESSAGE)
        if not more:
            return None
        message += more
    return (json.loads(message), fds[0]) if message and fds else None


def main(argv: list[str]) -> int:
    """Read the first message from the lifeline and supervise the play until it ends."""
    with contextlib.suppress(OSError):
        os.setsid()
    adopt_orphans()
    lifeline = socket.socket(fileno=os.dup(0))
    heard = hear_order(lifeline)
    if heard is None:
        return 125
    order, events = heard
    # bubblewrap is two processes: the one outside, and the first one inside.
    supervisor = Supervisor(lifeline, float(order["grace_s"]), spared=2 if order["shielded"] else 0)
    return supervisor.run(lambda: start_program([*order["prefix"], *argv], events))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
