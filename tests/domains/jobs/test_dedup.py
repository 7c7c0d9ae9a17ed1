"""Dedup keys: a second launch with the key of a job that is not over is answered with that job."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import func, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.service import Launched, Order
from orch_app.domains.jobs.states import Status
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden
from tests.domains.jobs.rules import CHECKS, asked, declare, finish, listen, someone, taken

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture(autouse=True)
def _key(catalogue: str) -> None:
    declare(dedup="check:{{targets.host}}")


def launch(actor: Actor, host: str = "a", environment: str = "stage") -> Launched:
    inputs = {"targets": [{"host": host, "kind": "tcp", "port": 9}]}
    with unit_of_work() as session:
        return service.launch_or_join(session, actor, Order(CHECKS, inputs, environment=environment))


def test_the_second_launch_gives_the_job_that_waits_or_runs(operator: Actor) -> None:
    first = launch(operator)
    assert first.is_new
    rung = listen()
    again = launch(operator)
    assert (again.is_new, again.job.id, rung) == (False, first.job.id, [])
    held = taken()
    assert launch(operator).job.id == first.job.id
    finish(held)
    assert launch(operator).is_new


def test_another_key_is_another_job(operator: Actor) -> None:
    launch(operator)
    assert launch(operator, "b").is_new
    assert launch(operator, environment="prod").is_new, "stage and prod never answer for each other"


def test_who_joined_is_audited(operator: Actor) -> None:
    job = launch(operator).job
    launch(someone("ana"))
    with reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "job.joined")).one()
    assert (entry.target_id, entry.actor_name) == (job.id, "ana")


def test_what_needs_a_job_of_its_own_is_refused_instead(operator: Actor) -> None:
    launch(operator)
    inputs = {"targets": [{"host": "a", "kind": "tcp", "port": 9}]}
    with pytest.raises(Conflict) as caught, unit_of_work() as session:
        service.launch(session, operator, Order(CHECKS, inputs, trigger="pipeline", origin_id="run_1"))
    assert caught.value.code == "duplicate_job"


def test_who_may_not_launch_it_does_not_join_it(operator: Actor, viewer: Actor) -> None:
    launch(operator)
    with pytest.raises(Forbidden):
        launch(viewer)


def test_many_launches_at_once_make_one_job(operator: Actor) -> None:
    found: list[Launched] = []
    threads = [threading.Thread(target=lambda: found.append(launch(operator))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({one.job.id for one in found}) == 1
    assert [one.is_new for one in found].count(True) == 1
    with reading() as session:
        assert session.exec(select(func.count()).select_from(Job)).one() == 1


def test_the_table_itself_refuses_two_live_jobs_with_one_key(operator: Actor) -> None:
    asked(operator, "a")
    asked(operator, "b")
    with pytest.raises(IntegrityError), unit_of_work() as session:
        session.exec(update(Job).values(dedup_key="same"))
    with unit_of_work() as session:
        session.exec(update(Job).values(status=Status.SUCCESS))
    with unit_of_work() as session:
        session.exec(update(Job).values(dedup_key="same"))


def test_numbers_have_no_gap_where_a_launch_joined(operator: Actor) -> None:
    launch(operator)
    launch(operator)
    assert launch(operator, "b").job.number == 2
