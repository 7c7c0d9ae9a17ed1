"""Reading jobs: one, a page, its steps, its artifacts, the workers, and the counts of the dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, tuple_
from sqlmodel import Session, and_, col, func, or_, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import search
from orch_app.domains.jobs.models import Approval, Job, JobArtifact, JobStep, StepHost, Worker
from orch_app.domains.jobs.states import DEAD_LETTER, Phase, Status
from orch_app.domains.jobs.turns import IN_LINE
from orch_app.kit import pages
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms
from orch_app.kit.errors import NotFound
from orch_app.kit.settings import settings


@dataclass(frozen=True)
class JobFilter:
    """Which jobs are wanted; empty means all. Several statuses or ids mean any of them."""

    statuses: tuple[str, ...] = ()
    runbook: str = ""
    environment: str = ""
    created_by: str = ""
    host: str = ""
    trigger: str = ""
    ids: tuple[str, ...] = ()
    text: str = ""
    created_after: datetime | None = None
    created_before: datetime | None = None
    dead_letter: bool = False


@dataclass(frozen=True)
class Page:
    """Where in the list: behind a job id (newest first), or by number of page."""

    limit: int = 50
    before_id: str = ""
    offset: int = 0


@dataclass(frozen=True)
class JobDetail:
    """A job with what its page shows beside it."""

    job: Job
    steps: Sequence[JobStep]
    hosts: dict[str, list[StepHost]] = field(default_factory=dict)
    approval: Approval | None = None


def get_job(session: Session, actor: Actor, job_id: str) -> Job:
    """One job.

    Raises:
        NotFound: there is none of that id.
    """
    require(actor, Permission.JOBS_READ)
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.", "job_not_found")
    return job


def get_detail(session: Session, actor: Actor, job_id: str) -> JobDetail:
    """One job with the steps of its last attempt and what each did on each host."""
    job = get_job(session, actor, job_id)
    steps = list_steps(session, actor, job_id)
    known = {step.id for step in steps}
    hosts: dict[str, list[StepHost]] = {}
    for row in session.exec(select(StepHost).where(StepHost.job_id == job_id).order_by(col(StepHost.host))):
        if row.step_id in known:
            hosts.setdefault(row.step_id, []).append(row)
    return JobDetail(job, steps, hosts, session.get(Approval, job_id))


def list_steps(session: Session, actor: Actor, job_id: str) -> Sequence[JobStep]:
    """The plays and tasks of a job's last attempt, in the order they began."""
    require(actor, Permission.JOBS_READ)
    return session.exec(select(JobStep).where(of_last_attempt(job_id)).order_by(col(JobStep.position))).all()


def of_last_attempt(job_id: str) -> ColumnElement[bool]:
    """Which steps of a job count: those of the last attempt that came so far as to have some."""
    last = select(func.max(JobStep.attempt)).where(JobStep.job_id == job_id).scalar_subquery()
    return and_(col(JobStep.job_id) == job_id, col(JobStep.attempt) == last)


def list_jobs(session: Session, actor: Actor, wanted: JobFilter, page: Page) -> Sequence[Job]:
    """A page of jobs, newest first."""
    require(actor, Permission.JOBS_READ)
    query = filtered(select(Job), wanted).order_by(col(Job.id).desc()).limit(page.limit).offset(page.offset)
    if page.before_id:
        query = query.where(col(Job.id) < page.before_id)
    return session.exec(query).all()  # pyright: ignore[reportCallIssue, reportArgumentType]


def read_jobs(
    session: Session, actor: Actor, wanted: JobFilter, page: pages.PageQuery, *, offset: int = 0
) -> pages.Page[Job]:
    """The same with cursors to the neighbouring pages.

    Raises:
        BadRequest: a cursor of another list.
    """
    require(actor, Permission.JOBS_READ)
    newest_first = page.model_copy(update={"sort": "-id"})
    return pages.read_page(session, filtered(select(Job), wanted), {"id": Job.id}, newest_first, offset=offset)  # pyright: ignore[reportArgumentType]


def count_jobs(session: Session, actor: Actor, wanted: JobFilter) -> int:
    """How many jobs the filter matches; slow on large tables, so only on request."""
    require(actor, Permission.JOBS_READ)
    return session.exec(filtered(select(func.count()).select_from(Job), wanted)).one()  # pyright: ignore[reportCallIssue, reportArgumentType]


def filtered(query: Select[Any], wanted: JobFilter) -> Select[Any]:
    """The query narrowed to the jobs that the filter matches."""
    conditions = [
        (wanted.statuses, col(Job.status).in_(wanted.statuses)),
        (wanted.runbook, col(Job.runbook_name) == wanted.runbook),
        (wanted.environment, col(Job.environment) == wanted.environment),
        (wanted.trigger, col(Job.trigger) == wanted.trigger),
        (wanted.ids, col(Job.id).in_(wanted.ids)),
        (
            wanted.created_by,
            or_(col(Job.created_by) == wanted.created_by, col(Job.created_by_name) == wanted.created_by),
        ),
    ]
    if wanted.dead_letter:
        query = query.where(col(Job.status) == Status.ERROR, col(Job.reason).in_(DEAD_LETTER))
    for value, condition in conditions:
        if value:
            query = query.where(condition)
    if wanted.created_after:
        query = query.where(col(Job.created_at) >= wanted.created_after)
    if wanted.created_before:
        query = query.where(col(Job.created_at) <= wanted.created_before)
    if wanted.host:
        query = query.where(search.on_host(wanted.host))
    return query.where(search.mentions(wanted.text)) if wanted.text else query


def list_artifacts(session: Session, actor: Actor, job_id: str) -> Sequence[JobArtifact]:
    """The files a job left."""
    get_job(session, actor, job_id)
    return session.exec(select(JobArtifact).where(JobArtifact.job_id == job_id).order_by(col(JobArtifact.name))).all()


def list_retries(session: Session, actor: Actor, job_id: str) -> Sequence[Job]:
    """The jobs that were started to repeat this one."""
    require(actor, Permission.JOBS_READ)
    return session.exec(select(Job).where(Job.retry_of == job_id).order_by(col(Job.id))).all()


def queue_position(session: Session, job: Job) -> int:
    """How many waiting jobs are ahead of this one, itself included; 0 when it does not wait."""
    if job.status != Status.PENDING or job.phase == Phase.AWAITING_APPROVAL:
        return 0
    ahead = tuple_(Job.rank, Job.turn, Job.id) <= tuple_(job.rank, job.turn, job.id)
    return session.exec(select(func.count()).select_from(Job).where(*IN_LINE, ahead)).one()


def typical_duration_s(session: Session, runbook_name: str) -> float | None:
    """The mean duration of the last successful runs of a runbook in seconds; None when there was none."""
    rows = session.exec(
        select(Job.started_at, Job.finished_at)
        .where(Job.runbook_name == runbook_name, Job.status == Status.SUCCESS)
        .order_by(col(Job.id).desc())
        .limit(20)
    ).all()
    spans = [(end - start).total_seconds() for start, end in rows if start and end]
    return sum(spans) / len(spans) if spans else None


def list_workers(session: Session, actor: Actor) -> Sequence[Worker]:
    """The workers whose heartbeat is younger than a lease."""
    require(actor, Permission.JOBS_READ)
    return live_workers(session)


def live_workers(session: Session) -> Sequence[Worker]:
    """The same for the health checks, where nobody asks in particular."""
    lease_ms = int(settings().lease_s * 1000)
    is_heard = col(Worker.heartbeat).between(now_ms() - lease_ms, now_ms() + lease_ms)
    return session.exec(select(Worker).where(is_heard, Worker.state != "stopped").order_by(col(Worker.name))).all()


@dataclass(frozen=True)
class Pulse:
    """The figures of the dashboard."""

    running: int
    queued: int
    failed_24h: int
    failed_24h_before: int
    total: int
    oldest_wait_s: float


def pulse(session: Session, actor: Actor, environment: str = "") -> Pulse:
    """Counts of now and of the last two days, in one environment or in all."""
    require(actor, Permission.JOBS_READ)
    day = timedelta(days=1)
    moment = now()

    def count(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(Job).where(*conditions)
        return session.exec(query.where(Job.environment == environment) if environment else query).one()

    failed = col(Job.status) == Status.ERROR
    first = select(func.min(Job.queued_at)).where(*IN_LINE)
    oldest = session.exec(first.where(Job.environment == environment) if environment else first).one()
    return Pulse(
        running=count(col(Job.status) == Status.RUNNING),
        queued=count(*IN_LINE),
        failed_24h=count(failed, col(Job.finished_at) > moment - day),
        failed_24h_before=count(failed, col(Job.finished_at) <= moment - day, col(Job.finished_at) > moment - 2 * day),
        total=count(),
        oldest_wait_s=(moment - oldest).total_seconds() if oldest else 0.0,
    )
