"""The sockets of this machine that a job may speak to: its connections', and Docker's with a view of the host."""

import stat
from pathlib import Path

from orch_app.domains.jobs.execution.isolation.levels import IsolationRequest, Profile

_DOCKER = Path("/var/run/docker.sock")


def shown_sockets(request: IsolationRequest) -> list[Path]:
    """Those of the job's connections that are there. Whatever else such a path leads to is never shown."""
    return [path for path in request.sockets if _group_of(path) is not None]


def groups_of(request: IsolationRequest) -> list[int]:
    """The groups that may speak to them; never that of root, who owns more than sockets."""
    sockets = {*request.sockets, *([_DOCKER] if request.profile is Profile.HOST_VIEW else [])}
    return sorted({group for group in map(_group_of, sockets) if group})


def _group_of(path: Path) -> int | None:
    """The group of a socket; None where there is none of that name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_gid if stat.S_ISSOCK(found.st_mode) else None
