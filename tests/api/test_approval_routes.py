"""Approvals over REST: a job that waits, the list of those, and both answers."""

from typing import Any

import pytest
from sqlmodel import col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import unit_of_work
from orch_app.kit.queue import install_bell
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient

REASON = {"reason": "window 3"}


@pytest.fixture(autouse=True)
def _host_report_is_of_high_risk(database: str, admin: Actor) -> None:
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(admin)
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(risk="high"))


@pytest.fixture
def asker(make_client: MakeClient) -> TestClient:
    return make_client(Role.OPERATOR)


@pytest.fixture
def boss(make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def ordered(client: TestClient) -> dict[str, Any]:
    answer = client.post("/v1/runbooks/host_report/execute", json={})
    assert answer.status_code == 202, answer.text
    return answer.json()


def waiting_for(client: TestClient) -> list[str]:
    items = client.get("/v1/approvals", params={"waitingFor": "me"}).json()["items"]
    return [item["job"]["id"] for item in items]


def test_the_answer_of_a_launch_says_that_it_waits_and_for_whom(asker: TestClient) -> None:
    made = ordered(asker)
    assert (made["status"], made["phase"]) == ("PENDING", "awaiting_approval")
    names = ("state", "wanted", "role", "decidedBy", "planSha256")
    told = [made["approval"][name] for name in names]
    assert told == ["waiting", "required_other_person", "admin", None, None]
    job = asker.get(made["statusUrl"]).json()
    assert (job["approval"], job["queue"]["reason"]) == (made["approval"], "approval")


def test_somebody_else_approves_and_the_job_stands_in_line(asker: TestClient, boss: TestClient) -> None:
    job_id = ordered(asker)["jobId"]
    assert (waiting_for(boss), waiting_for(asker)) == ([job_id], [])
    assert asker.post(f"/v1/jobs/{job_id}/approve", json=REASON).status_code == 403
    done = boss.post(f"/v1/jobs/{job_id}/approve", json=REASON)
    assert (done.status_code, done.json()["phase"]) == (200, "queued")
    approval = boss.get(f"/v1/jobs/{job_id}").json()["approval"]
    assert (approval["state"], approval["reason"]) == ("approved", "window 3")
    assert waiting_for(boss) == []
    again = boss.post(f"/v1/jobs/{job_id}/approve", json=REASON)
    assert (again.status_code, again.json()["code"]) == (409, "approval_not_waiting")


def test_a_denial_ends_the_job_with_the_reason(asker: TestClient, boss: TestClient) -> None:
    job_id = ordered(asker)["jobId"]
    ended = boss.post(f"/v1/jobs/{job_id}/deny", json=REASON).json()
    assert (ended["status"], ended["reason"], ended["reasonDetail"]) == ("CANCELED", "approval_denied", "window 3")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "planSha256": "short"}, {"reason": "x" * 501}])
def test_an_answer_has_a_reason_and_perhaps_the_name_of_a_plan(
    asker: TestClient, boss: TestClient, body: dict[str, str]
) -> None:
    job_id = ordered(asker)["jobId"]
    assert boss.post(f"/v1/jobs/{job_id}/approve", json=body).status_code == 422


def test_the_list_is_read_page_by_page(asker: TestClient, boss: TestClient) -> None:
    made = [ordered(asker)["jobId"] for _ in range(3)]
    first = boss.get("/v1/approvals", params={"limit": 2}).json()
    rest = boss.get("/v1/approvals", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert [item["job"]["id"] for page in (first, rest) for item in page["items"]] == made
    assert boss.get("/v1/approvals", params={"waitingFor": "others"}).status_code in {400, 422}


def test_a_runbook_that_changed_meanwhile_is_409(asker: TestClient, boss: TestClient) -> None:
    job_id = ordered(asker)["jobId"]
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.revision = "0" * 64
        session.add(runbook)
    answer = boss.post(f"/v1/jobs/{job_id}/approve", json=REASON)
    assert (answer.status_code, answer.json()["code"]) == (409, "approval_void")
