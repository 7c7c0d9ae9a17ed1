"""A process that has loaded Ansible and forks one supervisor with one play per job.

Run with `python -I fork_server.py FOLDER`, FOLDER holding the execution's stand-alone programs. Standard input is one
end of a socket pair to the worker: `J` with a connection is a job, `P` asks whether we live (`p`), its end is ours.
`+` tells that Ansible is loaded. A job's own life does not depend on this process: its supervisor holds the lifeline
to the worker. Orphans of a supervisor that was killed come to us, and are ended.
"""

import contextlib
import fcntl
import gc
import importlib.util
import marshal
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

_FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
_START_S = 30.0
_WATCH_ORPHANS_S = 2.0
_TICK_S = 0.05
_IDLE_S = 0.2
_END = object()


def _load(name: str, place: Path) -> ModuleType:
    """A module of ours by its file: the product's packages are not importable here, and need not be."""
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_supervisor = _load("orch_supervisor", _FOLDER / "supervisor.py")
_enter = _load("orch_enter", _FOLDER / "isolation" / "enter.py")
_namespaces = _load("orch_namespaces", _FOLDER / "isolation" / "namespaces.py")
_guard = _load("orch_guard", _FOLDER / "isolation" / "guard.py")
_ansible = _load("orch_ansible_play", _FOLDER / "warm" / "ansible_play.py")
_modules = _load("orch_modules", _FOLDER / "warm" / "modules.py")


class ForkServer:
    """Waits for jobs, forks, collects what has ended."""

    def __init__(self, worker: socket.socket) -> None:
        self._worker = worker
        self._jobs: set[int] = set()
        self._orphans_until = 0.0
        self._lessons: Iterator[None] | None = _modules.lessons()

    def serve(self) -> None:
        """Serve until the worker closes its end, then wait for the supervisors that still run."""
        wake, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM):
            signal.signal(ignored, signal.SIG_IGN)
        is_open = True
        while is_open or self._jobs:
            watched = [wake, self._worker] if is_open else [wake]
            readable, _, _ = select.select(watched, [], [], self._patience)
            if not readable and self._has_leisure:
                self._learn()
            if wake in readable:
                os.read(wake, 4096)
            if self._worker in readable:
                is_open = self._hear()
            self._collect()

    @property
    def _patience(self) -> float | None:
        if self._seeks_orphans:
            return _TICK_S
        return _IDLE_S if self._has_leisure else None

    @property
    def _has_leisure(self) -> bool:
        return self._lessons is not None and not self._jobs

    def _learn(self) -> None:
        """Use a quiet moment for what makes later plays faster."""
        if self._lessons is not None and next(self._lessons, _END) is _END:
            self._lessons = None
            gc.freeze()

    @property
    def _seeks_orphans(self) -> bool:
        return time.monotonic() < self._orphans_until

    def _hear(self) -> bool:
        try:
            message, fds, _, _ = socket.recv_fds(self._worker, 1, 1)
        except OSError:
            return False
        if message == b"P":
            self._worker.sendall(b"p")
        elif message == b"J" and fds:
            self._fork(fds[0])
        return bool(message)

    def _fork(self, connection: int) -> None:
        try:
            pid = os.fork()
        except OSError:
            os.close(connection)  # the shim sees the end of the connection and says that we refused
            return
        if pid == 0:
            _job(self._worker, connection)
        self._jobs.add(pid)
        os.close(connection)

    def _collect(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid in self._jobs and status:
                self._orphans_until = time.monotonic() + _WATCH_ORPHANS_S
            self._jobs.discard(pid)
        if self._seeks_orphans:
            for pid in set(_supervisor.children(os.getpid())) - self._jobs:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)


def _job(worker: socket.socket, connection: int) -> NoReturn:
    """In the child: become the supervisor of one job. Its exit status is 0 unless it was killed."""
    try:
        worker.close()
        signal.set_wakeup_fd(-1)
        _Job(socket.socket(fileno=connection)).run()
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        os._exit(0)  # the shim hears the end of its connection, and nothing returns into the server's code


class _Job:
    """One job in its supervisor: hear the order, make the sandbox, ask the shim, go."""

    def __init__(self, shim: socket.socket) -> None:
        self._shim = shim

    def run(self) -> None:
        os.setsid()
        _supervisor.adopt_orphans()
        argv, environment, folder = self._take_over()
        lifeline = socket.socket(fileno=os.dup(0))
        heard = _supervisor.hear_order(lifeline)
        if heard is None:
            return
        order, events = heard
        sandbox = order["sandbox"]
        first = _First(sandbox, events, is_guarded=bool(order["guard"]))
        guard = first.guarded_by(order["guard"])
        try:
            _namespaces.leave(sandbox["supervisor"])
            pid = first.fork(argv, environment, folder)
        except OSError as error:
            first.fault = str(error)
            pid = 0
        os.close(events)
        if not first.is_ready():
            self._shim.sendall(b"E" + first.fault.encode())
            return
        self._shim.sendall(b"R")
        if self._shim.recv(1) != b"G":
            os.kill(pid, signal.SIGKILL)
            return
        first.go()
        has_init = "pid" in sandbox["supervisor"]
        supervisor = _supervisor.Supervisor(lifeline, order, spared=1 if has_init else 0, follows_parent=False)
        supervisor.guard = guard
        code = supervisor.run(lambda: pid)
        with contextlib.suppress(OSError):
            self._shim.sendall(bytes([code & 255]))

    def _take_over(self) -> tuple[list[str], dict[str, str], str]:
        """What ansible-runner asked for, and its three descriptors in place of ours."""
        self._shim.settimeout(_START_S)
        head, fds, _, _ = socket.recv_fds(self._shim, 4, 3)
        if len(head) != 4 or len(fds) != 3:  # noqa: PLR2004 - the length of the message, and three descriptors
            raise OSError("the shim went away")
        data = bytearray()
        wanted = int.from_bytes(head, "little")
        while len(data) < wanted:
            more = self._shim.recv(wanted - len(data))
            if not more:
                raise OSError("the shim went away")
            data += more
        self._shim.settimeout(None)
        for place, descriptor in enumerate(fds):
            os.dup2(descriptor, place)
            os.close(descriptor)
        return marshal.loads(data)  # noqa: S302 - from our own shim, over a connection that nobody else has


class _First:
    """The first process of a job: it makes the sandbox around itself, waits for the word, and becomes the play.

    With a process namespace it is process 1 there, and the play its child.
    """

    def __init__(self, sandbox: dict[str, Any], events: int, *, is_guarded: bool) -> None:
        self._sandbox = sandbox
        self._guard, self._guarded = socket.socketpair() if is_guarded else (None, None)
        self._events = events
        self._told, self._tell = os.pipe2(os.O_CLOEXEC)
        self._wait, self._go = os.pipe2(os.O_CLOEXEC)
        self.fault = ""

    def guarded_by(self, rules: dict[str, Any]) -> Any:
        """Start the guard, if the job has one: before there is a namespace to leave."""
        return _guard.GuardApart(rules, self._guard, _close_all_but) if self._guard is not None else None

    def fork(self, argv: list[str], environment: dict[str, str], folder: str) -> int:
        """Fork it, in what is now the supervisor, and return its process id."""
        pid = os.fork()
        if pid == 0:
            self._be(argv, environment, folder)
        os.close(self._wait)
        os.close(self._tell)
        self._tell = -1
        if self._guarded is not None:
            self._guarded.close()
        return pid

    def is_ready(self) -> bool:
        """Wait until the sandbox stands; `fault` says why it does not."""
        if self._tell != -1:
            return False
        answer = os.read(self._told, 4096)
        self.fault = "" if answer == b"+" else answer.decode(errors="replace") or "the sandbox could not be made"
        return not self.fault

    def go(self) -> None:
        """Let the play begin."""
        os.write(self._go, b"G")
        os.close(self._go)
        os.close(self._told)

    def _be(self, argv: list[str], environment: dict[str, str], folder: str) -> NoReturn:
        try:
            self._prepare()
            os.write(self._tell, b"+")
            os.close(self._tell)
            if os.read(self._wait, 1) != b"G":
                os._exit(125)
            os.close(self._wait)
            if "pid" in self._sandbox["supervisor"]:
                _be_init()
            os.chdir(folder)
            _ansible.play(argv, environment)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.write(self._tell, str(error).encode())
        finally:
            os._exit(125)  # nothing may return into the server's code

    def _prepare(self) -> None:
        """The sandbox around this process, with only what it needs still open."""
        _supervisor.stand_alone(self._events)
        guard = None if self._guarded is None else self._guarded.detach()
        _close_all_but({0, 1, 2, _supervisor.EVENTS_FD, self._tell, self._wait, guard})
        sandbox = self._sandbox
        _namespaces.leave(sandbox["play"])
        if "user" in sandbox["supervisor"]:
            _namespaces.forbid_user_namespaces()
        if sandbox["steps"]:
            _namespaces.build_root(sandbox["steps"], sandbox["folder"])
        _enter.give_up_rights({**sandbox["rights"], "guard": guard})


def _close_all_but(kept: Collection[int | None]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _be_init() -> None:
    """Process 1 of the namespace: fork the play, collect whatever ends, leave with the play's exit code.

    Its memory is closed to the play, which has the same user.
    """
    _enter.show_memory(visible=False)
    play = os.fork()
    if play == 0:
        _enter.show_memory(visible=True)
        os.setsid()
        return
    for descriptor in (1, 2, 3):
        os.close(descriptor)
    while True:
        pid, status = os.wait()
        if pid == play:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def main() -> None:
    """Load Ansible, say so, serve."""
    reserved = os.open(os.devnull, os.O_RDONLY)  # a play finds its events at this number: nothing else may stand there
    os.dup2(reserved, _supervisor.EVENTS_FD)
    worker = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, _supervisor.EVENTS_FD + 1))
    _supervisor.adopt_orphans()
    _ansible.load()
    _modules.quicken()
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError):
        worker.sendall(b"+")
        ForkServer(worker).serve()


if __name__ == "__main__":
    sys.argv = ["ansible-playbook"]
    main()
