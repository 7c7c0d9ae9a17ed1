"""Who may read /metrics, and what the web process measures of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from orch_app import api as rest
from tests.systems.asgi import TestClient
from tests.systems.product import bound_to

TOKEN = "the-token-of-this-test"


@contextmanager
def caller(app: FastAPI, address: str = "127.0.0.1") -> Iterator[TestClient]:
    with TestClient(rest.wrap(app), client=(address, 4711), raise_server_exceptions=False) as client:
        yield client


def test_without_a_token_only_this_machine_reads(api: FastAPI, database: str) -> None:
    with caller(api) as near, caller(api, "10.0.0.9") as far:
        assert near.get("/metrics").status_code == 200
        assert near.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
        assert far.get("/metrics").status_code == 403
        for header in ("X-Forwarded-For", "Forwarded", "X-Forwarded-Proto"):
            assert near.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_with_a_token_whoever_says_it_reads(api: FastAPI, migrated_sqlite: Path) -> None:
    with bound_to(migrated_sqlite.parent, ORCH_METRICS_TOKEN=TOKEN), caller(api, "10.0.0.9") as far:
        assert far.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        for wrong in ("", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer \u00e9".encode()):
            assert far.get("/metrics", headers={"Authorization": wrong}).status_code == 401


@pytest.mark.usefixtures("database")
def test_requests_are_measured_by_the_template_of_their_route(api: FastAPI) -> None:
    with caller(api) as near:
        near.get("/problems/rate-limited")
        near.get("/v1/jobs/job_1")
        near.get("/no/such/place")
        text = near.get("/metrics").text
    counted = [line for line in text.splitlines() if line.startswith("jarvis_http_request_duration_seconds_count")]
    assert any('method="GET",route="/problems/{code}",status="200"' in line for line in counted)
    assert any('route="/v1/jobs/{job_id}",status="401"' in line for line in counted)
    assert not any("job_1" in line or "no/such" in line or "rate-limited" in line for line in counted)
