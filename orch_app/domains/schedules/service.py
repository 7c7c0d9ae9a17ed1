"""Schedules: made, changed, paused, run at once and removed."""

from typing import Any

from sqlmodel import Session, col, func, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import service as jobs
from orch_app.domains.schedules import cron, firing, queries
from orch_app.domains.schedules.models import Firing, Schedule
from orch_app.domains.schedules.wire import NewSchedule, ScheduleChange
from orch_app.kit.clock import now
from orch_app.kit.db import moment_ms
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.naming import write_named
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

FIELD = {
    "inputs": "input_json",
    "hosts": "host_ids",
    "connections": "connection_ids",
    "runbook": "runbook_name",
    "limit": "host_limit",
}
MAY_BE_EMPTY = frozenset({"hosts", "starts_at", "ends_at"})
DAY_MS = 24 * 60 * 60 * 1000
ENDS_FIRST = ("No moment is left before the end.", "Não sobra nenhum momento antes do fim.")


def create(session: Session, actor: Actor, new: NewSchedule) -> Schedule:
    """Keep a new schedule; the caller is its owner, and must be allowed to run this now.

    Raises:
        Forbidden, NotFound, Conflict, Invalid: as `jobs.service.launch`; also 422 at /cron, /timezone and /endsAt.
        Conflict: the environment has a schedule of that name.
        NotFound: the caller has no account.
    """
    require(actor, Permission.SCHEDULES_WRITE, environment=new.environment)
    at = now()
    given = {FIELD.get(name, name): value for name, value in new.model_dump().items()}
    row = Schedule(id=new_id("sch"), owner_id="", created_at=at, updated_at=at, **given)
    _put(session, actor, row)
    _noted(session, actor, Action.SCHEDULE_CREATED, row, _facts(row))
    return row


def update(
    session: Session, actor: Actor, schedule_id: str, change: ScheduleChange, *, if_match: str | None = None
) -> Schedule:
    """Change the given fields. Whoever changes a schedule becomes its owner: what runs is what he or she ordered.

    Raises:
        NotFound: there is no such schedule.
        StaleVersion: `if_match` is the ETag of an older version.
        Forbidden: it is somebody else's, and the caller is no admin.
        Forbidden, Conflict, Invalid: as `create`.
    """
    require(actor, Permission.SCHEDULES_WRITE)
    row = _own(session, actor, schedule_id)
    check_match(if_match, etag(row.id, row.version))
    given = change.model_dump(exclude_unset=True)
    wanted = {
        FIELD.get(name, name): value for name, value in given.items() if value is not None or name in MAY_BE_EMPTY
    }
    before = _facts(row)
    for name, value in wanted.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = now()
    _put(session, actor, row)
    _noted(session, actor, Action.SCHEDULE_CHANGED, row, {"before": before, "after": _facts(row)})
    return row


def delete(session: Session, actor: Actor, schedule_id: str, *, if_match: str | None = None) -> None:
    """Remove a schedule and the list of its firings; its jobs stay.

    Raises:
        NotFound: there is no such schedule.
        StaleVersion: `if_match` is the ETag of an older version.
        Forbidden: it is somebody else's, and the caller is no admin.
    """
    require(actor, Permission.SCHEDULES_WRITE)
    row = _own(session, actor, schedule_id)
    check_match(if_match, etag(row.id, row.version))
    session.delete(row)
    session.flush()
    _noted(session, actor, Action.SCHEDULE_DELETED, row, _facts(row))


def pause(session: Session, actor: Actor, schedule_id: str) -> Schedule:
    """Let nothing be due until it is resumed; what would have been in between is not missed.

    Raises:
        NotFound: there is no such schedule.
        Forbidden: it is somebody else's, and the caller is no admin.
    """
    require(actor, Permission.SCHEDULES_WRITE)
    row = _own(session, actor, schedule_id)
    if not row.is_paused:
        row.is_paused, row.next_fire_at = True, None
        row.version += 1
        session.add(row)
        _noted(session, actor, Action.SCHEDULE_PAUSED, row, {"name": row.name})
    return row


def resume(session: Session, actor: Actor, schedule_id: str) -> Schedule:
    """Let it be due again, from its next moment on.

    Raises:
        NotFound: there is no such schedule.
        Forbidden: it is somebody else's, and the caller is no admin.
    """
    require(actor, Permission.SCHEDULES_WRITE)
    row = _own(session, actor, schedule_id)
    if row.is_paused:
        row.is_paused = False
        row.next_fire_at = _next(session, row)
        row.version += 1
        session.add(row)
        _noted(session, actor, Action.SCHEDULE_RESUMED, row, {"name": row.name})
    return row


def run_now(session: Session, actor: Actor, schedule_id: str, *, override_reason: str = "") -> Firing:
    """Start its job at once, with the rights of whoever asks.

    Raises:
        NotFound: there is no such schedule.
        Conflict: a blackout holds, and no admin gave a reason to start all the same.
        Forbidden, Invalid, Unavailable: as `jobs.service.launch`.
    """
    require(actor, Permission.SCHEDULES_WRITE)
    row = queries.get_schedule(session, actor, schedule_id, for_change=True)
    _heed_blackouts(session, actor, row, override_reason.strip())
    fired = firing.run_now(session, actor, row)
    facts = {"name": row.name, "job": fired.job_id, "overrideReason": override_reason.strip()}
    _noted(session, actor, Action.SCHEDULE_RUN, row, facts)
    return fired


def _own(session: Session, actor: Actor, schedule_id: str) -> Schedule:
    """The schedule, for its owner or an admin: its jobs run in the owner's name."""
    row = queries.get_schedule(session, actor, schedule_id, for_change=True)
    if row.owner_id != actor.user_id and not actor.may(Permission.SETTINGS_WRITE):
        message = f"This schedule belongs to {row.owner_name}. Its owner or an admin can change it."
        raise Forbidden(message, "not_owner", permission=Permission.SETTINGS_WRITE, environment=row.environment)
    return row


def _heed_blackouts(session: Session, actor: Actor, row: Schedule, override_reason: str) -> None:
    moment = moment_ms(session)
    known = [] if row.override_reason else queries.blackouts_of(session, row.environment)
    holding = next((one for one in known if queries.covers(one, moment)), None)
    if holding is None:
        return
    if not override_reason:
        raise Conflict(f"The blackout {holding.name} holds now in {row.environment}.", "blackout")
    require(actor, Permission.SETTINGS_WRITE, environment=row.environment)


def _put(session: Session, actor: Actor, row: Schedule) -> None:
    """Check and write the row as the caller's own, and tell when it is due next."""
    if actor.user_id is None:
        raise NotFound("A schedule needs an owner with an account.", "no_account")
    row.owner_id, row.owner_name = actor.user_id, actor.name
    _check_override(actor, row)
    problems = cron.faults(row.cron, row.timezone)
    if problems:
        raise Invalid(problems[0].detail, "validation", errors=tuple(problems))
    with session.no_autoflush:
        jobs.check(session, actor, firing.order_of(row))
        row.next_fire_at = None if row.is_paused else _next(session, row)
        if row.ends_at and row.next_fire_at is None and not row.is_paused:
            raise Invalid(ENDS_FIRST[0], "validation", errors=(Problem("/endsAt", "ends_first", *ENDS_FIRST),))
    _save(session, row)


def _check_override(actor: Actor, row: Schedule) -> None:
    row.override_reason = row.override_reason.strip()
    if not row.override_reason:
        row.override_by = ""
        return
    require(actor, Permission.SETTINGS_WRITE, environment=row.environment)
    row.override_by = actor.name


def _next(session: Session, row: Schedule) -> int | None:
    """The first moment from now on that was not fired yet: the clock may have been set back since.

    What was fired more than a day ahead was fired by a clock that was wrong, and says nothing about the days before it.
    """
    fired = select(func.max(Firing.until)).where(Firing.schedule_id == row.id, Firing.kind == "planned")
    moment = moment_ms(session)
    latest = session.exec(fired.where(col(Firing.until) <= moment + DAY_MS)).one()
    return firing.following_of(row, max(moment, latest or 0))


def _save(session: Session, row: Schedule) -> None:
    twins = select(col(Schedule.id)).where(
        Schedule.environment == row.environment, Schedule.name == row.name, Schedule.id != row.id
    )
    write_named(session, row, twins, f"There is already a schedule named {row.name} in {row.environment}.")


def _facts(row: Schedule) -> dict[str, Any]:
    """What the audit log keeps of a schedule."""
    facts = row.model_dump(
        include={"name", "runbook_name", "cron", "timezone", "missed_policy", "override_reason", "owner_name"}
    )
    window = {name: value.isoformat() for name in ("starts_at", "ends_at") if (value := getattr(row, name))}
    scope = {name: value for name in ("tags", "skip_tags", "host_limit") if (value := getattr(row, name))}
    return facts | window | scope | {"hosts": row.host_ids, "inputs": sorted(row.input_json)}


def _noted(session: Session, actor: Actor, action: Action, row: Schedule, metadata: dict[str, Any]) -> None:
    record(session, actor, action, ("schedule", row.id), environment=row.environment, metadata=metadata)
    announce(session, "schedules")
