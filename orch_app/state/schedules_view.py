"""Schedules, their history and the blackouts as the screen shows them, and the texts of its forms as models."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import is_grave
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.domains.runbooks.risks import risk_of
from orch_app.domains.schedules import answers, queries
from orch_app.domains.schedules.wire import BlackoutAnswer, BlackoutsQuery, FiringAnswer, ScheduleAnswer, SchedulesQuery
from orch_app.kit.db import moment_ms
from orch_app.kit.errors import OrchError
from orch_app.kit.pages import PageQuery
from orch_app.state.address import page_href
from orch_app.state.cron_view import show_runs, zone_of
from orch_app.state.launch_view import scope_of

PAGE = 50
HISTORY = 20
STATUSES = ("active", "paused", "ended")
Shown = dict[str, Any]
NO_SCHEDULE: Shown = {
    "id": "", "name": "", "runbook": "", "title": "", "titlePt": "", "environment": "stage", "cron": "", "timezone": "",
    "sentence": "", "sentencePt": "", "status": "active", "nextAt": "", "runs": [], "owner": "", "isMine": False,
    "isGrave": False, "isPaused": False, "policy": "skip", "startsAt": "", "endsAt": "", "overrideReason": "",
    "overrideBy": "", "reason": "", "hosts": 0, "scope": "", "last": {}, "version": 0,
}  # fmt: skip
NO_FIRING: Shown = {
    "id": "", "at": "", "until": "", "count": 0, "outcome": "", "reason": "", "detail": "", "status": "", "phase": "",
    "href": "", "number": 0, "kind": "", "actor": "",
}  # fmt: skip
NO_BLACKOUT: Shown = {
    "id": "", "name": "", "environment": "stage", "startsAt": "", "endsAt": "", "cron": "", "timezone": "",
    "sentence": "", "sentencePt": "", "minutes": 60, "isActive": False, "version": 0,
}  # fmt: skip


def read_schedules(session: Session, actor: Actor, asked: Mapping[str, str], environment: str) -> Shown:
    """A page of schedules for the filters of the address."""
    wanted = SchedulesQuery(
        q=asked["q"],
        status=asked["status"] if asked["status"] in STATUSES else "",  # pyright: ignore[reportArgumentType]
        environment=[environment] if environment else [],  # pyright: ignore[reportArgumentType]
        runbook=asked["runbook"],
        cursor=asked["cursor"],
        limit=PAGE,
        with_total=True,
    )
    page = queries.list_schedules(session, actor, wanted)
    found = answers.of_schedules(session, actor, page.items)
    titles = {runbook.name: runbook for runbook in list_runbooks(session, actor)}
    jobs = _jobs_of(session, [one.last_firing for one in found if one.last_firing])
    return {
        "rows": [_show(one, titles.get(one.runbook), jobs, actor) for one in found],
        "total": page.total or 0,
        "next_href": page_href("/schedules", asked, page.next_cursor),
        "previous_href": page_href("/schedules", asked, page.prev_cursor),
    }


def read_history(session: Session, actor: Actor, schedule_id: str) -> list[Shown]:
    """What came of a schedule's latest moments."""
    page = queries.list_firings(session, actor, schedule_id, PageQuery(limit=HISTORY))
    found = [answers.of_firing(row) for row in page.items]
    jobs = _jobs_of(session, found)
    return [_show_firing(one, jobs) for one in found]


def read_blackouts(session: Session, actor: Actor, environment: str) -> list[Shown]:
    """Every blackout of what is looked at."""
    wanted = BlackoutsQuery(environment=[environment] if environment else [], limit=200)  # pyright: ignore[reportArgumentType]
    moment = moment_ms(session)
    page = queries.list_blackouts(session, actor, wanted)
    return [_show_blackout(answers.of_blackout(row, moment)) for row in page.items]


def read_runbooks(session: Session, actor: Actor) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What a schedule can be made of, as options in English and in Portuguese."""
    usable = [one for one in list_runbooks(session, actor) if not one.broken_reason and one.enabled]
    english = [{"value": one.name, "label": one.title or one.name} for one in usable]
    portuguese = [{"value": one.name, "label": one.title_pt or one.title or one.name} for one in usable]
    return _by_label(english), _by_label(portuguese)


def faults_in(error: OrchError, names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The sentences about these fields, in English and in Portuguese."""
    about = [(fault.pointer.strip("/"), fault) for fault in error.errors]
    english = {name: fault.detail for name, fault in about if name in names}
    return english, {name: fault.detail_pt or fault.detail for name, fault in about if name in names}


def moment_of(text: str, timezone: str) -> datetime | None:
    """What an input for date and time holds, in a zone; None when it is empty.

    Raises:
        ValueError: no such date, or no such zone.
    """
    if not text.strip():
        return None
    zone = zone_of(timezone)
    if zone is None:
        raise ValueError(timezone)
    return datetime.fromisoformat(text.strip()[:16]).replace(tzinfo=zone).astimezone(UTC)


def moment_in(row_text: str) -> datetime | None:
    """A moment of a row, which holds it as text."""
    return datetime.fromisoformat(row_text) if row_text else None


def text_of(moment: datetime | None, timezone: str) -> str:
    """A moment as an input for date and time holds it."""
    return moment.astimezone(zone_of(timezone) or UTC).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _by_label(options: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(options, key=lambda option: option["label"].lower())


def _jobs_of(session: Session, firings: Sequence[FiringAnswer]) -> dict[str, Job]:
    ids = [one.job_id for one in firings if one.job_id]
    return {job.id: job for job in session.exec(select(Job).where(col(Job.id).in_(ids)))} if ids else {}


def _show(one: ScheduleAnswer, runbook: Runbook | None, jobs: Mapping[str, Job], actor: Actor) -> Shown:
    title = runbook.title if runbook and runbook.title else one.runbook
    return {
        **one.model_dump(include={"id", "name", "runbook", "environment", "cron", "timezone", "sentence", "version"}),
        "sentencePt": one.sentence_pt,
        "title": title,
        "titlePt": (runbook.title_pt if runbook else "") or title,
        "status": one.status,
        "nextAt": _iso(one.next_fire_at),
        "runs": show_runs(one.next_runs),
        "owner": one.owner.name,
        "isMine": one.owner.id == actor.user_id or actor.may(Permission.SETTINGS_WRITE),
        "isGrave": bool(runbook) and is_grave(risk_of(runbook, one.inputs), one.environment),
        "isPaused": one.status == "paused",
        "policy": one.missed_policy.value,
        "startsAt": _iso(one.starts_at),
        "endsAt": _iso(one.ends_at),
        "overrideReason": one.override_reason,
        "overrideBy": one.override_by,
        "reason": one.request_reason,
        "hosts": len(one.hosts or []),
        "scope": scope_of(one.limit, one.tags, one.skip_tags),
        "last": _show_firing(one.last_firing, jobs) if one.last_firing else NO_FIRING,
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _show_firing(one: FiringAnswer, jobs: Mapping[str, Job]) -> Shown:
    """A started one is told by what became of its job, as long as that is known."""
    job = jobs.get(one.job_id or "")
    return {
        "id": one.id,
        "at": one.fire_at.isoformat(),
        "until": one.until.isoformat(),
        "count": one.count,
        "outcome": one.outcome,
        "reason": one.reason,
        "detail": " ".join([one.detail, *(f"{fault['pointer']}: {fault['detail']}" for fault in one.errors)]),
        "status": job.status if job else one.outcome,
        "phase": job.phase if job else "",
        "href": f"/jobs/{job.id}" if job else "",
        "number": one.job_number or 0,
        "kind": one.kind,
        "actor": one.actor,
    }


def _show_blackout(one: BlackoutAnswer) -> Shown:
    return {
        **one.model_dump(include={"id", "name", "environment", "cron", "timezone", "sentence", "version"}),
        "sentencePt": one.sentence_pt,
        "startsAt": _iso(one.starts_at),
        "endsAt": _iso(one.ends_at),
        "minutes": one.duration_min,
        "isActive": one.is_active,
    }
