"""What isolation can be had, what a job asks for, and the limits that hold at every level."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class IsolationLevel(StrEnum):
    """From the strongest to the weakest; recorded on every job."""

    BWRAP = "bwrap"
    LANDLOCK = "landlock"
    RLIMITS = "rlimits"

    def holds(self, minimum: "IsolationLevel") -> bool:
        """Whether this level is at least as strong as the minimum."""
        order = list(IsolationLevel)
        return order.index(self) <= order.index(minimum)


class Profile(StrEnum):
    """What a job may see: only its own things, or the whole host read-only, which its runbook must declare."""

    JOB = "job"
    HOST_VIEW = "host_view"


class Network(StrEnum):
    """`egress` is the host's network, `none` an empty one."""

    EGRESS = "egress"
    NONE = "none"


class IsolationUnavailable(Exception):
    """The isolation a job requires cannot be had on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one job. Memory, file size and descriptors hold per process; processes and output for the whole job."""

    memory_mb: int = 2048
    processes: int = 512
    file_mb: int = 1024
    open_files: int = 4096
    output_mb: int = 256
    tmp_mb: int = 512


@dataclass(frozen=True)
class IsolationReport:
    """What the probe found on this machine. `notes` says in words why stronger levels are missing."""

    level: IsolationLevel
    bwrap: Path | None
    landlock_abi: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class IsolationRequest:
    """What a runbook and its environment ask for. `hidden` is never visible.

    When the worker is root, the job's user is `uid` + `seat`: the limit on processes counts all that one user runs.
    """

    profile: Profile = Profile.JOB
    network: Network = Network.EGRESS
    minimum: IsolationLevel = IsolationLevel.RLIMITS
    limits: Limits = field(default_factory=Limits)
    uid: int = 61000
    seat: int = 0
    hidden: tuple[Path, ...] = ()
