"""Whoever watches the ends of jobs is told of each, however it came, and of nothing that was rolled back."""

import pytest
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims, observers, service
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import enqueue, install_bell
from tests.domains.jobs.orders import launched

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the jobs whose ends were told after a commit."""
    found: list[str] = []

    def note(name: str, payload: dict[str, str]) -> None:
        if name == "ended":
            found.append(payload["job_id"])

    def ring(session: Session, job: Job) -> None:
        enqueue(session, "ended", job_id=job.id)

    monkeypatch.setattr(observers, "_on_end", [])
    observers.observe_ends(ring)
    install_bell(note, lambda: True)
    return found


def test_the_end_that_a_worker_writes_is_told(admin: Actor, rung: list[str]) -> None:
    job = launched(admin)
    with unit_of_work() as session:
        held = claims.claim(session, job.id, "w1", "w1")
        assert held is not None
    assert rung == []
    with unit_of_work() as session:
        claims.finish(session, held, Status.SUCCESS)
    assert rung == [job.id]


def test_the_end_of_a_waiting_job_that_is_canceled_is_told(admin: Actor, rung: list[str]) -> None:
    job = launched(admin)
    with unit_of_work() as session:
        service.cancel(session, admin, job.id)
    assert rung == [job.id]


def test_asking_a_running_job_to_stop_is_not_its_end(admin: Actor, rung: list[str]) -> None:
    job = launched(admin)
    with unit_of_work() as session:
        claims.claim(session, job.id, "w1", "w1")
    with unit_of_work() as session:
        service.cancel(session, admin, job.id)
    assert rung == []


def test_an_end_that_was_rolled_back_is_not_told(admin: Actor, rung: list[str]) -> None:
    job = launched(admin)
    with reading() as session:
        service.cancel(session, admin, job.id)
    assert rung == []


def test_a_job_knows_what_it_was_launched_for(admin: Actor) -> None:
    assert launched(admin, trigger="pipeline", origin_id="plr_1").origin_id == "plr_1"
