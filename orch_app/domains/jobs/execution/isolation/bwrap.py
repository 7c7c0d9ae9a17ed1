"""Writes the bubblewrap command line: a private root that holds only what a job may see."""

import os
from collections.abc import Callable
from pathlib import Path

from orch_app.domains.jobs.execution.isolation.levels import IsolationRequest, Profile
from orch_app.domains.jobs.execution.isolation.root import root_steps
from orch_app.domains.jobs.execution.isolation.view import JobView

_KEPT_BY_ROOT = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
_WORDS: dict[str, Callable[..., list[str]]] = {
    "read": lambda source, target: ["--ro-bind", source, target],
    "try": lambda source, target: ["--ro-bind-try", source, target],
    "write": lambda source, target: ["--bind", source, target],
    "link": lambda value, target: ["--symlink", value, target],
    "folder": lambda target: ["--perms", "0755", "--dir", target],
    "memory": lambda target, mode, size: ["--perms", mode, "--size", size, "--tmpfs", target],
    "proc": lambda target: ["--proc", target],
    "dev": lambda target: ["--dev", target],
}


def bwrap_argv(bwrap: Path, request: IsolationRequest, view: JobView, *, own_net: bool) -> list[str]:
    """The sandbox for this job, up to and including the `--` before the command."""
    root = [word for kind, *values in root_steps(request, view) for word in _WORDS[kind](*values)]
    return [str(bwrap), *_namespaces(request, own_net=own_net), *root, "--chdir", str(view.project), "--"]


def _namespaces(request: IsolationRequest, *, own_net: bool) -> list[str]:
    argv = ["--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if request.profile is Profile.JOB:
        argv.append("--unshare-pid")
    if own_net:
        argv.append("--unshare-net")
    if os.geteuid() == 0:
        # Only to become the job's user inside; the last step before the play drops these too.
        argv += ["--cap-drop", "ALL", *(part for name in _KEPT_BY_ROOT for part in ("--cap-add", name))]
    else:
        argv += ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
    return argv
