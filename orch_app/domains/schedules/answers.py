"""Rows of schedules, firings and blackouts as they are answered."""

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.schedules import cron, queries
from orch_app.domains.schedules.models import Blackout, Firing, Schedule
from orch_app.domains.schedules.sentence import sentence
from orch_app.domains.schedules.wire import (
    BlackoutAnswer,
    FiringAnswer,
    NextRunAnswer,
    Owner,
    Preview,
    PreviewQuery,
    ScheduleAnswer,
)
from orch_app.kit.db import moment_ms
from orch_app.kit.errors import Invalid


def of_schedules(session: Session, actor: Actor, rows: Sequence[Schedule]) -> list[ScheduleAnswer]:
    """Schedules with their next moments and what came of the last one."""
    last = queries.last_firings(session, actor, [row.id for row in rows])
    known = queries.all_blackouts(session)
    return [_of_schedule(row, last.get(row.id), queries.next_runs(row, known)) for row in rows]


def of_expression(session: Session, actor: Actor, wanted: PreviewQuery) -> Preview:
    """The next moments of an expression, and what it says in words.

    Raises:
        Invalid: 422 at /cron or /timezone.
    """
    require(actor, Permission.SCHEDULES_READ)
    problems = cron.faults(wanted.cron, wanted.timezone)
    if problems:
        raise Invalid(problems[0].detail, "validation", errors=tuple(problems))
    moment = moment_ms(session)
    known = queries.blackouts_of(session, wanted.environment) if wanted.environment else []
    runs = queries.preview(wanted.cron, wanted.timezone, moment, known, count=wanted.count)
    return Preview(
        cron=wanted.cron,
        timezone=wanted.timezone,
        sentence=sentence(wanted.cron, "en"),
        sentence_pt=sentence(wanted.cron, "pt-BR"),
        items=_of_runs(runs, wanted.timezone),
    )


def of_firing(row: Firing) -> FiringAnswer:
    """What came of a moment."""
    shared = row.model_dump(include=set(FiringAnswer.model_fields) & set(Firing.model_fields) - {"fire_at", "until"})
    moments = {"fire_at": cron.to_datetime(row.fire_at), "until": cron.to_datetime(row.until)}
    return FiringAnswer.model_validate(shared | moments | {"errors": row.errors_json, "actor": row.actor_name})


def of_blackout(row: Blackout, at_ms: int) -> BlackoutAnswer:
    """A blackout, and whether it holds at a moment."""
    shared = row.model_dump(include=set(BlackoutAnswer.model_fields) & set(Blackout.model_fields))
    words = {name: sentence(row.cron, language) if row.cron else "" for name, language in _LANGUAGES}
    return BlackoutAnswer.model_validate(shared | words | {"is_active": queries.covers(row, at_ms)})


_LANGUAGES = (("sentence", "en"), ("sentence_pt", "pt-BR"))


def _of_schedule(row: Schedule, last: Firing | None, runs: Sequence[queries.NextRun]) -> ScheduleAnswer:
    shared = row.model_dump(include=set(ScheduleAnswer.model_fields) & set(Schedule.model_fields))
    more = {
        "runbook": row.runbook_name,
        "sentence": sentence(row.cron, "en"),
        "sentence_pt": sentence(row.cron, "pt-BR"),
        "inputs": row.input_json,
        "hosts": row.host_ids,
        "connections": row.connection_ids,
        "limit": row.host_limit,
        "owner": Owner(id=row.owner_id, name=row.owner_name),
        "status": queries.status_of(row),
        "next_fire_at": cron.to_datetime(row.next_fire_at) if row.next_fire_at is not None else None,
        "next_runs": _of_runs(runs, row.timezone),
        "last_firing": of_firing(last) if last else None,
    }
    return ScheduleAnswer.model_validate(shared | more)


def _of_runs(runs: Sequence[queries.NextRun], timezone: str) -> list[NextRunAnswer]:
    zone = ZoneInfo(timezone) if runs else UTC  # the zone of one that stands still may be gone since
    moments = [(cron.to_datetime(run.at_ms), run.blackout) for run in runs]
    return [
        NextRunAnswer(at=at, local_time=at.astimezone(zone).isoformat(timespec="seconds"), blackout=blackout or None)
        for at, blackout in moments
    ]
