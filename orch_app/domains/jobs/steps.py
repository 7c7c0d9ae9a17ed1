"""The timeline of a job: its plays and tasks as rows, and what each did on each host."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, func, select, update

from orch_app.domains.jobs.models import JobStep, StepHost
from orch_app.domains.jobs.states import Status


@dataclass(frozen=True)
class HostChange:
    """How one host did in a step."""

    host: str
    status: str
    changed: bool
    duration_ms: int | None
    message: str = ""


@dataclass(frozen=True)
class StepChange:
    """A step as it is now. `id` is ours; the same id again replaces what was known."""

    id: str
    key: str
    position: int
    kind: str
    name: str
    play: str
    status: Status
    first_seq: int
    started_at: datetime
    finished_at: datetime | None
    host: HostChange | None = None
    attempt: int = 1


def store_steps(session: Session, job_id: str, changes: Sequence[StepChange]) -> None:
    """Insert new steps, move known ones on, add their hosts; the last change of a step in the batch counts."""
    newest = {change.id: change for change in changes}
    _upsert(session, JobStep, [_step_row(job_id, change) for change in newest.values()], ["id"])
    hosts = {(c.id, c.host.host): _host_row(job_id, c.id, c.host) for c in changes if c.host}
    _upsert(session, StepHost, list(hosts.values()), ["step_id", "host"])


def last_position(session: Session, job_id: str) -> int:
    """The place of the last step of earlier attempts, 0 for none: a new attempt counts on from there."""
    return session.exec(select(func.coalesce(func.max(JobStep.position), 0)).where(JobStep.job_id == job_id)).one()


def close_open_steps(session: Session, job_id: str, status: Status, at: datetime) -> None:
    """End the steps that a stopped job left running."""
    open_steps = update(JobStep).where(col(JobStep.job_id) == job_id, col(JobStep.status) == Status.RUNNING)
    session.exec(open_steps.values(status=status, finished_at=at))


def _upsert(session: Session, table: type[SQLModel], rows: list[dict[str, Any]], key: list[str]) -> None:
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    replaced = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.connection().execute(statement.on_conflict_do_update(index_elements=key, set_=replaced), rows)


def _step_row(job_id: str, change: StepChange) -> dict[str, Any]:
    return {
        "id": change.id,
        "job_id": job_id,
        "position": change.position,
        "attempt": change.attempt,
        "kind": change.kind,
        "key": change.key,
        "name": change.name,
        "play": change.play,
        "status": change.status.value,
        "first_seq": change.first_seq,
        "started_at": change.started_at,
        "finished_at": change.finished_at,
    }


def _host_row(job_id: str, step_id: str, change: HostChange) -> dict[str, Any]:
    return {
        "step_id": step_id,
        "job_id": job_id,
        "host": change.host,
        "status": change.status,
        "changed": change.changed,
        "message": change.message,
        "duration_ms": change.duration_ms,
    }
