"""The dashboard: figures, what needs attention, and the first steps of a fresh installation."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.wire import NewHost
from orch_app.domains.schedules import service as schedules
from orch_app.domains.schedules.wire import NewSchedule
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.ids import new_id
from orch_app.state.dashboard import DashboardState
from orch_app.state.session import ShellState
from tests.domains.containers.site import Site, add
from tests.domains.jobs.orders import sync_runbooks
from tests.state.open_tab import OpenTab, signed_in
from tests.state.sites import site
from tests.state.test_session import add_job
from tests.systems.people import add_user

__all__ = ["site"]
pytestmark = pytest.mark.usefixtures("database")


def loaded(tab: OpenTab) -> DashboardState:
    asyncio.run(tab.send(DashboardState.load))
    return tab.state(DashboardState)


def add_host(name: str, status: str, environment: str = "stage") -> None:
    with unit_of_work() as session:
        new = NewHost(name=name, address="192.0.2.9", environment=environment)  # pyright: ignore[reportArgumentType]
        hosts.create(session, COMMAND_LINE, new).status = status


def a_host(name: str, status: str) -> Host:
    moment = now()
    place = {"address": "192.0.2.9", "environment": "stage"}
    return Host(id=new_id("hst"), name=name, status=status, created_at=moment, updated_at=moment, **place)  # pyright: ignore[reportArgumentType]


def a_connection(name: str, *, is_well: bool) -> Connection:
    moment = now()
    return Connection(
        id=new_id("con"),
        type="ssh",
        name=name,
        environment="stage",
        encrypted_payload="",
        last_test_ok=is_well,
        last_test_at=moment,
        created_at=moment,
        updated_at=moment,
    )


def test_a_fresh_installation_shows_an_admin_the_steps_and_which_are_done():
    add_host("web-1", "unknown")
    page = loaded(signed_in(Role.ADMIN))
    assert page.phase == "empty"
    assert {step["id"]: step["done"] for step in page.steps} == {
        "connection": False, "host": True, "run": False, "invite": False,
    }  # fmt: skip


def test_the_steps_of_admins_are_not_shown_to_others():
    page = loaded(signed_in(Role.VIEWER))
    assert page.phase == "empty"
    assert page.steps == []


def test_figures_are_those_of_the_chosen_environment():
    tab = signed_in(Role.VIEWER)
    add_job(1, "ERROR", "prod")
    add_job(2, "SUCCESS", "prod")
    add_job(3, "RUNNING", "stage")
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    page = loaded(tab)
    assert page.phase == "ready"
    assert (page.kpis["running"], page.kpis["failed"], page.kpis["rate"]) == (0, 1, 50.0)
    assert [job["number"] for job in page.recent] == [2, 1]


def test_an_empty_environment_beside_a_used_one_is_no_fresh_installation():
    tab = signed_in(Role.ADMIN)
    add_job(1, "SUCCESS", "stage")
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    assert loaded(tab).phase == "ready"


def test_a_changed_key_comes_before_everything_but_a_missing_worker():
    add_host("away", "unreachable")
    add_host("odd", "key_changed")
    add_host("fine", "ok")
    add_job(1, "ERROR")
    page = loaded(signed_in(Role.OPERATOR))
    assert [(item["kind"], item["name"]) for item in page.attention] == [
        ("no_worker", ""),
        ("key_changed", "odd"),
        ("unreachable", "away"),
        ("job", "demo #1"),
    ]


def test_those_who_may_not_see_connections_get_no_word_of_them():
    add_job(1, "SUCCESS")
    assert [part["id"] for part in loaded(signed_in(Role.VIEWER)).parts] == ["hosts"]
    assert [part["id"] for part in loaded(signed_in(Role.OPERATOR)).parts] == ["hosts", "connections"]


def test_more_hosts_and_connections_than_a_page_holds_are_counted_all():
    with unit_of_work() as session:
        for number in range(210):
            session.add(a_host(f"h{number}", "ok" if number < 205 else "unreachable"))
            session.add(a_connection(f"c{number}", is_well=number != 209))
    tab = signed_in(Role.OPERATOR)
    add_job(1, "SUCCESS")
    page = loaded(tab)
    assert page.parts == [
        {"id": "hosts", "total": 210, "bad": 5},
        {"id": "connections", "total": 210, "bad": 1},
    ]
    assert [item["name"] for item in page.attention if item["kind"] == "connection"] == ["c209"]
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    assert [part["total"] for part in loaded(tab).parts] == [0, 0]


def test_the_days_of_the_address_are_counted_by_the_readers_clock():
    tab = signed_in(Role.VIEWER)
    add_job(1, "ERROR")
    assert len(loaded(tab).days) == 30
    tab.go("/dashboard?days=90")
    assert (len(loaded(tab).days), loaded(tab).span) == (90, 90)
    tab.go("/dashboard?days=12")
    assert len(loaded(tab).days) == 30
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # their dates are never the same
        tab.state(ShellState).zone = zone
        assert loaded(tab).days[-1]["day"] == datetime.now(ZoneInfo(zone)).date().isoformat()
    tab.state(ShellState).zone = "../../etc/passwd"
    assert loaded(tab).days[-1]["day"] == datetime.now(UTC).date().isoformat()


def test_what_is_due_next_comes_first_and_what_is_paused_not_at_all():
    person = add_user(Role.ADMIN)
    tab = signed_in(Role.VIEWER)
    add_job(1, "SUCCESS")
    sync_runbooks(person)
    with unit_of_work() as session:
        made = {
            name: schedules.create(session, person, NewSchedule(name=name, runbook="host_report", cron=cron))
            for name, cron in {"yearly": "0 0 1 1 *", "hourly": "0 * * * *", "asleep": "* * * * *"}.items()
        }
        schedules.pause(session, person, made["asleep"].id)
    assert [row["name"] for row in loaded(tab).scheduled] == ["hourly", "yearly"]
    assert loaded(tab).scheduled[0]["title"] == "Host report"
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    assert loaded(tab).scheduled == []


def counted(tab: OpenTab) -> dict[str, object]:
    asyncio.run(tab.send(DashboardState.count_containers))
    return dict(tab.state(DashboardState).containers)


def test_containers_in_error_are_counted_on_all_engines_of_the_environment(site: Site):
    tab = signed_in(Role.OPERATOR)
    assert counted(tab) == {"isKnown": True, "endpoints": 5, "silent": 3, "total": 6, "bad": 6}
    add("docker", "dark", "prod", url="unix:///nowhere/docker.sock")
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    assert counted(tab) == {"isKnown": True, "endpoints": 1, "silent": 1, "total": 0, "bad": 0}


def test_without_an_engine_nothing_is_in_error():
    assert counted(signed_in(Role.OPERATOR)) == {"isKnown": True, "endpoints": 0, "silent": 0, "total": 0, "bad": 0}


def test_those_who_may_not_look_at_engines_get_no_count_of_containers(site: Site):
    assert not counted(signed_in(Role.VIEWER))["isKnown"]
    assert site.engine.asked == []
