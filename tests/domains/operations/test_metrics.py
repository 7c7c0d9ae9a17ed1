"""The exposition says what the database says, exactly, whatever has been counted, purged or taken over."""

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orch_app.domains.jobs import artifacts, tallies
from orch_app.domains.jobs.models import JobLock
from orch_app.domains.jobs.states import Phase
from orch_app.domains.operations.metrics import exposition
from orch_app.kit import db
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms, unit_of_work
from orch_app.kit.measures import http_seconds, open_streams
from orch_app.kit.settings import ROOT
from tests.domains.jobs.rows import add_job, add_worker

pytestmark = pytest.mark.usefixtures("database")
PAGE = ROOT / "docs" / "reference" / "metrics.md"
Sample = tuple[str, tuple[tuple[str, str], ...]]


def scraped() -> dict[Sample, float]:
    families = text_string_to_metric_families(exposition().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> Sample:
    return name, tuple(sorted(labels.items()))


def value(name: str, **labels: str) -> float | None:
    return scraped().get(sample(name, **labels))


def ended(number: int, *, status: str = "SUCCESS", waited_s: float = 0.2, ran_s: float = 3.0, **facts) -> None:
    began = now() - timedelta(seconds=ran_s)
    moments = {"queued_at": began - timedelta(seconds=waited_s), "started_at": began, "finished_at": now()}
    add_job(number, status=status, phase="done", fence=1, **moments, **facts)


def tally() -> int:
    with unit_of_work() as session:
        return tallies.tally_ended(session)


def test_waiting_and_running_jobs_are_told_by_phase() -> None:
    assert value("jarvis_queue_jobs", phase="queued") == 0
    add_job(1, ago=timedelta(seconds=90))
    add_job(2)
    add_job(3, phase="waiting_lock")
    add_job(4, status="RUNNING", phase="finalizing", fence=2)
    found = scraped()
    assert found["jarvis_queue_jobs", (("phase", "queued"),)] == 2
    assert found["jarvis_queue_jobs", (("phase", "waiting_lock"),)] == 1
    assert found["jarvis_jobs_running", (("phase", "finalizing"),)] == 1
    assert found["jarvis_job_claims_total", ()] == 2
    assert 90 <= found["jarvis_queue_oldest_seconds", ()] < 600


def test_who_waits_for_a_person_does_not_wait_for_a_worker() -> None:
    add_job(1, phase="awaiting_approval", ago=timedelta(seconds=900))
    found = scraped()
    assert found["jarvis_queue_jobs", (("phase", "awaiting_approval"),)] == 1
    assert found["jarvis_queue_oldest_seconds", ()] == 0


def test_the_page_names_every_phase_of_a_job_that_is_not_over() -> None:
    rows = {row.split("`")[1]: row for row in PAGE.read_text("utf-8").splitlines() if row.startswith("| `")}
    told = rows["jarvis_queue_jobs"] + rows["jarvis_jobs_running"]
    assert {phase.value for phase in Phase if phase is not Phase.DONE and f"`{phase}`" not in told} == set()


def test_locks_in_the_hands_of_running_jobs_are_told_by_kind() -> None:
    assert (value("jarvis_locks_held", kind="lock"), value("jarvis_locks_held", kind="limit")) == (0, 0)
    job = add_job(1, status="RUNNING", phase="running")
    with unit_of_work() as session:
        for name in ("host:web1", "host:web2"):
            session.add(JobLock(kind="lock", name=name, job_id=job.id, owner="wrk_1", fence=1, taken_at=0))
    assert value("jarvis_locks_held", kind="lock") == 2


def test_totals_are_the_same_before_and_after_they_are_counted_and_after_a_purge() -> None:
    ended(1, runbook_name="a", purge_after=now() - timedelta(seconds=1))
    ended(2, runbook_name="a", status="ERROR", waited_s=7, ran_s=100_000)
    ended(3, runbook_name="b")
    before = {key: number for key, number in scraped().items() if key[0].startswith("jarvis_job")}
    assert before["jarvis_jobs_finished_total", (("runbook", "a"), ("status", "SUCCESS"))] == 1
    assert before["jarvis_job_claims_total", ()] == 3
    assert before["jarvis_job_start_latency_seconds_bucket", (("le", "0.25"),)] == 2
    assert before["jarvis_job_start_latency_seconds_bucket", (("le", "10.0"),)] == 3
    assert before["jarvis_job_duration_seconds_bucket", (("le", "14400.0"), ("runbook", "a"))] == 1
    assert before["jarvis_job_duration_seconds_count", (("runbook", "a"),)] == 2
    assert before["jarvis_job_duration_seconds_sum", (("runbook", "b"),)] == pytest.approx(3, abs=0.01)
    with unit_of_work() as session:
        assert artifacts.purge_due(session, "w") == [], "what is not counted yet stays"
    assert (tally(), tally()) == (3, 0)
    with unit_of_work() as session:
        assert len(artifacts.purge_due(session, "w")) == 1
    assert {key: number for key, number in scraped().items() if key[0].startswith("jarvis_job")} == before


def test_jobs_that_never_began_are_no_part_of_the_latencies() -> None:
    add_job(1, status="CANCELED", phase="done", finished_at=now())
    assert value("jarvis_jobs_finished_total", runbook="host_report", status="CANCELED") == 1
    assert value("jarvis_job_start_latency_seconds_count") == 0


def test_jobs_of_lost_workers_are_counted() -> None:
    with unit_of_work() as session:
        tallies.add(session, tallies.Counter({(tallies.REAPED, "", ""): 2}))
        tallies.add(session, tallies.Counter({(tallies.REAPED, "", ""): 1}))
    assert value("jarvis_job_reaped_total") == 3


def test_jobs_that_the_workers_gave_up_are_counted_by_reason() -> None:
    for number, reason in enumerate(["task_failed", "start_failed", "too_many_attempts", "start_failed"], 1):
        ended(number, status="ERROR", reason=reason)
    assert tally() == 4
    ended(5, status="ERROR", reason="start_failed")
    assert value("jarvis_job_dead_letters_total", reason="start_failed") == 3
    assert value("jarvis_job_dead_letters_total", reason="too_many_attempts") == 1
    assert value("jarvis_job_dead_letters_total", reason="task_failed") is None


def test_workers_are_told_with_their_slots_and_their_signs_of_life() -> None:
    with unit_of_work() as session:
        one = add_worker(session, "one", heartbeat=now_ms() - 7_000, log_lag_ms=250, wanted="drain", state="draining")
        add_worker(session, "lost", heartbeat=0)
    add_job(1, status="RUNNING", owner=one.id)
    found = scraped()
    for state in ("draining", "lost"):
        assert found[sample("jarvis_workers", state=state)] == 1
    labels = {"id": one.id, "worker": "one"}
    told = {"slots": 4, "slots_busy": 1, "log_lag_seconds": 0.25, "draining": 1}
    assert {name: found[sample(f"jarvis_worker_{name}", **labels)] for name in told} == told
    assert 7 <= found[sample("jarvis_worker_heartbeat_age_seconds", **labels)] < 600


def test_without_the_database_only_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_app.domains.operations.metrics.ping", lambda: False)
    found = {name for name, _ in scraped()}
    assert value("jarvis_database_up") == 0
    assert not any(name.startswith(("jarvis_job", "jarvis_worker")) for name in found)
    assert db.ping()


def test_the_page_lists_every_metric_with_its_kind_and_labels() -> None:
    ended(1)
    add_job(2)
    add_job(3, status="RUNNING", phase="running")
    with unit_of_work() as session:
        add_worker(session, "one", heartbeat=now_ms())
    http_seconds.labels("GET", "/v1/jobs", "200").observe(0.1)
    open_streams.labels("sse").set(0)
    exposed = {}
    for family in text_string_to_metric_families(exposition().decode()):
        name = family.name + ("_total" if family.type == "counter" else "")
        if not name.endswith("_created"):
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            exposed[name] = (family.type, labels)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = {name: (kind, {label.strip() for label in labels.split(",")} - {""}) for name, kind, labels in rows}
    assert listed == exposed
