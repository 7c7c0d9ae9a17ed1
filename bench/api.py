"""REST answers with 100,000 jobs in the database: list, filtered list and one job."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import create_engine, insert

from bench.figures import ms, percentile
from bench.installation import installation
from orch_app.domains.jobs.models import Job
from orch_app.kit.ids import new_id

JOBS = 100_000
AT_ONCE = 2_000


def bench_api(*, quick: bool = False) -> dict[str, Any]:
    """p50 and p95 in milliseconds, one caller at a time."""
    count, rounds = (10_000, 50) if quick else (JOBS, 300)
    with installation(worker=False) as made, made.client() as client:
        ids = _fill(f"sqlite:///{made.data_dir / 'orch.db'}", count)
        cases: dict[str, Callable[[int], str]] = {
            "list": lambda _: "/v1/jobs",
            "list_failed": lambda _: "/v1/jobs?status=ERROR",
            "list_deep": lambda n: f"/v1/jobs?page={n + 1}",
            "detail": lambda n: f"/v1/jobs/{ids[(n * 7919) % count]}",
        }
        figures: dict[str, Any] = {"jobs": count, "rounds": rounds}
        for name, path in cases.items():
            times = [_time(client, path(n)) for n in range(rounds)]
            figures |= {f"{name}_p50_ms": ms(percentile(times, 0.5)), f"{name}_p95_ms": ms(percentile(times, 0.95))}
    return figures


def _time(client: httpx.Client, path: str) -> float:
    begin = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - begin


def _fill(url: str, count: int) -> list[str]:
    start = datetime.now(UTC) - timedelta(days=30)
    ids: list[str] = []
    engine = create_engine(url)
    with engine.begin() as connection:
        for first in range(0, count, AT_ONCE):
            rows = [_row(first + n, start + timedelta(seconds=first + n)) for n in range(AT_ONCE)]
            connection.execute(insert(Job), rows)
            ids += [row["id"] for row in rows]
    engine.dispose()
    return ids


def _row(number: int, moment: datetime) -> dict[str, Any]:
    status = "ERROR" if number % 17 == 0 else "SUCCESS"
    job = Job(
        id=new_id("job"),
        number=number + 1,
        runbook_name=f"runbook_{number % 20}",
        status=status,
        phase="done",
        created_at=moment,
        queued_at=moment,
        started_at=moment,
        finished_at=moment + timedelta(seconds=20),
    )
    return {attribute.key: getattr(job, attribute.key) for attribute in Job.__mapper__.column_attrs}  # pyright: ignore[reportAttributeAccessIssue]
