"""The catalogue's screen: filters of the address, rows with their history, the ones that are broken."""

import asyncio
from typing import Any

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.ids import new_id
from orch_app.state.runbooks import RunbooksState
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.state.conftest import SignIn
from tests.state.tabs import tab


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    sync_runbooks(COMMAND_LINE)
    with unit_of_work() as session:
        broken = Runbook(id=new_id("rbk"), name="torn", title="torn", broken_reason="no playbook", synced_at=now())
        session.add(broken)


def loaded(sign_in: SignIn, address: str) -> Any:
    state = tab(RunbooksState, cookie=sign_in(Role.VIEWER), address=address)
    asyncio.run(type(state).event_handlers["load"].fn(state))
    return state


def names(state: Any) -> list[str]:
    return [row["name"] for row in state.rows]


def test_everything_is_listed_and_the_broken_ones_say_why(sign_in: SignIn):
    state = loaded(sign_in, "/runbooks")
    rows = {row["name"]: row for row in state.rows}
    assert {"host_report", "connectivity_test", "torn"} <= rows.keys()
    assert (rows["torn"]["isBroken"], rows["torn"]["brokenReason"]) == (True, "no playbook")
    assert (state.phase, state.broken) == ("ready", 1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=relat%C3%B3rio", ["host_report"]),
        ("risk=broken", ["torn"]),
        ("risk=high&q=host_report", []),
        ("risk=high&q=container_remove", ["container_remove"]),
        ("category=diagnostics&q=conn", ["connectivity_test"]),
    ],
)
def test_filters_come_from_the_address(sign_in: SignIn, query: str, found: list[str]):
    assert names(loaded(sign_in, f"/runbooks?{query}")) == found


def test_opening_a_runbook_keeps_the_filters(sign_in: SignIn):
    state = loaded(sign_in, "/runbooks?q=host_report&category=diagnostics")
    assert state.rows[0]["href"] == "/runbooks?category=diagnostics&q=host_report&run=host_report"


def test_a_row_shows_its_last_job(sign_in: SignIn):
    job = launched(COMMAND_LINE)
    row = next(row for row in loaded(sign_in, "/runbooks").rows if row["name"] == "host_report")
    assert (row["statuses"], row["lastStatus"], row["lastHref"]) == (["PENDING"], "PENDING", f"/jobs/{job.id}")


def test_favourites_stand_first_and_have_a_tab_of_their_own(sign_in: SignIn):
    cookie = sign_in(Role.VIEWER)
    state: Any = tab(RunbooksState, cookie=cookie, address="/runbooks")
    asyncio.run(type(state).event_handlers["load"].fn(state))
    assert not any(row["isFavourite"] for row in state.rows)
    last = names(state)[-1]
    asyncio.run(type(state).event_handlers["star"].fn(state, last, True))
    assert names(state)[0] == last
    state = tab(RunbooksState, cookie=cookie, address="/runbooks?category=favourites")
    asyncio.run(type(state).event_handlers["load"].fn(state))
    assert (names(state), state.is_starred, state.total > 1) == ([last], True, True)
    asyncio.run(type(state).event_handlers["star"].fn(state, last, False))
    assert (names(state), state.phase) == ([], "ready")


def test_tabs_are_named_in_both_languages(sign_in: SignIn):
    state = loaded(sign_in, "/runbooks")
    labels_pt, labels_en = ([each["label"] for each in tabs] for tabs in (state.tabs_pt, state.tabs_en))
    assert (labels_pt[0], labels_en[0]) == ("Todos", "All")
    assert "Diagnóstico" in labels_pt
    assert "Diagnostics" in labels_en
    assert (state.tabs_pt[-1]["label"], state.tabs_en[-1]["label"]) == ("Favoritos", "Favourites")
