"""A web process that is killed while a job runs: the job goes on, and its readers go on where they were."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.e2e.product import PASSWORD, Product, new_product


@contextmanager
def client_of(product: Product) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=product.url, timeout=120) as client:
        sign_in = {"email": "operator@example.org", "password": PASSWORD}
        pair = client.post("/v1/auth/login", json=sign_in).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {pair['accessToken']}"
        yield client


def lines_of(client: httpx.Client, job_id: str, after: int = 0) -> list[int]:
    text = client.get(f"/v1/jobs/{job_id}/logs/stream", headers={"Last-Event-ID": str(after)}).text
    return [json.loads(line[6:])["seq"] for line in text.splitlines() if line.startswith('data: {"seq"')]


def test_a_job_outlives_the_web_process_and_its_log_has_no_gap(screens: None, tmp_path: Path) -> None:
    product = new_product(tmp_path / "data")
    product.add_user("operator")
    with product.process("web", path="/login/") as web, product.process("worker", path="/health/worker"):
        with client_of(product) as client:
            made = client.post("/v1/runbooks/host_report/execute", json={}, headers={"Idempotency-Key": "once"}).json()
        os.killpg(web.pid, signal.SIGKILL)
        web.wait()
        with product.process("web", path="/login/"), client_of(product) as client:
            again = client.post("/v1/runbooks/host_report/execute", json={}, headers={"Idempotency-Key": "once"})
            seen = lines_of(client, made["jobId"])
            job = client.get(f"/v1/jobs/{made['jobId']}").json()
            rest = lines_of(client, made["jobId"], after=5)
            count = len(client.get("/v1/jobs").json()["items"])
    assert again.json() == made
    assert (job["status"], job["attempt"], count) == ("SUCCESS", 1, 1)
    assert seen == list(range(1, job["lastSeq"] + 1))
    assert rest == seen[5:]
