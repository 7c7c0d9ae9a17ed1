"""Jobs with rules: what a runbook declares, put into its row, and what workers then do."""

from typing import Any

from sqlmodel import col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs import claims, locks
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job, JobLock, JobStart
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.queue import install_bell
from tests.domains.jobs.orders import launched

CHECKS = "connectivity_test"


def declare(**rules: Any) -> None:
    """Give the runbook of the tests these rules and no others."""
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == CHECKS)).one()
        without = {name: value for name, value in runbook.meta.items() if name not in {"rate", "locks", "dedup"}}
        runbook.meta = {**without, **rules}
        session.add(runbook)


def asked(actor: Actor, *hosts: str, **facts: Any) -> Job:
    """A waiting job that works on these hosts."""
    targets = [{"host": host, "kind": "tcp", "port": 9} for host in hosts or ("a",)]
    return launched(actor, CHECKS, inputs={"targets": targets}, **facts)


def someone(name: str) -> Actor:
    return Actor("user", user_id=f"usr_{name}", name=name, role=Role.OPERATOR)


def next_one(worker: str = "w1") -> Claim | None:
    with unit_of_work() as session:
        return claims.claim_next(session, worker, worker)


def taken(worker: str = "w1") -> Claim:
    held = next_one(worker)
    assert held is not None
    return held


def taken_ids(count: int) -> list[str]:
    """The jobs that so many claims get, each ended before the next."""
    found = []
    for _ in range(count):
        held = taken()
        finish(held)
        found.append(held.job_id)
    return found


def start(held: Claim) -> None:
    with unit_of_work() as session:
        claims.mark_started(session, held, "bwrap", "plain")


def finish(held: Claim, status: Status = Status.SUCCESS, **facts: Any) -> None:
    with unit_of_work() as session:
        claims.finish(session, held, status, **facts)


def lose(held: Claim) -> None:
    """Its worker died, and the sweep has found out."""
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == held.job_id).values(lease_until=now_ms() - 1))
        claims.settle_expired(session)


def let_time_pass(ms: int) -> None:
    """Move what the database's clock is compared with, instead of the clock."""
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.not_before).is_not(None)).values(not_before=col(Job.not_before) - ms))
        session.exec(update(JobStart).values(at_ms=JobStart.at_ms - ms))


def due() -> int:
    with unit_of_work() as session:
        return locks.ring_due(session)


def fresh(job: Job | Claim) -> Job:
    job_id = job.id if isinstance(job, Job) else job.job_id
    with reading() as session:
        return session.exec(select(Job).where(Job.id == job_id)).one()


def held_names() -> list[str]:
    with reading() as session:
        return sorted(session.exec(select(JobLock.name)))


def listen() -> list[str]:
    """What is rung for from now on."""
    rung: list[str] = []
    install_bell(lambda _name, payload: rung.append(payload["job_id"]), lambda: True)
    return rung


def ids(*jobs: Job) -> list[str]:
    return [job.id for job in jobs]
