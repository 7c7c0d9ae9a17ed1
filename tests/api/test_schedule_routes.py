"""Schedules and blackouts over REST, as a script uses them."""

from typing import Any

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient

NEW = {"name": "nightly", "runbook": "host_report", "cron": "30 3 * * 1-5", "timezone": "Europe/Lisbon"}
FREEZE = {"name": "freeze", "environment": "stage", "cron": "0 18 * * 5", "timezone": "UTC", "durationMin": 120}


@pytest.fixture(autouse=True)
def _with_catalogue(database: str) -> None:
    sync_runbooks(COMMAND_LINE)


@pytest.fixture
def admin(make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def created(client: TestClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{path}/{answer.json()['id']}"
    return answer.json()


def test_a_schedule_is_made_read_changed_and_removed(admin: TestClient) -> None:
    made = created(admin, "/v1/schedules", NEW)
    assert (made["sentence"], made["sentencePt"]) == ("Monday to Friday at 03:30", "Segunda a sexta às 03:30")
    assert (made["status"], made["owner"]["name"], made["missedPolicy"]) == ("active", "admin@example.com", "skip")
    assert len(made["nextRuns"]) == 5
    assert made["nextRuns"][0]["localTime"][11:16] == "03:30"
    path = f"/v1/schedules/{made['id']}"
    read = admin.get(path)
    assert read.json() == made
    stale = read.headers["ETag"]
    changed = admin.patch(path, json={"cron": "0 4 * * *"}, headers={"If-Match": stale})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert admin.patch(path, json={"cron": "0 5 * * *"}, headers={"If-Match": stale}).status_code == 412
    assert admin.delete(path, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert admin.get(path).json()["code"] == "schedule_not_found"


def test_it_is_paused_resumed_and_run_and_tells_its_history(admin: TestClient) -> None:
    path = f"/v1/schedules/{created(admin, '/v1/schedules', NEW)['id']}"
    paused = admin.post(f"{path}/pause").json()
    assert (paused["status"], paused["nextFireAt"], paused["nextRuns"]) == ("paused", None, [])
    assert admin.post(f"{path}/resume").json()["status"] == "active"
    ran = admin.post(f"{path}/run")
    assert (ran.status_code, ran.json()["outcome"], ran.json()["kind"]) == (202, "started", "manual")
    history = admin.get(f"{path}/firings?withTotal=1").json()
    assert (history["items"], history["total"]) == ([ran.json()], 1)
    job = admin.get(f"/v1/jobs/{ran.json()['jobId']}").json()
    assert (job["trigger"], job["originId"]) == ("schedule", path.rpartition("/")[2])
    assert admin.get(path).json()["lastFiring"] == ran.json()


def test_an_expression_is_previewed_with_the_blackouts_that_would_hold_it(admin: TestClient) -> None:
    created(admin, "/v1/blackouts", {**FREEZE, "cron": "0 0 * * *", "durationMin": 1440})
    query = {"cron": "0 9 * * *", "timezone": "America/Sao_Paulo", "environment": "stage", "count": 7}
    shown = admin.get("/v1/schedules/preview", params=query).json()
    assert (shown["sentence"], shown["sentencePt"]) == ("Every day at 09:00", "Todos os dias às 09:00")
    assert [item["blackout"] for item in shown["items"]] == ["freeze"] * 7
    assert {item["localTime"][11:] for item in shown["items"]} == {"09:00:00-03:00"}
    refused = admin.get("/v1/schedules/preview", params={"cron": "nonsense"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/cron")


def test_the_list_is_paged_and_filtered(admin: TestClient) -> None:
    for number in range(3):
        created(admin, "/v1/schedules", {**NEW, "name": f"s{number}"})
    first = admin.get("/v1/schedules?limit=2&withTotal=1").json()
    assert ([row["name"] for row in first["items"]], first["total"]) == (["s0", "s1"], 3)
    second = admin.get("/v1/schedules", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert [row["name"] for row in second["items"]] == ["s2"]
    assert admin.get("/v1/schedules?status=paused").json()["items"] == []
    assert admin.get("/v1/schedules?colour=red").status_code == 400


def test_a_blackout_is_made_read_changed_and_removed(admin: TestClient) -> None:
    made = created(admin, "/v1/blackouts", FREEZE)
    assert made["sentence"] == "Friday at 18:00"
    path = f"/v1/blackouts/{made['id']}"
    read = admin.get(path)
    assert admin.get("/v1/blackouts").json()["items"] == [read.json()]
    changed = admin.patch(path, json={"durationMin": 60}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.json()["durationMin"], changed.json()["version"]) == (60, 2)
    assert admin.patch(path, json={"name": "x"}, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    once = {"startsAt": "2026-05-01T10:00:00Z", "endsAt": "2026-05-01T12:00:00Z", "cron": ""}
    assert admin.patch(path, json=once).json()["durationMin"] == 0
    assert admin.delete(path).status_code == 204
    assert admin.get(path).json()["code"] == "blackout_not_found"


def test_a_schedule_of_somebody_else_is_not_an_operators_to_change(admin: TestClient, make_client: MakeClient) -> None:
    path = f"/v1/schedules/{created(admin, '/v1/schedules', NEW)['id']}"
    operator = make_client(Role.OPERATOR)
    refused = operator.patch(path, json={"name": "mine"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_owner")


@pytest.mark.parametrize("moment", ["1999-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-05-01T00:00:00"])
def test_a_time_outside_of_the_calendar_is_refused(moment: str, admin: TestClient) -> None:
    assert admin.post("/v1/schedules", json={**NEW, "startsAt": moment}).status_code == 422
