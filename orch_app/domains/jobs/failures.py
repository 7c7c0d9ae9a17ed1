"""What went wrong first in a failed job, with the lines that led to it: what its page shows on top."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.reader import LogFilter, lines_after
from orch_app.domains.jobs.models import Job, JobStep, StepHost
from orch_app.domains.jobs.queries import get_job, of_last_attempt
from orch_app.domains.jobs.states import Status

FAILED = ("failed", "unreachable")
SHOWN_LINES = 6
ERRORS = LogFilter(levels=("error",))


@dataclass(frozen=True)
class Failure:
    """The first failing task and host, empty where no task failed; `seq` is the line that says so, 0 for none.

    `others` is how many more hosts ended the same way in that task, `elsewhere` how many failed in any other way.
    """

    task: str
    host: str
    status: str
    message: str
    seq: int
    lines: Sequence[Line]
    others: int = 0
    elsewhere: int = 0


def first_failure(session: Session, actor: Actor, job_id: str) -> Failure | None:
    """What failed first; None for a job that did not fail.

    Raises:
        NotFound: there is no such job.
    """
    job = get_job(session, actor, job_id)
    if job.status != Status.ERROR:
        return None
    found = session.exec(
        select(StepHost, JobStep)
        .join(JobStep, col(JobStep.id) == col(StepHost.step_id))
        .where(of_last_attempt(job_id), col(StepHost.status).in_(FAILED))
        .order_by(col(JobStep.position), col(StepHost.host))
    ).all()
    return _of_steps(session, job, found) if found else _of_job(session, job)


def _of_steps(session: Session, job: Job, found: Sequence[tuple[StepHost, JobStep]]) -> Failure:
    """The first of these, and how many hosts besides its own failed with it or otherwise."""
    first, step = found[0]
    alike = {row.host for row, _ in found if (row.step_id, row.status) == (first.step_id, first.status)}
    otherwise = {row.host for row, _ in found} - alike
    return replace(_of_step(session, job, first, step), others=len(alike) - 1, elsewhere=len(otherwise))


def _of_step(session: Session, job: Job, result: StepHost, step: JobStep) -> Failure:
    begin = max(0, step.first_seq - 1)
    wanted = LogFilter(levels=ERRORS.levels, host=result.host)
    said = next(iter(lines_after(session, job, begin, 1, wanted)), None)
    seq = said.seq if said else step.first_seq
    lines = _lines_until(session, job, seq, begin)
    return Failure(step.name, result.host, result.status, result.message or job.reason_detail, seq, lines)


def _of_job(session: Session, job: Job) -> Failure:
    """No task failed: the play could not be read, ran out of time, or was cut off."""
    said = next(iter(lines_after(session, job, 0, 1, ERRORS)), None)
    seq = said.seq if said else job.last_seq
    return Failure("", "", "", job.reason_detail, seq, _lines_until(session, job, seq, 0))


def _lines_until(session: Session, job: Job, seq: int, begin: int) -> Sequence[Line]:
    """The lines that end with `seq`, not from before the task's own first line."""
    before = max(begin, seq - SHOWN_LINES)
    return lines_after(session, job, before, seq - before) if seq else []
