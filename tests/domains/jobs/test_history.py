"""What earlier runs tell about a runbook, on both back ends."""

from datetime import timedelta

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import history, service
from orch_app.domains.jobs.models import Job, JobStep
from orch_app.domains.jobs.queries import JobFilter
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.ids import new_id
from tests.domains.jobs.orders import launched

pytestmark = pytest.mark.usefixtures("catalogue")


def end(job_id: str, status: str, seconds: float) -> None:
    with unit_of_work() as session:
        job = session.exec(select(Job).where(Job.id == job_id)).one()
        job.status, job.phase, job.started_at = status, "done", now()
        job.finished_at = job.started_at + timedelta(seconds=seconds)
        session.add(job)


def test_the_last_ten_runs_are_told_oldest_first(admin: Actor):
    for status in ["ERROR", *["SUCCESS"] * 9, "ERROR"]:
        end(launched(admin).id, status, 4)
    waiting = launched(admin)
    with reading() as session:
        found = history.list_histories(session, admin, ["host_report", "connectivity_test"])
    assert found["host_report"].statuses == [*["SUCCESS"] * 8, "ERROR", "PENDING"]
    assert found["host_report"].last is not None
    assert found["host_report"].last.id == waiting.id
    assert found["host_report"].typical_s == pytest.approx(4)
    assert found["connectivity_test"] == history.RunHistory([], None, None)


def test_only_runbooks_that_ever_succeeded_have_a_usual_length(admin: Actor):
    end(launched(admin).id, "ERROR", 4)
    with reading() as session:
        assert history.typical_durations(session, admin, {"host_report"}) == {}


def test_newer_jobs_are_counted_with_the_filter(admin: Actor):
    first = launched(admin)
    launched(admin, environment="prod")
    launched(admin)
    with reading() as session:
        assert history.count_newer(session, admin, JobFilter(), first.id) == 2
        assert history.count_newer(session, admin, JobFilter(environment="prod"), first.id) == 1


def test_requesters_are_named_once(admin: Actor, operator: Actor):
    for actor in (admin, operator, admin):
        launched(actor)
    with reading() as session:
        assert history.list_requesters(session, admin) == ["ada", "olga"]


def test_repeats_are_a_chain_with_the_job_in_it(admin: Actor):
    first = launched(admin)
    end(first.id, "ERROR", 1)
    with unit_of_work() as session:
        second = service.retry(session, admin, first.id)
    end(second.id, "ERROR", 1)
    with unit_of_work() as session:
        third = service.retry(session, admin, second.id)
    with reading() as session:
        middle = session.exec(select(Job).where(Job.id == second.id)).one()
        assert [job.id for job in history.list_repeats(session, admin, middle)] == [first.id, second.id, third.id]


def test_what_is_to_be_expected_comes_from_the_newest_good_run_before(admin: Actor):
    good, now_running = launched(admin), launched(admin)
    end(good.id, "SUCCESS", 3)
    with unit_of_work() as session:
        session.add(JobStep(id=new_id("stp"), job_id=good.id, position=1, name="Collect the report", started_at=now()))
    with reading() as session:
        assert [step.name for step in history.last_good_steps(session, admin, now_running)] == ["Collect the report"]
        assert history.last_good_steps(session, admin, good) == []
