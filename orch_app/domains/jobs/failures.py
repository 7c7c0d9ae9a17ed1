"""What went wrong first in a failed job, with the lines that led to it: what its page shows on top."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.reader import LogFilter, lines_after
from orch_app.domains.jobs.models import Job, JobStep, StepHost
from orch_app.domains.jobs.queries import get_job
from orch_app.domains.jobs.states import Status

FAILED = ("failed", "unreachable")
SHOWN_LINES = 6
MOST_ERRORS = 300
MARKS = ("fatal: FAILED!", "fatal: UNREACHABLE!")
ERRORS = LogFilter(levels=("error",))


@dataclass(frozen=True)
class Failure:
    """The first failing task and host, empty where no task failed; `seq` is the line that says so, 0 for none."""

    task: str
    host: str
    status: str
    message: str
    seq: int
    lines: Sequence[Line]


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
        .where(StepHost.job_id == job_id, col(StepHost.status).in_(FAILED))
        .order_by(col(JobStep.position), col(StepHost.host))
        .limit(1)
    ).first()
    return _of_step(session, job, *found) if found else _of_job(session, job)


def said_on_hosts(session: Session, actor: Actor, job_id: str) -> dict[tuple[str, str], str]:
    """What the first error line says for each host and task, as far as the first few hundred error lines tell.

    Raises:
        NotFound: there is no such job.
    """
    job = get_job(session, actor, job_id)
    said: dict[tuple[str, str], str] = {}
    for line in lines_after(session, job, 0, MOST_ERRORS, ERRORS):
        if line.host:
            said.setdefault((line.host, line.task), _without_marks(line.message))
    return said


def _of_step(session: Session, job: Job, result: StepHost, step: JobStep) -> Failure:
    begin = max(0, step.first_seq - 1)
    wanted = LogFilter(levels=ERRORS.levels, host=result.host)
    said = next(iter(lines_after(session, job, begin, 1, wanted)), None)
    seq = said.seq if said else step.first_seq
    message = result.message or (_without_marks(said.message) if said else job.reason_detail)
    return Failure(step.name, result.host, result.status, message, seq, _lines_until(session, job, seq, begin))


def _of_job(session: Session, job: Job) -> Failure:
    """No task failed: the play could not be read, ran out of time, or was cut off."""
    said = next(iter(lines_after(session, job, 0, 1, ERRORS)), None)
    seq = said.seq if said else job.last_seq
    return Failure("", "", "", job.reason_detail, seq, _lines_until(session, job, seq, 0))


def _without_marks(message: str) -> str:
    for mark in MARKS:
        message = message.removeprefix(mark)
    return message.strip()


def _lines_until(session: Session, job: Job, seq: int, begin: int) -> Sequence[Line]:
    """The lines that end with `seq`, not from before the task's own first line."""
    return lines_after(session, job, max(begin, seq - SHOWN_LINES), SHOWN_LINES) if seq else []
