"""Writes the bubblewrap command line: a private root that holds only what a job may see."""

import os
import pwd
from pathlib import Path

from orch_app.domains.jobs.execution.isolation.levels import IsolationRequest, Network, Profile
from orch_app.domains.jobs.execution.isolation.view import ETC, SYSTEM, JobView

_MB = 1 << 20
_PRIVATE = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  these are the job's own, empty and private
_KEPT_BY_ROOT = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


def bwrap_argv(bwrap: Path, request: IsolationRequest, view: JobView) -> list[str]:
    """The sandbox for this job, up to and including the `--` before the command."""
    base = _host_root(request) if request.profile is Profile.HOST_VIEW else _own_root()
    argv = [str(bwrap), *_namespaces(request), *base, *_private_folders(request)]
    argv += _parents(view)
    argv += [part for path in (*view.code, *view.readable) for part in ("--ro-bind", str(path), str(path))]
    argv += [part for path in view.writable for part in ("--bind", str(path), str(path))]
    argv += ["--ro-bind", str(view.passwd), "/etc/passwd", "--ro-bind", str(view.group), "/etc/group"]
    return [*argv, *_hidden_below(request, view), "--chdir", str(view.project), "--"]


def _namespaces(request: IsolationRequest) -> list[str]:
    argv = ["--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if request.profile is Profile.JOB:
        argv.append("--unshare-pid")
    if request.network is Network.NONE:
        argv.append("--unshare-net")
    if os.geteuid() == 0:
        # Only to become the job's user inside; the last step before the play drops these too.
        argv += ["--cap-drop", "ALL", *(part for name in _KEPT_BY_ROOT for part in ("--cap-add", name))]
    else:
        argv += ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
    return argv


def _own_root() -> list[str]:
    argv: list[str] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            argv += ["--ro-bind", name, name]
    for folder in sorted({str(Path("/etc", name).parent) for name in ETC}):
        argv += ["--perms", "0755", "--dir", folder]
    for name in ETC:
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return [*argv, "--proc", "/proc", "--dev", "/dev", "--dir", "/run"]


def _host_root(request: IsolationRequest) -> list[str]:
    """The declared view of the host: everything read-only, with the worker's secrets and home cut out."""
    argv = ["--ro-bind", "/", "/", "--dev", "/dev"]
    home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    return argv + [part for path in (home, *request.hidden) for part in _hide(path)]


def _parents(view: JobView) -> list[str]:
    """The folders on the way to what is shown, open to the job's user: bwrap itself would close them to others."""
    ready = {Path(name) for name in ("/", *SYSTEM, *_PRIVATE)}
    folders = {parent for path in view.needed() for parent in path.parents} - ready
    return [part for folder in sorted(folders) for part in ("--perms", "0755", "--dir", str(folder))]


def _private_folders(request: IsolationRequest) -> list[str]:
    size = str(request.limits.tmp_mb * _MB)
    return [part for name in _PRIVATE for part in ("--perms", "1777", "--size", size, "--tmpfs", name)]


def _hidden_below(request: IsolationRequest, view: JobView) -> list[str]:
    """Secrets that live inside a folder shown above are covered again; the job's own folders are never covered."""
    shown = [Path(name) for name in SYSTEM] + list(view.code)
    covered = [path for path in request.hidden if any(part in path.parents for part in shown)]
    return [part for path in covered if not _holds_job(path, view) for part in _hide(path)]


def _holds_job(path: Path, view: JobView) -> bool:
    return any(path in own.parents for own in view.needed())


def _hide(path: Path) -> list[str]:
    if path == Path("/") or not path.exists():
        return []
    return ["--tmpfs", str(path)] if path.is_dir() else ["--ro-bind", "/dev/null", str(path)]
