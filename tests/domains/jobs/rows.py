"""Rows of jobs, workers and logs put directly into the tables, for whatever only reads them."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from orch_app.domains.jobs.models import Job, JobArtifact, JobLog, Worker
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.ids import new_id


def add_job(number: int, *, ago: timedelta = timedelta(0), **facts: Any) -> Job:
    """A job made `ago`; its id sorts by its number."""
    moment = now() - ago
    given: dict[str, Any] = {
        "id": f"job_{number:026d}",
        "number": number,
        "runbook_name": "host_report",
        "created_by_name": "ada",
        "created_at": moment,
        "queued_at": moment,
        "host_names": ["localhost"],
        **facts,
    }
    job = Job(**given)
    with unit_of_work() as session:
        session.add(job)
    return job


def add_worker(session: Session, name: str, **facts: Any) -> Worker:
    given: dict[str, Any] = {"slots": 4, "heartbeat": 0, "started_at": now(), **facts}
    worker = Worker(id=new_id("wrk"), name=name, **given)
    session.add(worker)
    session.flush()
    return worker


def add_line(job: Job, seq: int, message: str = "x", level: str = "info", host: str = "") -> None:
    with unit_of_work() as session:
        session.add(JobLog(job_id=job.id, seq=seq, ts=now(), level=level, host=host, message=message))


def add_artifact(job: Job, name: str, content: bytes) -> None:
    """The row only; the file is the test's."""
    with unit_of_work() as session:
        session.add(JobArtifact(job_id=job.id, name=name, size=len(content), sha256="0" * 64, created_at=now()))
