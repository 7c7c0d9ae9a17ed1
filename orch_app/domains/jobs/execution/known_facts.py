"""Facts about hosts that outlive a job: lent to the next job of the same runbook, and taken back when it ends.

A play never sees the shelf itself, only copies for its own hosts. What it leaves is believed by plays of its own
runbook and environment alone: one that lies about a host deceives nobody but itself. A file's time is its facts' time.
"""

import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from orch_app.domains.jobs.execution.inventory_file import TargetHost
from orch_app.domains.jobs.execution.workspace import Workspace, write_secret

FOLDER = "facts"
OLDEST_S = 7 * 86_400
LENT = ".facts"
"""Where a play finds and leaves them, below its home folder."""
_SCHEMA = "s1_"
"""Before the name of each file: the format of Ansible's cache. Files of another format are gathered anew."""
_MOST_BYTES = 1 << 20
_DIGITS = 32


@dataclass(frozen=True)
class FactShelf:
    """The facts of one runbook in one environment, believed for `max_age_s` seconds."""

    folder: Path
    max_age_s: int

    def lend(self, workspace: Workspace, hosts: Sequence[TargetHost]) -> None:
        """Put copies of what is still to be believed where the play looks for them."""
        lent = workspace.home / LENT
        lent.mkdir(mode=0o700)
        for host in hosts:
            kept = self._place(host)
            with suppress(FileNotFoundError):
                moment = kept.stat().st_mtime
                if time.time() - moment < self.max_age_s:
                    os.utime(write_secret(lent / file_of(host), kept.read_bytes()), (moment, moment))

    def take_back(self, workspace: Workspace, hosts: Sequence[TargetHost]) -> None:
        """Keep what the play found out; whatever is no plain file with a JSON object in it is left alone."""
        with suppress(OSError), _opened(workspace.home / LENT) as folder:
            for host in hosts:
                found = _read(folder, file_of(host))
                if found is not None:
                    self._keep(self._place(host), *found)

    def _place(self, host: TargetHost) -> Path:
        """A host that has another address or key is another host."""
        words = (host.name, host.address, str(host.port), *sorted(host.host_keys), host.credentials.user)
        return self.folder / hashlib.sha256("\n".join(words).encode()).hexdigest()[:_DIGITS]

    def _keep(self, place: Path, content: bytes, moment: float) -> None:
        with suppress(FileNotFoundError):
            if place.stat().st_mtime >= moment:
                return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.utime(name, (moment, moment))
        Path(name).replace(place)


def file_of(host: TargetHost) -> str:
    """What Ansible calls the file of this host's facts."""
    return f"{_SCHEMA}{host.name}"


def shelf_of(data_dir: Path, runbook: str, environment: str, max_age_s: int) -> FactShelf:
    """Where the facts of a runbook stand."""
    return FactShelf(data_dir / FOLDER / environment / runbook, min(max_age_s, OLDEST_S))


def forget_old(data_dir: Path) -> int:
    """Remove facts that nobody believes any more; says how many."""
    removed = 0
    for path in (data_dir / FOLDER).rglob("*"):
        with suppress(OSError):
            if path.is_file() and time.time() - path.stat().st_mtime > OLDEST_S:
                path.unlink()
                removed += 1
    return removed


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The folder itself: a play that puts a link in its place leads nowhere."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(folder: int, name: str) -> tuple[bytes, float] | None:
    """The content and its time; the play may have put anything there."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            return None
        content = file.read(_MOST_BYTES)
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(content), dict):
            return content, min(found.st_mtime, time.time())
    return None
