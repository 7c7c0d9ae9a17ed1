"""Ending a job that nobody has begun."""

from sqlmodel import Session, col, update

from orch_app.domains.jobs import locks
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.observers import tell_of_end
from orch_app.domains.jobs.retention import purge_moment
from orch_app.domains.jobs.states import Phase, Reason, Status
from orch_app.kit.clock import now


def cancel_waiting(session: Session, job: Job, reason: Reason, by: str | None = None, detail: str = "") -> bool:
    """Write the end of a job that waits, behind the gate; says no when it has begun or ended meanwhile.

    `by` is the name of the person who wanted that, if one did.
    """
    moment = now()
    ended = session.exec(
        update(Job)
        .where(col(Job.id) == job.id, col(Job.status) == Status.PENDING)
        .values(
            status=Status.CANCELED,
            phase=Phase.DONE,
            reason=reason,
            reason_detail=detail,
            canceled_by=by,
            cancel_requested_at=moment if reason is Reason.CANCELED else None,
            finished_at=moment,
            purge_after=purge_moment(session, job.runbook_name, Status.CANCELED, moment),
        )
        .returning(col(Job.id))
    ).first()
    if ended is None:
        return False
    tell_of_end(session, job)
    locks.leave(session, job.id)
    return True
