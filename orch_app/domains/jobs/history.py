"""What earlier runs of a runbook tell: how the last ones ended, how long they take, who asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs.models import Job, JobStep
from orch_app.domains.jobs.queries import JobFilter, filtered, of_last_attempt, typical_duration_s
from orch_app.domains.jobs.states import Status

SHOWN_RUNS = 10
LOOKED_AT = 1_000
KEPT_NAMES = 50


@dataclass(frozen=True)
class RunHistory:
    """The last runs of one runbook: their statuses, oldest first, the newest job, and the usual length in seconds."""

    statuses: list[str]
    last: Job | None
    typical_s: float | None


def list_histories(session: Session, actor: Actor, runbooks: Sequence[str]) -> dict[str, RunHistory]:
    """The history of each of these runbooks, by its name."""
    require(actor, Permission.JOBS_READ)
    return {name: _history(session, name) for name in runbooks}


def typical_durations(session: Session, actor: Actor, runbooks: set[str]) -> dict[str, float]:
    """The usual length in seconds of each of these runbooks that ever succeeded."""
    require(actor, Permission.JOBS_READ)
    found = {name: typical_duration_s(session, name) for name in runbooks}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def list_requesters(session: Session, actor: Actor) -> list[str]:
    """Names of those who asked for one of the last thousand jobs, sorted."""
    require(actor, Permission.JOBS_READ)
    recent = select(Job.created_by_name).order_by(col(Job.id).desc()).limit(LOOKED_AT).subquery()
    names = session.exec(select(recent.c.created_by_name).distinct().limit(KEPT_NAMES)).all()
    return sorted(name for name in names if name)


def count_newer(session: Session, actor: Actor, wanted: JobFilter, after_id: str) -> int:
    """How many jobs that the filter matches are newer than this one."""
    require(actor, Permission.JOBS_READ)
    query = filtered(select(func.count()).select_from(Job), wanted)
    return session.exec(query.where(col(Job.id) > after_id)).one()  # pyright: ignore[reportCallIssue, reportArgumentType]


def read_jobs(session: Session, actor: Actor, job_ids: Sequence[str]) -> Sequence[Job]:
    """Those of these jobs that still exist, in no order."""
    require(actor, Permission.JOBS_READ)
    return session.exec(select(Job).where(col(Job.id).in_(job_ids))).all()


def last_good_steps(session: Session, actor: Actor, job: Job) -> Sequence[JobStep]:
    """The steps of the newest successful run of the same runbook before this job: what is still to be expected."""
    require(actor, Permission.JOBS_READ)
    query = select(Job.id).where(
        Job.runbook_name == job.runbook_name, Job.status == Status.SUCCESS, col(Job.id) < job.id
    )
    before = session.exec(query.order_by(col(Job.id).desc()).limit(1)).first()
    if before is None:
        return []
    return session.exec(select(JobStep).where(of_last_attempt(before)).order_by(col(JobStep.position))).all()


def list_repeats(session: Session, actor: Actor, job: Job) -> list[Job]:
    """The chain of jobs that repeat each other, oldest first, with this one in it; alone it is a list of one."""
    require(actor, Permission.JOBS_READ)
    chain = [job]
    while (before := chain[0].retry_of) and (found := session.get(Job, before)) and len(chain) < SHOWN_RUNS:
        chain.insert(0, found)
    later = select(Job).where(Job.retry_of == job.id).order_by(col(Job.id)).limit(SHOWN_RUNS)
    return [*chain, *session.exec(later).all()]


def _history(session: Session, runbook: str) -> RunHistory:
    query = select(Job).where(Job.runbook_name == runbook).order_by(col(Job.id).desc()).limit(SHOWN_RUNS)
    newest_first = session.exec(query).all()
    statuses = [job.status for job in reversed(newest_first)]
    return RunHistory(statuses, newest_first[0] if newest_first else None, typical_duration_s(session, runbook))
