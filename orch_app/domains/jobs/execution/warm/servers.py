"""The worker's side of the warm engine: which servers run, and a connection to the right one for every job."""

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orch_app.domains.jobs.execution.isolation.view import SYSTEM_PATH

_FOLDER = Path(__file__).parents[1]
_PROGRAM = Path(__file__).with_name("fork_server.py")
_LOAD_S = 60.0
_ANSWER_S = 5.0
_PAUSE_S = 60.0
"""After a server failed to start, its profile goes without one for so long."""


class WarmUnavailable(Exception):
    """No warm server can take this job; the message says why."""


@dataclass(frozen=True)
class Profile:
    """What Ansible binds at import: the configuration and the ANSIBLE_ variables. One server serves one profile."""

    config: str
    variables: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, config: str, environment: Mapping[str, str]) -> "Profile":
        """The profile of a play with this configuration text and these extra variables."""
        return cls(config, tuple(sorted(item for item in environment.items() if item[0].startswith("ANSIBLE_"))))

    @property
    def key(self) -> str:
        """A short name."""
        return hashlib.sha256(repr((self.config, self.variables)).encode()).hexdigest()[:12]


@dataclass
class _Server:
    process: subprocess.Popen[bytes]
    control: socket.socket
    jobs: int = 0
    used: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        """Say that nothing more comes; it ends when its last job has ended."""
        self.control.close()

    def kill(self) -> None:
        """End one that does not answer. The plays that it made have supervisors of their own and go on."""
        with contextlib.suppress(OSError):
            os.kill(self.process.pid, signal.SIGKILL)


class WarmServers:
    """Starts servers on demand, asks whether they live, replaces them after `jobs` jobs, keeps at most `count`.

    `folder` is theirs: it holds the configuration files they read.
    """

    def __init__(self, folder: Path, *, count: int = 3, jobs: int = 500, max_rss_mb: int = 512) -> None:
        self._count = count
        self._jobs = jobs
        self._max_rss_mb = max_rss_mb
        self._servers: dict[Profile, _Server] = {}
        self._failed: dict[Profile, tuple[float, str]] = {}
        self._leaving: list[_Server] = []
        self._lock = threading.Lock()
        self._folder = folder

    def connect(self, profile: Profile) -> socket.socket:
        """A connection to a server of this profile, over which one job can be handed over.

        Raises:
            WarmUnavailable: no server can be had now.
        """
        with self._lock:
            server = self._fit_server(profile)
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(server.control, [b"J"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                self._drop(profile)
                raise WarmUnavailable(f"the fork-server is gone: {error.strerror}") from error
            finally:
                theirs.close()
            server.jobs += 1
            server.used = time.monotonic()
            return ours

    def warm_up(self, profile: Profile) -> None:
        """Have a server of this profile ready.

        Raises:
            WarmUnavailable: it did not start.
        """
        with self._lock:
            self._fit_server(profile)

    def pids(self) -> list[int]:
        """The servers' process ids."""
        with self._lock:
            return [server.process.pid for server in self._servers.values()]

    def close(self) -> None:
        """End every server, when its last job has ended."""
        with self._lock:
            for profile in list(self._servers):
                self._drop(profile)
            for server in self._leaving:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(_ANSWER_S)

    def _fit_server(self, profile: Profile) -> _Server:
        self._leaving = [server for server in self._leaving if server.process.poll() is None]
        server = self._servers.get(profile)
        if server is not None and not self._is_fit(server):
            self._drop(profile)
            server = None
        return server or self._start(profile)

    def _is_fit(self, server: _Server) -> bool:
        if server.process.poll() is not None or server.jobs >= self._jobs:
            return False
        if _rss_mb(server.process.pid) > self._max_rss_mb:
            return False
        try:
            server.control.sendall(b"P")
            answer = server.control.recv(1)
        except OSError:
            answer = b""
        if answer != b"p":
            server.kill()
        return answer == b"p"

    def _start(self, profile: Profile) -> _Server:
        until, why = self._failed.get(profile, (0.0, ""))
        if time.monotonic() < until:
            raise WarmUnavailable(why)
        while len(self._servers) >= self._count:
            self._drop(min(self._servers, key=lambda one: self._servers[one].used))
        server = self._launch(profile)
        try:
            server.control.settimeout(_LOAD_S)
            answer = server.control.recv(1)
        except OSError:
            answer = b""
        if answer != b"+":
            self._give_up(profile, server)
        server.control.settimeout(_ANSWER_S)
        self._servers[profile] = server
        return server

    def _launch(self, profile: Profile) -> _Server:
        folder = self._folder / profile.key
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "ansible.cfg").write_text(profile.config, "utf-8")
        ours, theirs = socket.socketpair()
        environment = {
            **dict(profile.variables),
            "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(folder),
            "ANSIBLE_LOCAL_TEMP": str(folder),
            "ANSIBLE_NOCOLOR": "1",
        }
        argv = [sys.executable, "-I", str(_PROGRAM), str(_FOLDER)]
        process = subprocess.Popen(argv, stdin=theirs.fileno(), cwd="/", env=environment, start_new_session=True)
        theirs.close()
        return _Server(process, ours)

    def _give_up(self, profile: Profile, server: _Server) -> None:
        why = "the fork-server did not start; the worker's log says why"
        server.kill()
        server.close()
        server.process.wait()
        self._failed[profile] = (time.monotonic() + _PAUSE_S, why)
        raise WarmUnavailable(why)

    def _drop(self, profile: Profile) -> None:
        server = self._servers.pop(profile)
        server.close()
        self._leaving.append(server)


def _rss_mb(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20
