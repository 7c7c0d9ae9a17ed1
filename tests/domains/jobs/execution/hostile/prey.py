"""What a hostile job is set upon: a data folder with secrets, services that listen, a neighbour, a socket."""

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CANARY = "the-canary-nobody-may-see"
_libc = ctypes.CDLL(None, use_errno=True)
_CREATE = 0o1000
_WITHOUT_RIGHTS = ("/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""As a worker that is not root: its user is the job's, where the job has no other, and so are its rights."""


@dataclass
class Prey:
    """`given` is what the hostile program is told; `received` are datagrams that arrived."""

    given: dict[str, Any]
    udp: socket.socket
    planted: dict[str, str] = field(default_factory=dict)

    def received(self) -> int:
        """Datagrams that came since the last look."""
        count = 0
        while True:
            try:
                self.udp.recv(64)
            except BlockingIOError:
                return count
            count += 1


@contextmanager
def laid_out(folder: Path) -> Iterator[Prey]:
    """Everything there is to attack, below this folder and on loopback."""
    data, home = folder / "data", folder / "home"
    files = {
        "key": data / "keys" / "master.key",
        "database": data / "orch.db",
        "other_job": data / "jobs-run" / "job_other.1" / "env" / "extravars",
        "other_tmp": folder / "of-another-program",
    }
    for path in (*files.values(), home / ".ssh" / "id_ed25519"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
        path.chmod(0o600)
    with ExitStack() as stack:
        ports = {name: _listener(stack) for name in ("redis", "postgres", "web")}
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        name = f"orch-prey-{os.getpid()}-{udp.getsockname()[1]}"
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind("\0" + name)
        abstract.listen()
        neighbour = subprocess.Popen([*_WITHOUT_RIGHTS, "sleep", "3600"], env={"SECRET": CANARY})
        stack.callback(neighbour.wait)
        stack.callback(neighbour.kill)
        given = {
            **{what: str(path) for what, path in files.items()},
            **ports,
            "canary": CANARY,
            "data": str(data),
            "home": str(home),
            "worker": os.getpid(),
            "neighbour": neighbour.pid,
            "udp": udp.getsockname(),
            "abstract": name,
            "sysv": _shared_memory(stack),
        }
        yield Prey(given, udp, {what: str(path) for what, path in files.items()})


def _listener(stack: ExitStack) -> tuple[str, int]:
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
    return listening.getsockname()


def _shared_memory(stack: ExitStack) -> int:
    key = 0x0C0DE000 | (os.getpid() & 0xFFF)
    segment = _libc.shmget(key, 4096, _CREATE | 0o600)
    if segment >= 0:
        stack.callback(_libc.shmctl, segment, 0, None)
    return key
