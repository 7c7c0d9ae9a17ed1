"""Reading jobs on both back ends: filters, pages, counts, the queue and the figures of the dashboard."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE, Actor
from orch_app.domains.jobs import days, queries
from orch_app.domains.jobs.queries import JobFilter, Page
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.errors import NotFound, Unauthorized
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.jobs.rows import add_job, add_worker

pytestmark = pytest.mark.usefixtures("database")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


NARROWED: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [5, 4, 3, 2, 1]),
    ({"statuses": ("ERROR",)}, [2]),
    ({"statuses": ("ERROR", "CANCELED")}, [3, 2]),
    ({"runbook": "connectivity_test"}, [3]),
    ({"environment": "prod"}, [5, 2]),
    ({"created_by": "usr_1"}, [1]),
    ({"created_by": "olga"}, [2]),
    ({"host": "web-10"}, [2, 1]),
    ({"host": "web-1"}, [1]),
    ({"host": "web"}, []),
    ({"host": "web-1%"}, []),
    ({"host": "db.example.com"}, [5]),
    ({"host": 'web-1", "web-10'}, []),
    ({"host": "WEB-1"}, [1]),
    ({"host": "localhost"}, [4, 3]),
    ({"text": "#3"}, [3]),
    ({"text": "3"}, [3]),
    ({"text": "REPORT"}, [5, 4, 2, 1]),
    ({"text": "última TENTATIVA"}, [3]),
    ({"text": "ÚLTIMA"}, [3]),
    ({"text": "100%"}, [4]),
    ({"text": "%"}, [4]),
    ({"text": "_thing \\ 'q"}, [4]),
    ({"text": "host-report"}, []),
    ({"text": f"job_{4:026d}"}, [4]),
    ({"text": "#99999999999999999999"}, []),
    ({"text": "web-1"}, [2, 1]),
    ({"text": "example.COM"}, [5]),
    ({"text": "olga"}, [2]),
    ({"text": "OLGA report"}, [2]),
    ({"text": "olga localhost"}, []),
    ({"text": "relatório DO host ada"}, [5, 4, 1]),
    ({"text": "connectivity test"}, [3]),
    ({"text": "web-10 olga host_ report # 2 and seven"}, []),
    ({"text": "  "}, [5, 4, 3, 2, 1]),
    ({"environment": "prod", "statuses": ("ERROR",), "host": "web-10"}, [2]),
]


def found(actor: Actor, page: Page | None = None, **wanted: Any) -> list[int]:
    """Numbers of the jobs that the filter matches."""
    with reading() as session:
        jobs = queries.list_jobs(session, actor, JobFilter(**wanted), page or Page())
        if page is None:
            assert queries.count_jobs(session, actor, JobFilter(**wanted)) == len(jobs)
        return [job.number for job in jobs]


@pytest.fixture
def five(database: str) -> datetime:
    """Five jobs; the moment between the third and the fourth."""
    sync_runbooks(COMMAND_LINE)
    add_job(1, ago=5 * HOUR, status="SUCCESS", created_by="usr_1", host_names=["web-1", "web-10"])
    add_job(2, ago=4 * HOUR, status="ERROR", environment="prod", created_by_name="olga", host_names=["web-10"])
    add_job(3, ago=3 * HOUR, status="CANCELED", runbook_name="connectivity_test", request_reason="Última tentativa")
    add_job(4, ago=1 * HOUR, status="RUNNING", request_reason="100% sure_thing \\ 'quoted'")
    add_job(5, status="PENDING", host_names=["db.example.com"], environment="prod")
    return now() - 2 * HOUR


@pytest.mark.usefixtures("five")
def test_the_list_is_narrowed(viewer: Actor) -> None:
    for wanted, numbers in NARROWED:
        assert found(viewer, **wanted) == numbers, wanted


def test_the_list_is_narrowed_by_time(viewer: Actor, five: datetime) -> None:
    assert found(viewer, created_after=five) == [5, 4]
    assert found(viewer, created_before=five) == [3, 2, 1]
    assert found(viewer, created_after=five - 3 * HOUR, created_before=five) == [3, 2]


@pytest.mark.usefixtures("five")
def test_pages_by_place_and_by_number(viewer: Actor) -> None:
    assert found(viewer, Page(limit=2)) == [5, 4]
    assert found(viewer, Page(limit=2, before_id=f"job_{4:026d}")) == [3, 2]
    assert found(viewer, Page(limit=2, offset=4)) == [1]
    assert found(viewer, Page(limit=2, before_id="job_0")) == []


def test_nobody_reads_anything() -> None:
    reads: list[Callable[..., Any]] = [
        lambda session, actor: queries.list_jobs(session, actor, JobFilter(), Page()),
        lambda session, actor: queries.count_jobs(session, actor, JobFilter()),
        lambda session, actor: queries.get_job(session, actor, "job_1"),
        lambda session, actor: queries.get_detail(session, actor, "job_1"),
        lambda session, actor: queries.list_artifacts(session, actor, "job_1"),
        lambda session, actor: queries.list_retries(session, actor, "job_1"),
        lambda session, actor: days.jobs_per_day(session, actor, 7),
        queries.list_workers,
        queries.pulse,
    ]
    for read in reads:
        with reading() as session, pytest.raises(Unauthorized):
            read(session, ANONYMOUS)


def test_a_job_that_is_not_there_is_not_found(viewer: Actor) -> None:
    with reading() as session, pytest.raises(NotFound):
        queries.get_job(session, viewer, "job_1")


def test_those_that_repeat_a_job_are_found(viewer: Actor) -> None:
    first = add_job(1)
    add_job(2, retry_of=first.id)
    add_job(3)
    with reading() as session:
        assert [job.number for job in queries.list_retries(session, viewer, first.id)] == [2]


def test_the_place_in_the_queue_counts_those_that_wait_longer() -> None:
    jobs = [add_job(1, status="RUNNING"), add_job(2), add_job(3, status="CANCELED"), add_job(4), add_job(5)]
    with reading() as session:
        assert [queries.queue_position(session, job) for job in jobs] == [0, 1, 0, 2, 3]


def test_the_usual_length_is_the_mean_of_the_last_successful_runs() -> None:
    start = now() - DAY
    spans = {1: 10, 2: 20, 3: 9999}
    for number, seconds in spans.items():
        status = "ERROR" if seconds > 100 else "SUCCESS"
        add_job(number, status=status, started_at=start, finished_at=start + timedelta(seconds=seconds))
    with reading() as session:
        assert queries.typical_duration_s(session, "host_report") == pytest.approx(15)
        assert queries.typical_duration_s(session, "nothing") is None


def test_the_pulse_counts_what_runs_waits_and_failed_in_each_environment(viewer: Actor) -> None:
    add_job(1, status="RUNNING")
    add_job(2, status="PENDING", ago=2 * HOUR)
    add_job(3, status="PENDING", ago=HOUR, environment="prod")
    for number, (ago, environment) in enumerate([(HOUR, "stage"), (23 * HOUR, "prod"), (30 * HOUR, "stage")], 4):
        add_job(number, status="ERROR", finished_at=now() - ago, environment=environment)
    add_job(7, status="ERROR", finished_at=now() - 3 * DAY)
    add_job(8, status="SUCCESS", finished_at=now())
    with reading() as session:
        everywhere = queries.pulse(session, viewer)
        prod = queries.pulse(session, viewer, "prod")
    assert (everywhere.running, everywhere.queued, everywhere.total) == (1, 2, 8)
    assert (everywhere.failed_24h, everywhere.failed_24h_before) == (2, 1)
    assert everywhere.oldest_wait_s >= 2 * 3600
    assert (prod.running, prod.queued, prod.failed_24h, prod.failed_24h_before, prod.total) == (0, 1, 1, 0, 2)


def test_the_oldest_wait_in_one_environment_is_of_that_environment(viewer: Actor) -> None:
    add_job(1, status="PENDING", ago=5 * HOUR)
    with reading() as session:
        assert queries.pulse(session, viewer, "prod").oldest_wait_s == 0


def test_an_empty_installation_has_an_empty_pulse(viewer: Actor) -> None:
    with reading() as session:
        pulse = queries.pulse(session, viewer)
    assert (pulse.running, pulse.queued, pulse.failed_24h, pulse.total, pulse.oldest_wait_s) == (0, 0, 0, 0, 0.0)


def test_workers_live_while_their_heartbeat_is_young_and_they_have_not_left(viewer: Actor) -> None:
    with unit_of_work() as session:
        add_worker(session, "b", heartbeat=now_ms())
        add_worker(session, "a", heartbeat=now_ms(), state="draining")
        add_worker(session, "silent", heartbeat=now_ms() - 31_000)
        add_worker(session, "gone", heartbeat=now_ms(), state="stopped")
    with reading() as session:
        assert [worker.name for worker in queries.list_workers(session, viewer)] == ["a", "b"]
