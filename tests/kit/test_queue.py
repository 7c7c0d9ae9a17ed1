"""The doorbell notes what is to be rung and knows nothing of who hears it; the unit of work is tested in test_db."""

import sqlite3
from typing import Any

import pytest
import redis
import structlog
from sqlmodel import Session

from orch_app.kit import queue
from orch_app.kit.queue import enqueue, install_bell, is_reachable, ring_noted
from tests.systems.bells import bells_put_back


def test_what_is_noted_is_rung_once_and_in_order() -> None:
    rung: list[tuple[str, dict[str, str]]] = []
    install_bell(lambda name, payload: rung.append((name, payload)), lambda: True)
    with Session() as session:
        enqueue(session, "jobs.run", job_id="job_1")
        enqueue(session, "jobs.run", job_id="job_2")
        assert rung == []
        ring_noted(session.info)
        ring_noted(session.info)
    assert rung == [("jobs.run", {"job_id": "job_1"}), ("jobs.run", {"job_id": "job_2"})]


@pytest.mark.parametrize(
    "error", [redis.ConnectionError(), sqlite3.OperationalError("locked"), OSError(), TimeoutError()]
)
def test_one_bell_that_fails_keeps_no_other_from_ringing(error: Exception) -> None:
    rung: list[str] = []

    def sometimes(_name: str, payload: dict[str, str]) -> None:
        if payload["job_id"] == "job_1":
            raise error
        rung.append(payload["job_id"])

    install_bell(sometimes, lambda: True)
    info: dict[Any, Any] = {}
    with Session() as session, structlog.testing.capture_logs() as logs:
        for number in (1, 2):
            enqueue(session, "jobs.run", job_id=f"job_{number}")
        info = session.info
        ring_noted(info)
    assert rung == ["job_2"]
    assert [log["event"] for log in logs] == ["queue.bell_failed"]


def test_a_second_wiring_replaces_the_first() -> None:
    rung: list[str] = []
    install_bell(lambda name, _payload: rung.append(f"old {name}"), lambda: False)
    install_bell(lambda name, _payload: rung.append(f"new {name}"), lambda: True)
    with Session() as session:
        enqueue(session, "a")
        ring_noted(session.info)
    assert (rung, is_reachable(), len(queue._bells)) == (["new a"], True, 1)


def test_a_bell_of_a_test_is_gone_after_it() -> None:
    install_bell(print, lambda: True)
    with bells_put_back():
        install_bell(lambda _name, _payload: None, lambda: False)
        assert not is_reachable()
    assert (queue._bells, is_reachable()) == ([print], True)
