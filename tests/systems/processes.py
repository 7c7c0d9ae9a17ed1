"""Starting and ending the servers that tests need: free ports, readiness by asking, ending by process id."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

START_S = 120.0
STOP_S = 20.0
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # before a command: it ends when we do, however that is


def free_port() -> int:
    """A port nobody listens on at this moment, never a server's usual one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name: str, *folders: str) -> str:
    """Path of a program of the system.

    Raises:
        FileNotFoundError: it is not installed; the message says how to get it.
    """
    search = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    if found := shutil.which(name, path=search):
        return found
    message = f"{name} is not installed: `./orch test` as root installs what the tests need"
    raise FileNotFoundError(message)


def unprivileged_user() -> str | None:
    """Whom to start servers as that refuse to run as root; None when this is not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def private_folder(prefix: str, owner: str | None = None) -> Iterator[Path]:
    """A folder directly below the system's temporary one (socket paths have a limit), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"orch-{prefix}-"))
    try:
        if owner:
            shutil.chown(folder, owner, pwd.getpwnam(owner).pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def identity(user: str | None) -> dict[str, Any]:
    """Arguments for subprocess that start a program as that user and in no other group."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextmanager
def running(
    argv: Sequence[str], *, is_ready: Callable[[], bool], log: Path, user: str | None = None, stop: int = signal.SIGTERM
) -> Iterator[subprocess.Popen[Any]]:
    """Run a server in a session of its own until the block ends.

    Raises:
        RuntimeError: the server ended or did not answer in time; the message holds the end of its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=log.parent,
            **identity(user),
        )
    try:
        _wait_until(is_ready, process, log)
        yield process
    finally:
        _end(process, stop)


def _wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[Any], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        if is_ready():
            return
        time.sleep(0.05)
    message = f"{process.args} did not answer:\n{log.read_text('utf-8', 'replace')[-2000:]}"
    raise RuntimeError(message)


def _end(process: subprocess.Popen[Any], stop: int) -> None:
    """Ask, wait, then kill the whole group, always by the id of what was started here."""
    with suppress(ProcessLookupError):
        process.send_signal(stop)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections on this port of this machine."""
    with suppress(OSError), socket.create_connection((host, port), timeout=2):
        return True
    return False
