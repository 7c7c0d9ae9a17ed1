"""Finds out, by trying, which isolation level this machine allows."""

import ctypes
import os
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

_SYS_LANDLOCK_CREATE_RULESET = 444
_CREATE_RULESET_VERSION = 1
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
    level = IsolationLevel.BWRAP if bwrap else IsolationLevel.LANDLOCK if abi else IsolationLevel.RLIMITS
    return IsolationReport(level, bwrap, abi, tuple(notes))


def landlock_abi() -> int:
    """Version of Landlock in this kernel; 0 when there is none."""
    version = ctypes.CDLL(None).syscall(_SYS_LANDLOCK_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    return max(0, version)


def check(report: IsolationReport, request: IsolationRequest) -> IsolationLevel:
    """The level a job will get.

    Raises:
        IsolationUnavailable: the machine is below the required minimum, or cannot cut the network off.
    """
    if not report.level.holds(request.minimum):
        reasons = "; ".join(report.notes) or "no reason known"
        raise IsolationUnavailable(f"{request.minimum} is required, {report.level} is what can be had: {reasons}")
    if request.network is Network.NONE and report.level is not IsolationLevel.BWRAP:
        raise IsolationUnavailable(f"a job without network needs bwrap, {report.level} is what can be had")
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
