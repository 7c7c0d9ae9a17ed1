"""Huey's ring for schedules: once a minute, never piling up, and never twice the same job."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlmodel import select

from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Job
from orch_app.domains.schedules.models import Schedule
from orch_app.kit.db import reading
from tests.domains.jobs.trials import GOOD, Trials
from tests.domains.schedules.test_exactly_once import due_two_minutes_ago
from tests.systems.people import add_user, start_afresh

pytestmark = pytest.mark.integration


@pytest.fixture
def row(trials: Trials, tasks: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Schedule:
    start_afresh(monkeypatch)
    trials.write("host_report", GOOD)
    return due_two_minutes_ago(add_user(Role.ADMIN))


def jobs() -> list[Job]:
    with reading() as session:
        return list(session.exec(select(Job)))


def test_the_ring_is_periodic_and_is_thrown_away_when_it_comes_late(tasks: SimpleNamespace) -> None:
    (periodic,) = tasks.huey.read_periodic(datetime(2026, 5, 1, 10, 0, tzinfo=UTC))
    assert (periodic.name, periodic.retries) == ("schedule.tick", 0)
    assert 0 < periodic.expires < 60


def test_rung_by_two_workers_the_schedule_is_fired_once(row: Schedule, tasks: SimpleNamespace) -> None:
    for _ in range(2):
        for task in tasks.huey.read_periodic(datetime(2026, 5, 1, 10, 0, tzinfo=UTC)):
            tasks.huey.enqueue(task)
    tasks.huey.execute(tasks.huey.dequeue())
    tasks.huey.execute(tasks.huey.dequeue())
    (job,) = jobs()
    assert (job.origin_id, job.trigger) == (row.id, "schedule")
    rung = tasks.huey.dequeue()
    assert (rung.name, rung.kwargs) == ("jobs.run", {"job_id": job.id})
