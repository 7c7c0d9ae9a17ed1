"""The root a job sees, as a list of steps that bubblewrap or our own first process of a job carries out."""

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

from orch_app.domains.jobs.execution.isolation.levels import IsolationRequest, Profile
from orch_app.domains.jobs.execution.isolation.sockets import shown_sockets
from orch_app.domains.jobs.execution.isolation.view import ETC, SYSTEM, JobView

Step = tuple[str, ...]
"""`read SOURCE TARGET`, `try SOURCE TARGET` (read, if it is there), `write SOURCE TARGET`, `link VALUE TARGET`,
`folder TARGET`, `memory TARGET MODE BYTES`, `proc TARGET` or `dev TARGET`; everything is strings, to travel as JSON."""

_MB = 1 << 20
_PRIVATE = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  these are the job's own, empty and private
_COVER = str(_MB)


def root_steps(request: IsolationRequest, view: JobView) -> list[Step]:
    """Everything that is put into the empty root, in this order."""
    steps = _host_root(request) if request.profile is Profile.HOST_VIEW else _own_root()
    size = str(request.limits.tmp_mb * _MB)
    steps += [("memory", name, "1777", size) for name in _PRIVATE]
    sockets = shown_sockets(request)
    steps += _parents((*view.needed(), *sockets))
    steps += [("read", str(path), str(path)) for path in (*view.code, *view.readable)]
    steps += [("write", str(path), str(path)) for path in view.writable]
    steps += [("read", str(path), str(path)) for path in sockets]
    steps += [("read", str(view.passwd), "/etc/passwd"), ("read", str(view.group), "/etc/group")]
    return steps + _hidden_below(request, view)


def _own_root() -> list[Step]:
    steps: list[Step] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            steps.append(("link", str(path.readlink()), name))
        elif path.exists():
            steps.append(("read", name, name))
    steps += [("folder", folder) for folder in sorted({str(Path("/etc", name).parent) for name in ETC})]
    steps += [("try", f"/etc/{name}", f"/etc/{name}") for name in ETC]
    return [*steps, ("proc", "/proc"), ("dev", "/dev"), ("folder", "/run")]


def _host_root(request: IsolationRequest) -> list[Step]:
    """The declared view of the host: everything read-only, with the worker's secrets and home cut out."""
    home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    hidden = [step for path in (home, *request.hidden) for step in _hide(path)]
    return [("read", "/", "/"), ("dev", "/dev"), *hidden]


def _parents(shown: Iterable[Path]) -> list[Step]:
    """The folders on the way to what is shown, open to the job's user: bwrap itself would close them to others."""
    ready = {Path(name) for name in ("/", *SYSTEM, *_PRIVATE)}
    folders = {parent for path in shown for parent in path.parents} - ready
    return [("folder", str(folder)) for folder in sorted(folders)]


def _hidden_below(request: IsolationRequest, view: JobView) -> list[Step]:
    """Secrets that live inside a folder shown above are covered again; the job's own folders are never covered."""
    shown = [Path(name) for name in SYSTEM] + list(view.code)
    covered = [path for path in request.hidden if any(part in path.parents for part in shown)]
    return [step for path in covered if not _holds_job(path, view) for step in _hide(path)]


def _holds_job(path: Path, view: JobView) -> bool:
    return any(path in own.parents for own in view.needed())


def _hide(path: Path) -> list[Step]:
    if path == Path("/") or not path.exists():
        return []
    return [("memory", str(path), "0755", _COVER)] if path.is_dir() else [("read", "/dev/null", str(path))]
