"""REST answers with 100,000 jobs in the database: list, filtered and searched list, and one job."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import create_engine, insert
from sqlmodel import SQLModel

from bench.figures import ms, percentile
from bench.installation import installation
from orch_app.domains.jobs.models import Job, JobSearch
from orch_app.domains.jobs.search import row_of
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
            "host": lambda n: f"/v1/jobs?host=web-{n}",
            "search": lambda n: f"/v1/jobs?q=ticket-{(n * 7919) % count}",
            "search_common": lambda _: "/v1/jobs?q=web",
            "search_none": lambda n: f"/v1/jobs?q=nothing-{n}&withTotal=true",
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
            jobs = [_job(first + n, start + timedelta(seconds=first + n)) for n in range(AT_ONCE)]
            connection.execute(insert(Job), [_values(job) for job in jobs])
            connection.execute(insert(JobSearch), [_values(row_of(job)) for job in jobs])
            ids += [job.id for job in jobs]
    engine.dispose()
    return ids


def _job(number: int, moment: datetime) -> Job:
    status = "ERROR" if number % 17 == 0 else "SUCCESS"
    return Job(
        id=new_id("job"),
        number=number + 1,
        runbook_name=f"runbook_{number % 20}",
        status=status,
        phase="done",
        host_names=[f"web-{(number + n) % 1000}" for n in range(3)],
        request_reason=f"ticket-{number}",
        created_at=moment,
        queued_at=moment,
        started_at=moment,
        finished_at=moment + timedelta(seconds=20),
    )


def _values(row: SQLModel) -> dict[str, Any]:
    return {attribute.key: getattr(row, attribute.key) for attribute in row.__mapper__.column_attrs}  # pyright: ignore[reportAttributeAccessIssue]
