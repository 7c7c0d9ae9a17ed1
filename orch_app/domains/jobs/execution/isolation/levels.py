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
    """What a job may reach: everything the worker does, what the rules for connections allow, or nothing at all."""

    FULL = "full"
    EGRESS = "egress"
    NONE = "none"


class IsolationUnavailable(Exception):
    """The isolation a job requires cannot be had on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one job as a whole; the one of open files holds per process, `file_mb` per file, `tmp_mb` per folder.

    `log_mb` is what the play may say, `disk_mb` what it may keep in its own folders.
    """

    memory_mb: int = 2048
    processes: int = 512
    file_mb: int = 1024
    disk_mb: int = 4096
    open_files: int = 4096
    log_mb: int = 64
    tmp_mb: int = 512


@dataclass(frozen=True)
class IsolationReport:
    """What the probe found on this machine. `notes` says in words why stronger levels are missing.

    `filters` tells whether the kernel takes our filter of system calls, which then stands at every level; `guards`,
    whether it can make calls wait for our answer, which `egress` and jobs on hosts need; `hands_over`, whether such an
    answer can bring a socket of ours; `takes`, whether we may take a job's socket to act on it.
    """

    level: IsolationLevel
    bwrap: Path | None
    landlock_abi: int
    filters: bool = True
    guards: bool = True
    hands_over: bool = True
    takes: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """Where a job may connect: networks as text, ports None for all; `own` are services of the product.

    `targets` are the machines the job works on, always reached; with the network `none` nothing else is. The rest is
    for `egress`: an address in `never` or `own` is refused, one in `private` or on loopback needs one in `allowed`.
    """

    targets: tuple[tuple[str, int], ...] = ()

    never: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    own: tuple[tuple[str, int], ...] = ()
    allowed: tuple[tuple[str, int | None], ...] = ()
    resolvers: tuple[str, ...] = ()


@dataclass(frozen=True)
class IsolationRequest:
    """What a runbook and its environment ask for. `hidden` is never visible; `sockets` of this machine are in reach,
    where there is one of that name.

    When the worker is root, the job's user is `uid` + `seat`: the limit on processes counts all that one user runs.
    """

    profile: Profile = Profile.JOB
    network: Network = Network.FULL
    minimum: IsolationLevel = IsolationLevel.RLIMITS
    limits: Limits = field(default_factory=Limits)
    uid: int = 61000
    seat: int = 0
    hidden: tuple[Path, ...] = ()
    reach: Reach = field(default_factory=Reach)
    sockets: tuple[Path, ...] = ()

    @property
    def is_guarded(self) -> bool:
        """Whether the job reaches some places and not others, so that each of its connections must be judged."""
        return self.network is Network.EGRESS or (self.network is Network.NONE and bool(self.reach.targets))
