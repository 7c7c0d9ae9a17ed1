"""Pipelines over REST: definitions with their ETags, runs with their steps, and one report."""

from typing import Any

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.pipelines import advance
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient

pytestmark = pytest.mark.usefixtures("database")
CHAIN: dict[str, Any] = {
    "name": "chain",
    "title": "A chain",
    "inputsSchema": {"type": "object", "additionalProperties": False, "properties": {"port": {"type": "integer"}}},
    "steps": [
        {"id": "look", "runbook": "host_report"},
        {
            "id": "reach",
            "runbook": "connectivity_test",
            "needs": [{"step": "look", "on": "always"}],
            "inputs": {"targets": [{"host": "192.0.2.1", "kind": "tcp", "port": "${inputs.port}"}]},
        },
    ],
}


@pytest.fixture
def ada(make_client: MakeClient) -> TestClient:
    sync_runbooks(COMMAND_LINE)
    return make_client(Role.ADMIN)


def kept(client: TestClient, **facts: Any) -> dict[str, Any]:
    return client.post("/v1/pipelines", json=CHAIN | facts).json()


def test_a_definition_comes_back_as_it_was_sent_with_its_defaults(ada: TestClient) -> None:
    made = ada.post("/v1/pipelines", json=CHAIN)
    assert made.status_code == 201
    found = ada.get(made.headers["Location"])
    assert found.headers["ETag"] == made.headers["ETag"]
    answer = found.json()
    assert (answer["name"], answer["version"], answer["inputsSchema"]) == ("chain", 1, CHAIN["inputsSchema"])
    assert answer["steps"][1]["needs"] == [{"step": "look", "on": "always"}]
    assert answer["steps"][0]["join"] == "all"
    again = {name: answer[name] for name in ("name", "title", "description", "inputsSchema", "steps")}
    assert ada.put(f"/v1/pipelines/{answer['id']}", json=again).json()["steps"] == answer["steps"]


def test_what_is_wrong_is_told_with_pointers_in_both_languages(ada: TestClient) -> None:
    steps = [CHAIN["steps"][0] | {"needs": [{"step": "nobody"}]}, CHAIN["steps"][1]]
    refused = ada.post("/v1/pipelines", json=CHAIN | {"steps": steps})
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/steps/0/needs/0/step", "unknown_step")
    assert fault["detail"] != fault["detailPt"]


def test_a_change_from_an_older_version_is_refused(ada: TestClient) -> None:
    first = ada.post("/v1/pipelines", json=CHAIN)
    url, match = first.headers["Location"], {"If-Match": first.headers["ETag"]}
    assert ada.put(url, json=CHAIN, headers=match).status_code == 200
    assert ada.put(url, json=CHAIN, headers=match).status_code == 412
    assert ada.delete(url, headers=match).status_code == 412
    assert ada.delete(url).status_code == 204
    assert ada.get(url).status_code == 404


def test_definitions_are_listed_in_pages(ada: TestClient) -> None:
    for name in ("c", "a", "b"):
        kept(ada, name=name)
    first = ada.get("/v1/pipelines", params={"limit": 2}).json()
    assert [row["name"] for row in first["items"]] == ["a", "b"]
    second = ada.get("/v1/pipelines", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert ([row["name"] for row in second["items"]], second["nextCursor"]) == (["c"], None)


def test_a_run_is_accepted_once_for_one_key_and_goes_on_by_itself(ada: TestClient) -> None:
    url = f"/v1/pipelines/{kept(ada)['id']}/run"
    body, key = {"inputs": {"port": 80}, "requestReason": "because"}, {"Idempotency-Key": "k1"}
    first, second = ada.post(url, json=body, headers=key), ada.post(url, json=body, headers=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    advance.sweep()
    run = ada.get(first.headers["Location"]).json()
    assert [(step["step"], step["status"]) for step in run["steps"]] == [("look", "RUNNING"), ("reach", "PENDING")]
    assert (run["number"], run["status"], run["inputs"], run["requestReason"]) == (
        1,
        "RUNNING",
        {"port": 80},
        "because",
    )
    job = ada.get(f"/v1/jobs/{run['steps'][0]['jobId']}").json()
    assert (job["trigger"], job["originId"]) == ("pipeline", run["id"])


def test_a_run_is_cancelled_resumed_and_reported(ada: TestClient) -> None:
    run_id = ada.post(f"/v1/pipelines/{kept(ada)['id']}/run", json={"inputs": {"port": 80}}).json()["runId"]
    url = f"/v1/pipeline-runs/{run_id}"
    advance.sweep()
    assert ada.post(f"{url}/resume").status_code == 409
    assert ada.post(f"{url}/cancel").status_code == 202
    advance.sweep()
    assert ada.post(f"{url}/cancel").status_code == 409
    assert ada.post(f"{url}/resume").json()["status"] == "RUNNING"
    report = ada.get(f"{url}/report").json()
    assert (report["pipeline"], report["attempts"], report["counts"]["PENDING"]) == ("chain", 2, 2)
    assert [len(step["attempts"]) for step in report["steps"]] == [2, 2]
    assert ada.get("/v1/pipeline-runs", params={"status": ["RUNNING", ""]}).json()["items"][0]["id"] == run_id
    assert ada.get("/v1/pipeline-runs", params={"pipeline": "other"}).json()["items"] == []


def test_runs_are_listed_in_pages_newest_first(ada: TestClient) -> None:
    url = f"/v1/pipelines/{kept(ada)['id']}/run"
    ids = [ada.post(url, json={"inputs": {"port": 80}}).json()["runId"] for _ in range(3)]
    first = ada.get("/v1/pipeline-runs", params={"limit": 2}).json()
    assert [row["id"] for row in first["items"]] == ids[:0:-1]
    second = ada.get("/v1/pipeline-runs", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert [row["id"] for row in second["items"]] == ids[:1]


def test_inputs_that_the_pipeline_does_not_take_are_refused(ada: TestClient) -> None:
    refused = ada.post(f"/v1/pipelines/{kept(ada)['id']}/run", json={"inputs": {"port": "eighty"}})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/port")
