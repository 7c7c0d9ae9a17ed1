"""The list of jobs as CSV, for spreadsheets: the same filters, every page, one line a job."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.queries import JobFilter, Page, list_jobs
from orch_app.kit.db import reading

AT_ONCE = 500
COLUMNS = (
    "number", "id", "status", "phase", "reason", "runbook", "version", "environment", "hosts", "createdBy", "trigger",
    "createdAt", "startedAt", "finishedAt", "durationS", "requestReason",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of_jobs(actor: Actor, wanted: JobFilter) -> Iterator[str]:
    """Lines of CSV (RFC 4180), newest job first, read page by page so that a long list costs no memory.

    Raises:
        Forbidden: the actor may not read jobs.
    """
    require(actor, Permission.JOBS_READ)
    return _lines(actor, wanted)


def _lines(actor: Actor, wanted: JobFilter) -> Iterator[str]:
    yield _written([COLUMNS])
    before = ""
    while True:
        with reading() as session:
            found = list_jobs(session, actor, wanted, Page(AT_ONCE, before))
            rows = [_cells(job) for job in found]
            before = found[-1].id if found else ""
        if rows:
            yield _written(rows)
        if len(rows) < AT_ONCE:
            return


def _cells(job: Job) -> tuple[str, ...]:
    ran = job.finished_at - job.started_at if job.started_at and job.finished_at else None
    return (
        str(job.number),
        job.id,
        job.status,
        job.phase,
        job.reason,
        job.runbook_name,
        job.runbook_version,
        job.environment,
        _safe(" ".join(job.host_names)),
        _safe(job.created_by_name),
        job.trigger,
        _moment(job.created_at),
        _moment(job.started_at),
        _moment(job.finished_at),
        f"{ran.total_seconds():.3f}" if ran is not None else "",
        _safe(job.request_reason),
    )


def _moment(value: datetime | None) -> str:
    return value.isoformat() if value else ""


def _safe(text: str) -> str:
    """What people typed is never a formula: a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _written(rows: "list[tuple[str, ...]]") -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
