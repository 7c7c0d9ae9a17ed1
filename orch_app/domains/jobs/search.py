"""What jobs are found by: a narrow copy of what never changes of them, so that a search reads none of their outputs."""

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from orch_app.domains.jobs.models import Job, JobSearch
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.pages import contains

MOST_WORDS = 6
DIGITS = 10  # more do not fit into the column


def row_of(job: Job) -> JobSearch:
    """The row by which a new job is found; it goes with the job."""
    hosts = "".join(f"{name}\n" for name in job.host_names)
    return JobSearch(
        job_id=job.id,
        number=job.number,
        runbook_name=job.runbook_name,
        hosts=f"\n{hosts}".lower(),
        words=f"{job.runbook_name}\n{job.created_by_name}\n{job.request_reason}".lower(),
    )


def on_host(name: str) -> ColumnElement[bool]:
    """The jobs that worked on the host of this name, in whatever case."""
    found = select(JobSearch.job_id).where(col(JobSearch.hosts).contains(f"\n{name.lower()}\n", autoescape=True))
    return col(Job.id).in_(found)


def mentions(text: str) -> ColumnElement[bool]:
    """The jobs in which every word is found: see `_finds`. What follows the fifth word counts as one."""
    wanted = text.split(maxsplit=MOST_WORDS - 1)
    return col(Job.id).in_(select(JobSearch.job_id).where(*(_finds(word) for word in wanted)))


def _finds(word: str) -> ColumnElement[bool]:
    """It is the number or the id, or a part of runbook, title, requester, reason or host."""
    small, number = word.lower(), word.removeprefix("#")
    titled = select(Runbook.name).where(or_(contains(Runbook.title, word), contains(Runbook.title_pt, word)))
    matches = [
        col(JobSearch.words).contains(small, autoescape=True),
        col(JobSearch.hosts).contains(small, autoescape=True),
        col(JobSearch.runbook_name).in_(titled),
        col(JobSearch.job_id) == word,
    ]
    is_number = number.isdecimal() and len(number) < DIGITS
    return or_(*matches, col(JobSearch.number) == int(number)) if is_number else or_(*matches)
