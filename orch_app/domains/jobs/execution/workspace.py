"""The private folder of one job: made before the play, removed after it, swept when a worker starts.

Layout, as ansible-runner wants its private data folder: `project/` (a copy of the runbook, read-only), `inventory/`,
`env/`, `etc/` (passwd and group for the sandbox), `given/` (what the product gives to a play that asks), and the three
folders the play may write: `artifacts/` (its results), `home/` and `tmp/`. `runner/` holds what ansible-runner writes
and is never shown to the play. Secrets and the ssh control sockets live in a second folder, on a tmpfs when the
machine has one.
"""

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from orch_app.domains.jobs.execution.isolation import IsolationLevel, JobView, interpreter_paths

JOBS_FOLDER = "jobs-run"
_PROJECT_FILES = 5_000
_PROJECT_BYTES = 64 << 20
_SOCKET_FOLDER = 80
"""Longest folder for sockets: 108 bytes less the names that ssh, with its temporary suffix, and mitogen give them."""

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
"""Names a job's folders may have: no way out of their parent."""

_GUARD = ".guard"
_MARK = 8
_NOT_COPIED = frozenset({"tests", "__pycache__", ".git"})


class WorkspaceError(Exception):
    """The runbook's folder cannot be given to a job; the message says which file and why."""


@dataclass(frozen=True)
class Workspace:
    """Paths of one job's folder. `secrets` is private to the job as well, and may lie on another file system.

    `seat` is a number that no other job of this data folder has at the same time, from 0: it picks the job's user.
    """

    root: Path
    secrets: Path
    control: Path
    seat: int = 0

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def inventory(self) -> Path:
        return self.root / "inventory"

    @property
    def env(self) -> Path:
        return self.root / "env"

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def kept(self) -> Path:
        """What the worker took over from the play, on its way to the store."""
        return self.root / "kept"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def runner(self) -> Path:
        return self.root / "runner"

    @property
    def given(self) -> Path:
        """What an earlier job left for this one, and what else the runbook asks for; the play only reads it."""
        return self.root / "given"

    @property
    def snapshot_path(self) -> Path:
        """Where the snapshot lies that a rollback puts back."""
        return self.given / "snapshot.json"

    @property
    def earlier_path(self) -> Path:
        """Where the snapshot lies that the runbook asks for."""
        return self.given / "earlier.json"

    @property
    def inputs_path(self) -> Path:
        """Where the inputs lie for a runbook that reads them from a file."""
        return self.given / "inputs.json"

    @property
    def given_inventory_path(self) -> Path:
        """Where the environment's inventory lies for a runbook that asks for it."""
        return self.given / "inventory.json"

    @property
    def source_path(self) -> Path:
        """Where the inventories of a source lie that the runbook asks for."""
        return self.given / "source"

    @property
    def output_path(self) -> Path:
        """Where the play writes its output.json."""
        return self.artifacts / "output.json"

    def view(self, *code: Path) -> JobView:
        """What the play may see: its own folders, the interpreter and the code it needs."""
        return JobView(
            readable=(self.project, self.inventory, self.env, self.given, self.secrets),
            writable=(self.artifacts, self.home, self.tmp, self.control),
            code=(*interpreter_paths(), *code),
            passwd=self.etc / "passwd",
            group=self.etc / "group",
            project=self.project,
        )

    def give_to(self, uid: int) -> None:
        """Hand the play's folders to the user it runs as; the root of the workspace stays the worker's."""
        self.write_users(uid)
        for folder in (self.artifacts, self.home, self.tmp, self.control, self.secrets):
            for path in (folder, *folder.rglob("*")):
                os.chown(path, uid, uid, follow_symlinks=False)

    def write_users(self, uid: int) -> None:
        """An ssh client refuses to start for a user without an entry, so the sandbox has one of its own."""
        job = f"job:x:{uid}:{uid}:job:{self.home}:/bin/sh\n" if uid else ""
        _write(self.etc / "passwd", f"root:x:0:0:root:{self.home}:/bin/sh\n{job}", 0o644)
        _write(self.etc / "group", f"root:x:0:\n{f'job:x:{uid}:' if uid else ''}\n", 0o644)


@contextmanager
def open_workspace(data_dir: Path, name: str, runbook: Path, level: IsolationLevel) -> Iterator[Workspace]:
    """A fresh workspace for `<job_id>.<fence>` with the runbook's files in it; gone when the block ends.

    Raises:
        WorkspaceError: the runbook's folder holds links, special files, or too much; or the name is taken.
    """
    if FOLDER_NAME.fullmatch(name) is None:
        raise WorkspaceError(f"not a name for a job's folder: {name}")
    secrets_root = find_secrets_root(data_dir, level)
    root = data_dir / JOBS_FOLDER / name
    secrets = secrets_root / name / "secrets" if secrets_root else root / "secrets"
    control = secrets.parent / "cp"
    held = _claim(root)
    chair, seat = _take_seat(root.parent)
    workspace = Workspace(root, secrets, _short(control, data_dir, name), seat)
    try:
        _create(workspace)
        _copy_project(runbook, workspace.project)
        yield workspace
    finally:
        os.close(held)
        for folder in (root, secrets.parent, workspace.control):
            remove_tree(folder)
        os.close(chair)


def find_secrets_root(data_dir: Path, level: IsolationLevel) -> Path | None:
    """A folder on a tmpfs for the secrets of the jobs of this user and data folder; None when there is no tmpfs.

    Under Landlock /dev/shm must stay open to the play for its semaphores, so another job's secrets may not lie there.
    """
    uid = os.geteuid()
    for parent in (Path("/run"), Path(f"/run/user/{uid}"), Path("/dev/shm")):  # noqa: S108
        fits = level is IsolationLevel.BWRAP or parent.name != "shm"
        if fits and parent.is_dir() and is_tmpfs(parent) and _is_ours(parent / f"orch-{uid}"):
            return parent / f"orch-{uid}" / _mark(data_dir)
    return None


def _mark(data_dir: Path) -> str:
    return hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()[:_MARK]


def _short(control: Path, data_dir: Path, name: str) -> Path:
    """The folder for control sockets, or one with a shorter path: a socket's path is limited to 108 bytes."""
    root = _sockets_root(data_dir)
    return control if len(str(control)) <= _SOCKET_FOLDER or not _is_ours(root.parent) else root / name


def _sockets_root(data_dir: Path) -> Path:
    return Path(tempfile.gettempdir()) / f"orch-{os.geteuid()}" / _mark(data_dir)


def _is_ours(folder: Path) -> bool:
    """Make the folder if it is not there; anybody may have made one of this name in /dev/shm before us."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def is_tmpfs(path: Path) -> bool:
    """Whether the folder itself is the root of, or lies on, a file system in memory."""
    best, kind = Path("/"), ""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mounted = Path(left.split()[4])
        if (mounted == path or mounted in path.parents) and len(mounted.parts) >= len(best.parts):
            best, kind = mounted, right.split()[0]
    return kind == "tmpfs"


def sweep_leftovers(data_dir: Path, alive: Collection[str]) -> list[str]:
    """Remove the folders that dead workers left behind and return their names.

    A folder whose worker lives, in whatever process, is locked and stays; so do the names in `alive`.
    """
    jobs = data_dir / JOBS_FOLDER
    secrets = {find_secrets_root(data_dir, level) for level in IsolationLevel}
    removed: set[str] = set()
    with _guarded(jobs, fcntl.LOCK_EX):
        for root in (jobs, _sockets_root(data_dir), *sorted(filter(None, secrets))):
            for folder in sorted(root.iterdir()) if root.is_dir() else ():
                if folder.is_dir() and folder.name not in alive and not _is_locked(jobs / folder.name):
                    remove_tree(folder)
                    removed.add(folder.name)
    return sorted(removed)


def _claim(root: Path) -> int:
    """Make the folder and lock it, with no sweep in between."""
    with _guarded(root.parent, fcntl.LOCK_SH):
        try:
            root.mkdir(mode=0o700)
        except FileExistsError as error:
            raise WorkspaceError(f"the job's folder is there already: {root.name}") from error
        return _lock(root, fcntl.LOCK_EX)


def _take_seat(jobs: Path) -> tuple[int, int]:
    """The lowest number that no living job holds, in whatever process, with the descriptor that holds it."""
    for seat in count():
        descriptor = os.open(jobs / f".seat-{seat}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            return descriptor, seat
    raise AssertionError("numbers do not end")


@contextmanager
def _guarded(jobs: Path, kind: int) -> Iterator[None]:
    """No sweep while a workspace is being made: it is not locked yet."""
    jobs.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(jobs / _GUARD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path, kind: int) -> int:
    """A lock that lasts as long as the process that holds it, and no longer."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, kind)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _is_locked(folder: Path) -> bool:
    try:
        os.close(_lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def write_secret(path: Path, content: str | bytes) -> Path:
    """A file only its owner can read, never visible half-written or with wider rights."""
    return _write(path, content, 0o600)


def remove_tree(folder: Path) -> None:
    """Remove a folder whatever rights the play left on its parts; links are removed, never followed."""
    if not folder.exists():
        return

    def open_up(remove: Callable[..., Any], name: str, _: object) -> None:
        for path in (Path(name).parent, Path(name)):
            if path.is_relative_to(folder) and path.is_dir() and not path.is_symlink():
                path.chmod(stat.S_IRWXU)
        if remove in (os.unlink, os.rmdir):
            remove(name)
        else:
            shutil.rmtree(name, ignore_errors=True)

    shutil.rmtree(folder, onerror=open_up)


def _create(workspace: Workspace) -> None:
    secrets, control = workspace.secrets, workspace.control
    for folder in (secrets.parent.parent, secrets.parent, secrets, control.parent, control):
        folder.mkdir(mode=0o700, exist_ok=True)
    for folder in (workspace.artifacts, workspace.home, workspace.tmp, workspace.runner):
        folder.mkdir(mode=0o700)
    for folder in (workspace.project, workspace.inventory, workspace.env, workspace.etc, workspace.given):
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
    workspace.write_users(os.geteuid())


def _copy_project(source: Path, target: Path) -> None:
    files = size = 0
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(set(folders) - _NOT_COPIED)
        here = target / Path(folder).relative_to(source)
        here.mkdir(mode=0o755, exist_ok=True)
        for name in sorted([*folders, *names]):
            path = Path(folder) / name
            kind = path.lstat()
            if stat.S_ISDIR(kind.st_mode):
                continue
            if not stat.S_ISREG(kind.st_mode):
                raise WorkspaceError(f"the runbook holds a link or special file: {path.relative_to(source)}")
            files, size = files + 1, size + kind.st_size
            if files > _PROJECT_FILES or size > _PROJECT_BYTES:
                raise WorkspaceError(f"the runbook is too large: {files} files, {size} bytes")
            _write(here / name, path.read_bytes(), 0o755 if kind.st_mode & stat.S_IXUSR else 0o644)


def _write(path: Path, content: str | bytes, mode: int) -> Path:
    data = content.encode() if isinstance(content, str) else content
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
    return path
