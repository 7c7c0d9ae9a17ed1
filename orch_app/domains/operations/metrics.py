"""The state of the product as Prometheus reads it. Counts come from the database: they are the same everywhere."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlmodel import Session

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.jobs import tallies
from orch_app.domains.jobs.states import DEAD_LETTER, Status
from orch_app.domains.jobs.tallies import Key
from orch_app.domains.jobs.workers import WorkerState, WorkerView, list_all
from orch_app.kit.clock import now
from orch_app.kit.db import ping, snapshot
from orch_app.kit.errors import Unavailable
from orch_app.kit.measures import REGISTRY
from orch_app.kit.queue import is_reachable
from orch_app.kit.version import VERSION

READER = worker_actor("metrics")


class FromDatabase(Collector):
    """Everything that the database knows, in one snapshot."""

    def describe(self) -> Iterator[Metric]:
        """Nothing: to register it must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The families; without the database only that it is away."""
        yield _gauge("jarvis_info", "Always 1; the label is the version.", {(VERSION,): 1}, "version")
        yield _gauge("jarvis_queue_up", "Whether the queue that rings for jobs answers.", {(): is_reachable()})
        families, is_up = self._read()
        yield _gauge("jarvis_database_up", "Whether the database answers.", {(): is_up})
        yield from families

    def _read(self) -> tuple[list[Metric], bool]:
        if not ping():
            return [], False
        try:
            with snapshot() as session:
                return [*_jobs(session), *_workers(list_all(session, READER))], True
        except Unavailable:
            return [], False


def exposition() -> bytes:
    """Everything in Prometheus' text format."""
    return generate_latest(REGISTRY)


def _jobs(session: Session) -> Iterator[Metric]:
    queue, totals = tallies.queue(session), tallies.totals(session)
    waiting = {(phase,): n for (status, phase), n in queue.phases.items() if status == Status.PENDING}
    running = {(phase,): n for (status, phase), n in queue.phases.items() if status == Status.RUNNING}
    since = queue.waiting_since
    yield _gauge("jarvis_queue_jobs", "Jobs that have not begun.", {("queued",): 0} | waiting, "phase")
    oldest = max(0.0, (now() - since).total_seconds()) if since else 0.0
    yield _gauge("jarvis_queue_oldest_seconds", "How long the oldest of them has waited for a worker.", {(): oldest})
    yield _gauge("jarvis_jobs_running", "Jobs that run.", {("running",): 0} | running, "phase")
    held = {(kind,): n for kind, n in tallies.held(session).items()}
    yield _gauge("jarvis_locks_held", "Locks and places within limits that running jobs hold.", held, "kind")
    ended = {(runbook, label): n for (name, runbook, label), n in totals.items() if name == tallies.JOBS}
    yield _counter("jarvis_jobs_finished", "Jobs that ended.", ended, "runbook", "status")
    claims, reaped = totals[tallies.CLAIMS, "", ""], totals[tallies.REAPED, "", ""]
    yield _counter("jarvis_job_claims", "Times that a worker took a job.", {(): claims})
    yield _counter("jarvis_job_reaped", "Jobs settled because their worker was lost.", {(): reaped})
    dead = {(reason,): totals[tallies.DEAD, "", reason] for reason in DEAD_LETTER}
    yield _counter("jarvis_job_dead_letters", "Jobs that the workers gave up.", dead, "reason")
    yield _start_latency(totals)
    yield _duration(totals)


def _start_latency(totals: Counter[Key]) -> Metric:
    family = HistogramMetricFamily("jarvis_job_start_latency_seconds", "From queued to started, of jobs that ended.")
    family.add_metric([], *_histogram(totals, tallies.WAIT, ""))
    return family


def _duration(totals: Counter[Key]) -> Metric:
    words = "From started to ended."
    family = HistogramMetricFamily("jarvis_job_duration_seconds", words, labels=("runbook",))
    for runbook in sorted({runbook for name, runbook, _ in totals if name == tallies.RUN + tallies.SUM}):
        family.add_metric([runbook], *_histogram(totals, tallies.RUN, runbook))
    return family


def _histogram(totals: Counter[Key], name: str, runbook: str) -> tuple[list[tuple[str, float]], float]:
    """Buckets as Prometheus wants them, each with all that is below it, and the sum in seconds."""
    buckets: list[tuple[str, float]] = []
    below = 0
    for limit in (*map(str, tallies.LIMITS_S[name]), tallies.BEYOND):
        below += totals[name + tallies.BUCKET, runbook, limit]
        buckets.append((limit, below))
    return buckets, totals[name + tallies.SUM, runbook, ""] / 1000


def _workers(views: list[WorkerView]) -> Iterator[Metric]:
    states = Counter(view.state for view in views)
    yield _gauge(
        "jarvis_workers", "Workers by state.", {(str(state),): states[state] for state in WorkerState}, "state"
    )
    alive = [view for view in views if view.is_alive]
    columns = (
        ("slots", "Jobs that a worker runs at the same time.", lambda view: view.worker.slots),
        ("slots_busy", "Jobs that it runs now.", lambda view: len(view.jobs)),
        ("heartbeat_age_seconds", "Time since its last sign of life.", lambda view: view.heartbeat_age_s),
        ("log_lag_seconds", _LAG, lambda view: view.worker.log_lag_ms / 1000),
        ("draining", "Whether somebody wants it to take no more jobs.", lambda view: view.worker.wanted == "drain"),
    )
    for name, words, value in columns:
        found = {(view.worker.id, view.worker.name): float(value(view)) for view in alive}
        yield _gauge(f"jarvis_worker_{name}", words, found, "id", "worker")


_LAG = "Longest wait of a log line for its row since the heartbeat before the last."


def _gauge(name: str, words: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(list(key), value)
    return family


def _counter(name: str, words: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = CounterMetricFamily(name, words, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(list(key), value)
    return family


REGISTRY.register(FromDatabase())
