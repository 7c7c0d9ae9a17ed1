"""The line over REST: priority, dedup, why a job waits, its attempts, and the dead letters."""

from typing import Any

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.states import Status
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.jobs.rows import add_job
from tests.domains.jobs.rules import CHECKS, declare, finish, listen, taken
from tests.systems.asgi import TestClient


@pytest.fixture(autouse=True)
def _with_catalogue(database: str, admin: Any) -> None:
    sync_runbooks(admin)
    declare(locks=["host:{{targets.host}}"])
    listen()


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    return make_client(Role.OPERATOR)


def execute(client: TestClient, host: str = "a", **body: Any) -> dict[str, Any]:
    inputs = {"targets": [{"host": host, "kind": "tcp", "port": 9}]}
    answer = client.post(f"/v1/runbooks/{CHECKS}/execute", json={"inputs": inputs, **body})
    assert answer.status_code == 202, answer.text
    return answer.json()


def job(client: TestClient, made: dict[str, Any]) -> dict[str, Any]:
    return client.get(f"/v1/jobs/{made['jobId']}").json()


def test_a_waiting_job_says_who_holds_its_lock(client: TestClient) -> None:
    holder = execute(client)
    held = taken()
    made = execute(client)
    assert (made["phase"], made["deduplicated"]) == ("waiting_lock", False)
    waiting = job(client, made)
    obstacle = {"lock": "host:a", "kind": "lock", "jobId": holder["jobId"], "number": holder["number"], "held": True}
    assert waiting["queue"] == {"position": 1, "reason": "lock", "waitsFor": [obstacle], "notBefore": None}
    assert waiting["locks"] == [{"name": "host:a", "jobId": holder["jobId"], "number": holder["number"]}]
    assert (waiting["attempts"], waiting["eta"], waiting["priority"]) == ([], None, 0)
    finish(held, Status.ERROR, reason="task_failed", reason_detail="it broke")
    ended = job(client, holder)
    assert (ended["queue"], ended["locks"]) == (None, [{"name": "host:a", "jobId": None, "number": None}])
    (attempt,) = ended["attempts"]
    told = {name: attempt[name] for name in ("attempt", "worker", "outcome", "status", "reason", "reasonDetail")}
    assert list(told.values()) == [1, "w1", "ended", "ERROR", "task_failed", "it broke"]
    assert attempt["claimedAt"] <= attempt["finishedAt"]


def test_a_launch_that_joined_says_so(client: TestClient) -> None:
    declare(dedup="{{targets.host}}")
    first, again = execute(client), execute(client)
    assert (first["deduplicated"], again["deduplicated"]) == (False, True)
    assert again["jobId"] == first["jobId"]
    assert not execute(client, "b")["deduplicated"]


def test_a_priority_above_zero_is_for_those_who_may(client: TestClient, make_client: MakeClient) -> None:
    assert job(client, execute(client, priority=-2))["priority"] == -2
    refused = client.post(f"/v1/runbooks/{CHECKS}/execute", json={"inputs": {"targets": []}, "priority": 1})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    admin = make_client(Role.ADMIN)
    assert job(admin, execute(admin, priority=10))["priority"] == 10
    too_much = admin.post(f"/v1/runbooks/{CHECKS}/execute", json={"priority": 11})
    assert (too_much.status_code, too_much.json()["errors"][0]["pointer"]) == (422, "/priority")


def test_the_dead_letters_are_a_list_of_their_own(client: TestClient) -> None:
    for number, reason in enumerate(["task_failed", "start_failed", "too_many_attempts"], 1):
        add_job(number, status="ERROR", phase="done", reason=reason)
    found = client.get("/v1/jobs", params={"deadLetter": True, "withTotal": True}).json()
    assert [row["number"] for row in found["items"]] == [3, 2]
    assert found["total"] == 2
