"""How long finished jobs are kept: success short, failed long, as the runbook says."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks.models import Runbook

SUCCESS_DAYS = 30
FAILED_DAYS = 180


def purge_moment(session: Session, runbook_name: str, status: Status, finished_at: datetime) -> datetime:
    """When the rows and artifacts of a job that ended now may go."""
    row = session.exec(select(Runbook).where(Runbook.name == runbook_name)).first()
    kept = row.meta.get("retention", {}) if row else {}
    if status is Status.SUCCESS:
        return finished_at + timedelta(days=kept.get("success_days", SUCCESS_DAYS))
    return finished_at + timedelta(days=kept.get("failed_days", FAILED_DAYS))
