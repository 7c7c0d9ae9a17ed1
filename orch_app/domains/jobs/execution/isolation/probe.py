"""Finds out, by trying, which isolation level this machine allows."""

import ctypes
import os
import platform
import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from orch_app.domains.jobs.execution.isolation.levels import (
    IsolationLevel,
    IsolationReport,
    IsolationRequest,
    IsolationUnavailable,
    Network,
)
from orch_app.domains.jobs.execution.isolation.seccomp import FilterRules, program

_SYS_LANDLOCK_CREATE_RULESET = 444
_CREATE_RULESET_VERSION = 1
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_GET_ACTION_AVAILABLE = 2
_ANSWERS = (0x80000000, 0x00050000)
_ASKING = 0x7FC00000
_HANDS_OVER_SINCE = (5, 9)
_SYS_PIDFD_OPEN, _SYS_PIDFD_GETFD = 434, 438
_TRIAL_S = 10
_TRIAL = (
    *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--size", "1048576"),
    *("--tmpfs", "/tmp", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"),  # noqa: S108
)


@lru_cache(maxsize=1)
def probe() -> IsolationReport:
    """The best level of this machine, tried once per process."""
    notes: list[str] = []
    bwrap = _working_bwrap(notes)
    abi = landlock_abi()
    if abi == 0:
        notes.append("the kernel offers no Landlock")
    filters, guards = filters_calls(*_ANSWERS), filters_calls(*_ANSWERS, _ASKING)
    if not filters:
        notes.append("the kernel takes no filter of system calls from us")
    level = IsolationLevel.BWRAP if bwrap else IsolationLevel.LANDLOCK if abi else IsolationLevel.RLIMITS
    hands_over = guards and _kernel() >= _HANDS_OVER_SINCE
    return IsolationReport(level, bwrap, abi, filters, guards, hands_over, takes_descriptors(), tuple(notes))


def landlock_abi() -> int:
    """Version of Landlock in this kernel; 0 when there is none."""
    version = ctypes.CDLL(None).syscall(_SYS_LANDLOCK_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    return max(0, version)


def takes_descriptors() -> bool:
    """Whether we may take a descriptor of another process, tried on our own; Docker's filter forbids it."""
    call = ctypes.CDLL(None).syscall
    handle = call(_SYS_PIDFD_OPEN, os.getpid(), 0)
    if handle < 0:
        return False
    taken = call(_SYS_PIDFD_GETFD, handle, handle, 0)
    for descriptor in (handle, taken):
        if descriptor >= 0:
            os.close(descriptor)
    return taken >= 0


def _kernel() -> tuple[int, ...]:
    """The first two numbers of the kernel's version."""
    return tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


def filters_calls(*answers: int) -> bool:
    """Whether we can write a filter of system calls for this machine and its kernel knows what it answers."""
    number = _SYS_SECCOMP.get(platform.machine())
    if number is None or not program(FilterRules()):
        return False
    call = ctypes.CDLL(None).syscall
    return all(call(number, _GET_ACTION_AVAILABLE, 0, ctypes.byref(ctypes.c_uint32(one))) == 0 for one in answers)


def check(report: IsolationReport, request: IsolationRequest) -> IsolationLevel:
    """The level a job will get.

    Raises:
        IsolationUnavailable: the machine is below the required minimum, or cannot hold the network policy.
    """
    if not report.level.holds(request.minimum):
        reasons = "; ".join(report.notes) or "no reason known"
        raise IsolationUnavailable(f"{request.minimum} is required, {report.level} is what can be had: {reasons}")
    if request.network is Network.NONE and not (report.level is IsolationLevel.BWRAP or report.filters):
        raise IsolationUnavailable(f"a job without network needs bwrap or a filter of system calls, not {report.level}")
    if request.is_guarded and not report.guards:
        raise IsolationUnavailable("the rules for connections need a kernel that lets system calls wait for an answer")
    return report.level


def _working_bwrap(notes: list[str]) -> Path | None:
    found = shutil.which("bwrap")
    if found is None:
        notes.append("bubblewrap is not installed")
        return None
    try:
        own_users = () if os.geteuid() == 0 else ("--unshare-user", "--disable-userns")
        trial = subprocess.run([found, *_TRIAL, *own_users, "true"], capture_output=True, timeout=_TRIAL_S, check=False)
    except subprocess.TimeoutExpired:
        notes.append("bubblewrap does not answer")
        return None
    if trial.returncode:
        notes.append("bubblewrap is refused here: " + trial.stderr.decode(errors="replace").strip()[:200])
        return None
    return Path(found)
