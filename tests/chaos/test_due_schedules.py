"""Schedules that are due while workers come, go and are killed: each has its effect once."""

import pytest

from orch_app.domains.access.permissions import Role
from tests.chaos.ledger import Ledger
from tests.chaos.workers import Fleet, all_ended, wait_for
from tests.domains.schedules.samples import jobs_of, outcomes
from tests.domains.schedules.test_exactly_once import due_two_minutes_ago
from tests.systems.people import add_user, start_afresh


def test_what_is_due_is_fired_once_by_two_workers_of_which_one_is_killed(
    fleet: Fleet, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_afresh(monkeypatch)
    owner = add_user(Role.ADMIN)
    rows = [
        due_two_minutes_ago(owner, f"schedule {number}", runbook="effect", missed_policy="run_once")
        for number in range(4)
    ]
    fleet.start(2)
    wait_for(lambda: any(jobs_of(row) for row in rows), f"something was fired\n{fleet.log()[-3000:]}")
    fleet.kill()
    wait_for(lambda: all(jobs_of(row) for row in rows), "everything was fired")
    jobs = [job.id for row in rows for job in jobs_of(row)]
    wait_for(lambda: all_ended(jobs), f"all jobs ended\n{fleet.log()[-3000:]}")
    assert [outcomes(row) for row in rows] == [[("started", "", 1)]] * 4
    assert len(jobs) == 4
    assert [job for job in jobs if ledger.effects(job) > 1] == []
