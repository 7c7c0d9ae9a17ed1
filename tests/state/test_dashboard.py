"""The dashboard: figures, what needs attention, and the first steps of a fresh installation."""

import asyncio

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.wire import NewHost
from orch_app.kit.db import unit_of_work
from orch_app.state.dashboard import DashboardState
from orch_app.state.session import ShellState
from tests.state.open_tab import OpenTab, signed_in
from tests.state.test_session import add_job

pytestmark = pytest.mark.usefixtures("database")


def loaded(tab: OpenTab) -> DashboardState:
    asyncio.run(tab.send(DashboardState.load))
    return tab.state(DashboardState)


def add_host(name: str, status: str, environment: str = "stage") -> None:
    with unit_of_work() as session:
        new = NewHost(name=name, address="192.0.2.9", environment=environment)  # pyright: ignore[reportArgumentType]
        hosts.create(session, COMMAND_LINE, new).status = status


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
