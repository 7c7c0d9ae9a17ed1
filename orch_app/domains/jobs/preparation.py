"""From the rows to a play: what the worker must know before it can start one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.inventory.slots import FilledSlot, open_slots
from orch_app.domains.inventory.target_groups import GroupOfTargets, groups_for
from orch_app.domains.inventory.targets import Target, all_reached, targets_for
from orch_app.domains.jobs import approvals, earlier, given_inputs, given_inventory, given_source, snapshots
from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.execution import (
    Credentials,
    FactShelf,
    IsolationLevel,
    IsolationRequest,
    JobFacts,
    Limits,
    Network,
    PlaySpec,
    Profile,
    SharedCode,
    SlotConnection,
    TargetHost,
    Workspace,
    shelf_of,
)
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.play_hosts import to_target_group, to_target_host
from orch_app.domains.jobs.reach import job_reach
from orch_app.domains.jobs.states import Mode
from orch_app.domains.runbooks.contract import SHARED_CODE, folder_revision
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.trees import KeptTree, folder_of
from orch_app.kit.egress import own_services
from orch_app.kit.settings import settings

SHOWN_REVISION = 12


@dataclass(frozen=True)
class Prepared:
    """A job with everything that its play needs, read in one go while the claim was fresh."""

    job: Job
    runbook: Runbook
    targets: list[Target]
    filled: list[FilledSlot]
    last_seq: int
    snapshot: snapshots.Source | None = None
    given: earlier.Found | None = None
    groups: list[GroupOfTargets] = field(default_factory=list)
    inventory: dict[str, Any] | None = None
    source: KeptTree | None = None

    @property
    def places(self) -> list[str]:
        """Where its connections lead, as entries of the allow-list."""
        return [one.place for one in self.filled if one.place]

    @property
    def sockets(self) -> tuple[Path, ...]:
        """The sockets of this machine that its connections lead to."""
        return tuple(Path(one.socket) for one in self.filled if one.socket)


def read(session: Session, held: Claim) -> Prepared:
    """Read the job and open the secrets of its hosts and connections.

    Raises:
        PreparationError: the runbook is gone or broken, the snapshot is gone that was to be put back, an approval is
            missing, or the source that is to be read has no trusted edition.
        Invalid: a host or connection is no longer acceptable.
        Conflict: a secret cannot be opened.
    """
    job = session.exec(select(Job).where(Job.id == held.job_id)).one()
    runbook = session.exec(select(Runbook).where(Runbook.name == job.runbook_name)).first()
    if runbook is None or runbook.broken_reason:
        raise PreparationError(f"The runbook {job.runbook_name} is gone or broken since the job was launched.")
    approvals.require_valid(session, job)
    actor, declared = worker_actor(held.worker), runbook.meta.get("connections", [])
    targets = targets_for(session, actor, job.host_ids, job.environment) if job.host_ids else []
    filled = open_slots(session, actor, declared, job.connection_ids, job.environment)
    return Prepared(
        job,
        runbook,
        targets,
        filled,
        job.last_seq,
        snapshot=snapshots.source_of(session, job),
        given=earlier.find(session, job, runbook),
        groups=groups_for(session, actor, targets, job.environment),
        inventory=given_inventory.find(session, actor, job, runbook),
        source=given_source.find(session, actor, job, runbook),
    )


def hand_in(prepared: Prepared, workspace: Workspace) -> None:
    """Put what the play is given besides its runbook into its folder.

    Raises:
        PreparationError: something of it is gone or damaged.
        Unavailable: the store that has it does not answer.
    """
    if prepared.snapshot:
        snapshots.hand_over(prepared.snapshot, workspace.snapshot_path)
    if prepared.given:
        earlier.hand_over(prepared.given, workspace.earlier_path)
    if given_inputs.as_file(prepared.runbook):
        given_inputs.hand_over(prepared.job, workspace)
    if prepared.inventory is not None:
        given_inventory.hand_over(prepared.inventory, workspace.given_inventory_path)
    if prepared.source:
        given_source.hand_over(prepared.source, workspace.source_path)


def check_revision(prepared: Prepared) -> Path:
    """What runs is what was launched, to the byte; gives the folder that holds it on this machine.

    Raises:
        PreparationError: the runbook's files have changed in between, or are gone.
        Unavailable: they come from a source, and the store that has them does not answer.
    """
    try:
        folder = folder_of(prepared.runbook)
        found = folder_revision(folder)
    except (RunbookBroken, OSError) as error:
        raise PreparationError(f"The runbook's files cannot be read: {error}") from error
    if found != prepared.job.runbook_revision:
        wanted = prepared.job.runbook_revision[:SHOWN_REVISION]
        message = f"The runbook's files changed after the launch (wanted {wanted}, found {found[:SHOWN_REVISION]})."
        raise PreparationError(message)
    return folder


def to_spec(prepared: Prepared, workspace: Workspace) -> PlaySpec:
    """The play of this job; names of hosts are looked up and judged here.

    Raises:
        EgressRefused: a host is at an address that the product does not connect to.
        HostRefused: the passphrase of a connection does not open its private key.
    """
    job, meta = prepared.job, prepared.runbook.meta
    hosts = [to_target_host(target) for target in all_reached(prepared.targets)]
    return PlaySpec(
        workspace=workspace,
        facts=_facts(prepared, workspace),
        inputs=given_inputs.as_variable(job, prepared.runbook),
        inputs_as_variables=meta.get("inputs_as_variables", False),
        hosts=hosts,
        groups=[to_target_group(group) for group in prepared.groups],
        connections=[_slot(one) for one in prepared.filled],
        localhost=not prepared.targets,
        isolation=_isolation(prepared, hosts, workspace.seat),
        timeout_s=min(job.timeout_s, settings().job_time_s),
        grace_s=settings().cancel_grace_s,
        check=job.run_mode == Mode.PREVIEW,
        strategy=meta.get("strategy", "linear"),
        tags=job.tags_json.get("only", ()),
        skip_tags=job.tags_json.get("skip", ()),
        code=shared_code(_shelf_of(prepared.runbook)),
        shelf=_remembered(prepared),
    )


def _facts(prepared: Prepared, workspace: Workspace) -> JobFacts:
    """What the play is told of its job."""
    job = prepared.job
    return JobFacts(
        job_id=job.id,
        runbook=job.runbook_name,
        version=job.runbook_version,
        mode=job.run_mode,
        environment=job.environment,
        expect_plan=job.expect_plan,
        rollback_of=job.rollback_of or "",
        snapshot_path=str(workspace.snapshot_path) if job.rollback_of else "",
        earlier_path=str(workspace.earlier_path) if workspace.earlier_path.exists() else "",
        earlier_job=prepared.given.job_id if prepared.given else "",
        inputs_path=str(workspace.inputs_path) if given_inputs.as_file(prepared.runbook) else "",
        inventory_path=str(workspace.given_inventory_path) if prepared.inventory is not None else "",
        source_path=str(workspace.source_path) if prepared.source else "",
        egress_allow=(*settings().egress_allow, *prepared.places),
        egress_deny=tuple(f"{_bracketed(address)}:{port}" for address, port in sorted(own_services(), key=str)),
    )


def _slot(one: FilledSlot) -> SlotConnection:
    """A connection for the play; a locked private key is opened here, and both its spellings are masked."""
    secret = one.document if one.type == "ssh" else {}
    key = Credentials("", secret.get("privateKey", ""), secret.get("passphrase", "")).opened_key
    secrets = (*one.secrets, *([key] if key else []))
    return SlotConnection(one.slot, one.name, one.type, one.document, secrets, key)


def _remembered(prepared: Prepared) -> FactShelf | None:
    """The facts that the runbook wants remembered, if it works on hosts at all."""
    max_age_s = prepared.runbook.meta.get("facts_cache_s", 0)
    if not (max_age_s and prepared.targets):
        return None
    return shelf_of(settings().data_dir, prepared.runbook.name, prepared.job.environment, max_age_s)


def _shelf_of(runbook: Runbook) -> Path:
    """The folder whose shared code a runbook sees; one of a source brings its own along and sees the product's."""
    return settings().runbooks_dir if runbook.tree_id else Path(runbook.path).parent


def shared_code(folder: Path) -> SharedCode:
    """What the runbooks of this folder share."""
    return SharedCode(*(place if (place := folder / name).is_dir() else None for name in SHARED_CODE))


def _bracketed(address: IPv4Address | IPv6Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - the protocol's own number


def _isolation(prepared: Prepared, hosts: Sequence[TargetHost], seat: int) -> IsolationRequest:
    """What the runbook asks for, as far as needed: a play over ssh reaches its hosts, and needs no view of this one."""
    meta = prepared.runbook.meta
    sees_host = meta.get("isolation") == "host_view" and not hosts
    network = Network(meta.get("network", "none"))
    return IsolationRequest(
        profile=Profile.HOST_VIEW if sees_host else Profile.JOB,
        network=network,
        minimum=minimum_isolation(prepared.job.environment),
        limits=limits_of(meta.get("limits", {})),
        uid=settings().job_uid,
        seat=seat,
        hidden=_hidden(),
        reach=job_reach(network, hosts, prepared.places),
        sockets=prepared.sockets,
    )


def _hidden() -> tuple[Path, ...]:
    """What no job ever sees: our data, our keys, the files of other jobs."""
    own = settings()
    more = (own.artifacts_folder, own.artifacts_credentials_file)
    return (own.data_dir, own.keys_path.parent, *(path for path in more if path))


def minimum_isolation(environment: str) -> IsolationLevel:
    """The weakest level that a job in this environment may run at: that of all environments, or a stronger one."""
    chosen = settings()
    own = {"prod": chosen.min_isolation_prod, "stage": chosen.min_isolation_stage}.get(environment)
    asked = {chosen.min_isolation, own or chosen.min_isolation}
    return next(level for level in IsolationLevel if level in asked)


def limits_of(declared: dict[str, int]) -> Limits:
    """The limits of a job: what its runbook declares, never more than the settings allow."""
    chosen = settings()
    caps = {
        "memory_mb": chosen.job_memory_mb,
        "processes": chosen.job_processes,
        "log_mb": chosen.job_log_mb,
        "disk_mb": chosen.job_disk_mb,
        "file_mb": chosen.job_disk_mb,
    }
    wanted: dict[str, int] = {**asdict(Limits()), **declared}
    return Limits(**{name: min(wanted[name], cap) for name, cap in caps.items()})
