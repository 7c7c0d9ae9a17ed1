"""What the dashboard shows, read in one go and put into the plain values that its page draws."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta, tzinfo
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts import queries as accounts
from orch_app.domains.containers.sights import Sight
from orch_app.domains.inventory import queries as inventory
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.wire import ConnectionsQuery, HostsQuery
from orch_app.domains.jobs import approvals
from orch_app.domains.jobs import queries as jobs
from orch_app.domains.jobs.days import DayCount, jobs_per_day
from orch_app.domains.jobs.models import Approval, Job, Worker
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.domains.schedules import answers
from orch_app.domains.schedules.queries import next_up
from orch_app.domains.schedules.wire import ScheduleAnswer
from orch_app.kit.clock import now
from orch_app.kit.pages import PageQuery
from orch_app.state.session_view import Shown, summed

SPANS = ("7", "30", "90")
USUAL_SPAN = 30
RECENT = 8
MOST_OF_A_KIND = 4
DAY = timedelta(days=1)
NOT_COUNTED: Shown = {"isKnown": False, "endpoints": 0, "silent": 0, "total": 0, "bad": 0}


@dataclass(frozen=True)
class Wanted:
    """One environment, or all when it is empty; how many days the bars are of, and whose days those are."""

    environment: str
    days: int
    zone: tzinfo

    @classmethod
    def of(cls, days: str, environment: str, zone: tzinfo) -> "Wanted":
        """From the address and the tab; nonsense is the usual number of days."""
        return cls(environment, int(days) if days in SPANS else USUAL_SPAN, zone)


def read_dashboard(session: Session, actor: Actor, wanted: Wanted) -> Shown:
    """Everything of the page."""
    environment = wanted.environment
    pulse = jobs.pulse(session, actor, environment)
    workers = jobs.list_workers(session, actor)
    days = jobs_per_day(session, actor, wanted.days, environment, zone=wanted.zone)
    recent = jobs.list_jobs(session, actor, jobs.JobFilter(environment=environment), jobs.Page(RECENT))
    is_fresh = not pulse.total and not (environment and jobs.pulse(session, actor).total)
    return {
        "kpis": _kpis(pulse, workers, days),
        "attention": list(_attention(session, actor, environment, has_worker=bool(workers))),
        "workers": [_worker(worker) for worker in workers],
        "parts": _parts(session, actor, environment),
        "recent": [_job(job) for job in recent],
        "days": [asdict(day) for day in days],
        "span": wanted.days,
        "scheduled": _scheduled(session, actor, environment),
        "steps": _steps(session, actor) if is_fresh else [],
        "is_fresh": is_fresh,
    }


def count_containers(sights: Sequence[Sight]) -> Shown:
    """How many containers there are and how many of them are in error, on endpoints that answer and others."""
    rows = [row for sight in sights for row in sight.containers]
    return {
        "isKnown": True,
        "endpoints": len(sights),
        "silent": sum(sight.error is not None for sight in sights),
        "total": len(rows),
        "bad": sum(row.is_in_error for row in rows),
    }


def _kpis(pulse: jobs.Pulse, workers: Any, days: list[DayCount]) -> Shown:
    total, failed = sum(day.total for day in days), sum(day.failed for day in days)
    more = pulse.failed_24h - pulse.failed_24h_before
    waiting_since = (now() - timedelta(seconds=pulse.oldest_wait_s)).isoformat() if pulse.queued else ""
    return {
        "running": pulse.running,
        "queued": pulse.queued,
        "waiting_since": waiting_since,
        "failed": pulse.failed_24h,
        "trend": "more" if more > 0 else "less" if more < 0 else "same",
        "difference": abs(more),
        "workers": len(workers),
        "slots": sum(worker.slots for worker in workers),
        "busy": sum(worker.busy for worker in workers),
        "total": total,
        "total_failed": failed,
        "well": total - failed,
        "rate": round(100 * (total - failed) / total, 1) if total else 100,
    }


def _attention(session: Session, actor: Actor, environment: str, *, has_worker: bool) -> Iterator[Shown]:
    """What somebody should look at, the weightiest kind first."""
    if not has_worker:
        yield _item("no_worker", "", "no_worker", "/workers", "bad")
    mine = PageQuery(limit=MOST_OF_A_KIND)
    waiting, questions = approvals.read_waiting(session, actor, mine, mine=True, environment=environment)
    for job in waiting.items:
        yield _approval_item(job, questions[job.id])
    hosts = HostsQuery(status=["key_changed", "unreachable", "auth_failed"], environment=_wanted(environment), limit=9)
    found = inventory.list_hosts(session, actor, hosts).items
    for host in sorted(found, key=lambda host: host.status != "key_changed")[:MOST_OF_A_KIND]:
        yield _host_item(host)
    failed = jobs.JobFilter((Status.ERROR.value,), environment=environment, created_after=now() - DAY)
    for job in jobs.list_jobs(session, actor, failed, jobs.Page(MOST_OF_A_KIND)):
        yield _job_item(job)
    if actor.may(Permission.CONNECTIONS_READ):
        for connection in inventory.failing_connections(session, actor, environment, MOST_OF_A_KIND):
            yield _connection_item(connection)


def _wanted(environment: str) -> Any:
    return [environment] if environment else []


def _item(kind: str, name: str, code: str, href: str, tone: str, *, where: str = "", at: str = "") -> Shown:  # noqa: PLR0913 - the columns of a row
    return {"kind": kind, "name": name, "code": code, "href": href, "tone": tone, "where": where, "at": at}


def _host_item(host: Host) -> Shown:
    tone = "bad" if host.status == "key_changed" else "warn"
    at = host.updated_at.isoformat() if host.last_seen_at is None else host.last_seen_at.isoformat()
    return _item(host.status, host.name, host.status, f"/hosts?q={host.name}", tone, where=host.address, at=at)


def _job_item(job: Job) -> Shown:
    at = (job.finished_at or job.created_at).isoformat()
    name = f"{job.runbook_name} #{job.number}"
    return _item("job", name, job.reason, f"/jobs/{job.id}", "bad", where=summed(job.host_names), at=at)


def _approval_item(job: Job, question: Approval) -> Shown:
    name, where = f"{job.runbook_name} #{job.number}", f"{job.environment} · {question.requested_by_name}"
    at = question.requested_at.isoformat()
    return _item("approval", name, "awaiting_approval", f"/jobs/{job.id}", "warn", where=where, at=at)


def _connection_item(row: Connection) -> Shown:
    at = row.last_test_at.isoformat() if row.last_test_at else ""
    return _item(
        "connection", row.name, "test_failed", f"/connections?q={row.name}", "warn", where=row.environment, at=at
    )


def _parts(session: Session, actor: Actor, environment: str) -> list[Shown]:
    """Hosts and connections in one line each: how many, and how many of them are in trouble."""
    counted = inventory.count_parts(session, actor, environment)
    return [{"id": name, "total": count.total, "bad": count.bad} for name, count in counted.items()]


def _worker(worker: Worker) -> Shown:
    return {
        "name": worker.name,
        "busy": worker.busy,
        "slots": worker.slots,
        "state": worker.state,
        "since": worker.started_at.isoformat(),
    }


def _job(job: Job) -> Shown:
    seconds = (job.finished_at - job.started_at).total_seconds() if job.started_at and job.finished_at else None
    return {
        "id": job.id,
        "number": job.number,
        "status": job.status,
        "phase": job.phase,
        "title": " · ".join(part for part in (job.runbook_name, summed(job.host_names)) if part),
        "environment": job.environment,
        "by": job.created_by_name,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else "",
        "seconds": seconds,
    }


def _scheduled(session: Session, actor: Actor, environment: str) -> list[Shown]:
    """What the clock starts next, each schedule once."""
    if not actor.may(Permission.SCHEDULES_READ):
        return []
    titles = {book.name: (book.title, book.title_pt or book.title) for book in list_runbooks(session, actor)}
    found = answers.of_schedules(session, actor, next_up(session, actor, environment))
    return [_due(one, *titles.get(one.runbook, ("", ""))) for one in found if one.next_runs]


def _due(one: ScheduleAnswer, title: str, title_pt: str) -> Shown:
    return {
        "id": one.id,
        "name": one.name,
        "title": title or one.runbook,
        "titlePt": title_pt or one.runbook,
        "environment": one.environment,
        "sentence": one.sentence,
        "sentencePt": one.sentence_pt,
        "timezone": one.timezone,
        "at": one.next_runs[0].at.isoformat(),
        "blackout": one.next_runs[0].blackout or "",
    }


def _steps(session: Session, actor: Actor) -> list[Shown]:
    """The checklist of a fresh installation, for whoever may do the steps."""
    if not actor.may(Permission.USERS_WRITE):
        return []
    done = {
        "connection": bool(inventory.list_connections(session, actor, ConnectionsQuery(limit=1)).items),
        "host": bool(inventory.list_hosts(session, actor, HostsQuery(limit=1)).items),
        "run": False,
        "invite": len(accounts.list_users(session, actor, PageQuery(limit=2)).items) > 1,
    }
    links = {
        "connection": "/connections?new=1",
        "host": "/hosts?new=1",
        "run": "/runbooks?run=host_report",
        "invite": "/settings?tab=users",
    }
    return [{"id": name, "done": is_done, "href": links[name]} for name, is_done in done.items()]
