"""Schedules in the simulation: one that is due every minute, and what must hold of its moments."""

from collections.abc import Callable
from datetime import datetime, timedelta

from orch_app.domains.schedules.models import Schedule
from tests.simulation.store import ONCE, PERSON, Store

MINUTE_MS = 60_000
NEXT = "SELECT id, next_fire_at FROM schedules"
FIRED = (
    "SELECT fire_at, count, outcome FROM schedule_firings WHERE schedule_id = ? AND kind = 'planned' ORDER BY fire_at"
)
STARTED = "SELECT count(*) FROM jobs WHERE origin_id = ?"


def every_minute(first: datetime) -> Schedule:
    """A schedule whose first moment is this one."""
    return Schedule(
        id="sch_1",
        name="every minute",
        runbook_name=ONCE,
        environment="stage",
        cron="* * * * *",
        timezone="UTC",
        owner_id=str(PERSON.user_id),
        missed_policy="run_once",
        ends_at=first + timedelta(minutes=3),
        next_fire_at=int(first.timestamp() * 1000),
        created_at=first,
        updated_at=first,
    )


class Schedules:
    """Each moment is accounted for once: started, failed or missed; and one that started made one job."""

    def __init__(self, store: Store, require: Callable[[object, str], None]) -> None:
        self._store = store
        self._require = require
        self._first: dict[str, int] = {}
        self._next: dict[str, int | None] = {}

    def is_due(self, db_ms: int) -> bool:
        """Whether a worker that looks now would find something."""
        return any(at is not None and at <= db_ms for at in self._next.values())

    def look(self) -> None:
        """After every step.

        Raises:
            Violation: a moment was fired twice, left out, or fired without a job.
        """
        for schedule_id, following in self._store.rows(NEXT):
            if schedule_id not in self._first:
                self._first[schedule_id] = following
            elif following != self._next[schedule_id]:
                self._check(schedule_id, self._next[schedule_id], following)
            self._next[schedule_id] = following

    def _check(self, schedule_id: str, before: int | None, following: int | None) -> None:
        self._require(before is not None, f"{schedule_id} had ended and is due again")
        self._require(following is None or following > (before or 0), f"{schedule_id} goes back to {following}")
        fired = self._store.rows(FIRED, schedule_id)
        if following is not None:
            moments = (following - self._first[schedule_id]) // MINUTE_MS
            told = sum(count for _, count, _ in fired)
            self._require(told == moments, f"{schedule_id}: {moments} moments are over, {told} are told of: {fired}")
        started = sum(outcome == "started" for *_, outcome in fired)
        jobs = self._store.rows(STARTED, schedule_id)[0][0]
        self._require(started == jobs, f"{schedule_id} started {started} times, and there are {jobs} jobs of it")
