"""The list of what waits for an approval: whose it is, in which environment, and how many the frame counts."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.state.approvals import ApprovalsState
from orch_app.state.approvals_view import Wanted
from orch_app.state.dashboard import DashboardState
from orch_app.state.session import ShellState
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.systems.people import add_user


@pytest.fixture
def asker(sqlite: None) -> Actor:
    """Somebody whose jobs wait for another person."""
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(COMMAND_LINE)
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        asked = {"stage": "required_other_person", "prod": "required_other_person"}
        runbook.meta = {**runbook.meta, "approval": asked}
        session.add(runbook)
    return add_user(Role.OPERATOR, "asker@example.com")


def loaded(tab: OpenTab) -> ApprovalsState:
    asyncio.run(tab.send(ApprovalsState.load))
    return tab.state(ApprovalsState)


def counted(tab: OpenTab) -> int:
    asyncio.run(tab.send(ShellState.enter))
    return tab.state(ShellState).counts["approvals"]


def ids(page: ApprovalsState) -> list[str]:
    return [row["id"] for row in page.rows]


def test_what_waits_for_the_reader_comes_oldest_first_and_is_counted(asker: Actor) -> None:
    first = launched(asker, request_reason="edge", environment="prod")
    second = launched(asker)
    tab = signed_in(Role.ADMIN, "/approvals")
    page = loaded(tab)
    assert (page.phase, ids(page), counted(tab)) == ("ready", [first.id, second.id], 2)
    row = page.rows[0]
    assert (row["href"], row["askedBy"], row["reason"], row["role"]) == (
        f"/jobs/{first.id}",
        asker.name,
        "edge",
        "admin",
    )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_decides_nothing_has_an_empty_list_and_may_see_everybodys(asker: Actor, role: Role) -> None:
    job = launched(asker)
    tab = signed_in(role, "/approvals")
    page = loaded(tab)
    assert (page.phase, page.is_everybodys, counted(tab)) == ("empty", False, 0)
    tab.go("/approvals?who=all")
    page = loaded(tab)
    assert (page.phase, page.is_everybodys, ids(page)) == ("ready", True, [job.id])


def test_nobody_in_particular_is_led_to_the_entrance(asker: Actor) -> None:
    launched(asker)
    tab = OpenTab("", "/approvals?who=all")
    [path] = urls_of(asyncio.run(tab.send(ApprovalsState.load)))
    assert (path.startswith("/login"), tab.state(ApprovalsState).rows) == (True, [])


def test_list_count_and_dashboard_are_of_the_chosen_environment(asker: Actor) -> None:
    launched(asker)
    job = launched(asker, environment="prod")
    tab = signed_in(Role.ADMIN, "/approvals")
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    assert (ids(loaded(tab)), counted(tab)) == ([job.id], 1)
    asyncio.run(tab.send(DashboardState.load))
    asked = [item for item in tab.state(DashboardState).attention if item["kind"] == "approval"]
    assert [(item["href"], item["name"]) for item in asked] == [(f"/jobs/{job.id}", f"host_report #{job.number}")]


@pytest.mark.parametrize(("who", "everybody"), [("", False), ("all", True), ("ALL", False), ("mine", False)])
def test_an_address_that_asks_for_nonsense_asks_for_ones_own_list(who: str, everybody: bool) -> None:
    assert Wanted.of({"who": who, "cursor": ""}, "stage") == Wanted(everybody, "stage", "")


def test_a_cursor_of_another_list_is_the_pages_error(asker: Actor) -> None:
    tab = signed_in(Role.ADMIN, "/approvals?cursor=nonsense")
    page: Any = loaded(tab)
    assert page.phase == "error"
