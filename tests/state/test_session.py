"""The frame of every page: who is signed in, what the environment switch says, the bell and the search."""

import asyncio
from datetime import timedelta

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.search import row_of
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.ids import new_id
from orch_app.state.session import ShellState, chosen, environment_of
from orch_app.state.session_view import initials, summed
from tests.state.open_tab import OpenTab, signed_in, urls_of

pytestmark = pytest.mark.usefixtures("sqlite")


def add_job(number: int, status: str, environment: str = "stage") -> None:
    at = now() - timedelta(minutes=number)
    job = Job(
        id=new_id("job"), number=number, runbook_name="demo", status=status, environment=environment, created_at=at,
        queued_at=at, started_at=at, finished_at=at,
    )  # fmt: skip
    with unit_of_work() as session:
        session.add(job)
        session.flush()
        session.add(row_of(job))


def test_nobody_is_led_to_the_way_in_and_learns_nothing():
    tab = OpenTab(path="/hosts")
    add_job(1, "ERROR")
    assert urls_of(asyncio.run(tab.send(ShellState.enter))) == ["/login?next=/hosts"]
    assert tab.state(ShellState).bell == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/jobs?status=ERROR&q=a%20b", "/login?next=/jobs%3Fstatus%3DERROR%26q%3Da%2520b"),
        ("/jobs/12?tab=logs#L3", "/login?next=/jobs/12%3Ftab%3Dlogs"),
        (
            "/hosts?next=https://evil.example&expired=1",
            "/login?next=/hosts%3Fnext%3Dhttps%3A//evil.example%26expired%3D1",
        ),
        ("//evil.example/x?y=1", "/login?next=/"),
        ("https://evil.example//x", "/login?next=/"),
        ("/\\evil.example", "/login?next=/"),
    ],
)
def test_whoever_signs_in_comes_back_to_the_same_page_and_filters_of_this_site(path: str, wanted: str):
    assert urls_of(asyncio.run(OpenTab(path=path).send(ShellState.enter))) == [wanted]


def test_a_session_that_ended_says_so():
    tab = OpenTab("x" * 43, "/hosts")
    assert urls_of(asyncio.run(tab.send(ShellState.enter))) == ["/login?next=/hosts&expired=1"]


def test_the_frame_shows_the_reader_and_what_the_role_grants():
    tab = signed_in(Role.OPERATOR)
    asyncio.run(tab.send(ShellState.enter))
    shell = tab.state(ShellState)
    assert shell.user["email"] == "operator@example.com"
    assert shell.may["runbooks:execute"]
    assert not shell.may["users:write"]


def test_the_bell_tells_of_failures_until_it_was_opened():
    tab = signed_in(Role.VIEWER)
    add_job(1, "ERROR")
    add_job(2, "SUCCESS")
    asyncio.run(tab.send(ShellState.enter))
    shell = tab.state(ShellState)
    assert [item["title"] for item in shell.bell] == ["demo #1"]
    assert shell.unread == 1
    asyncio.run(tab.send(ShellState.see_bell))
    asyncio.run(tab.send(ShellState.enter))
    assert shell.unread == 0


def test_the_counts_are_those_of_the_chosen_environment():
    tab = signed_in(Role.VIEWER)
    add_job(1, "RUNNING", "prod")
    asyncio.run(tab.send(ShellState.choose_environment, "stage"))
    asyncio.run(tab.send(ShellState.enter))
    assert tab.state(ShellState).counts == {"jobs": 0, "approvals": 0}
    asyncio.run(tab.send(ShellState.choose_environment, "prod"))
    asyncio.run(tab.send(ShellState.enter))
    assert tab.state(ShellState).counts == {"jobs": 1, "approvals": 0}


@pytest.mark.parametrize("stored", ["all", "", "production", "'; DROP TABLE jobs"])
def test_whatever_the_browser_has_stored_means_all_unless_it_is_an_environment(stored: str):
    tab = signed_in(Role.VIEWER)
    tab.state(ShellState).environment = stored
    assert asyncio.run(environment_of(tab.state(ShellState))) == ""
    assert chosen("prod") == "prod"


def test_search_finds_jobs_by_number():
    tab = signed_in(Role.VIEWER)
    add_job(4812, "SUCCESS")
    asyncio.run(tab.send(ShellState.search, "#4812"))
    assert [item["label"] for item in tab.state(ShellState).items] == ["#4812 demo"]


@pytest.mark.parametrize(
    ("name", "shown"), [("Ana Ribeiro", "AR"), ("ana", "A"), ("ana.maria@example.org", "AO"), ("", "?")]
)
def test_initials_are_the_first_and_the_last(name: str, shown: str):
    assert initials(name) == shown


def test_many_hosts_are_summed_up():
    assert [summed([]), summed(["a"]), summed(["a", "b", "c"])] == ["", "a", "a +2"]
