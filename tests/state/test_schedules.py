"""The screen of schedules and blackouts: what it shows to whom, and how its forms save and refuse."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.schedules import blackouts
from orch_app.domains.schedules.models import Blackout, Schedule
from orch_app.domains.schedules.wire import NewBlackout
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.state.blackouts import BlackoutsState
from orch_app.state.schedule_form import ScheduleFormState
from orch_app.state.schedules import SchedulesState
from tests.domains.inventory.samples import add_connection, add_host
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.schedules.samples import add, fresh, jobs_of, tick
from tests.state.conftest import SignIn
from tests.state.tabs import tab
from tests.state.test_guard import leads_to
from tests.systems.people import add_user

BOSS = Actor("user", "usr_boss", "boss", Role.ADMIN)


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(COMMAND_LINE)


def call(state: Any, name: str, *args: Any) -> Any:
    return asyncio.run(type(state).event_handlers[name].fn(state, *args))


def listed(sign_in: SignIn, role: Role = Role.ADMIN, address: str = "/schedules") -> Any:
    state = tab(SchedulesState, cookie=sign_in(role), address=address)
    call(state, "load")
    return state


def form(sign_in: SignIn, role: Role = Role.OPERATOR, address: str = "/schedules?new=host_report") -> Any:
    state = tab(ScheduleFormState, cookie=sign_in(role), address=address)
    call(state, "open")
    call(state, "give_timezone", "America/Sao_Paulo")
    return state


def stored() -> list[Schedule]:
    with reading() as session:
        return list(session.exec(select(Schedule)))


def freeze() -> None:
    always = NewBlackout(name="freeze", environment="stage", cron="* * * * *", duration_min=5)
    with unit_of_work() as session:
        blackouts.create(session, BOSS, always)


def test_without_schedules_the_page_is_empty_and_a_filter_that_finds_nothing_is_not(sign_in: SignIn):
    assert listed(sign_in).phase == "empty"
    assert listed(sign_in, Role.VIEWER, "/schedules?q=x").phase == "ready"


def test_a_row_shows_when_whose_and_what_came_of_it(sign_in: SignIn):
    row = add(add_user(Role.OPERATOR, "olga@example.com"), cron="0 9 * * 1-5", timezone="Europe/Lisbon")
    tick("2199-01-01 00:00")
    state = listed(sign_in, Role.VIEWER)
    (shown,) = state.rows
    assert (shown["sentence"], shown["owner"], shown["isMine"]) == (
        "Monday to Friday at 09:00",
        "olga@example.com",
        False,
    )
    assert (shown["last"]["outcome"], shown["last"]["reason"]) == ("missed", "late")
    call(state, "open_detail", row.id)
    assert (state.panel, len(state.history), state.history[0]["count"] > 1) == ("detail", 1, True)


def test_the_address_of_a_job_opens_its_schedule(sign_in: SignIn):
    row = add(BOSS)
    assert listed(sign_in, address=f"/schedules?open={row.id}").one["name"] == "nightly"


def test_the_switch_pauses_and_lets_it_go_on(sign_in: SignIn):
    row = add(BOSS)
    state = listed(sign_in)
    call(state, "toggle", row.id, False)
    assert (fresh(row).is_paused, state.rows[0]["status"]) == (True, "paused")
    call(state, "toggle", row.id, True)
    assert not fresh(row).is_paused


def test_run_now_opens_the_job(sign_in: SignIn):
    row = add(BOSS)
    answer = call(listed(sign_in, Role.OPERATOR), "run_now", row.id)
    assert leads_to(answer) == f"/jobs/{jobs_of(row)[0].id}"


def test_in_a_blackout_an_admin_is_asked_for_a_reason_and_an_operator_is_refused(sign_in: SignIn):
    row = add(BOSS)
    freeze()
    operator = listed(sign_in, Role.OPERATOR)
    call(operator, "run_now", row.id)
    assert (operator.panel, jobs_of(row)) == ("", [])
    state = listed(sign_in)
    call(state, "run_now", row.id)
    assert state.panel == "override"
    assert call(state, "run_all_the_same") is None
    call(state, "give_override", "the customer waits")
    call(state, "run_all_the_same")
    assert len(jobs_of(row)) == 1


def test_a_schedule_is_removed_after_it_was_asked(sign_in: SignIn):
    row = add(BOSS)
    state = listed(sign_in)
    call(state, "ask_delete", row.id)
    assert (state.panel, state.one["name"]) == ("delete", "nightly")
    call(state, "delete")
    assert (stored(), state.phase) == ([], "empty")


def test_a_new_schedule_begins_with_the_runbooks_form_and_says_when_it_runs(sign_in: SignIn):
    state = form(sign_in)
    assert (state.is_open, state.phase, state.runbook["name"]) == (True, "ready", "host_report")
    assert (state.name, state.start["disk_warn_pct"]) == ("Relatório do host", 85)
    assert (state.said["sentencePt"], len(state.said["runs"])) == ("Todos os dias às 09:00", 5)
    assert state.said["runs"][0]["local"].endswith("09:00:00-03:00")


def test_without_a_runbook_the_form_asks_for_one(sign_in: SignIn):
    state = form(sign_in, address="/schedules?new=1")
    assert state.runbook == {}
    assert "host_report" in [option["value"] for option in state.runbooks]
    assert call(state, "save") is None
    call(state, "choose_runbook", "host_report")
    assert state.fields[0]["name"] == "sections"


def test_it_is_saved_as_it_was_filled_in(sign_in: SignIn):
    state = form(sign_in)
    for name, value in (
        ("choose_rhythm", "weekly"),
        ("give_time", "18:30"),
        ("toggle_weekday", "FRI"),
        ("choose_policy", "run_once"),
        ("give_end", "2190-01-01T00:00"),
        ("give_reason", "weekly look"),
    ):
        call(state, name, value)
    call(state, "fill_in", {"disk_warn_pct": 70})
    call(state, "save")
    (row,) = stored()
    assert (row.cron, row.timezone, row.missed_policy) == ("30 18 * * MON,FRI", "America/Sao_Paulo", "run_once")
    assert (row.input_json, row.request_reason) == ({"disk_warn_pct": 70}, "weekly look")
    assert row.ends_at is not None
    assert row.ends_at.isoformat() == "2190-01-01T03:00:00+00:00"
    assert not state.is_open


def test_a_limit_is_kept_and_shown_again(sign_in: SignIn):
    add_host(BOSS, "web-1", connection_id=add_connection(BOSS).id, pinned=True)
    state = form(sign_in)
    for name, value in (("choose_place", "hosts"), ("give_limit", "web*")):
        call(state, name, value)
    call(state, "save")
    (row,) = stored()
    assert (row.host_limit, row.host_ids) == ("web*", None)
    assert listed(sign_in).rows[0]["scope"] == "--limit web*"
    call(state, "open_edit", row.id)
    assert (state.limit, state.place, state.limited) == ("web*", "hosts", 1)


def test_a_job_is_taken_over_with_its_inputs(sign_in: SignIn):
    job = launched(COMMAND_LINE, inputs={"disk_warn_pct": 66}, request_reason="again")
    state = form(sign_in, address=f"/schedules?new=host_report&from={job.id}")
    assert (state.start["disk_warn_pct"], state.reason) == (66, "again")


def test_refusals_come_back_to_their_fields_in_both_languages(sign_in: SignIn):
    add(BOSS, name="taken")
    state = form(sign_in)
    call(state, "give_name", "taken")
    call(state, "save")
    assert (state.when_faults["name"], state.when_faults_pt["name"]) == ("This name is taken.", "Este nome já existe.")
    call(state, "give_name", "free")
    call(state, "fill_in", {"disk_warn_pct": 101})
    call(state, "save")
    assert (state.when_faults, state.errors_pt) == ({}, {"/disk_warn_pct": "Deve ser no máximo 100."})
    call(state, "fill_in", {})
    call(state, "give_name", " ")
    call(state, "save")
    assert state.when_faults_pt == {"name": "Dê um nome."}
    assert [row.name for row in stored()] == ["taken"]


def test_a_bad_expression_is_told_while_it_is_typed(sign_in: SignIn):
    state = form(sign_in)
    call(state, "choose_rhythm", "cron")
    assert state.cron == "0 9 * * *"
    call(state, "give_cron", "61 * * * *")
    assert (list(state.cron_faults), state.said["sentence"]) == (["cron"], "")
    call(state, "give_cron", "*/15 * * * *")
    assert (state.cron_faults, state.said["sentence"]) == ({}, "Every 15 minutes")


def test_an_edited_schedule_shows_what_is_stored_and_belongs_to_who_saves(sign_in: SignIn):
    row = add(BOSS, cron="15 3 L * *", timezone="Europe/Lisbon", inputs={"disk_warn_pct": 60}, missed_policy="run_all")
    state = tab(ScheduleFormState, cookie=sign_in(Role.ADMIN), address="/schedules")
    call(state, "open_edit", row.id)
    assert (state.rhythm, state.day, state.time, state.timezone) == ("monthly", "L", "03:15", "Europe/Lisbon")
    assert (state.start, state.policy) == ({"disk_warn_pct": 60}, "run_all")
    call(state, "give_name", "renamed")
    call(state, "save")
    changed = fresh(row)
    assert (changed.name, changed.input_json, changed.version) == ("renamed", {"disk_warn_pct": 60}, 2)
    assert changed.owner_id != row.owner_id


def test_what_somebody_changed_meanwhile_is_not_overwritten(sign_in: SignIn):
    row = add(BOSS)
    state = tab(ScheduleFormState, cookie=sign_in(Role.ADMIN), address="/schedules")
    call(state, "open_edit", row.id)
    with unit_of_work() as session:
        other = session.get(Schedule, row.id)
        assert other is not None
        other.version = 9
        session.add(other)
    answer = call(state, "save")
    assert answer is not None
    assert (fresh(row).version, state.is_open) == (9, True)


def test_closing_leaves_the_address_behind(sign_in: SignIn):
    state = form(sign_in)
    assert leads_to(call(state, "close")) == "/schedules"
    call(state, "open")
    assert state.is_open


def blackout_form(sign_in: SignIn) -> Any:
    state = tab(BlackoutsState, cookie=sign_in(Role.ADMIN), address="/schedules")
    call(state, "load")
    call(state, "open_new")
    call(state, "give_timezone", "America/Sao_Paulo")
    call(state, "give_name", "Black Friday")
    return state


def test_a_blackout_once_is_saved_in_its_zone(sign_in: SignIn):
    state = blackout_form(sign_in)
    call(state, "give_start", "2026-11-27T00:00")
    call(state, "save")
    assert list(state.faults) == ["startsAt"]
    call(state, "give_end", "2026-11-30T00:00")
    call(state, "save")
    with reading() as session:
        row = session.exec(select(Blackout)).one()
    assert (row.environment, str(row.starts_at)) == ("prod", "2026-11-27 03:00:00+00:00")
    assert (state.panel, [one["name"] for one in state.rows]) == ("", ["Black Friday"])


def test_a_recurring_blackout_is_saved_edited_and_removed(sign_in: SignIn):
    state = blackout_form(sign_in)
    call(state, "choose_kind", "again")
    call(state, "give_hours", "1,5")
    call(state, "save")
    (row,) = state.rows
    assert (row["cron"], row["minutes"], row["sentencePt"]) == ("0 18 * * FRI", 90, "Sexta às 18:00")
    call(state, "open_edit", row["id"])
    assert (state.kind, state.hours, state.rhythm, state.weekdays) == ("again", "1.5", "weekly", ["FRI"])
    call(state, "give_hours", "nonsense")
    call(state, "save")
    assert state.panel == "form"
    call(state, "give_hours", "2")
    call(state, "save")
    assert state.rows[0]["minutes"] == 120
    call(state, "ask_delete", row["id"])
    call(state, "delete")
    assert state.rows == []


def test_a_viewer_changes_nothing(sign_in: SignIn):
    row = add(BOSS)
    state = listed(sign_in, Role.VIEWER)
    for name, args in (("toggle", (row.id, False)), ("run_now", (row.id,)), ("ask_delete", (row.id,)), ("delete", ())):
        assert call(state, name, *args) is not None, name
    assert (fresh(row).is_paused, jobs_of(row)) == (False, [])
