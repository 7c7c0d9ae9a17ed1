"""Turns an isolation level and a job's folders into the command line that stands in front of `ansible-playbook`."""

import json
import os
import pwd
import stat
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from orch_app.domains.jobs.execution.isolation.bwrap import bwrap_argv
from orch_app.domains.jobs.execution.isolation.levels import (
    IsolationLevel,
    IsolationReport,
    IsolationRequest,
    Network,
    Profile,
)
from orch_app.domains.jobs.execution.isolation.probe import check
from orch_app.domains.jobs.execution.isolation.root import Step, root_steps
from orch_app.domains.jobs.execution.isolation.seccomp import (
    FilterRules,
    Internet,
    judged_calls,
    program,
    protected_processes,
)
from orch_app.domains.jobs.execution.isolation.sockets import groups_of
from orch_app.domains.jobs.execution.isolation.view import DEVICES, ETC, SYSTEM, JobView

GUARD_FD = 4
"""Where the last step before the play finds the guard's socket, in a play that is a program of its own."""

_ENTER = Path(__file__).with_name("enter.py")
_MB = 1 << 20
_NOBODY = 65534
_MORE_PROCESSES = 32
_ELSEWHERE = 256
"""What the user of a job may run in other containers of this machine: the kernel counts it, nobody here can see it."""

_MORE_MEMORY = 512 * _MB


@dataclass(frozen=True)
class Launch:
    """The prefix of the play's command line and what it will obtain. `uid` None: the job keeps the worker's user.

    `sandbox` says the same as the prefix for a play that is forked instead of started: see `Sandbox`. `guard` is what
    the guard is told, where there is one; `network` says in words what the job reaches.
    """

    prefix: tuple[str, ...]
    level: IsolationLevel
    uid: int | None
    sandbox: "Sandbox"
    guard: dict[str, object] | None = None
    network: str = ""

    @property
    def user(self) -> str:
        """The name the play's user has where it runs: the sandbox has a user list of its own."""
        if self.level is IsolationLevel.BWRAP:
            return "job"
        uid = os.geteuid() if self.uid is None else self.uid
        return pwd.getpwuid(uid).pw_name if _exists(uid) else str(uid)


class Sandbox(TypedDict):
    """What the fork-server's child does before it becomes the play.

    `supervisor` and `play` are the namespaces that each of the two leaves; `steps` and `folder` are the new root and
    the place in it (no steps: the host's root stays); `rights` is the configuration of `enter.py`.
    """

    supervisor: list[str]
    play: list[str]
    steps: list[Step]
    folder: str
    rights: dict[str, object]


def prepare_launch(report: IsolationReport, request: IsolationRequest, view: JobView) -> Launch:
    """The launcher for this job.

    Raises:
        IsolationUnavailable: the machine cannot give what is required.
    """
    level = check(report, request)
    uid = job_uid(level, request, view)
    own_net = _has_own_net(report, level, request)
    rights = _enter_config(level, request, view, uid) | _walls(report, level, request, own_net=own_net)
    guard, network = _guard(request, own_net=own_net), _in_words(report, request)
    enter = (sys.executable, "-I", "-S", "-E", str(_ENTER), json.dumps(rights))
    if level is not IsolationLevel.BWRAP or report.bwrap is None:
        bare = Sandbox(supervisor=[], play=[], steps=[], folder=str(view.project), rights=rights)
        return Launch(enter, level, uid, bare, guard, network)
    prefix = (*bwrap_argv(report.bwrap, request, view.with_code(_ENTER), own_net=own_net), *enter)
    return Launch(prefix, level, uid, _sandbox(request, view, rights, own_net=own_net), guard, network)


def _has_own_net(report: IsolationReport, level: IsolationLevel, request: IsolationRequest) -> bool:
    """Whether the job gets a network of its own with nobody in it; what it works on is handed into it by the guard."""
    can = level is IsolationLevel.BWRAP and (report.hands_over or not request.reach.targets)
    return can and request.network is Network.NONE


def _guard(request: IsolationRequest, *, own_net: bool) -> dict[str, object] | None:
    """The rules for the job's connections, where they are judged one by one, and the numbers of the calls."""
    if not request.is_guarded:
        return None
    closed = request.network is Network.NONE
    return {**asdict(request.reach), "closed": closed, "hands_over": own_net, "calls": judged_calls()}


def _in_words(report: IsolationReport, request: IsolationRequest) -> str:
    """What the job reaches, and whether its connections are only looked at instead of made by the guard."""
    alone = request.network is Network.NONE and request.is_guarded
    name = "its hosts alone" if alone else str(request.network)
    return f"{name} (looked at only)" if request.is_guarded and not report.takes else name


def _sandbox(request: IsolationRequest, view: JobView, rights: dict[str, object], *, own_net: bool) -> Sandbox:
    """The namespaces that bubblewrap would make, shared out to the process before the play and the play's first one."""
    user = [] if os.geteuid() == 0 else ["user"]
    pid = ["pid"] if request.profile is Profile.JOB else []
    net = ["net"] if own_net else []
    return Sandbox(
        supervisor=[*user, *pid],
        play=["mount", "ipc", "uts", "cgroup", *net],
        steps=root_steps(request, view),
        folder=str(view.project),
        rights=rights,
    )


def job_uid(level: IsolationLevel, request: IsolationRequest, view: JobView) -> int | None:
    """The user a job runs as when the worker is root; None when the job must keep the worker's own.

    Outside a bwrap sandbox the user must exist and reach the job's folders by the ordinary rules of the file system;
    where only the first of the jobs' users exists, jobs share it, and where there is none of them, they are `nobody`.
    """
    if os.geteuid() != 0:
        return None
    own = request.uid + request.seat
    if level is IsolationLevel.BWRAP:
        return own
    found = next((uid for uid in (own, request.uid, _NOBODY) if _exists(uid)), None)
    return found if all(_open_to_all(path) for path in view.needed()) else None


def _exists(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)


def _enter_config(
    level: IsolationLevel, request: IsolationRequest, view: JobView, uid: int | None
) -> dict[str, object]:
    limits = request.limits
    is_alone = level is IsolationLevel.BWRAP
    rlimits = {
        # What is watched for the whole job is held a little later by the kernel, for each process.
        "NPROC": limits.processes + _MORE_PROCESSES + (0 if is_alone else _ELSEWHERE),
        "FSIZE": limits.file_mb * _MB,
        "NOFILE": limits.open_files,
        "DATA": limits.memory_mb * _MB + _MORE_MEMORY,  # not AS: programs in Go reserve far more addresses than memory
        "CORE": 0,
    }
    return {
        "uid": uid,
        "groups": groups_of(request),
        "limits": rlimits,
        "own_tasks": not is_alone,
        "landlock": _landlock_paths(request, view) if level is IsolationLevel.LANDLOCK else None,
    }


def _walls(
    report: IsolationReport, level: IsolationLevel, request: IsolationRequest, *, own_net: bool
) -> dict[str, object]:
    """What stands besides the view of files: Landlock's other rules and the filter of system calls.

    A network namespace is empty by itself; elsewhere the filter lets no socket of the internet be made, or only those
    whose every connection is judged.
    """
    sees_others = level is not IsolationLevel.BWRAP or request.profile is Profile.HOST_VIEW
    is_closed = request.network is Network.NONE and (request.is_guarded or not own_net)
    rules = FilterRules(
        internet=_internet(request, own_net=own_net),
        own_ipc=level is IsolationLevel.BWRAP,
        protected=protected_processes() if sees_others else (),
    )
    # In a network of its own a job connects to nobody by itself: what the guard hands in must not be used elsewhere.
    ports = [] if own_net else sorted({port for _, port in request.reach.targets})
    return {
        "scoped": report.landlock_abi > 0,
        "tcp_ports": ports if is_closed and report.landlock_abi > 0 else None,
        "filter": program(rules).hex() if report.filters else "",
        "guard": GUARD_FD if request.is_guarded else None,
    }


def _internet(request: IsolationRequest, *, own_net: bool) -> Internet:
    """What the filter lets the job do with sockets of the internet."""
    if request.network is Network.EGRESS:
        return Internet.JUDGED
    if request.is_guarded:
        return Internet.STREAMS
    return Internet.OPEN if own_net or request.network is Network.FULL else Internet.CLOSED


def _landlock_paths(request: IsolationRequest, view: JobView) -> dict[str, list[str]]:
    if request.profile is Profile.HOST_VIEW:
        read = list(_all_except({path.resolve() for path in request.hidden}))
    else:
        read = [*SYSTEM, *(f"/etc/{name}" for name in (*ETC, "passwd", "group")), "/proc", "/run/systemd/resolve"]
    return {
        "read": [*read, *map(str, (*view.code, *view.readable))],
        "write": [*map(str, view.writable), "/dev/pts"],
        "file": [f"/dev/{name}" for name in (*DEVICES, "ptmx")],
        "share": ["/dev/shm"],  # noqa: S108  semaphores live here; without the right to list, other names stay unknown
    }


def _all_except(hidden: set[Path], folder: Path = Path("/")) -> list[str]:
    """Landlock can only allow: every entry beside the way to a hidden path."""
    if folder in hidden or folder == Path("/dev"):
        return []
    if not any(folder in path.parents for path in hidden):
        return [str(folder)]
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.is_symlink())
    except OSError:
        return []
    return [path for entry in entries for path in _all_except(hidden, entry)]
