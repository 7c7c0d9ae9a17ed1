"""Exactly one firing: several workers at once, one that is killed at the worst moment, and any clock."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from orch_app.domains.access.actor import Actor
from orch_app.domains.schedules import cron
from orch_app.domains.schedules.firing import fire_all_due
from orch_app.domains.schedules.models import Schedule
from orch_app.domains.schedules.planning import MissedPolicy
from orch_app.kit.ids import new_id
from orch_app.kit.settings import ROOT
from tests.domains.schedules.samples import DAY, HOUR, MINUTE, add, firings, fresh, jobs_of, ms, outcomes, put, tick

DEADLINE_S = 60.0
KILLED = """
import sys, time
from orch_app.domains.schedules.firing import fire_due
from orch_app.kit.db import unit_of_work
with unit_of_work() as session:
    fired = fire_due(session)
    session.flush()
    print("fired", len(fired.firings), flush=True)
    time.sleep(600)
"""


def due_two_minutes_ago(owner: Actor, name: str = "nightly", **facts: str) -> Schedule:
    """A schedule of one minute of the year, which has just passed on the database's own clock."""
    at = (datetime.now(UTC) - timedelta(minutes=2)).replace(second=0, microsecond=0)
    row = add(owner, name=name, cron=f"{at.minute} {at.hour} {at.day} {at.month} *", **facts)
    put(row, next_fire_at=cron.to_ms(at))
    return row


def test_eight_workers_at_once_fire_each_schedule_once(owner: Actor) -> None:
    rows = [due_two_minutes_ago(owner, f"schedule {number}") for number in range(4)]
    together = threading.Barrier(8)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            together.wait(DEADLINE_S)
            for _ in range(4):
                fire_all_due()
        except BaseException as error:  # noqa: BLE001 - told below, in the thread that judges
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert faults == []
    assert [outcomes(row) for row in rows] == [[("started", "", 1)]] * 4
    assert [len(jobs_of(row)) for row in rows] == [1] * 4


def test_a_worker_killed_before_its_commit_has_fired_nothing_and_another_one_does(owner: Actor) -> None:
    row = due_two_minutes_ago(owner)
    argv = [sys.executable, "-c", KILLED]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "fired 1"
        worker.kill()
    assert jobs_of(row) == []
    deadline = time.monotonic() + DEADLINE_S  # the database may need a moment to see that nobody is there any more
    while not jobs_of(row) and time.monotonic() < deadline:
        fire_all_due()
    fire_all_due()
    assert outcomes(row) == [("started", "", 1)]
    assert len(jobs_of(row)) == 1


START = ms("2026-10-31 00:00")  # New York sets its clocks back the night after


@budget(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    expression=st.sampled_from(["*/20 * * * *", "0 * * * *", "30 1 * * *", "15,45 0-3 * * *", "0 */6 * * *"]),
    zone=st.sampled_from(["America/New_York", "Europe/Lisbon", "America/Sao_Paulo"]),
    policy=st.sampled_from(MissedPolicy),
    jumps=st.lists(st.integers(-6 * HOUR, 9 * HOUR) | st.sampled_from([0, MINUTE, -MINUTE, DAY]), max_size=6),
)
def test_whatever_the_clock_does_no_moment_is_fired_twice_and_none_is_lost(
    owner: Actor, expression: str, zone: str, policy: MissedPolicy, jumps: list[int]
) -> None:
    row = add(owner, name=new_id("sch"), cron=expression, timezone=zone, missed_policy=policy)
    first = cron.next_after(expression, zone, START)
    assert first is not None
    put(row, next_fire_at=first)
    moment = latest = START
    for jump in jumps:
        moment += jump
        latest = max(latest, moment)
        tick(moment)
    expected: list[int] = []
    for at in cron.moments(expression, zone, START):
        if at > latest:
            assert fresh(row).next_fire_at == at
            break
        expected.append(at)
    put(row, next_fire_at=None)
    settled = firings(row)
    ran = [one.fire_at for one in settled if one.outcome == "started"]
    missed = [one for one in settled if one.outcome == "missed"]
    assert sorted(ran) == sorted(set(ran))
    assert set(ran) <= set(expected)
    assert len(ran) == len(jobs_of(row))
    assert len(ran) + sum(one.count for one in missed) == len(expected)
