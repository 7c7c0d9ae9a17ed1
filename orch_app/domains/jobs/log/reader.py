"""Reading a log after a number, filtered; rows first, the archive when the rows have gone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session, col, func, select

from orch_app.domains.jobs.log import archive
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.store import to_line
from orch_app.domains.jobs.models import Job, JobLog

LARGEST_SEQ = 2**31 - 1  # of the column; callers may ask for more


@dataclass(frozen=True)
class LogFilter:
    """What a reader wants to see. Empty means everything; `text` is looked for without regard to case."""

    levels: tuple[str, ...] = ()
    host: str = ""
    text: str = ""

    def matches(self, line: Line) -> bool:
        """The same test that the database makes, for archived lines."""
        return (
            (not self.levels or line.level in self.levels)
            and (not self.host or line.host == self.host)
            and self.text.lower() in line.message.lower()
        )


EVERYTHING = LogFilter()


def lines_after(
    session: Session, job: Job, after_seq: int, limit: int, wanted: LogFilter = EVERYTHING
) -> Sequence[Line]:
    """At most `limit` lines numbered above `after_seq`, in order."""
    if job.log_archived:
        later = (line for line in archive.read(job) if line.seq > after_seq and wanted.matches(line))
        return list(islice(later, limit))
    query = select(JobLog).where(JobLog.job_id == job.id, JobLog.seq > min(after_seq, LARGEST_SEQ))
    if wanted.levels:
        query = query.where(col(JobLog.level).in_(wanted.levels))
    if wanted.host:
        query = query.where(JobLog.host == wanted.host)
    if wanted.text:
        query = query.where(func.lower(JobLog.message).contains(wanted.text.lower(), autoescape=True))
    return [to_line(row) for row in session.exec(query.order_by(col(JobLog.seq)).limit(limit))]


def level_counts(session: Session, job: Job) -> dict[str, int]:
    """How many lines each level has."""
    if job.log_archived:
        return _count(archive.read(job), lambda line: line.level)
    query = select(JobLog.level, func.count()).where(JobLog.job_id == job.id).group_by(JobLog.level)
    return {level: count for level, count in session.exec(query)}  # noqa: C416 - rows are not pairs to the type checker


def _count(lines: Iterator[Line], key: Callable[[Line], str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[key(line)] = counts.get(key(line), 0) + 1
    return counts
