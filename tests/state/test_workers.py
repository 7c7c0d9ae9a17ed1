"""The workers page: who is there, what runs where, and draining one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Worker
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.state.workers import WorkersState
from tests.domains.jobs.rows import add_job, add_worker
from tests.state.open_tab import OpenTab, signed_in
from tests.systems.people import audited

pytestmark = pytest.mark.usefixtures("sqlite")


def known(name: str, **facts: Any) -> str:
    with unit_of_work() as session:
        return add_worker(session, name, **({"heartbeat": now_ms()} | facts)).id


def loaded(tab: OpenTab) -> WorkersState:
    asyncio.run(tab.send(WorkersState.load))
    return tab.state(WorkersState)


def wanted(worker_id: str) -> str:
    with reading() as session:
        return session.exec(select(Worker.wanted).where(Worker.id == worker_id)).one()


def test_a_viewer_sees_who_is_there_and_what_runs_where():
    busy = known("busy", slots=8)
    known("gone", state="stopped")
    known("silent", heartbeat=now_ms() - 60_000)
    for number in range(1, 7):
        add_job(number, status="RUNNING", owner=busy)
    page = loaded(signed_in(Role.VIEWER, "/workers"))
    assert (page.phase, page.alive, page.slots, page.busy) == ("ready", 1, 8, 6)
    assert [(row["name"], row["badge"]) for row in page.rows] == [
        ("busy", "online"),
        ("gone", "stopped"),
        ("silent", "offline"),
    ]
    first, _, silent = page.rows
    assert [job["label"] for job in first["jobs"]] == [f"#{number} host_report" for number in range(1, 5)]
    assert first["more"] == 2
    age = datetime.now(UTC) - datetime.fromisoformat(silent["seenAt"])
    assert timedelta(seconds=55) < age < timedelta(seconds=600)


def test_without_any_worker_the_page_is_empty():
    assert loaded(signed_in(Role.VIEWER, "/workers")).phase == "empty"


def test_an_admin_drains_one_after_being_asked_and_resumes_it():
    worker_id, tab = known("one"), signed_in(Role.ADMIN, "/workers")
    loaded(tab)
    asyncio.run(tab.send(WorkersState.ask_drain, worker_id))
    page = tab.state(WorkersState)
    assert (page.panel, page.worker["name"], wanted(worker_id)) == ("drain", "one", "run")
    asyncio.run(tab.send(WorkersState.drain))
    assert (page.panel, page.rows[0]["isTold"], wanted(worker_id)) == ("", True, "drain")
    asyncio.run(tab.send(WorkersState.ask_resume, worker_id))
    asyncio.run(tab.send(WorkersState.resume))
    assert (page.rows[0]["isTold"], wanted(worker_id)) == (False, "run")
    assert len(audited("worker.drained")) == len(audited("worker.resumed")) == 1


def test_a_question_about_a_worker_that_is_not_shown_is_not_asked():
    tab = signed_in(Role.ADMIN, "/workers")
    loaded(tab)
    asyncio.run(tab.send(WorkersState.ask_drain, "wrk_9"))
    assert tab.state(WorkersState).panel == ""


def test_an_operator_is_refused():
    worker_id, tab = known("one"), signed_in(Role.OPERATOR, "/workers")
    loaded(tab)
    asyncio.run(tab.send(WorkersState.ask_drain, worker_id))
    asyncio.run(tab.send(WorkersState.drain))
    assert wanted(worker_id) == "run"
    assert audited("worker.drained") == []
