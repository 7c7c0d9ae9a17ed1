"""What a job's page says and offers about preview, apply and rollback."""

from typing import Any

from sqlmodel import Session

from orch_app.domains.jobs import previews, snapshots
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Mode, Reason, Status
from orch_app.domains.runbooks.models import Runbook

Shown = dict[str, Any]
CHANGES = ("create", "update", "delete")


def modes_of(session: Session, job: Job, runbook: Runbook | None) -> Shown:
    """Facts of the page's job. `isStale`: its plan no longer holds, because the play said so or the runbook changed.

    `isUnneeded`: everything was as asked already.
    """
    supports = runbook.meta.get("supports", {}) if runbook else {}
    has_plan = previews.has_plan(job)
    has_changed = has_plan and (runbook is None or runbook.revision != job.runbook_revision)
    return {
        "mode": job.run_mode,
        "isRollback": bool(job.rollback_of),
        "rollbackHref": f"/jobs/{job.rollback_of}" if job.rollback_of else "",
        "hasPlan": has_plan and not has_changed,
        "isStale": has_changed or job.reason == Reason.STALE_PLAN,
        "isUnneeded": is_unneeded(job),
        "canPreview": bool(supports.get("check")),
        "canRollBack": _can_roll_back(session, job, supports),
    }


def is_unneeded(job: Job) -> bool:
    """Whether a job that ended well says that it counted its changes and found none; a preview's are those to come."""
    output = job.output_json or {}
    counts = output.get("counts", {})
    has_counted = job.status == Status.SUCCESS and all(name in counts for name in CHANGES)
    return has_counted and not output.get("changed") and not any(counts[name] for name in CHANGES)


def _can_roll_back(session: Session, job: Job, supports: Shown) -> bool:
    return bool(supports.get("rollback")) and job.run_mode != Mode.PREVIEW and snapshots.has_one(session, job)
