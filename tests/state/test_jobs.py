"""The list of jobs: what the address asks for, rows that change in place, and the newer ones that wait."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.queries import JobFilter
from orch_app.kit.db import reading, unit_of_work
from orch_app.state.jobs import JobsState
from orch_app.state.jobs_view import PARAMETERS, Wanted, read_changes, read_page
from tests.domains.inventory.samples import add_host
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.state.conftest import SignIn
from tests.state.tabs import tab
from tests.state.test_guard import leads_to

NOTHING = dict.fromkeys(PARAMETERS, "")


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    sync_runbooks(COMMAND_LINE)


def wanted(switch: str = "", **asked: str) -> Wanted:
    return Wanted.of(NOTHING | asked, switch)


def page_of(actor: Actor, view: Wanted) -> dict[str, Any]:
    with reading() as session:
        return read_page(session, actor, view)


def test_several_statuses_and_nonsense_between_them():
    found = wanted(status="ERROR,nonsense,CANCELED").filter
    assert found.statuses == ("ERROR", "CANCELED")


def test_the_environment_of_the_address_weighs_more_than_the_switch():
    assert wanted("stage").filter.environment == "stage"
    assert wanted("stage", environment="prod").filter.environment == "prod"


def test_the_file_holds_the_jobs_that_the_page_filters():
    asked = wanted("stage", status="ERROR,CANCELED", q="a&b", user="olga").csv_href()
    assert asked == "/v1/jobs?format=csv&status=ERROR&status=CANCELED&environment=stage&createdBy=olga&q=a%26b"
    assert "createdAfter=20" in wanted(since="24h").csv_href()
    assert wanted().csv_href() == "/v1/jobs?format=csv"


def test_the_host_is_a_filter_and_stays_to_be_chosen_when_it_is_gone(admin: Actor):
    add_host(admin, "web-1")
    launched(COMMAND_LINE)
    gone = page_of(admin, wanted("prod", host="web-9"))
    assert (gone["rows"], gone["is_filtered"], gone["hosts"]) == ([], True, ["localhost", "web-9"])
    here = page_of(admin, wanted(host="localhost"))
    assert ([row["hosts"] for row in here["rows"]], here["hosts"]) == (["localhost"], ["localhost", "web-1"])
    assert here["csv_href"] == "/v1/jobs?format=csv&host=localhost"


def test_a_period_is_counted_back_from_now():
    assert wanted(since="24h").filter.created_after is not None
    assert wanted(since="whenever").filter == JobFilter()


def test_rows_are_newest_first_with_their_titles(admin: Actor):
    first, second = launched(COMMAND_LINE), launched(COMMAND_LINE, environment="prod")
    found = page_of(admin, wanted())
    assert [row["id"] for row in found["rows"]] == [second.id, first.id]
    assert (found["rows"][0]["titlePt"], found["rows"][0]["hosts"]) == ("Relatório do host", "localhost")
    assert (found["total"], found["newest_id"]) == (2, second.id)


def test_newer_jobs_are_counted_and_move_nothing(admin: Actor):
    shown = launched(COMMAND_LINE)
    view = wanted()
    newest = page_of(admin, view)["newest_id"]
    launched(COMMAND_LINE)
    with unit_of_work() as session:
        job = session.exec(select(Job).where(Job.id == shown.id)).one()
        job.status = "RUNNING"
        session.add(job)
    with reading() as session:
        changed = read_changes(session, admin, view, [shown.id], newest)
    assert [(row["id"], row["status"]) for row in changed["rows"]] == [(shown.id, "RUNNING")]
    assert changed["fresh"] == 1


def test_a_filter_without_hits_is_not_an_empty_list(sign_in: SignIn):
    state = tab(JobsState, cookie=sign_in(Role.VIEWER), address="/jobs?status=ERROR")
    asyncio.run(type(state).event_handlers["load"].fn(state))
    assert (state.phase, state.rows) == ("ready", [])


def test_without_any_job_the_list_is_empty(sign_in: SignIn):
    state = tab(JobsState, cookie=sign_in(Role.VIEWER), address="/jobs")
    asyncio.run(type(state).event_handlers["load"].fn(state))
    assert state.phase == "empty"


def test_the_pill_leads_to_the_first_page_with_the_same_filters(sign_in: SignIn):
    state = tab(JobsState, cookie=sign_in(Role.VIEWER), address="/jobs?status=ERROR&page=3")
    answer = asyncio.run(type(state).event_handlers["show_fresh"].fn(state))
    assert leads_to(answer) == "/jobs?status=ERROR"


def words_of(events: Any) -> list[tuple[str, list[str]]]:
    """Which handlers follow, and what they are told."""
    return [
        (getattr(event, "handler", event).fn.__name__, [str(value) for _, value in getattr(event, "args", ())])
        for event in events
    ]


def test_many_are_canceled_and_what_was_refused_is_told_by_kind(sign_in: SignIn):
    waiting, over, gone = launched(COMMAND_LINE), launched(COMMAND_LINE), "job_gone"
    state = tab(JobsState, cookie=sign_in(Role.OPERATOR), address="/jobs")
    handler = type(state).event_handlers["cancel_chosen"].fn
    asyncio.run(handler(state, [over.id]))
    told = words_of(asyncio.run(handler(state, [waiting.id, over.id, gone])))
    assert [name for name, _ in told] == ["show_count", "show_problem", "show_problem", "load"]
    assert told[0][1] == ['"job.bulk_cancel"', "1"]
    assert f"#{over.number}" in told[1][1][0]
    assert "job_is_over" in told[1][1][0]
    assert "job_gone" in told[2][1][0]


def test_chosen_jobs_are_run_again_by_those_who_may(sign_in: SignIn):
    job = launched(COMMAND_LINE)
    with unit_of_work() as session:
        session.exec(select(Job).where(Job.id == job.id)).one().status = "ERROR"
    for role, repeats in ((Role.VIEWER, 0), (Role.OPERATOR, 1)):
        state = tab(JobsState, cookie=sign_in(role), address="/jobs")
        asyncio.run(type(state).event_handlers["repeat_chosen"].fn(state, [job.id]))
        with reading() as session:
            assert len(session.exec(select(Job).where(Job.retry_of == job.id)).all()) == repeats


def test_an_admin_deletes_the_chosen_ones_and_leaves_an_emptied_page(sign_in: SignIn):
    jobs = [launched(COMMAND_LINE) for _ in range(3)]
    with unit_of_work() as session:
        session.exec(update(Job).values(status="ERROR"))
    state = tab(JobsState, cookie=sign_in(Role.ADMIN), address="/jobs")
    asyncio.run(type(state).event_handlers["load"].fn(state))
    handler = type(state).event_handlers["delete_chosen"].fn
    told = words_of(asyncio.run(handler(state, [jobs[0].id])))
    assert (told[0], told[-1][0]) == (("show_count", ['"job.bulk_delete"', "1"]), "load")
    state.page, state.rows = 2, [{"id": jobs[1].id}]
    assert words_of(asyncio.run(handler(state, [jobs[1].id])))[-1][0] == "show_fresh"
    with reading() as session:
        assert session.exec(select(Job.id)).all() == [jobs[2].id]
    other = tab(JobsState, cookie=sign_in(Role.OPERATOR), address="/jobs")
    asyncio.run(type(other).event_handlers["delete_chosen"].fn(other, [jobs[2].id]))
    with reading() as session:
        assert session.exec(select(Job.id)).all() == [jobs[2].id]


def test_the_trigger_is_a_filter_like_the_others():
    asked = wanted(trigger="retry")
    assert asked.filter.trigger == "retry"
    assert asked.is_filtered
    assert asked.csv_href().endswith("&trigger=retry")
