"""Appending lines to a job's log, under the claim, in one transaction with the job's last number."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.held import Claim, write
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.models import Job, JobLog
from orch_app.kit.db import carry_out
from orch_app.kit.wakeups import announce

READ_AT_ONCE = 5_000
LARGEST_SEQ = 2**31 - 1  # of the column; callers may ask for more
LINE: Any = (JobLog.seq, JobLog.ts, JobLog.level, JobLog.host, JobLog.task, JobLog.message, JobLog.style)
_PAGE = (
    select(*LINE)
    .where(col(JobLog.job_id) == bindparam("of_job"), col(JobLog.seq) > bindparam("after"))
    .order_by(col(JobLog.seq))
    .limit(bindparam("at_most"))
)


def append(session: Session, held: Claim, lines: Sequence[Line]) -> None:
    """Store a batch; a line that is there already is left as it is, so that a repeated batch does no harm.

    Raises:
        LostClaimError: the job is no longer this worker's.
    """
    newest: dict[str, Any] = {"last_seq": lines[-1].seq} if lines else {"phase": Job.phase}
    if write(session, held, **newest) is None:
        raise LostClaimError(held.job_id)
    announce(session, f"job:{held.job_id}")
    if not lines:
        return
    rows = [
        {
            "job_id": held.job_id,
            "seq": line.seq,
            "ts": line.ts,
            "level": line.level,
            "host": line.host,
            "task": line.task,
            "message": line.message,
            "style": line.style,
        }
        for line in lines
    ]
    session.connection().execute(_insert_statement(session.get_bind().dialect.name), rows)


@lru_cache(maxsize=2)
def _insert_statement(dialect: str) -> Executable:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(JobLog).on_conflict_do_nothing()


def last_seq(session: Session, job_id: str) -> int:
    """The number of the newest stored line, 0 for none."""
    return session.exec(select(Job.last_seq).where(Job.id == job_id)).one()


def read_all(session: Session, job_id: str) -> Iterator[Line]:
    """Every stored line in order, a few thousand at a time."""
    after = 0
    while lines := page(session, job_id, after, READ_AT_ONCE):
        yield from lines
        if len(lines) < READ_AT_ONCE:
            return
        after = lines[-1].seq


def page(session: Session, job_id: str, after_seq: int, limit: int) -> list[Line]:
    """At most `limit` stored lines numbered above `after_seq`, in order."""
    rows = carry_out(session, _PAGE, of_job=job_id, after=min(after_seq, LARGEST_SEQ), at_most=limit)
    return [Line(*row) for row in rows]
