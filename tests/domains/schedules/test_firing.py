"""One tick: what is due becomes jobs in the owner's name, and what cannot is told and stops nothing."""

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service as accounts
from orch_app.domains.accounts.service import UserChange
from orch_app.domains.jobs import service as jobs
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.schedules import blackouts, cron, firing, service
from orch_app.domains.schedules.models import Schedule
from orch_app.domains.schedules.wire import NewBlackout, ScheduleChange
from orch_app.kit.db import unit_of_work
from orch_app.kit.queue import install_bell
from tests.domains.schedules.samples import add, firings, fresh, jobs_of, ms, outcomes, put, tick
from tests.systems.people import audited, later


def change_user(actor: Actor, change: UserChange) -> None:
    with unit_of_work() as session:
        accounts.change_user(session, COMMAND_LINE, actor.user_id or "", change)


def add_blackout(boss: Actor, **facts: object) -> None:
    given = {"name": "freeze", "environment": "stage", **facts}
    with unit_of_work() as session:
        blackouts.create(session, boss, NewBlackout(**given))  # pyright: ignore[reportArgumentType]


def test_a_due_moment_becomes_a_job_of_the_owner_and_the_next_one_is_kept(owner: Actor) -> None:
    rung: list[str] = []
    install_bell(lambda _name, payload: rung.append(payload["job_id"]), lambda: True)
    row = add(owner, stands_at="2026-05-01 10:00", inputs={"disk_warn_pct": 70}, request_reason="weekly look")
    (fired,) = tick("2026-05-01 10:00")
    (job,) = jobs_of(row)
    assert (fired.outcome, fired.job_id, fired.job_number, rung) == ("started", job.id, job.number, [job.id])
    assert (job.trigger, job.created_by, job.request_reason) == ("schedule", owner.user_id, "weekly look")
    assert job.input_json["disk_warn_pct"] == 70
    assert fresh(row).next_fire_at == ms("2026-05-01 11:00")
    (entry,) = audited("job.executed")
    assert (entry.actor_user_id, entry.metadata_json["origin"]) == (owner.user_id, row.id)


def test_nothing_is_due_a_moment_before(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    assert tick(ms("2026-05-01 10:00") - 1) == []
    assert jobs_of(row) == []


def test_who_has_waited_longest_is_fired_first(owner: Actor) -> None:
    late = add(owner, stands_at="2026-05-01 10:00")
    early = add(owner, name="other", stands_at="2026-05-01 09:00")
    assert [one.schedule_id for one in tick("2026-05-01 10:00") if one.outcome == "started"] == [early.id, late.id]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("skip", [("missed", "late", 3)]),
        ("run_once", [("missed", "late", 2), ("started", "", 1)]),
        ("run_all", [("started", "", 1)] * 3),
    ],
)
def test_after_a_standstill_the_policy_decides(policy: str, expected: list[object], owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00", missed_policy=policy)
    tick("2026-05-01 12:30")
    assert outcomes(row) == expected
    assert fresh(row).next_fire_at == ms("2026-05-01 13:00")


def test_catching_up_is_bounded_and_what_is_beyond_is_told(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 00:00", missed_policy="run_all")
    tick("2026-05-02 05:59")
    assert outcomes(row) == [("missed", "late", 6), *[("started", "", 1)] * 24]


def test_after_a_year_of_standstill_every_minute_is_accounted_for_in_short_transactions(owner: Actor) -> None:
    row = add(owner, cron="* * * * *", stands_at="2026-05-01 00:00", missed_policy="run_once")
    tick("2026-05-05 00:00")
    (missed, ran) = firings(row)
    assert (missed.count, ran.outcome) == (4 * 24 * 60, "started")
    assert (missed.fire_at, missed.until) == (ms("2026-05-01 00:00"), ms("2026-05-04 23:59"))
    assert len(audited("schedule.missed")) == 1


def test_missed_one_after_another_for_the_same_reason_is_one_row_and_one_entry(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    change_user(owner, UserChange(status="disabled"))
    for hour in (10, 11, 12):
        tick(f"2026-05-01 {hour}:00")
    assert outcomes(row) == [("missed", "owner_inactive", 3)]
    (entry,) = audited("schedule.missed")
    assert (entry.target_id, entry.result, entry.metadata_json["reason"]) == (row.id, "failed", "owner_inactive")
    change_user(owner, UserChange(status="active"))
    tick("2026-05-01 13:00")
    assert outcomes(row) == [("missed", "owner_inactive", 3), ("started", "", 1)]


def test_a_right_that_was_taken_away_is_missed_and_a_right_given_back_is_used(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    change_user(owner, UserChange(role=Role.VIEWER))
    tick("2026-05-01 10:00")
    assert outcomes(row) == [("missed", "forbidden", 1)]
    assert "viewer" in firings(row)[0].detail
    change_user(owner, UserChange(role=Role.OPERATOR))
    tick("2026-05-01 11:00")
    assert outcomes(row)[-1] == ("started", "", 1)


def test_a_job_of_a_runbook_that_became_riskier_waits_for_an_approval(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.risk = "high"
        session.add(runbook)
    tick("2026-05-01 10:00")
    assert outcomes(row) == [("started", "", 1)]
    assert [job.phase for job in jobs_of(row)] == ["awaiting_approval"]


def test_inputs_that_no_longer_fit_fail_with_their_faults_and_do_not_stop_the_schedule(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    put(row, input_json={"disk_warn_pct": 101})
    tick("2026-05-01 10:00")
    (failed,) = firings(row)
    assert (failed.outcome, failed.reason) == ("failed", "validation")
    assert failed.errors_json[0]["pointer"] == "/disk_warn_pct"
    assert [entry.target_id for entry in audited("schedule.failed")] == [row.id]
    put(row, input_json={})
    tick("2026-05-01 11:00")
    assert outcomes(row) == [("failed", "validation", 1), ("started", "", 1)]


def test_a_fault_of_ours_in_one_schedule_stops_no_other(owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = add(owner, stands_at="2026-05-01 09:00")
    good = add(owner, name="other", stands_at="2026-05-01 10:00")
    launch = jobs.launch

    def trip(session: object, actor: object, order: jobs.Order) -> object:
        if order.origin_id == bad.id:
            raise ZeroDivisionError
        return launch(session, actor, order)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(jobs, "launch", trip)
    tick("2026-05-01 10:00")
    assert (outcomes(bad)[-1], outcomes(good)) == (("failed", "internal_error", 1), [("started", "", 1)])


def test_a_zone_that_is_gone_stops_the_schedule_visibly(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    put(row, timezone="Europe/Atlantis")
    tick("2026-05-01 10:00")
    assert outcomes(row) == [("failed", "bad_schedule", 1)]
    assert fresh(row).next_fire_at is None


def test_a_blackout_holds_what_is_due_in_it_and_nothing_is_caught_up_afterwards(owner: Actor, boss: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00", missed_policy="run_all")
    add_blackout(boss, starts_at="2026-05-01T09:30:00Z", ends_at="2026-05-01T12:00:00Z")
    for hour in (10, 11, 12):
        tick(f"2026-05-01 {hour}:00")
    assert outcomes(row) == [("missed", "blackout", 2), ("started", "", 1)]
    assert firings(row)[0].detail == "freeze"


def test_what_was_due_before_a_blackout_does_not_start_within_it(owner: Actor, boss: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00", missed_policy="run_once")
    add_blackout(boss, starts_at="2026-05-01T10:30:00Z", ends_at="2026-05-01T12:00:00Z")
    tick("2026-05-01 10:45")
    assert outcomes(row) == [("missed", "blackout", 1)]


def test_a_recurring_blackout_holds_in_its_own_zone(owner: Actor, boss: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 20:00")  # a Friday, 17:00 in Brazil
    add_blackout(boss, cron="0 18 * * FRI", timezone="America/Sao_Paulo", duration_min=120)
    for at in ("2026-05-01 20:00", "2026-05-01 21:00", "2026-05-01 22:00", "2026-05-01 23:00"):
        tick(at)
    assert outcomes(row) == [("started", "", 1), ("missed", "blackout", 2), ("started", "", 1)]


def test_a_blackout_of_another_environment_and_one_that_an_admin_overrode_hold_nothing(boss: Actor) -> None:
    row = add(boss, stands_at="2026-05-01 10:00", override_reason="the backup must run")
    add_blackout(boss, starts_at="2026-05-01T09:30:00Z", ends_at="2026-05-01T12:00:00Z")
    other = add(boss, name="production", environment="prod", stands_at="2026-05-01 10:00")
    tick("2026-05-01 10:00")
    assert (outcomes(row), outcomes(other)) == ([("started", "", 1)], [("started", "", 1)])
    assert row.override_by == boss.name


def test_after_its_end_nothing_is_due(owner: Actor) -> None:
    row = add(owner, starts_at="2190-01-01T00:00:00Z", ends_at="2190-01-01T01:30:00Z")
    assert row.next_fire_at == ms("2190-01-01 00:00")
    tick("2190-01-01 00:00")
    tick("2190-01-01 01:00")
    assert (len(jobs_of(row)), fresh(row).next_fire_at) == (2, None)


def test_a_clock_that_jumps_ahead_misses_and_one_that_is_set_back_repeats_nothing(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    tick("2026-05-01 10:00")
    tick("2026-05-01 15:20")
    tick("2026-05-01 10:00")
    tick("2026-05-01 11:00")
    assert outcomes(row) == [("started", "", 1), ("missed", "late", 5)]
    tick("2026-05-01 16:00")
    assert outcomes(row)[-1] == ("started", "", 1)


def test_a_changed_schedule_does_not_repeat_what_it_fired_before_the_clock_was_set_back(owner: Actor) -> None:
    row = add(owner)
    ahead = (row.next_fire_at or 0) + 3 * 3_600_000
    put(row, next_fire_at=ahead)
    tick(ahead)
    with unit_of_work() as session:
        service.update(session, owner, row.id, ScheduleChange(name="renamed"))
    assert fresh(row).next_fire_at == ahead + 3_600_000


def test_old_firings_are_forgotten(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    tick("2026-05-01 10:00")
    with later(days=91):
        tick("2026-05-01 11:00")
    assert len(firings(row)) == 1


def test_a_paused_schedule_is_never_due(owner: Actor) -> None:
    row = add(owner)
    with unit_of_work() as session:
        service.pause(session, owner, row.id)
    assert tick("2199-01-01 00:00") == []
    assert fresh(row).next_fire_at is None


def test_a_night_of_daylight_saving_is_fired_as_it_was_announced(owner: Actor) -> None:
    row = add(owner, cron="30 2 * * *", timezone="America/New_York", stands_at="2026-03-07 07:30")
    moment = ms("2026-03-07 07:30")
    while moment <= ms("2026-03-09 12:00"):
        tick(moment)
        moment += 15 * 60_000
    assert [cron.to_datetime(one.fire_at).isoformat() for one in firings(row)] == [
        "2026-03-07T07:30:00+00:00",
        "2026-03-08T07:00:00+00:00",
        "2026-03-09T06:30:00+00:00",
    ]
    assert all(one.outcome == "started" for one in firings(row))


def test_order_of_says_what_is_stored(owner: Actor) -> None:
    row: Schedule = add(owner)
    assert firing.order_of(row) == jobs.Order("host_report", trigger="schedule", origin_id=row.id)
