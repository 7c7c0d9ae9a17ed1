"""Jobs for tests, made by the real service with the real runbooks."""

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks import service as runbooks
from orch_app.kit.db import unit_of_work

CLOSED = {"targets": [{"host": "203.0.113.1", "kind": "tcp", "port": 9}]}


def sync_runbooks(actor: Actor) -> None:
    with unit_of_work() as session:
        runbooks.sync(session, actor)


def launched(actor: Actor, runbook: str = "host_report", **facts: object) -> Job:
    """A waiting job, committed."""
    with unit_of_work() as session:
        return launch_in(session, actor, runbook, **facts)


def launch_in(session: Session, actor: Actor, runbook: str = "host_report", **facts: object) -> Job:
    return service.launch(session, actor, service.Order(runbook, **facts))  # pyright: ignore[reportArgumentType]
