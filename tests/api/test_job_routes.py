"""Jobs over REST, SSE and websocket: launched by a script, run by a real worker, read in every way there is."""

import hashlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.run import run_job
from orch_app.kit.queue import install_bell
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient

CLOSED = {"targets": [{"host": "203.0.113.1", "kind": "tcp", "port": 9}], "count": 1, "timeout_s": 1}
REFUSED_TARGET = {"targets": [{"host": "127.0.0.1", "kind": "tcp", "port": 9}], "count": 1, "timeout_s": 1}


@pytest.fixture(autouse=True)
def _with_catalogue(database: str, admin: Any) -> None:
    """Every test here runs on both back ends, with the real runbooks."""
    sync_runbooks(admin)


@pytest.fixture
def operator_client(make_client: MakeClient) -> TestClient:
    return make_client(Role.OPERATOR)


@pytest.fixture
def no_worker() -> list[str]:
    """Bells are noted and nobody comes."""
    rung: list[str] = []
    install_bell(lambda _name, payload: rung.append(payload["job_id"]), lambda: True)
    return rung


@pytest.fixture
def worker() -> Iterator[None]:
    """Every bell is answered by a thread that runs the job for real."""
    threads: list[threading.Thread] = []

    def ring(_name: str, payload: dict[str, str]) -> None:
        thread = threading.Thread(target=run_job, args=(payload["job_id"],))
        thread.start()
        threads.append(thread)

    install_bell(ring, lambda: True)
    yield
    for thread in threads:
        thread.join()


def execute(client: TestClient, runbook: str = "host_report", **body: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/runbooks/{runbook}/execute", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def ended(client: TestClient, job_id: str) -> dict[str, Any]:
    return client.get(f"/v1/jobs/{job_id}", params={"wait": 60}).json()


@pytest.mark.usefixtures("no_worker")
def test_executing_answers_202_with_where_to_look(operator_client: TestClient) -> None:
    answer = operator_client.post("/v1/runbooks/host_report/execute", json={"inputs": {}})
    made = answer.json()
    assert (answer.status_code, made["status"], made["phase"]) == (202, "PENDING", "queued")
    assert answer.headers["location"] == made["statusUrl"] == f"/v1/jobs/{made['jobId']}"
    assert made["eventsUrl"] == f"/v1/jobs/{made['jobId']}/logs/stream"
    assert operator_client.get(made["statusUrl"]).json()["environment"] == "stage"


@pytest.mark.usefixtures("no_worker")
def test_a_preview_is_a_job_of_its_own_mode_and_repeatable_by_key(operator_client: TestClient) -> None:
    path, headers = "/v1/runbooks/connectivity_test/preview", {"Idempotency-Key": "look"}
    made = operator_client.post(path, json={"inputs": CLOSED}, headers=headers)
    again = operator_client.post(path, json={"inputs": CLOSED}, headers=headers)
    assert (made.status_code, again.json()["jobId"]) == (202, made.json()["jobId"])
    job = operator_client.get(made.json()["statusUrl"]).json()
    names = ("mode", "planSha256", "expectPlan", "rollbackOf", "snapshotRef")
    assert [job[name] for name in names] == ["preview", None, None, None, None]


@pytest.mark.usefixtures("no_worker")
def test_a_mode_that_cannot_be_is_refused_at_its_place(operator_client: TestClient) -> None:
    for body in ({"mode": "rollback"}, {"mode": "other"}):
        answer = operator_client.post("/v1/runbooks/connectivity_test/execute", json={"inputs": CLOSED, **body})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/mode")
    answer = operator_client.post("/v1/runbooks/connectivity_test/execute", json={"expectPlan": "x"})
    assert answer.json()["errors"][0]["pointer"] == "/expectPlan"


@pytest.mark.usefixtures("no_worker")
def test_a_plan_that_nobody_has_seen_is_409_and_so_is_a_rollback_to_nothing(operator_client: TestClient) -> None:
    body = {"inputs": CLOSED, "expectPlan": "a" * 64}
    answer = operator_client.post("/v1/runbooks/connectivity_test/execute", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_plan")
    job_id = execute(operator_client, "connectivity_test", inputs=CLOSED)["jobId"]
    assert operator_client.post(f"/v1/jobs/{job_id}/rollback", json={}).json()["code"] == "job_is_running"
    operator_client.post(f"/v1/jobs/{job_id}/cancel")
    assert operator_client.post(f"/v1/jobs/{job_id}/rollback", json={"preview": True}).json()["code"] == "no_snapshot"


@pytest.mark.usefixtures("no_worker")
def test_a_repeated_key_is_answered_as_before_and_says_so(operator_client: TestClient) -> None:
    headers = {"Idempotency-Key": "7c1f"}
    first = operator_client.post("/v1/runbooks/host_report/execute", json={}, headers=headers)
    again = operator_client.post("/v1/runbooks/host_report/execute", json={}, headers=headers)
    other = operator_client.post("/v1/runbooks/host_report/execute", json={"environment": "prod"}, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.usefixtures("no_worker")
def test_the_list_is_a_csv_file_where_that_is_asked_for(operator_client: TestClient) -> None:
    body = {"requestReason": "@SUM(1)"}
    number = operator_client.post("/v1/runbooks/host_report/execute", json=body).json()["number"]
    by_format = operator_client.get("/v1/jobs", params={"format": "csv", "runbook": "host_report"})
    by_header = operator_client.get("/v1/jobs?runbook=host_report", headers={"Accept": "text/csv"})
    assert by_format.text == by_header.text
    assert by_format.text.splitlines()[1].startswith(f"{number},job_")
    assert by_format.text.rstrip().endswith(",'@SUM(1)")
    assert by_format.headers["content-type"].startswith("text/csv")
    assert by_format.headers["content-disposition"] == 'attachment; filename="jobs.csv"'
    assert operator_client.get("/v1/jobs", params={"format": "xml"}).status_code == 400
    assert operator_client.get("/v1/jobs?format=csv&runbook=none").text.count("\n") == 1


@pytest.mark.usefixtures("no_worker")
def test_an_empty_list_of_hosts_is_refused_at_its_place(operator_client: TestClient) -> None:
    order = {"name": "nightly", "runbook": "host_report", "cron": "0 3 * * *"}
    answers = [
        operator_client.post("/v1/runbooks/host_report/execute", json={"hosts": []}),
        operator_client.post("/v1/schedules", json={**order, "hosts": []}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert [[fault["pointer"] for fault in answer.json()["errors"]] for answer in answers] == [["/hosts"], ["/hosts"]]


def test_a_tag_that_the_runbook_does_not_offer_is_refused_at_its_place(operator_client: TestClient) -> None:
    for field in ("tags", "skipTags"):
        for path in ("execute", "preview"):
            body = {"inputs": CLOSED, field: ["x"]}
            refused = operator_client.post(f"/v1/runbooks/connectivity_test/{path}", json=body)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}"), path
    job = execute(operator_client, "connectivity_test", inputs=CLOSED)
    found = operator_client.get(job["statusUrl"]).json()
    assert (found["tags"], found["skipTags"]) == ([], [])


def test_refused_inputs_are_a_problem_with_a_pointer_each(operator_client: TestClient) -> None:
    body = {"inputs": {"targets": [{"host": "a", "kind": "tcp"}], "count": 99}}
    answer = operator_client.post("/v1/runbooks/connectivity_test/execute", json=body)
    found = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert sorted(fault["pointer"] for fault in found["errors"]) == ["/count", "/targets/0/port"]
    assert found["requestId"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"status": "NOPE"}, 400), ({"colour": "red"}, 400), ({"status": ""}, 200), ({"limit": "0"}, 400)],
)
def test_an_unknown_filter_is_an_error_and_an_empty_one_is_none(
    operator_client: TestClient, query: dict[str, str], status: int
) -> None:
    assert operator_client.get("/v1/jobs", params=query).status_code == status


@pytest.mark.usefixtures("no_worker")
def test_the_list_is_read_page_by_page_without_missing_or_doubling(operator_client: TestClient) -> None:
    made = [execute(operator_client)["jobId"] for _ in range(5)]
    seen: list[str] = []
    page: dict[str, Any] = {"nextCursor": ""}
    while (cursor := page["nextCursor"]) is not None:
        page = operator_client.get("/v1/jobs", params={"limit": 2, "cursor": cursor}).json()
        seen += [job["id"] for job in page["items"]]
    assert seen == made[::-1]
    answer = operator_client.get("/v1/jobs", params={"page": 2, "pageSize": 2, "withTotal": True})
    second = answer.json()
    assert ([job["id"] for job in second["items"]], second["total"]) == (made[::-1][2:4], 5)
    back = operator_client.get("/v1/jobs", params={"limit": 2, "cursor": second["prevCursor"]}).json()
    assert ([job["id"] for job in back["items"]], back["prevCursor"]) == (made[::-1][:2], None)
    assert (answer.links["next"]["url"].startswith("/v1/jobs?"), page["prevCursor"] is None) == (True, False)
    last = operator_client.get(answer.links["next"]["url"])
    assert ([job["id"] for job in last.json()["items"]], last.links) == (made[:1], {})


@pytest.mark.usefixtures("no_worker")
def test_a_cancel_may_be_by_force(operator_client: TestClient) -> None:
    one = execute(operator_client)["jobId"]
    answer = operator_client.post(f"/v1/jobs/{one}/cancel", json={"force": True})
    assert (answer.status_code, answer.json()["status"]) == (202, "CANCELED")
    assert operator_client.post(f"/v1/jobs/{one}/cancel", json={"hard": True}).status_code in {400, 409, 422}


@pytest.mark.usefixtures("no_worker")
def test_the_list_is_filtered(operator_client: TestClient) -> None:
    one = execute(operator_client)["jobId"]
    two = execute(operator_client, "connectivity_test", inputs=CLOSED, environment="prod")["jobId"]
    operator_client.post(f"/v1/jobs/{one}/cancel")

    def found(**query: Any) -> list[str]:
        return [job["id"] for job in operator_client.get("/v1/jobs", params=query).json()["items"]]

    assert found(status=["CANCELED", "ERROR"]) == [one]
    assert found(runbook="connectivity_test") == [two]
    assert found(environment="prod") == [two]
    assert found(trigger="api") == [two, one]
    assert found(trigger="schedule") == []
    assert found(q="#1") == [one]
    assert found(host="localhost") == [two, one]


@pytest.mark.usefixtures("no_worker")
def test_many_jobs_are_canceled_by_one_call_with_a_result_each(operator_client: TestClient) -> None:
    waiting, over = (execute(operator_client)["jobId"] for _ in range(2))
    operator_client.post(f"/v1/jobs/{over}/cancel")
    order = {"action": "cancel", "jobIds": [waiting, over]}
    whole = operator_client.post("/v1/jobs/bulk", json=order | {"mode": "allOrNothing"})
    assert (whole.status_code, whole.json()["code"]) == (409, "bulk_refused")
    assert whole.json()["errors"][0]["pointer"] == "/jobIds/1"
    answer = operator_client.post("/v1/jobs/bulk", json=order)
    found = answer.json()
    assert (answer.status_code, found["done"], found["refused"]) == (207, 1, 1)
    assert [(item["jobId"], item["status"], item["code"]) for item in found["items"]] == [
        (waiting, 202, ""),
        (over, 409, "job_is_over"),
    ]
    assert found["items"][0]["job"]["status"] == "CANCELED"


@pytest.mark.usefixtures("no_worker")
def test_an_admin_deletes_ended_jobs_one_by_one_or_together(
    operator_client: TestClient, make_client: MakeClient
) -> None:
    admin = make_client(Role.ADMIN)
    first, second, waiting = (execute(operator_client)["jobId"] for _ in range(3))
    operator_client.post("/v1/jobs/bulk", json={"action": "cancel", "jobIds": [first, second]})
    assert operator_client.delete(f"/v1/jobs/{first}").status_code == 403
    assert admin.delete(f"/v1/jobs/{first}").status_code == 204
    assert admin.get(f"/v1/jobs/{first}").json()["code"] == "job_not_found"
    assert admin.delete(f"/v1/jobs/{waiting}").json()["code"] == "job_is_running"
    order = {"action": "delete", "jobIds": [second, waiting]}
    assert operator_client.post("/v1/jobs/bulk", json=order).status_code == 403
    found = admin.post("/v1/jobs/bulk", json=order).json()
    assert [(item["jobId"], item["code"]) for item in found["items"]] == [(second, ""), (waiting, "job_is_running")]
    assert found["items"][0]["job"]["status"] == "CANCELED"
    assert [item["id"] for item in admin.get("/v1/jobs").json()["items"]] == [waiting]


@pytest.mark.parametrize(
    "order",
    [
        {"action": "forget", "jobIds": ["a"]},
        {"action": "cancel", "jobIds": []},
        {"action": "retry", "jobIds": ["a"] * 51},
    ],
)
def test_an_order_about_no_job_too_many_or_of_another_kind_is_refused(
    operator_client: TestClient, order: dict[str, Any]
) -> None:
    assert operator_client.post("/v1/jobs/bulk", json=order).status_code in {400, 422}


@pytest.mark.usefixtures("no_worker")
def test_a_file_of_chosen_jobs_holds_these_and_no_others(operator_client: TestClient) -> None:
    made = [execute(operator_client)["jobId"] for _ in range(3)]
    lines = operator_client.get("/v1/jobs", params={"format": "csv", "id": made[:2]}).text.splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == made[1::-1]


def test_a_job_that_is_not_there_is_404_everywhere(operator_client: TestClient) -> None:
    gone = "/v1/jobs/job_00000000000000000000000000"
    for path in ("", "/logs", "/logs/stream", "/steps", "/artifacts", "/artifacts/output.json"):
        assert operator_client.get(gone + path).status_code == 404
    for verb in ("cancel", "retry"):
        assert operator_client.post(f"{gone}/{verb}").status_code == 404


@pytest.mark.usefixtures("worker")
def test_a_real_job_is_the_same_in_every_way_of_reading_it(operator_client: TestClient) -> None:
    job_id = execute(operator_client, "connectivity_test", inputs=REFUSED_TARGET)["jobId"]
    streamed = read_stream(operator_client, job_id)
    job = ended(operator_client, job_id)
    assert (job["status"], job["reason"], job["phase"]) == ("ERROR", "targets_failed", "done")
    assert job["isolation"] in {"bwrap", "landlock", "rlimits"}
    assert job["counts"]["failed"] == 1
    assert job["output"]["failure"]["code"] == "targets_failed"
    assert [step["kind"] for step in job["steps"]][:2] == ["play", "task"]
    assert job["steps"][-1]["hosts"][0]["status"] == "failed"
    assert streamed[-1][0] == "end"
    assert json.loads(streamed[-1][2])["status"] == "ERROR"

    from_sse = [json.loads(data) for event, _, data in streamed if event == "log"]
    assert [line["seq"] for line in from_sse] == list(range(1, job["lastSeq"] + 1))
    assert [int(identity) for event, identity, _ in streamed if event == "log"] == [line["seq"] for line in from_sse]
    assert read_socket(operator_client, job_id) == from_sse
    paged = operator_client.get(f"/v1/jobs/{job_id}/logs", params={"limit": 5000}).json()
    assert (paged["items"], paged["nextAfterSeq"]) == (from_sse, job["lastSeq"])
    archived = operator_client.get(f"/v1/jobs/{job_id}/artifacts/logs.ndjson").text
    assert [json.loads(line) for line in archived.splitlines()] == from_sse
    as_file = operator_client.get(f"/v1/jobs/{job_id}/logs?format=ndjson")
    assert as_file.headers["content-disposition"] == f'attachment; filename="job-{job["number"]}.ndjson"'
    assert [json.loads(line) for line in as_file.text.splitlines()] == from_sse
    errors = operator_client.get(f"/v1/jobs/{job_id}/logs?format=txt&level=error").text.splitlines()
    assert [line.partition(" | ")[2] for line in errors] == [
        line["message"] for line in from_sse if line["level"] == "error"
    ]


def read_stream(client: TestClient, job_id: str, **headers: str) -> list[tuple[str, str, str]]:
    """(event, id, data) of every server-sent event."""
    text = client.get(f"/v1/jobs/{job_id}/logs/stream", headers=headers).text
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    fields = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(found["event"], found.get("id", ""), found["data"]) for found in fields]


def read_socket(client: TestClient, job_id: str, address: str = "") -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    with client.websocket_connect(f"/v1/ws/jobs/{job_id}{address}") as socket:
        while (message := socket.receive_json())["type"] != "end":
            if message["type"] == "log":
                lines.append(message["item"])
    return lines


@pytest.mark.usefixtures("worker")
def test_a_stream_goes_on_after_the_last_event_the_client_has(operator_client: TestClient) -> None:
    job_id = execute(operator_client, "connectivity_test", inputs=REFUSED_TARGET)["jobId"]
    last = ended(operator_client, job_id)["lastSeq"]
    resumed = read_stream(operator_client, job_id, **{"Last-Event-ID": str(last - 2)})
    assert [identity for event, identity, _ in resumed if event == "log"] == [str(last - 1), str(last)]
    assert [line["seq"] for line in read_socket(operator_client, job_id, f"?afterSeq={last - 2}")] == [last - 1, last]


@pytest.mark.usefixtures("worker")
def test_the_files_of_a_job_have_the_sizes_and_hashes_that_the_list_says(operator_client: TestClient) -> None:
    job_id = execute(operator_client)["jobId"]
    assert ended(operator_client, job_id)["status"] == "SUCCESS"
    files = operator_client.get(f"/v1/jobs/{job_id}/artifacts").json()["items"]
    assert {"artifacts.tar.gz", "logs.ndjson", "output.json"} <= {file["name"] for file in files}
    for file in files:
        answer = operator_client.get(f"/v1/jobs/{job_id}/artifacts/{file['name']}")
        assert (len(answer.content), hashlib.sha256(answer.content).hexdigest()) == (file["size"], file["sha256"])
        assert answer.headers["content-disposition"].startswith("attachment")
    assert operator_client.get(f"/v1/jobs/{job_id}/artifacts/..%2f..%2forch.db").status_code == 404


@pytest.mark.usefixtures("no_worker")
def test_a_viewer_reads_and_may_not_run_cancel_or_repeat(operator_client: TestClient, make_client: MakeClient) -> None:
    job_id = execute(operator_client)["jobId"]
    viewer = make_client(Role.VIEWER)
    assert viewer.get(f"/v1/jobs/{job_id}").status_code == 200
    for path in ("runbooks/host_report/execute", f"jobs/{job_id}/cancel", f"jobs/{job_id}/retry"):
        assert viewer.post(f"/v1/{path}", json={}).status_code == 403


@pytest.mark.usefixtures("no_worker")
def test_the_socket_of_everything_tells_when_a_job_changes(operator_client: TestClient) -> None:
    job_id = execute(operator_client)["jobId"]
    with operator_client.websocket_connect("/v1/ws") as socket:
        socket.send_text("hello")
        operator_client.post(f"/v1/jobs/{job_id}/cancel")
        other = execute(operator_client)["jobId"]
        told = [socket.receive_json()]
        while told[-1]["data"]["id"] != other:
            told.append(socket.receive_json())
    assert {message["type"] for message in told} == {"job.status"}
