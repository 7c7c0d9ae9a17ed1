"""Appending lines to a job's log, under the claim, in one transaction with the job's last number."""

from collections.abc import Iterator, Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from orch_app.domains.jobs.claims import Claim, change_held
from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.models import Job, JobLog
from orch_app.kit.wakeups import announce

READ_AT_ONCE = 5_000


def append(session: Session, held: Claim, lines: Sequence[Line]) -> None:
    """Store a batch; a line that is there already is left as it is, so that a repeated batch does no harm.

    Raises:
        LostClaimError: the job is no longer this worker's.
    """
    newest = {"last_seq": lines[-1].seq} if lines else {"phase": Job.phase}
    statement = change_held(held).values(**newest).returning(col(Job.id))
    if session.exec(statement.execution_options(synchronize_session=False)).scalar_one_or_none() is None:
        raise LostClaimError(held.job_id)
    announce(session, f"job:{held.job_id}")
    if not lines:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {
            "job_id": held.job_id,
            "seq": line.seq,
            "ts": line.ts,
            "level": line.level,
            "host": line.host,
            "task": line.task,
            "message": line.message,
        }
        for line in lines
    ]
    session.connection().execute(insert(JobLog).on_conflict_do_nothing(), rows)


def last_seq(session: Session, job_id: str) -> int:
    """The number of the newest stored line, 0 for none."""
    return session.exec(select(Job.last_seq).where(Job.id == job_id)).one()


def read_all(session: Session, job_id: str) -> Iterator[Line]:
    """Every stored line in order, a few thousand at a time."""
    after = 0
    while rows := session.exec(
        select(JobLog).where(JobLog.job_id == job_id, JobLog.seq > after).order_by(col(JobLog.seq)).limit(READ_AT_ONCE)
    ).all():
        for row in rows:
            yield to_line(row)
            session.expunge(row)
        after = rows[-1].seq


def to_line(row: JobLog) -> Line:
    """The line that a row holds."""
    return Line(row.seq, row.ts, row.level, row.host, row.task, row.message)
