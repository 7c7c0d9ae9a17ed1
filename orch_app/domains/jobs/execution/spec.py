"""What the runner needs to know about one play, and what it says when the play has ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from orch_app.domains.jobs.execution.connection_files import SlotConnection
from orch_app.domains.jobs.execution.extravars import JobFacts
from orch_app.domains.jobs.execution.group_file import TargetGroup
from orch_app.domains.jobs.execution.inventory_file import TargetHost
from orch_app.domains.jobs.execution.isolation import IsolationLevel, IsolationRequest
from orch_app.domains.jobs.execution.known_facts import FactShelf
from orch_app.domains.jobs.execution.log_line import Failure
from orch_app.domains.jobs.execution.workspace import Workspace

DEFAULT_TIMEOUT_S = 3600.0
DEFAULT_GRACE_S = 10.0


class PlayStatus(StrEnum):
    """How a play ended."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    CANCELED = "canceled"
    TIMEOUT = "timeout"
    KILLED = "killed"


class Reason(StrEnum):
    """Why a play did not succeed: the part of the shared failure codes that the execution can see."""

    TASK_FAILED = "task_failed"
    UNREACHABLE = "unreachable"
    PLAYBOOK_ERROR = "playbook_error"
    TIMEOUT = "timeout"
    CANCELED = "canceled"
    INTERRUPTED = "interrupted"
    OUTPUT_LIMIT = "output_limit"
    MEMORY_LIMIT = "memory_limit"
    PROCESS_LIMIT = "process_limit"
    DISK_LIMIT = "disk_limit"
    ISOLATION_FAILED = "isolation_failed"


@dataclass(frozen=True)
class SharedCode:
    """Folders of our own Ansible code that every play may use; None where there is none."""

    modules: Path | None = None
    module_utils: Path | None = None
    action_plugins: Path | None = None
    roles: Path | None = None

    def folders(self) -> tuple[Path, ...]:
        """Those that are there."""
        places = (self.modules, self.module_utils, self.action_plugins, self.roles)
        return tuple(folder for folder in places if folder)


@dataclass(frozen=True)
class PlaySpec:
    """One play. `secrets` are masked in everything the play says, together with those of the hosts and connections.

    `localhost` makes the worker's machine one of the group `targets`; it is in the inventory in any case. `environment`
    holds extra variables of the play's environment, which must not be secret. Times are in seconds. With a `shelf`,
    facts of hosts that are known need not be gathered. `inputs_as_variables` gives each input by its own name as well.
    `tags` and `skip_tags` choose tasks, as Ansible's options of these names.
    """

    workspace: Workspace
    facts: JobFacts
    inputs: dict[str, Any] = field(default_factory=dict)
    inputs_as_variables: bool = False
    hosts: Sequence[TargetHost] = ()
    groups: Sequence[TargetGroup] = ()
    connections: Sequence[SlotConnection] = ()
    localhost: bool = True
    secrets: Sequence[str] = field(default=(), repr=False)
    isolation: IsolationRequest = field(default_factory=IsolationRequest)
    timeout_s: float = DEFAULT_TIMEOUT_S
    grace_s: float = DEFAULT_GRACE_S
    playbook: str = "playbook.yml"
    check: bool = False
    strategy: str = "linear"
    tags: Sequence[str] = ()
    skip_tags: Sequence[str] = ()
    code: SharedCode = field(default_factory=SharedCode)
    environment: dict[str, str] = field(default_factory=dict)
    shelf: FactShelf | None = None

    def every_secret(self) -> list[str]:
        """What must be masked in whatever comes out of the play.

        Raises:
            HostRefused: a passphrase does not open its private key.
        """
        of_hosts = (secret for host in self.hosts for secret in host.secrets())
        return [*self.secrets, *of_hosts, *(secret for one in self.connections for secret in one.secrets)]


@dataclass(frozen=True)
class PlayOutcome:
    """How it went. `reason` is None after a success; `hosts` holds Ansible's own counts per host.

    `limit` says in a sentence which limit ended the play, if one did.
    """

    rc: int
    status: PlayStatus
    reason: Reason | None
    cpu_s: float
    max_rss_kb: int
    isolation: IsolationLevel
    uid: int | None
    engine: str
    hosts: dict[str, dict[str, int]]
    failure: Failure | None
    limit: str = ""
