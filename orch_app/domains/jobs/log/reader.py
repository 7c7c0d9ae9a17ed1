"""Reading a log after a number, filtered; rows first, the archive when the rows have gone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, or_, select

from orch_app.domains.jobs.log import archive
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.store import LARGEST_SEQ, LINE, page
from orch_app.domains.jobs.models import Job, JobLog

UNREACHABLE = "unreachable"
"""Asked for like a level: the errors that say that a host was not reached."""
UNREACHED = "fatal: UNREACHABLE!"
"""How such a line begins."""


@dataclass(frozen=True)
class LogFilter:
    """What a reader wants to see. Empty means everything; `text` is looked for without regard to case."""

    levels: tuple[str, ...] = ()
    host: str = ""
    text: str = ""

    def matches(self, line: Line) -> bool:
        """The same test that the database makes, for archived lines."""
        return (
            (not self.levels or line.level in self.levels or (UNREACHABLE in self.levels and is_unreachable(line)))
            and (not self.host or line.host == self.host)
            and self.text.lower() in line.message.lower()
        )


EVERYTHING = LogFilter()


def is_unreachable(line: Line) -> bool:
    """Whether the line says that its host was not reached."""
    return line.level == "error" and line.message.startswith(UNREACHED)


def lines_after(
    session: Session, job: Job, after_seq: int, limit: int, wanted: LogFilter = EVERYTHING
) -> Sequence[Line]:
    """At most `limit` lines numbered above `after_seq`, in order."""
    if job.log_archived:
        later = (line for line in archive.read(job) if line.seq > after_seq and wanted.matches(line))
        return list(islice(later, limit))
    if wanted == EVERYTHING:
        return page(session, job.id, after_seq, limit)
    query = select(*LINE).where(JobLog.job_id == job.id, JobLog.seq > min(after_seq, LARGEST_SEQ))
    if wanted.levels:
        is_level = col(JobLog.level).in_(wanted.levels)
        query = query.where(or_(is_level, _is_unreachable()) if UNREACHABLE in wanted.levels else is_level)
    if wanted.host:
        query = query.where(JobLog.host == wanted.host)
    if wanted.text:
        query = query.where(func.lower(JobLog.message).contains(wanted.text.lower(), autoescape=True))
    return [Line(*row) for row in session.connection().execute(query.order_by(col(JobLog.seq)).limit(limit))]


def level_counts(session: Session, job: Job) -> dict[str, int]:
    """How many lines each level has; lines about hosts that were not reached are counted among the errors and apart."""
    if job.log_archived:
        return dict(Counter(name for line in archive.read(job) for name in _names_of(line)))
    query = select(JobLog.level, func.count(), func.count().filter(_is_unreachable()))
    counts: dict[str, int] = {}
    for level, count, unreachable in session.exec(query.where(JobLog.job_id == job.id).group_by(JobLog.level)):
        counts[level] = count
        if unreachable:
            counts[UNREACHABLE] = unreachable
    return counts


def _names_of(line: Line) -> Iterator[str]:
    yield line.level
    if is_unreachable(line):
        yield UNREACHABLE


def _is_unreachable() -> ColumnElement[bool]:
    return and_(JobLog.level == "error", col(JobLog.message).startswith(UNREACHED))  # pyright: ignore[reportArgumentType]
