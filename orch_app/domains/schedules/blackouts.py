"""Times in which schedules of an environment start nothing: made, changed and removed."""

from typing import Any

from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.schedules import cron, queries
from orch_app.domains.schedules.models import Blackout
from orch_app.domains.schedules.wire import BlackoutChange, NewBlackout
from orch_app.kit.clock import now
from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.naming import write_named
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

ONE_KIND = (
    "Give a beginning and an end, or an expression and how long it lasts.",
    "Diga início e fim, ou uma expressão e quanto tempo dura.",
)
ENDS_FIRST = ("The end must be after the beginning.", "O fim precisa ser depois do início.")


def create(session: Session, actor: Actor, new: NewBlackout) -> Blackout:
    """Add one.

    Raises:
        Invalid: 422 at /cron, /timezone, /startsAt or /endsAt.
        Conflict: the environment has one of that name.
    """
    require(actor, Permission.SETTINGS_WRITE, environment=new.environment)
    at = now()
    row = Blackout(id=new_id("blk"), **new.model_dump(), created_by=actor.user_id, created_at=at, updated_at=at)
    _check(row)
    _save(session, row)
    _noted(session, actor, Action.BLACKOUT_CREATED, row, {"name": row.name})
    return row


def update(
    session: Session, actor: Actor, blackout_id: str, change: BlackoutChange, *, if_match: str | None = None
) -> Blackout:
    """Change the given fields.

    Raises:
        NotFound: there is none with this id.
        StaleVersion: `if_match` is the ETag of an older version.
        Invalid, Conflict: as `create`.
    """
    require(actor, Permission.SETTINGS_WRITE)
    row = queries.get_blackout(session, actor, blackout_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    given = change.model_dump(exclude_unset=True)
    before = {name: getattr(row, name) for name in given}
    for name, value in given.items():
        setattr(row, name, value)
    _check(row)
    row.version += 1
    row.updated_at = now()
    _save(session, row)
    _noted(session, actor, Action.BLACKOUT_CHANGED, row, {"before": _plain(before), "after": _plain(given)})
    return row


def delete(session: Session, actor: Actor, blackout_id: str, *, if_match: str | None = None) -> None:
    """Remove one.

    Raises:
        NotFound: there is none with this id.
        StaleVersion: `if_match` is the ETag of an older version.
    """
    require(actor, Permission.SETTINGS_WRITE)
    row = queries.get_blackout(session, actor, blackout_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    session.delete(row)
    _noted(session, actor, Action.BLACKOUT_DELETED, row, {"name": row.name})


def _check(row: Blackout) -> None:
    if bool(row.starts_at and row.ends_at) == bool(row.cron and row.duration_min):
        raise Invalid(ONE_KIND[0], "validation", errors=(Problem("/startsAt", "one_kind", *ONE_KIND),))
    if row.cron:
        row.starts_at = row.ends_at = None
        problems = cron.faults(row.cron, row.timezone)
    else:
        row.duration_min = 0
        is_late = row.starts_at and row.ends_at and row.starts_at >= row.ends_at
        problems = [Problem("/endsAt", "ends_first", *ENDS_FIRST)] if is_late else []
    if problems:
        raise Invalid(problems[0].detail, "validation", errors=tuple(problems))


def _save(session: Session, row: Blackout) -> None:
    twins = select(Blackout.id).where(
        Blackout.environment == row.environment, Blackout.name == row.name, Blackout.id != row.id
    )
    write_named(session, row, twins, f"There is already a blackout named {row.name} in {row.environment}.")


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _noted(session: Session, actor: Actor, action: Action, row: Blackout, metadata: dict[str, Any]) -> None:
    record(session, actor, action, ("blackout", row.id), environment=row.environment, metadata=metadata)
    announce(session, "schedules")
