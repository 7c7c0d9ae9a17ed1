"""Processes that are killed while jobs run and people read: nothing lost, nothing twice, no gap in what is read."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.drill import add_drill
from tests.e2e.product import Product, client_of, new_product
from tests.systems.processes import free_port

QUICK = {"ORCH_LEASE_S": "5", "ORCH_HEARTBEAT_S": "1", "ORCH_SWEEP_S": "1"}
EXECUTE = "/v1/runbooks/drill/execute"


pytestmark = pytest.mark.long


@pytest.fixture(params=["alone", "grown"])
def installed(request: pytest.FixtureRequest, screens: None, tmp_path: Path) -> Product:
    """Alone on SQLite, and grown on PostgreSQL and Redis; with the drill and an operator, and nothing running."""
    variables = QUICK | {"ORCH_RUNBOOKS_DIR": str(add_drill(tmp_path / "runbooks"))}
    if request.param == "grown":
        variables["ORCH_DATABASE_URL"] = request.getfixturevalue("fresh_postgres_url")
        variables["ORCH_REDIS_URL"] = request.getfixturevalue("fresh_redis_url")
    product = new_product(tmp_path / "data", **variables)
    product.add_user("operator")
    return product


def order(client: httpx.Client, key: str, wait_s: int = 0) -> httpx.Response:
    return client.post(EXECUTE, json={"inputs": {"wait": wait_s}}, headers={"Idempotency-Key": key})


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL: no handler runs. Also to what Granian has started, which may not outlive it."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class Reader:
    """Reads a job's stream as a browser's EventSource does: it comes again with the id of the last event it has."""

    job_id: str
    seen: list[int] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)

    def read(self, client: httpx.Client, until: int = 0, then: Callable[[], None] | None = None) -> None:
        """To the end of the job, or to this line; and on from there when something is to be done at it."""
        headers = {"Last-Event-ID": str(self.seen[-1])} if self.seen else {}
        with client.stream("GET", f"/v1/jobs/{self.job_id}/logs/stream", headers=headers) as answer:
            event = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                event = value if name == "event" else event
                if name == "data":
                    self._take(event, json.loads(value))
                if until and len(self.seen) >= until:
                    if then is None:
                        return
                    then()
                    until = 0

    def _take(self, event: str, data: dict[str, Any]) -> None:
        if event == "log":
            self.seen.append(data["seq"])
        elif event == "end":
            self.end = data


def test_a_reader_goes_on_elsewhere_when_web_dies_and_sees_the_end_when_the_worker_does(installed: Product) -> None:
    elsewhere = replace(installed, port=free_port())
    with (
        installed.process("web", path="/login/") as web,
        installed.process("worker", path="/health/worker") as worker,
    ):
        with client_of(installed) as client:
            made = order(client, "once", 5).raise_for_status().json()
            reader = Reader(made["jobId"])
            with pytest.raises(httpx.TransportError):
                reader.read(client, until=50, then=lambda: kill(web))
        with elsewhere.process("web", path="/login/"), client_of(elsewhere) as client:
            assert_it_outlived_web(client, reader, made)
            broken = Reader(order(client, "broken", 100).raise_for_status().json()["jobId"])
            broken.read(client, until=50)
            kill(worker)
            waiting = Reader(order(client, "waiting").raise_for_status().json()["jobId"])
            with elsewhere.process("worker", path="/login/"):
                broken.read(client)
                waiting.read(client)
            assert_its_worker_was_lost(client, broken, waiting)


def assert_it_outlived_web(client: httpx.Client, reader: Reader, made: dict[str, Any]) -> None:
    """The same order is the same job, it has ended well, and its reader has seen each line once."""
    again = order(client, "once", 5)
    reader.read(client)
    job = client.get(f"/v1/jobs/{reader.job_id}").json()
    pages = client.get(f"/v1/jobs/{reader.job_id}/logs", params={"limit": 5000}).json()["items"]
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (made, "true")
    assert (job["status"], job["attempt"]) == ("SUCCESS", 1)
    assert len(client.get("/v1/jobs").json()["items"]) == 1
    assert reader.end["status"] == "SUCCESS"
    assert reader.seen == [line["seq"] for line in pages] == list(range(1, job["lastSeq"] + 1))
    assert [line["message"] for line in pages if line["message"].isdecimal()] == [str(n) for n in range(1, 301)]


def assert_its_worker_was_lost(client: httpx.Client, broken: Reader, waiting: Reader) -> None:
    """The reader of the broken job has seen that, the next job has run, and the same order is still the broken job."""
    jobs = [client.get(f"/v1/jobs/{reader.job_id}").json() for reader in (broken, waiting)]
    assert (broken.end["status"], broken.end["reason"]) == ("ERROR", "interrupted")
    assert (waiting.end["status"], order(client, "broken", 100).json()["jobId"]) == ("SUCCESS", broken.job_id)
    assert [job["attempt"] for job in jobs] == [1, 1]
    for reader, job in zip((broken, waiting), jobs, strict=True):
        assert reader.seen == list(range(1, job["lastSeq"] + 1))
