"""The machine under our hands: its files, accounts, packages and programs. Nothing else in this folder touches it."""

from __future__ import annotations

import grp
import http.client
import json
import os
import pwd
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence

PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {"PATH": PROGRAMS, "LC_ALL": "C", "LANG": "C", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
_PACKAGES_S = 900
_ENGINE_S = 60


class Failed(Exception):
    """A program ended badly; the message is the last of what it said."""

    code = "task_failed"


@dataclass(frozen=True)
class File:
    """A file's text, its mode, and the account that owns it."""

    content: str
    mode: int = 0o644
    owner: str = "root"

    def document(self) -> dict[str, Any]:
        """As plans show it and a snapshot keeps it: the mode in the digits of chmod."""
        return {"content": self.content, "mode": f"{self.mode:04o}", "owner": self.owner}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> File:
        """The file that was kept."""
        return cls(str(row["content"]), int(row["mode"], 8), str(row["owner"]))


class Machine:
    """This machine, as root."""

    engine_socket = "/var/run/docker.sock"

    def read(self, path: str) -> File | None:
        """A file; None where there is none."""
        try:
            found = Path(path).stat()
            text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return None
        return File(text, found.st_mode & 0o7777, _name_of(found.st_uid))

    def write(self, path: str, file: File) -> None:
        """Write a file whole or not at all; missing folders are made and belong to whom the file belongs."""
        owner = pwd.getpwnam(file.owner)
        folder = Path(path).parent
        if not folder.exists():
            folder.mkdir(mode=0o700 if file.owner != "root" else 0o755, parents=True)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        descriptor, draft = tempfile.mkstemp(dir=str(folder), prefix=".orch-")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as part:
            part.write(file.content)
        os.chown(draft, owner.pw_uid, owner.pw_gid)
        Path(draft).chmod(file.mode)
        Path(draft).replace(path)

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no matter."""
        Path(path).unlink(missing_ok=True)

    def home(self, account: str) -> str:
        """The home of an account; empty where there is no such account."""
        try:
            return pwd.getpwnam(account).pw_dir
        except KeyError:
            return ""

    def add_account(self, account: str) -> None:
        """Make an account with a home and no password; raises Failed."""
        group = ["--gid", account] if _has_group(account) else ["--user-group"]
        self.must(["useradd", "--create-home", "--shell", "/bin/bash", *group, account])

    def packages(self) -> frozenset[str]:
        """The names of all packages that are installed."""
        _, text = self.run(["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n"])
        return frozenset(line.split()[1] for line in text.splitlines() if line.startswith("installed "))

    def install(self, names: Iterable[str]) -> None:
        """Install packages, keeping configuration files that were changed; raises Failed."""
        self.must(["apt-get", "-qq", "update"], timeout_s=_PACKAGES_S)
        options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"]
        wanted = ["--yes", "--no-install-recommends", "install", *names]
        self.must(["apt-get", "-qq", *options, *wanted], timeout_s=_PACKAGES_S)

    def engine(self, method: str, path: str, body: Any = None) -> Any:
        """What the container engine of this machine answers; None where there is none. Raises Failed."""
        connection = _Socket(self.engine_socket)
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except OSError:
            return None
        finally:
            connection.close()
        found = json.loads(text) if text.strip() else {}
        if answer.status >= http.client.BAD_REQUEST:
            raise Failed(f"the engine refused {path}: {found.get('message', answer.status)}")
        return found

    def has_systemd(self) -> bool:
        """Whether systemd is what started this machine."""
        return Path("/run/systemd/system").is_dir()

    def run(self, argv: Sequence[str], timeout_s: float = 60) -> tuple[int, str]:
        """Exit code and all that a program said; 127 where there is no such program, 124 where it never ended."""
        try:
            done = subprocess.run(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                env=_ENVIRONMENT,
                check=False,
            )
        except FileNotFoundError:
            return 127, f"{argv[0]} is not installed"
        except subprocess.TimeoutExpired:
            return 124, f"{argv[0]} did not end within {timeout_s:g} s"
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def must(self, argv: Sequence[str], timeout_s: float = 60) -> str:
        """What a program said; raises Failed unless it ended well."""
        code, text = self.run(argv, timeout_s)
        if code:
            said = " ".join(text.split())[-400:]
            raise Failed(f"{argv[0]} ended with {code}: {said}")
        return text


class _Socket(http.client.HTTPConnection):
    """HTTP over a socket of this machine."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ENGINE_S)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "root"


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
