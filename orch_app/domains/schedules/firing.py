"""Firing what is due: exactly once, however many workers look, and whatever their clocks say.

The next moment of a schedule is a column. It is moved on by one UPDATE that names the value it had, and in the same
transaction as the rows of what was due and the jobs they start: who is killed before the commit has fired nothing, who
is late finds nothing to fire. Only the database's clock is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, delete, select, update

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.accounts.queries import actor_for
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import service as jobs
from orch_app.domains.jobs.play_tags import PlayTags
from orch_app.domains.schedules import cron, queries
from orch_app.domains.schedules.models import Firing, Schedule
from orch_app.domains.schedules.planning import MOST_CAUGHT_UP, MissedPolicy, Plan, plan
from orch_app.kit.clock import now
from orch_app.kit.db import moment_ms, reading, unit_of_work
from orch_app.kit.errors import Forbidden, OrchError
from orch_app.kit.ids import new_id
from orch_app.kit.wakeups import announce

SCHEDULER = worker_actor("scheduler")
MOST_A_LOOK = 200
AT_ONCE = 2_000  # moments of one schedule in one transaction; after a year of standstill there are more of them
KEPT = timedelta(days=90)
_log = structlog.get_logger("schedules")


@dataclass(frozen=True)
class Outcome:
    """How a moment ended: `started` with a job, `failed` or `missed` with a reason."""

    name: str
    reason: str = ""
    detail: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)
    job: tuple[str, int] | None = None


@dataclass(frozen=True)
class Fired:
    """What one tick did: for which schedule, and the rows it wrote (none, when another worker was faster)."""

    schedule_id: str
    firings: list[Firing] = field(default_factory=list)


def fire_all_due() -> int:
    """Fire whatever is due, each schedule in a transaction of its own; says for how many there was something to do."""
    with reading() as session:
        if session.exec(_due(_clock(session, None))).first() is None:
            return 0
    for done in range(MOST_A_LOOK):
        with unit_of_work() as session:
            if fire_due(session) is None:
                return done
    return MOST_A_LOOK


def fire_due(session: Session, *, at_ms: int | None = None) -> Fired | None:
    """One tick: fire the schedule that has been due for longest, in the caller's transaction; None when none is due.

    `at_ms` stands for the database's clock, for simulations.
    """
    moment = _clock(session, at_ms)
    row = session.exec(_due(moment).with_for_update(skip_locked=True)).first()
    if row is None or row.next_fire_at is None:
        return None
    try:
        due, following = _due_moments(row, row.next_fire_at, moment)
    except ValueError as error:  # a zone that the machine no longer knows
        return _give_up(session, row, moment, str(error))
    if not _claim(session, row, following):
        return Fired(row.id)
    decided = plan(due, moment, MissedPolicy(row.missed_policy))
    if following is not None and following <= moment:  # only a part was looked at: all of it is older than what runs
        decided = Plan((), tuple(due))
    fired = Fired(row.id, _settle(session, row, decided, moment))
    _forget_old(session, row)
    announce(session, "schedules")
    return fired


def run_now(session: Session, actor: Actor, row: Schedule) -> Firing:
    """Start a job of a schedule at once, with the rights of whoever asks; its moments stay as they are.

    Raises:
        OrchError: as `jobs.service.launch`.
    """
    moment = _clock(session, None)
    job = jobs.launch(session, actor, order_of(row))
    last = session.exec(
        select(Firing.fire_at)
        .where(Firing.schedule_id == row.id, Firing.kind == "manual")
        .order_by(col(Firing.fire_at).desc())
    ).first()
    at = max(moment, (last or 0) + 1)
    firing = _write(session, row, (at,), Outcome("started", job=(job.id, job.number)), kind="manual")
    firing.actor_name = actor.name
    announce(session, "schedules")
    return firing


def order_of(row: Schedule) -> jobs.Order:
    """What a schedule orders."""
    return jobs.Order(
        runbook=row.runbook_name,
        inputs=row.input_json,
        host_ids=row.host_ids or None,  # older rows say [] for what was left out
        environment=row.environment,
        connections=row.connection_ids,
        request_reason=row.request_reason,
        trigger="schedule",
        origin_id=row.id,
        tags=PlayTags.of(row.tags, row.skip_tags),
        limit=row.host_limit,
    )


def following_of(row: Schedule, after_ms: int) -> int | None:
    """The first moment of a schedule after `after_ms`, within its window.

    Raises:
        ValueError: the expression or the zone cannot be read.
    """
    begins = cron.to_ms(row.starts_at) - 1 if row.starts_at else after_ms
    found = cron.next_after(row.cron, row.timezone, max(after_ms, begins))
    return found if found is not None and _is_before_end(row, found) else None


def _clock(session: Session, at_ms: int | None) -> int:
    return moment_ms(session) if at_ms is None else at_ms


def _due(moment: int):  # noqa: ANN202 - a SQL statement
    due = (col(Schedule.is_paused).is_(False), col(Schedule.next_fire_at) <= moment)
    first = select(Schedule).where(*due).order_by(col(Schedule.next_fire_at), col(Schedule.id)).limit(1)
    return first.execution_options(populate_existing=True)  # a session that lives longer must not remember


def _due_moments(row: Schedule, first: int, moment: int) -> tuple[list[int], int | None]:
    """Every moment from `first` that is due, and the first one after them; of very many only the oldest."""
    due: list[int] = []
    for at in islice(cron.moments(row.cron, row.timezone, first - 1), AT_ONCE + 1):
        if not _is_before_end(row, at):
            return due, None
        if at > moment:
            return due, at
        due.append(at)
    if len(due) > AT_ONCE:
        return due[: AT_ONCE - MOST_CAUGHT_UP], due[AT_ONCE - MOST_CAUGHT_UP]
    return due, None


def _is_before_end(row: Schedule, at_ms: int) -> bool:
    return row.ends_at is None or at_ms < cron.to_ms(row.ends_at)


def _claim(session: Session, row: Schedule, following: int | None) -> bool:
    """Move the schedule on, if it still stands where it was seen."""
    statement = (
        update(Schedule)
        .where(
            col(Schedule.id) == row.id,
            col(Schedule.is_paused).is_(False),
            col(Schedule.next_fire_at) == row.next_fire_at,
        )
        .values(next_fire_at=following)
        .returning(col(Schedule.id))
    )
    return session.exec(statement.execution_options(synchronize_session=False)).scalar_one_or_none() is not None


def _settle(session: Session, row: Schedule, decided: Plan, moment: int) -> list[Firing]:
    written: list[Firing] = []
    if decided.missed:
        late = f"Nobody could start it in time; the policy is {row.missed_policy}."
        written.append(_miss(session, row, decided.missed, Outcome("missed", "late", late)))
    known = [] if row.override_reason else queries.blackouts_of(session, row.environment)
    for at in decided.run:
        holding = next((one for one in known if queries.covers(one, at) or queries.covers(one, moment)), None)
        outcome = _start(session, row) if holding is None else Outcome("missed", "blackout", holding.name)
        if outcome.name == "missed":
            written.append(_miss(session, row, (at,), outcome))
        else:
            written.append(_write(session, row, (at,), outcome))
            if outcome.name == "failed":
                _noted(session, row, Action.SCHEDULE_FAILED, written[-1])
    return written


def _start(session: Session, row: Schedule) -> Outcome:
    """Launch as the owner, with the rights of this moment. What is refused is an outcome, not an error."""
    try:
        with session.begin_nested():
            job = jobs.launch(session, actor_for(session, row.owner_id), order_of(row))
    except Forbidden as error:
        return Outcome("missed", error.code, error.detail)
    except OrchError as error:
        return Outcome("failed", error.code, error.detail, [fault.to_wire() for fault in error.errors])
    except DBAPIError:
        raise
    except Exception:  # noqa: BLE001 - one schedule that trips over a fault of ours must not stop all others
        _log.exception("schedules.firing_failed", schedule=row.id)
        return Outcome("failed", "internal_error", "Something went wrong on our side. The log has the details.")
    return Outcome("started", job=(job.id, job.number))


def _miss(session: Session, row: Schedule, missed: Sequence[int], outcome: Outcome) -> Firing:
    """Write down what was missed; one after another for the same reason is one row and one audit entry."""
    newest = select(Firing).where(Firing.schedule_id == row.id).order_by(col(Firing.id).desc())
    last = session.exec(newest).first()
    if last and (last.kind, last.outcome, last.reason) == ("planned", "missed", outcome.reason):
        last.until, last.count, last.detail = missed[-1], last.count + len(missed), outcome.detail
        session.add(last)
        return last
    firing = _write(session, row, missed, outcome)
    _noted(session, row, Action.SCHEDULE_MISSED, firing)
    return firing


def _write(session: Session, row: Schedule, at: Sequence[int], outcome: Outcome, *, kind: str = "planned") -> Firing:
    job_id, job_number = outcome.job or (None, None)
    firing = Firing(
        id=new_id("fir"),
        schedule_id=row.id,
        kind=kind,
        fire_at=at[0],
        until=at[-1],
        count=len(at),
        outcome=outcome.name,
        reason=outcome.reason,
        detail=outcome.detail,
        errors_json=outcome.errors,
        job_id=job_id,
        job_number=job_number,
        actor_name=row.owner_name,
        created_at=now(),
    )
    session.add(firing)
    session.flush()
    return firing


def _give_up(session: Session, row: Schedule, moment: int, why: str) -> Fired:
    """A schedule whose moments can no longer be told stands still, visibly, until somebody changes it."""
    if not _claim(session, row, None):
        return Fired(row.id)
    firing = _write(session, row, (moment,), Outcome("failed", "bad_schedule", why))
    _noted(session, row, Action.SCHEDULE_FAILED, firing)
    return Fired(row.id, [firing])


def _noted(session: Session, row: Schedule, action: Action, firing: Firing) -> None:
    metadata: dict[str, Any] = {
        "name": row.name,
        "owner": row.owner_name,
        "at": cron.to_datetime(firing.fire_at).isoformat(),
        "count": firing.count,
        "reason": firing.reason,
    }
    target = ("schedule", row.id)
    record(session, SCHEDULER, action, target, result="failed", environment=row.environment, metadata=metadata)


def _forget_old(session: Session, row: Schedule) -> None:
    old = (col(Firing.schedule_id) == row.id, col(Firing.created_at) < now() - KEPT)
    session.exec(delete(Firing).where(*old))
