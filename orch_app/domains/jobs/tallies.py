"""Counts of jobs that only grow: what has ended is counted once, in the database, before its row is purged.

Whoever reads adds what is not counted yet, in one snapshot, so that the sums are right at every moment and in every
process.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, not_, select, update

from orch_app.domains.jobs.models import Job, JobLock, JobTally
from orch_app.domains.jobs.states import DEAD_LETTER, TERMINAL, Need, Status
from orch_app.domains.jobs.turns import IN_LINE

AT_ONCE = 500
JOBS, CLAIMS, REAPED, DEAD, WAIT, RUN = "jobs", "claims", "reaped", "dead", "wait", "run"
BUCKET, SUM = "_bucket", "_ms"
LIMITS_S = {
    WAIT: (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
    RUN: (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0),
}
BEYOND = "+Inf"

_NAMES = ("runbook_name", "status", "reason", "fence", "queued_at", "started_at", "finished_at")
Key = tuple[str, str, str]
"""Name, runbook and label of a tally."""


@dataclass(frozen=True)
class _Ended:
    """What is counted of a job."""

    runbook: str
    status: str
    reason: str
    fence: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


COUNTED: tuple[Any, ...] = tuple(col(getattr(Job, name)) for name in _NAMES)


@dataclass(frozen=True)
class Queue:
    """How many jobs there are in each phase that is not over, by status, and since when the oldest is in line."""

    phases: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting_since: datetime | None = None


def has_untallied(session: Session) -> bool:
    """Whether there are ended jobs that are not counted yet."""
    return session.exec(select(Job.id).where(*_ended()).limit(1)).first() is not None


def tally_ended(session: Session) -> int:
    """Count ended jobs that are not counted yet, at most `AT_ONCE`; returns how many."""
    due = select(Job.id).where(*_ended()).limit(AT_ONCE).with_for_update(skip_locked=True)
    return _tally(session, col(Job.id).in_(due.scalar_subquery()))


def tally_job(session: Session, job_id: str) -> None:
    """Count one ended job now, unless it is counted already: for whoever is about to delete it."""
    _tally(session, col(Job.id) == job_id)


def _tally(session: Session, chosen: ColumnElement[bool]) -> int:
    statement = update(Job).where(chosen, *_ended()).values(tallied=True).returning(*COUNTED)
    found = [_Ended(*row) for row in session.connection().execute(statement)]
    add(session, count(found))
    return len(found)


def add(session: Session, counts: Counter[Key]) -> None:
    """Add to the stored counts."""
    if not counts:
        return
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(JobTally)
    grown = insert.on_conflict_do_update(
        index_elements=["name", "runbook", "label"], set_={"value": col(JobTally.value) + insert.excluded.value}
    )
    rows = [
        {"name": name, "runbook": runbook, "label": label, "value": value}
        for (name, runbook, label), value in sorted(counts.items())  # sorted: two workers never wait for each other
    ]
    session.connection().execute(grown, rows)


def totals(session: Session) -> Counter[Key]:
    """Every count: what is stored, and what is not counted yet."""
    stored = Counter({(row.name, row.runbook, row.label): row.value for row in session.exec(select(JobTally))})
    ended = select_columns(*COUNTED).where(*_ended())
    stored.update(count(_Ended(*row) for row in session.connection().execute(ended)))
    claimed = select(func.coalesce(func.sum(Job.fence), 0)).where(col(Job.status).not_in(TERMINAL))
    stored[CLAIMS, "", ""] += session.exec(claimed).one()
    return stored


def queue(session: Session) -> Queue:
    """The jobs that are not over."""
    active = (Status.PENDING, Status.RUNNING)
    query = select(Job.status, Job.phase, func.count()).where(col(Job.status).in_(active))
    phases = {(status, phase): number for status, phase, number in session.exec(query.group_by(Job.status, Job.phase))}
    oldest = select(func.min(Job.queued_at)).where(*IN_LINE)
    return Queue(phases, session.exec(oldest).one())


def held(session: Session) -> dict[str, int]:
    """How many locks and places within limits running jobs hold, by kind."""
    none_yet = {kind.value: 0 for kind in Need if kind is not Need.RATE}
    query = select(JobLock.kind, func.count()).group_by(JobLock.kind)
    return none_yet | {kind: number for kind, number in session.exec(query)}  # noqa: C416 - rows are not pairs to the type checker


def count(jobs: Iterable[_Ended]) -> Counter[Key]:
    """What these jobs add to the counts."""
    found: Counter[Key] = Counter()
    for job in jobs:
        found[JOBS, job.runbook, job.status] += 1
        found[CLAIMS, "", ""] += job.fence
        if job.status == Status.ERROR and job.reason in DEAD_LETTER:
            found[DEAD, "", job.reason] += 1
        if job.started_at:
            _observe(found, WAIT, "", (job.started_at - job.queued_at).total_seconds())
        if job.started_at and job.finished_at:
            _observe(found, RUN, job.runbook, (job.finished_at - job.started_at).total_seconds())
    return found


def _ended() -> list[ColumnElement[bool]]:
    return [col(Job.status).in_(TERMINAL), not_(col(Job.tallied))]


def _observe(found: Counter[Key], name: str, runbook: str, seconds: float) -> None:
    limit = next((str(limit) for limit in LIMITS_S[name] if seconds <= limit), BEYOND)
    found[name + BUCKET, runbook, limit] += 1
    found[name + SUM, runbook, ""] += max(0, round(seconds * 1000))
