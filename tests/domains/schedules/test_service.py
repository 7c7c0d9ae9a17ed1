"""Making, changing, pausing, running and removing schedules: whose they are, and what is refused where."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.schedules import blackouts, queries, service
from orch_app.domains.schedules.firing import fire_due
from orch_app.domains.schedules.wire import BlackoutsQuery, NewBlackout, NewSchedule, ScheduleChange, SchedulesQuery
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, OrchError, StaleVersion
from orch_app.kit.rest import etag
from orch_app.kit.settings import settings
from tests.domains.inventory.samples import add_connection, add_host
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.runbooks.folders import write_runbook
from tests.domains.schedules.samples import add, firings, fresh, jobs_of, put
from tests.systems.people import add_user, audited
from tests.systems.product import bound_to

NO_INPUTS = {"type": "object", "additionalProperties": False, "properties": {}}
ON_HOSTS = [{"name": "Demo", "hosts": "targets", "gather_facts": False, "tasks": []}]
GOOD = {"name": "nightly", "runbook": "host_report", "cron": "0 3 * * *", "timezone": "America/Sao_Paulo"}
DAY_MS = 24 * 3_600_000


def refused(actor: Actor, **facts: object) -> OrchError:
    with pytest.raises(OrchError) as found, unit_of_work() as session:
        service.create(session, actor, NewSchedule(**{**GOOD, **facts}))  # pyright: ignore[reportArgumentType]
    return found.value


def pointers(error: OrchError) -> list[str]:
    return [fault.pointer for fault in error.errors]


def change(actor: Actor, row: str, **facts: object) -> None:
    with unit_of_work() as session:
        service.update(session, actor, row, ScheduleChange(**facts))  # pyright: ignore[reportArgumentType]


def test_what_a_clock_far_ahead_has_fired_does_not_hold_up_who_resumes_it(owner: Actor) -> None:
    row = add(owner)
    with reading() as session:
        moment = session.exec(select(now_ms())).one()
    with unit_of_work() as session:
        while fire_due(session, at_ms=moment + 365 * DAY_MS):
            pass
    assert (fresh(row).next_fire_at or 0) > moment + 364 * DAY_MS
    with unit_of_work() as session:
        service.pause(session, owner, row.id)
        service.resume(session, owner, row.id)
    assert moment < (fresh(row).next_fire_at or 0) <= moment + 3_660_000


def test_a_new_schedule_belongs_to_its_maker_and_is_due_in_the_future(owner: Actor) -> None:
    row = add(owner)
    with reading() as session:
        moment = session.exec(select(now_ms())).one()
    assert (row.owner_id, row.owner_name, row.version) == (owner.user_id, owner.name, 1)
    assert row.next_fire_at is not None
    assert moment < row.next_fire_at <= moment + 3_600_000
    (entry,) = audited("schedule.created")
    assert (entry.target_id, entry.metadata_json["cron"]) == (row.id, "0 * * * *")


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"cron": "61 * * * *"}, "/cron"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "/endsAt"),
        ({"inputs": {"disk_warn_pct": 101}}, "/disk_warn_pct"),
        ({"hosts": ["hst_01J9ZC5V0G3M5W6YQX4T2R8S7K"]}, "/hosts/0"),
        ({"connections": {"x": "y"}}, "/connections/x"),
    ],
)
def test_what_could_not_run_is_refused_at_its_field(facts: dict[str, object], pointer: str, owner: Actor) -> None:
    error = refused(owner, **facts)
    assert isinstance(error, Invalid)
    assert pointers(error) == [pointer]


def test_an_unknown_runbook_and_a_taken_name_are_refused(owner: Actor) -> None:
    assert isinstance(refused(owner, runbook="nothing"), NotFound)
    add(owner)
    assert refused(owner).code == "name_taken"
    assert add(owner, name="nightly", environment="prod").environment == "prod"


def test_who_may_not_run_it_may_not_schedule_it(catalogue: str) -> None:
    assert isinstance(refused(add_user(Role.VIEWER)), Forbidden)


def test_the_command_line_has_no_account_and_so_owns_nothing(owner: Actor) -> None:
    assert refused(COMMAND_LINE).code == "no_account"


def test_only_its_owner_or_an_admin_changes_a_schedule_and_becomes_its_owner(owner: Actor, boss: Actor) -> None:
    row = add(owner)
    other = add_user(Role.OPERATOR, "other@example.com")
    with pytest.raises(Forbidden, match="belongs to"):
        change(other, row.id, name="mine")
    for act in (service.pause, service.resume, service.delete):
        with pytest.raises(Forbidden), unit_of_work() as session:
            act(session, other, row.id)
    change(boss, row.id, name="ours")
    changed = fresh(row)
    assert (changed.name, changed.owner_id, changed.version) == ("ours", boss.user_id, 2)


def test_only_the_given_fields_change_and_null_takes_away_what_may_be_empty(owner: Actor) -> None:
    row = add(owner, starts_at="2190-01-01T00:00:00Z", request_reason="because")
    change(owner, row.id, starts_at=None, cron="30 4 * * *")
    changed = fresh(row)
    assert (changed.starts_at, changed.request_reason, changed.cron) == (None, "because", "30 4 * * *")
    assert changed.next_fire_at is not None
    assert changed.next_fire_at < (row.next_fire_at or 0)


def test_a_change_from_an_older_version_is_refused(owner: Actor) -> None:
    row = add(owner)
    change(owner, row.id, name="newer")
    with pytest.raises(StaleVersion), unit_of_work() as session:
        service.update(session, owner, row.id, ScheduleChange(name="older"), if_match=etag(row.id, 1))


def test_paused_it_has_no_next_moment_and_resumed_it_has_one_again(owner: Actor) -> None:
    row = add(owner)
    for _ in range(2):
        with unit_of_work() as session:
            service.pause(session, owner, row.id)
    assert (fresh(row).is_paused, fresh(row).next_fire_at) == (True, None)
    for _ in range(2):
        with unit_of_work() as session:
            service.resume(session, owner, row.id)
    assert fresh(row).next_fire_at is not None
    assert (len(audited("schedule.paused")), len(audited("schedule.resumed"))) == (1, 1)


def test_a_change_while_paused_leaves_it_paused(owner: Actor) -> None:
    row = add(owner)
    with unit_of_work() as session:
        service.pause(session, owner, row.id)
    change(owner, row.id, cron="5 * * * *")
    assert (fresh(row).is_paused, fresh(row).next_fire_at) == (True, None)


def test_overriding_blackouts_is_for_admins_and_says_why(owner: Actor, boss: Actor) -> None:
    assert isinstance(refused(owner, override_reason="must run"), Forbidden)
    row = add(boss, override_reason="  must run ")
    assert (row.override_reason, row.override_by) == ("must run", boss.name)


def test_run_now_makes_a_job_in_the_name_of_who_asks_and_moves_no_moment(owner: Actor, boss: Actor) -> None:
    row = add(owner)
    for _ in range(2):
        with unit_of_work() as session:
            service.run_now(session, boss, row.id)
    (job, _) = jobs_of(row)
    assert (job.created_by, job.trigger, fresh(row).next_fire_at) == (boss.user_id, "schedule", row.next_fire_at)
    assert [(one.kind, one.outcome, one.actor_name) for one in firings(row)] == [("manual", "started", boss.name)] * 2
    assert len(audited("schedule.run")) == 2


def test_run_now_in_a_blackout_needs_an_admin_with_a_reason(owner: Actor, boss: Actor) -> None:
    row = add(owner)
    with unit_of_work() as session:
        freeze = NewBlackout(name="freeze", environment="stage", cron="* * * * *", duration_min=5)
        blackouts.create(session, boss, freeze)
    with pytest.raises(Conflict, match="freeze"), unit_of_work() as session:
        service.run_now(session, boss, row.id)
    with pytest.raises(Forbidden), unit_of_work() as session:
        service.run_now(session, owner, row.id, override_reason="urgent")
    with unit_of_work() as session:
        service.run_now(session, boss, row.id, override_reason="urgent")
    assert audited("schedule.run")[0].metadata_json["overrideReason"] == "urgent"


def test_removed_it_takes_its_firings_along_and_leaves_its_jobs(owner: Actor) -> None:
    row = add(owner)
    with unit_of_work() as session:
        service.run_now(session, owner, row.id)
    with unit_of_work() as session:
        service.delete(session, owner, row.id)
    assert (firings(row), len(jobs_of(row)), len(audited("schedule.deleted"))) == ([], 1, 1)


def test_the_list_is_filtered_by_environment_state_runbook_owner_and_words(owner: Actor, boss: Actor) -> None:
    first, second = add(owner, name="Última"), add(boss, name="weekly", environment="prod")
    over = add(owner, name="over")
    put(over, next_fire_at=None)
    with unit_of_work() as session:
        service.pause(session, boss, second.id)
    wanted = {
        "environment": (["prod"], [second]),
        "status": ("paused", [second]),
        "owner": (boss.user_id, [second]),
        "q": ("última", [first]),
        "runbook": ("host_report", [over, second, first]),
    }
    with reading() as session:
        for name, (value, found) in wanted.items():
            page = queries.list_schedules(session, owner, SchedulesQuery.model_validate({name: value}))
            assert {row.id for row in page.items} == {row.id for row in found}, name
        ended = queries.list_schedules(session, owner, SchedulesQuery(status="ended")).items
        assert [row.id for row in ended] == [over.id]


def test_next_runs_are_five_and_name_the_blackout_that_will_hold_them(owner: Actor, boss: Actor) -> None:
    row = add(owner, cron="0 * * * *")
    with unit_of_work() as session:
        nights = NewBlackout(name="nights", environment="stage", cron="0 0 * * *", duration_min=24 * 60)
        blackouts.create(session, boss, nights)
    with reading() as session:
        runs = queries.next_runs(row, queries.all_blackouts(session))
    assert [run.blackout for run in runs] == ["nights"] * 5
    assert [run.at_ms for run in runs] == [(row.next_fire_at or 0) + hour * 3_600_000 for hour in range(5)]


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({}, "/startsAt"),
        ({"cron": "0 0 * * *"}, "/startsAt"),
        ({"cron": "x", "duration_min": 5}, "/cron"),
        ({"starts_at": "2026-05-02T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"}, "/endsAt"),
    ],
)
def test_a_blackout_that_says_too_little_is_refused(facts: dict[str, object], pointer: str, boss: Actor) -> None:
    new = NewBlackout(name="freeze", environment="stage", **facts)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Invalid) as found, unit_of_work() as session:
        blackouts.create(session, boss, new)
    assert pointers(found.value) == [pointer]


def test_blackouts_are_for_admins_and_seen_by_all(owner: Actor, boss: Actor) -> None:
    new = NewBlackout(name="freeze", environment="stage", cron="0 0 * * *", duration_min=5)
    with pytest.raises(Forbidden), unit_of_work() as session:
        blackouts.create(session, owner, new)
    with unit_of_work() as session:
        blackouts.create(session, boss, new)
    with reading() as session:
        assert [row.name for row in queries.list_blackouts(session, owner, BlackoutsQuery()).items] == ["freeze"]


def test_tags_and_a_limit_are_heeded_at_each_firing(owner: Actor, admin: Actor, tmp_path: Path) -> None:
    write_runbook(tmp_path / "own", "tagged", schema=NO_INPUTS, playbook=ON_HOSTS, target="hosts", play_tags=["config"])
    with bound_to(settings().data_dir, settings().database_url, ORCH_RUNBOOKS_DIR=str(tmp_path / "own")):
        sync_runbooks(admin)
        reached: dict[str, Any] = {"connection_id": add_connection(admin).id, "pinned": True}
        add_host(admin, "web-1", **reached)
        assert pointers(refused(owner, runbook="tagged", tags=["other"], limit="web*")) == ["/tags"]
        assert pointers(refused(owner, runbook="tagged", limit="mail*")) == ["/limit"]
        row = add(owner, runbook="tagged", tags=["config"], limit="web*")
        add_host(admin, "web-2", **reached)
        with unit_of_work() as session:
            service.run_now(session, owner, row.id)
    (job,) = jobs_of(row)
    assert (job.host_names, job.tags_json) == (["web-1", "web-2"], {"only": ["config"]})
