"""A job on many hosts: how each did in a few numbers, what one did task by task, and what each task did to all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session, col, func

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.models import Job, JobStep, StepHost
from orch_app.domains.jobs.queries import get_job, of_last_attempt
from orch_app.domains.jobs.states import is_terminal

RANK = ("skipped", "ok", "ignored", "changed", "unreachable", "failed")
FAILED = ("failed", "unreachable")
LOCALHOST = "localhost"


@dataclass(frozen=True)
class HostSummary:
    """One host: its worst result, `pending` or `skipped` where no task came to it, and how many tasks ended how.

    `length_ms` is the sum of what its tasks took.
    """

    name: str
    status: str
    counts: Counter[str] = field(default_factory=Counter)
    length_ms: int = 0

    @property
    def has_failed(self) -> bool:
        """Whether a task failed here, or the host could not be reached."""
        return self.status in FAILED


@dataclass(frozen=True)
class TaskResult:
    """What one task did on one host. `seq` is the log line that the task begins with."""

    host: str
    task: str
    position: int
    status: str
    message: str
    length_ms: int | None
    seq: int


@dataclass(frozen=True)
class StepOutcome:
    """One way in which a step ended: on how many hosts, and the first of them."""

    status: str
    changed: bool
    host: str
    count: int


def list_hosts(session: Session, actor: Actor, job_id: str) -> list[HostSummary]:
    """Every host of a job, failed ones first, then in the order they were asked for.

    Raises:
        NotFound: there is no such job.
    """
    job = get_job(session, actor, job_id)
    kinds = (col(StepHost.host), col(StepHost.status), col(StepHost.changed))
    query = select(*kinds, func.count(), func.sum(StepHost.duration_ms))
    found = query.where(_shown(job_id)).group_by(*kinds).order_by(col(StepHost.host))
    counts: dict[str, Counter[str]] = {name: Counter() for name in job.host_names}
    lengths: Counter[str] = Counter()
    for host, status, changed, count, length in session.connection().execute(found):
        counts.setdefault(host, Counter())[effective(status, changed=changed)] += count
        lengths[host] += int(length or 0)
    nothing = "skipped" if is_terminal(job.status) else "pending"
    hosts = [HostSummary(name, _worst(ways, nothing), ways, lengths[name]) for name, ways in counts.items()]
    return sorted((host for host in hosts if not _only_helped(host, job)), key=lambda host: not host.has_failed)


def list_results(session: Session, actor: Actor, job_id: str, hosts: Sequence[str] = ()) -> list[TaskResult]:
    """What every task did on these hosts, or on all of them, in the order of the tasks."""
    get_job(session, actor, job_id)
    query = select(
        col(StepHost.host),
        col(JobStep.name),
        col(JobStep.position),
        col(StepHost.status),
        col(StepHost.changed),
        col(StepHost.message),
        col(StepHost.duration_ms),
        col(JobStep.first_seq),
    ).join(JobStep, col(JobStep.id) == col(StepHost.step_id))
    query = query.where(of_last_attempt(job_id)).order_by(col(JobStep.position), col(StepHost.host))
    rows = session.connection().execute(query.where(col(StepHost.host).in_(hosts)) if hosts else query)
    return [
        TaskResult(host, task, position, effective(status, changed=changed), message, length, seq)
        for host, task, position, status, changed, message, length, seq in rows
    ]


def outcomes_by_step(session: Session, job_id: str) -> dict[str, list[StepOutcome]]:
    """For each step of a job the ways in which it ended, by the step's id."""
    kinds = (col(StepHost.step_id), col(StepHost.status), col(StepHost.changed))
    query = select(*kinds, func.min(StepHost.host), func.count()).where(col(StepHost.job_id) == job_id)
    rows = session.connection().execute(query.group_by(*kinds))
    outcomes: dict[str, list[StepOutcome]] = {}
    for step_id, status, changed, host, count in rows:
        outcomes.setdefault(step_id, []).append(StepOutcome(status, changed, host, count))
    return outcomes


def complaints(results: Iterable[TaskResult]) -> dict[str, str]:
    """The first failing task of each host that has one, with its message."""
    found: dict[str, str] = {}
    for result in results:
        if result.status in FAILED:
            found.setdefault(result.host, ": ".join(part for part in (result.task, result.message) if part))
    return found


def effective(status: str, *, changed: bool) -> str:
    """One word for a result: a change counts as such, and what is unknown as ok."""
    word = "changed" if status == "ok" and changed else status
    return word if word in RANK else "ok"


def _shown(job_id: str) -> ColumnElement[bool]:
    return and_(
        col(StepHost.job_id) == job_id,
        col(StepHost.step_id).in_(select(col(JobStep.id)).where(of_last_attempt(job_id))),
    )


def _worst(counts: Counter[str], nothing: str) -> str:
    return max(counts, key=RANK.index, default=nothing)


def _only_helped(host: HostSummary, job: Job) -> bool:
    """Whether this is our own machine that gathered for the hosts of the order; it counts only when it failed."""
    is_chosen = LOCALHOST in job.host_names or not job.host_names
    return host.name == LOCALHOST and not is_chosen and not host.has_failed
