"""Jobs that will open connections: those that have not ended."""

from collections.abc import Collection, Iterator

from sqlmodel import Session, col, select

from orch_app.domains.inventory.uses import ConnectionUse, uses_in
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status


def find_uses(session: Session, connection_ids: Collection[str]) -> Iterator[ConnectionUse]:
    """Jobs that wait or run and name one of these connections."""
    query = select(Job).where(col(Job.status).in_([Status.PENDING, Status.RUNNING]), col(Job.connection_ids) != {})
    for job in session.exec(query).all():
        for connection_id in uses_in(job.connection_ids, connection_ids):
            yield ConnectionUse(connection_id, "job", job.id, f"#{job.number} {job.runbook_name}", job.environment)
