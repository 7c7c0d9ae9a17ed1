"""The socket of an engine on another machine, handed on to this one by ssh."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Iterable, Mapping

from ansible.module_utils.orch import ssh
from ansible.module_utils.orch.memory_files import MemoryFiles
from ansible.module_utils.orch.places import Place
from ansible.module_utils.orch.upstream import UpstreamError

ENGINE = "/var/run/docker.sock"
NAME = "Docker over ssh"
PATIENCE_S = 20.0
LOOK_S = 0.05
MAX_WORDS = 4096
_HERE = "engine"


class Tunnel:
    """One ssh, from `socket` here to the engine's socket there, until it is closed; raises UpstreamError.

    The address of the connection is `ssh://user@host[:port][/path/to/the.sock]`.
    """

    def __init__(self, connection: Mapping[str, Any], allow: Iterable[str], deny: Iterable[str] = ()) -> None:
        place = Place(str(connection["url"]), ssh.PORTS, allow, deny, NAME)
        self._files = MemoryFiles()
        self._folder = tempfile.mkdtemp(prefix="orch-engine-")
        self._handle = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # By the handle, for the path of a socket has at most 108 bytes and that of a job's folder may have more.
        self.socket = f"/proc/self/fd/{self._handle}/{_HERE}"
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lasts as long as the tunnel
        self._process: Any = None
        try:
            self._start(place, connection)
            self._wait_for_the_socket()
            self._require_engine(place.path or ENGINE)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End ssh and remove what was made for it; nothing is done a second time."""
        if self._handle < 0:
            return
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._said.close()
        self._files.close()
        os.close(self._handle)
        self._handle = -1
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, place: Place, connection: Mapping[str, Any]) -> None:
        options = ["-N", "-T", "-oExitOnForwardFailure=yes", "-oStreamLocalBindMask=0177", "-oServerAliveInterval=15"]
        leads = f"-L./{_HERE}:{place.path or ENGINE}"
        server = [f"-p{place.port}", "-l", place.user or "root", "--", ssh.NAMED]
        argv = [*ssh.words(place.pinned, connection, self._files), *options, leads, *server]
        alone = {"PATH": os.environ.get("PATH", os.defpath), "HOME": self._folder, "LC_ALL": "C"}
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": self._said}
        try:
            self._process = subprocess.Popen(argv, cwd=self._folder, env=alone, **quiet)
        except OSError as error:
            raise UpstreamError("validation", f"ssh cannot be run on this worker: {error.strerror}") from None

    def _wait_for_the_socket(self) -> None:
        """The socket is there when the login is done."""
        until = time.monotonic() + PATIENCE_S
        while not Path(self.socket).exists():
            if self._process.poll() is not None:
                raise ssh.failure(NAME, self._words())
            if time.monotonic() > until:
                raise UpstreamError("timeout", f"{NAME}: no login within {PATIENCE_S:g} s")
            time.sleep(LOOK_S)

    def _require_engine(self, path: str) -> None:
        """Somebody answers at the other end; raises UpstreamError with what ssh says where nobody does."""
        if not _answers(self.socket):
            time.sleep(LOOK_S)  # ssh is about to say why
            said = (self._words().strip().splitlines() or ["nobody answers there"])[-1]
            raise UpstreamError("unreachable", f"{NAME}: the server does not lead to {path}: {said[:300]}")

    def _words(self) -> str:
        """What ssh has said; it writes on where it is, so nothing is moved by reading."""
        return os.pread(self._said.fileno(), MAX_WORDS, 0).decode("utf-8", "replace")


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as trial:
        trial.settimeout(PATIENCE_S)
        try:
            trial.connect(path)
            trial.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return bool(trial.recv(1))
        except OSError:
            return False


_open: dict[str, Tunnel] = {}


def lasting(connection: Mapping[str, Any], allow: Iterable[str], deny: Iterable[str] = ()) -> str:
    """The socket of a tunnel that lasts as long as this process, one for each connection; raises UpstreamError."""
    key = str(connection.get("id") or connection["url"])
    if key not in _open:
        _open[key] = Tunnel(connection, allow, deny)
        atexit.register(_open[key].close)
    return _open[key].socket
