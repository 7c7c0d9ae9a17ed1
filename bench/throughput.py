"""Short jobs on four slots: how many a second, how soon one begins, in which order those of four people go."""

import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench.figures import ms, percentile
from bench.installation import Installation, installation
from bench.plays import PLAYS, write_runbook
from tests.systems.postgres import postgres
from tests.systems.redis import redis_server

SLOTS = 4
SUSTAINED_S = 60.0
QUEUED = 200
KEPT_WAITING = 8
PEOPLE = ("many", "ana", "bia", "caio")  # the first orders most of what waits
PRIORITIES = (5, 0, -5)
TERMINAL = ("SUCCESS", "ERROR", "CANCELED")


def bench_throughput(*, quick: bool = False) -> dict[str, Any]:
    """Alone, on SQLite."""
    return _measure(quick=quick)


def bench_throughput_grown(*, quick: bool = False) -> dict[str, Any]:
    """The same with PostgreSQL and Redis."""
    with postgres() as server, redis_server() as redis, server.database() as database:
        return _measure(quick=quick, ORCH_DATABASE_URL=database, ORCH_REDIS_URL=redis)


def _measure(*, quick: bool, **variables: str) -> dict[str, Any]:
    play = next(one for one in PLAYS if one.name == "debug_1")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        runbooks = Path(folder) / "runbooks"
        write_runbook(runbooks, play)
        own = {"ORCH_RUNBOOKS_DIR": str(runbooks), "ORCH_WORKER_SLOTS": str(SLOTS)}
        made = stack.enter_context(installation(own | variables))
        client = stack.enter_context(made.client())
        _finished(client, [_order(client)])  # the first job starts the warm server
        return {
            "slots": SLOTS,
            **_alone(client, 5 if quick else 30),
            **_sustained(made, client, 10.0 if quick else SUSTAINED_S),
            **_drained(made, 40 if quick else QUEUED),
        }


def _alone(client: httpx.Client, count: int) -> dict[str, float]:
    """From the order to the first event, nothing else to do."""
    waits = [_seconds_to_first_event(_finished(client, [_order(client)])[0], client) for _ in range(count)]
    return {"start_p50_ms": ms(percentile(waits, 0.5)), "start_p95_ms": ms(percentile(waits, 0.95))}


def _sustained(made: Installation, client: httpx.Client, seconds: float) -> dict[str, float]:
    """As many jobs as end while a few always wait."""
    end = time.monotonic() + seconds
    ids: list[str] = []
    watcher = _Waiting(made)
    watcher.start()
    while time.monotonic() < end:
        if watcher.waiting < KEPT_WAITING:
            ids += [_order(client) for _ in range(KEPT_WAITING)]
            watcher.waiting += KEPT_WAITING
        time.sleep(0.02)
    watcher.stop.set()
    jobs = _finished(client, ids)
    moments = sorted(_moment(job["finishedAt"]) for job in jobs)
    first = min(_moment(job["createdAt"]) for job in jobs)
    in_time = [moment for moment in moments if moment <= first + seconds]
    return {"sustained_s": seconds, "jobs_per_s": round(len(in_time) / seconds, 2)}


class _Waiting(threading.Thread):
    """Looks four times a second how many jobs wait."""

    def __init__(self, made: Installation) -> None:
        super().__init__(daemon=True)
        self._made = made
        self.waiting, self.stop = 0, threading.Event()

    def run(self) -> None:
        """Until told to stop."""
        with self._made.client() as client:
            while not self.stop.wait(0.25):
                found = client.get("/v1/jobs?status=PENDING&pageSize=1&withTotal=true").raise_for_status().json()
                self.waiting = found["total"]


def _drained(made: Installation, count: int) -> dict[str, Any]:
    """Jobs of several people and priorities, all waiting before the first begins: in which order, and for how long."""
    addresses = {name: f"{name}@example.org" for name in PEOPLE}
    for address in addresses.values():
        made.add_admin(address)
    with ExitStack() as stack:
        people = {name: stack.enter_context(made.client(address)) for name, address in addresses.items()}
        worker = people[PEOPLE[0]].get("/v1/workers").raise_for_status().json()["items"][0]["id"]
        people[PEOPLE[0]].post(f"/v1/workers/{worker}/drain").raise_for_status()
        begin = time.perf_counter()
        orders = {_order(people[name], priority): (name, priority) for name, priority in _orders(count)}
        ordered = time.perf_counter() - begin
        begin = time.perf_counter()
        people[PEOPLE[0]].post(f"/v1/workers/{worker}/resume").raise_for_status()
        jobs = _finished(people[PEOPLE[0]], list(orders))
        rates = {"orders_per_s": round(count / ordered, 1), "drained_s": round(time.perf_counter() - begin, 1)}
    begun = [orders[job["id"]] for job in sorted(jobs, key=lambda job: _moment(job["startedAt"]))]
    return {"queued": count, **rates, "before_a_higher_priority": _early(begun), "share_of_the_few": _share(begun)}


def _orders(count: int) -> list[tuple[str, int]]:
    """Who orders with which priority: one person orders most of it at once, and then the others come."""
    few = [(name, priority) for priority in PRIORITIES for name in PEOPLE[1:] for _ in range(count // 40)]
    many = [(PEOPLE[0], priority) for priority in PRIORITIES for _ in range((count - len(few)) // len(PRIORITIES))]
    return [*many, *[(PEOPLE[0], 0)] * (count - len(few) - len(many)), *few]


def _early(begun: list[tuple[str, int]]) -> int:
    """How many began although one of higher priority waited; as many as there are slots come up side by side."""
    return sum(any(higher > priority for _, higher in begun[at + SLOTS :]) for at, (_, priority) in enumerate(begun))


def _share(begun: list[tuple[str, int]]) -> float:
    """While all waited: the share of starts of those who ordered little, where an equal share is 1."""
    shares: list[float] = []
    for wanted in PRIORITIES:
        names = [name for name, priority in begun if priority == wanted]
        last = max(at for at, name in enumerate(names) if name != PEOPLE[0])
        few = sum(name != PEOPLE[0] for name in names[: last + 1])
        shares.append(few / (last + 1) * len(PEOPLE) / (len(PEOPLE) - 1))
    return round(min(shares), 2)


def _order(client: httpx.Client, priority: int = 0) -> str:
    answer = client.post("/v1/runbooks/debug_1/execute", json={"priority": priority})
    return answer.raise_for_status().json()["jobId"]


def _finished(client: httpx.Client, ids: list[str]) -> list[dict[str, Any]]:
    jobs = [client.get(f"/v1/jobs/{job_id}?wait=55").raise_for_status().json() for job_id in ids]
    late = [job["id"] for job in jobs if job["status"] not in TERMINAL]
    failed = [job["id"] for job in jobs if job["status"] in TERMINAL and job["status"] != "SUCCESS"]
    if failed:
        message = f"{len(failed)} jobs failed, such as {failed[0]}"
        raise RuntimeError(message)
    return [job for job in jobs if job["status"] in TERMINAL] + (_finished(client, late) if late else [])


def _seconds_to_first_event(job: dict[str, Any], client: httpx.Client) -> float:
    lines = client.get(f"/v1/jobs/{job['id']}/logs?level=task&limit=1").raise_for_status().json()["items"]
    return _moment(lines[0]["ts"]) - _moment(job["createdAt"])


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
