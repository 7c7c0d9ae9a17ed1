"""The process between a worker and one play: it lives exactly as long as both, and takes every descendant with it.

Run as a program of its own with `python -I -S -E supervisor.py ARGV...`, standard library only. Standard input is one
end of a socket pair, the lifeline: the first message is a JSON object `{prefix, grace_s, shielded, sandbox, watch,
guard}` that carries the write end of the event pipe; after that one byte is an order, `T` (TERM, after the grace KILL)
or `K` (KILL now). When the lifeline ends the worker is gone, and everything is killed. The answers are JSON lines:
`{"pid": n}` when the play was started, and at the end `{"rc", "cpu_s", "max_rss_kb", "forced"}`, with `limit` and
`used` when the job as a whole used more than `watch` allows: it is killed for that. With `guard` (rules for
connections) the job's `connect` calls are answered here, and `denied` names what was out of reach.

The fork-server of the warm engine uses the same class in the process it forks for a job; its play is a fork too.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

EVENTS_FD = 3
"""Where the play finds the write end of the event pipe."""

GUARD_FD = 4
"""Where it finds the guard's socket, if it has a guard."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK_S = 0.2
_KILL_ROUNDS = 2000
_KILL_PAUSE_S = 0.002
_FIRST_MESSAGE = 1 << 20

_LOOK_S = 0.25
_LOOK_SHARE = 20
"""A look that takes long is repeated only after this many times as long."""

_SEEN_FILES = 200_000
_SEEN_PATH = 3_500
_BLOCK = 512


class Watch:
    """Looks now and then at what a whole job uses: the kernel's own limits count one process or one user.

    `limits` has `memory_kb` (shared pages count once), `processes` (threads count), `disk_kb` and `file_kb` (below
    `folders`, and in files without a name that are still open).
    """

    def __init__(self, limits: dict[str, Any]) -> None:
        self._limits = limits
        self._next = {"tasks": 0.0, "disk": 0.0}
        self.exceeded: tuple[str, int] | None = None
        """The reason and what was used, in the limit's own unit, once a limit does not hold."""

    def look(self, pids: list[int]) -> bool:
        """Look at these processes of the job, if it is time to; True when a limit does not hold."""
        for name, measure in (("tasks", self._look_at_tasks), ("disk", self._look_at_disk)):
            begun = time.monotonic()
            if self.exceeded is None and begun >= self._next[name]:
                measure(pids)
                spent = time.monotonic() - begun
                self._next[name] = begun + max(_LOOK_S, spent * _LOOK_SHARE)
        return self.exceeded is not None

    def look_back(self, max_rss_kb: int) -> None:
        """After a play that failed: whether it failed at a limit that the kernel held in between two looks."""
        if max_rss_kb >= self._limits["memory_kb"]:
            self.exceeded = ("memory_limit", max_rss_kb)
        elif self.exceeded is None:
            self._look_at_disk([])

    def _look_at_tasks(self, pids: list[int]) -> None:
        tasks = sum(_count(f"/proc/{pid}/task") for pid in pids)
        if tasks > self._limits["processes"]:
            self.exceeded = ("process_limit", tasks)
            return
        memory = sum(map(_resident_kb, pids))
        if memory > self._limits["memory_kb"]:
            memory = sum(map(_own_kb, pids))
            if memory > self._limits["memory_kb"]:
                self.exceeded = ("memory_limit", memory)

    def _look_at_disk(self, pids: list[int]) -> None:
        used = 0
        largest = self._limits["file_kb"] << 10
        for number, found in enumerate(self._files(pids)):
            used += max(found.st_blocks * _BLOCK, found.st_size if found.st_size >= largest else 0)
            if found.st_size >= largest or used > self._limits["disk_kb"] << 10 or number > _SEEN_FILES:
                self.exceeded = ("disk_limit", used >> 10)
                return

    def _files(self, pids: list[int]) -> Iterator[os.stat_result]:
        for folder in self._limits["folders"]:
            yield from _files_below(folder)
        nameless = {(found.st_dev, found.st_ino): found for pid in pids for found in _nameless_files(pid)}
        yield from nameless.values()


class Supervisor:
    """Starts the play, waits for it, passes orders on and ends what is left.

    `order` is the first message. `spared` is how many generations of processes are the sandbox itself, which must not
    get the polite signal. With `follows_parent` the end of the parent process is the end of the play as well.
    """

    def __init__(
        self, lifeline: socket.socket, order: dict[str, Any], *, spared: int = 0, follows_parent: bool = True
    ) -> None:
        self._lifeline = lifeline
        self._grace_s = float(order["grace_s"])
        self._watch = Watch(order["watch"]) if order.get("watch") else None
        self.guard: Any = None
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
        take_precedence()
        self._tell({"pid": self._child})
        try:
            while self._rc is None and not self._forced:
                self._wait(wake)
        finally:
            self._end_all()
        code = 128 + signal.SIGKILL if self._rc is None else self._rc
        answer = {"rc": code, "cpu_s": round(self._cpu_s, 4), "max_rss_kb": self._max_rss_kb, "forced": self._forced}
        if self.guard is not None:
            answer["denied"] = self.guard.told
        self._tell(answer | self._exceeded(code))
        return code

    def _exceeded(self, code: int) -> dict[str, Any]:
        """The limit at which the play ended, if it did."""
        if self._watch is None or code == 0:
            return {}
        if self._watch.exceeded is None and not self._forced:
            self._watch.look_back(self._max_rss_kb)
        found = self._watch.exceeded
        return {"limit": found[0], "used": found[1]} if found else {}

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
        exceeded = self._watch is not None and self._watch.look(descendants(os.getpid()))
        if orphaned or overdue or exceeded:
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


def _count(folder: str) -> int:
    with contextlib.suppress(OSError):
        return len(os.listdir(folder))
    return 0


def _resident_kb(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 10
    return 0


def _own_kb(pid: int) -> int:
    """Memory with shared pages shared out; all of it for a process that does not let itself be looked at."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        for line in file:
            if line.startswith(b"Pss:"):
                return int(line.split()[1])
    return _resident_kb(pid)


def _files_below(folder: str) -> Iterator[os.stat_result]:
    """Every file and folder below; links are seen, not followed. Nobody nests so deep who has nothing to hide."""
    todo = [folder]
    while todo:
        with contextlib.suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    yield found
                    if stat.S_ISDIR(found.st_mode):
                        todo.append(entry.path)
                        yield from [found] * (_SEEN_FILES if len(entry.path) > _SEEN_PATH else 0)


def _nameless_files(pid: int) -> Iterator[os.stat_result]:
    """Regular files that a process has open and that no folder holds any more."""
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found = os.stat(f"/proc/{pid}/fd/{name}")
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    yield found


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def start_program(argv: list[str], events: int, guard: int | None = None) -> int:
    """Fork the play as a program of its own and return its process id; `guard` is the socket it hands its filter to."""
    pid = os.fork()
    if pid == 0:
        _become_play(argv, events, guard)
    os.close(events)
    if guard is not None:
        os.close(guard)
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


def _become_play(argv: list[str], events: int, guard: int | None) -> NoReturn:
    try:
        if guard is not None:
            guard = fcntl.fcntl(guard, fcntl.F_DUPFD, GUARD_FD + 1)  # the events' place is taken next
        stand_alone(events)
        if guard is not None:
            os.dup2(guard, GUARD_FD)
        os.closerange(EVENTS_FD + 1 if guard is None else GUARD_FD + 1, 1 << 16)
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


def take_precedence() -> None:
    """Where we may, run before all that a job starts, so that however much it starts can be ended."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))


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
    supervisor = Supervisor(lifeline, order, spared=2 if order["shielded"] else 0)
    return supervisor.run(lambda: _start(supervisor, order, [*order["prefix"], *argv], events))


def _start(supervisor: Supervisor, order: dict[str, Any], argv: list[str], events: int) -> int:
    if not order.get("guard"):
        return start_program(argv, events)
    ours, theirs = socket.socketpair()
    pid = start_program(argv, events, theirs.detach())
    supervisor.guard = _load_guard().Guard(order["guard"])  # loaded while the play starts
    supervisor.guard.start(ours)
    return pid


def _load_guard() -> Any:
    """By its file, and only for the plays that have one: it takes longer to load than this program."""
    import importlib.util  # noqa: PLC0415

    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "isolation", "guard.py")
    spec = importlib.util.spec_from_file_location("orch_guard", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
