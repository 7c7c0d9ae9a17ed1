"""Rows of jobs, workers and logs put directly into the tables, for whatever only reads them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from orch_app.domains.jobs.models import Job, JobArtifact, JobLog, Worker
from orch_app.domains.jobs.search import row_of
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.ids import new_id
from orch_app.kit.settings import settings


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
        session.flush()
        session.add(row_of(job))
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


def place_of(job: Job, name: str = "") -> Path:
    """Where a file of a job lies when the store is a folder; without a name, the folder of this run of it."""
    folder = settings().artifacts_folder
    assert folder is not None
    return folder / job.id / str(job.fence) / name


def keep_file(job: Job, name: str = "output.json", content: bytes = b"{}") -> Path:
    """A file in the store, with its row."""
    path = place_of(job, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    add_artifact(job, name, content)
    return path
