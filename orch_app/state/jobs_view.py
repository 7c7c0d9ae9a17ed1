"""The list of jobs as the screen shows it: what the address asks for, and plain rows made of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import is_grave
from orch_app.domains.inventory.queries import host_names
from orch_app.domains.jobs import bulk, history, queries
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.domains.runbooks.risks import risk_of
from orch_app.kit.clock import now
from orch_app.state.address import page_number
from orch_app.state.session_view import summed

PAGE_SIZE = 50
DEAD = "1"
MOST_HOSTS = 500
THIS_MACHINE = "localhost"
STATUSES = frozenset(status.value for status in Status)
PARAMETERS = ("status", "runbook", "environment", "host", "user", "trigger", "q", "since", "dead", "page")
PERIODS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """The filter and the page that the address asks for."""

    filter: queries.JobFilter
    page: int
    is_filtered: bool

    @classmethod
    def of(cls, asked: Mapping[str, str], environment: str) -> "Wanted":
        """From the parameters of the address; without one of its own the environment is that of the switch."""
        period = PERIODS.get(asked["since"])
        found = queries.JobFilter(
            statuses=tuple(status for status in asked["status"].split(",") if status in STATUSES),
            runbook=asked["runbook"],
            environment=asked["environment"] if asked["environment"] in ("stage", "prod") else environment,
            created_by=asked["user"],
            host=asked["host"],
            trigger=asked["trigger"],
            text=asked["q"].strip(),
            created_after=now() - period if period else None,
            dead_letter=asked["dead"] == DEAD,
        )
        return cls(found, page_number(asked["page"]), found != queries.JobFilter())

    def csv_href(self) -> str:
        """Where all the jobs that the filter matches are to be had as a file."""
        after = self.filter.created_after
        asked = {
            "status": self.filter.statuses,
            "runbook": self.filter.runbook,
            "environment": self.filter.environment,
            "createdBy": self.filter.created_by,
            "host": self.filter.host,
            "trigger": self.filter.trigger,
            "q": self.filter.text,
            "createdAfter": after.isoformat() if after else "",
            "deadLetter": "true" if self.filter.dead_letter else "",
        }
        kept = {name: value for name, value in asked.items() if value}
        return f"/v1/jobs?{urlencode({'format': 'csv', **kept}, doseq=True)}"


def read_page(session: Session, actor: Actor, wanted: Wanted) -> dict[str, Any]:
    """A page of jobs with what it can be filtered by."""
    page = queries.Page(limit=PAGE_SIZE, offset=(wanted.page - 1) * PAGE_SIZE)
    jobs = queries.list_jobs(session, actor, wanted.filter, page)
    runbooks = list_runbooks(session, actor)
    newest = jobs[0] if wanted.page == 1 and jobs else None
    return {
        "rows": rows_of(session, actor, jobs, runbooks),
        "total": queries.count_jobs(session, actor, wanted.filter),
        "page": wanted.page,
        "fresh": 0,
        "newest_id": newest.id if newest else _newest_id(session, actor, wanted),
        "is_filtered": wanted.is_filtered,
        "is_dead": wanted.filter.dead_letter,
        "runbooks": [runbook.name for runbook in runbooks],
        "users": history.list_requesters(session, actor),
        "hosts": _hosts_to_choose(session, actor, wanted.filter),
        "csv_href": wanted.csv_href(),
    }


def read_changes(
    session: Session, actor: Actor, wanted: Wanted, shown_ids: Sequence[str], newest_id: str
) -> dict[str, Any]:
    """The same rows as they are now, in the order they stand, and how many newer jobs there are."""
    jobs = {job.id: job for job in history.read_jobs(session, actor, shown_ids)}
    runbooks = list_runbooks(session, actor)
    kept = [jobs[job_id] for job_id in shown_ids if job_id in jobs]
    return {
        "rows": rows_of(session, actor, kept, runbooks),
        "fresh": history.count_newer(session, actor, wanted.filter, newest_id),
    }


def carry_out(session: Session, actor: Actor, order: bulk.BulkOrder) -> dict[str, Any]:
    """Do one thing with many jobs: how many it was done with, and one problem for each kind of refusal."""
    outcomes = bulk.carry_out(session, actor, order)
    refused = [outcome.job_id for outcome in outcomes if outcome.refusal]
    numbers = {job.id: f"#{job.number}" for job in history.read_jobs(session, actor, refused)}
    problems: dict[str, dict[str, str]] = {}
    for outcome in outcomes:
        if outcome.refusal:
            found = problems.setdefault(outcome.refusal.code, {"detail": outcome.refusal.detail, "about": ""})
            found["about"] = f"{found['about']} {numbers.get(outcome.job_id, outcome.job_id)}".strip()
    return {
        "done": len(outcomes) - len(refused),
        "problems": [{"code": code, **told} for code, told in problems.items()],
    }


def rows_of(session: Session, actor: Actor, jobs: Sequence[Job], runbooks: Sequence[Runbook]) -> list[Row]:
    """Jobs as rows, each with how long its runbook usually takes, and whether to repeat it asks for a name."""
    usual = history.typical_durations(session, actor, {job.runbook_name for job in jobs})
    titles, books = titles_of(runbooks), {book.name: book for book in runbooks}
    return [
        _row(job, titles.get(job.runbook_name), usual.get(job.runbook_name))
        | {"isGrave": _is_grave(job, books.get(job.runbook_name))}
        for job in jobs
    ]


def _is_grave(job: Job, runbook: Runbook | None) -> bool:
    return bool(runbook) and is_grave(risk_of(runbook, job.input_json), job.environment)


def titles_of(runbooks: Sequence[Runbook]) -> dict[str, tuple[str, str]]:
    """English and Portuguese titles by name."""
    return {book.name: (book.title or book.name, book.title_pt or book.title or book.name) for book in runbooks}


def length_s(job: Job) -> float | None:
    """How long the job ran in seconds; None while it runs or when it never did."""
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def _row(job: Job, title: tuple[str, str] | None, typical_s: float | None) -> Row:
    english, portuguese = title or (job.runbook_name, job.runbook_name)
    return {
        "id": job.id,
        "href": f"/jobs/{job.id}",
        "number": f"#{job.number}",
        "status": job.status,
        "phase": job.phase,
        "reason": job.reason,
        "runbook": job.runbook_name,
        "title": english,
        "titlePt": portuguese,
        "environment": job.environment,
        "hosts": summed(job.host_names),
        "hostNames": ", ".join(job.host_names),
        "createdBy": job.created_by_name,
        "createdAt": job.created_at.isoformat(),
        "startedAt": job.started_at.isoformat() if job.started_at else "",
        "lengthS": length_s(job),
        "typicalS": typical_s,
        "trigger": job.trigger,
    }


def _hosts_to_choose(session: Session, actor: Actor, wanted: queries.JobFilter) -> list[str]:
    """This machine, the hosts of today, and the one that the address asks for, which may be gone or far down."""
    known = [THIS_MACHINE, *host_names(session, actor, wanted.environment, MOST_HOSTS)]
    return list(dict.fromkeys([*known, wanted.host] if wanted.host else known))


def _newest_id(session: Session, actor: Actor, wanted: Wanted) -> str:
    newest = queries.list_jobs(session, actor, wanted.filter, queries.Page(limit=1))
    return newest[0].id if newest else ""
