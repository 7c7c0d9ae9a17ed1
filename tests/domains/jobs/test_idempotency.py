"""The same key, the same job."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import idempotency
from orch_app.domains.jobs.idempotency import Call, call_of
from orch_app.domains.jobs.models import IdempotencyKey, Job
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import BadRequest, Invalid
from tests.domains.jobs.orders import launch_in

pytestmark = pytest.mark.usefixtures("catalogue")
ROUTE = "/v1/runbooks/host_report/execute"


def execute(actor: Actor, call: Call) -> str:
    """What the route does."""
    with unit_of_work() as session:
        known = idempotency.begin(session, call)
        if known is not None:
            return known["jobId"]
        job = launch_in(session, actor)
        idempotency.remember(session, call, 202, {"jobId": job.id})
        return job.id


def jobs() -> int:
    with reading() as session:
        return len(session.exec(select(Job.id)).all())


def test_a_repeated_key_gives_the_first_answer_and_no_second_job(operator: Actor) -> None:
    call = call_of(operator, ROUTE, "k1", {"inputs": {}})
    assert execute(operator, call) == execute(operator, call)
    assert jobs() == 1


def test_ten_requests_at_once_with_one_key_make_one_job(operator: Actor) -> None:
    call = call_of(operator, ROUTE, "k1", {})
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(execute(operator, call))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    assert len(set(answers)) == 1
    assert jobs() == 1


def test_the_same_key_with_another_body_is_refused(operator: Actor) -> None:
    execute(operator, call_of(operator, ROUTE, "k1", {"inputs": {}}))
    with pytest.raises(Invalid):
        execute(operator, call_of(operator, ROUTE, "k1", {"inputs": {"a": 1}}))


def test_two_people_may_use_the_same_key(operator: Actor, admin: Actor) -> None:
    first = execute(operator, call_of(operator, ROUTE, "k1", {}))
    assert execute(admin, call_of(admin, ROUTE, "k1", {})) != first


def test_a_key_is_forgotten_after_a_day(operator: Actor) -> None:
    call = call_of(operator, ROUTE, "k1", {})
    first = execute(operator, call)
    with unit_of_work() as session:
        old = now() - timedelta(hours=25)
        session.exec(update(IdempotencyKey).where(col(IdempotencyKey.key) == "k1").values(created_at=old))
    assert execute(operator, call) != first


def test_a_failed_request_frees_its_key(operator: Actor) -> None:
    call = call_of(operator, ROUTE, "k1", {})
    with pytest.raises(ZeroDivisionError), unit_of_work() as session:
        _ = 1 / len([idempotency.begin(session, call)][1:])
    assert execute(operator, call)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_empty_or_endless_key_is_refused(operator: Actor, key: str) -> None:
    with pytest.raises(BadRequest):
        call_of(operator, ROUTE, key, {})
