"""The approval of a job as its page shows it: who asked whom for what, who may answer, and what became of it."""

from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import approvals, modes, previews
from orch_app.domains.jobs.approval_rules import State
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook

SHORT = 12
Shown = dict[str, Any]
NO_PLAN: Shown = {"sha256": "", "short": "", "number": "", "href": "", "planHref": ""}


def read_approval(session: Session, actor: Actor, job: Job, runbook: Runbook | None) -> Shown:
    """The question and its answer; empty for a job that nobody had to approve.

    `objection` says why the reader's yes would not count: see `approval_rules.Objection`.
    """
    found = approvals.read_question(session, actor, job)
    if found is None:
        return {}
    row = found.approval
    return {
        "state": row.state,
        "isOpen": row.state == State.WAITING,
        "wanted": row.wanted,
        "role": row.approver_role,
        "askedBy": row.requested_by_name,
        "askedAt": row.requested_at.isoformat(),
        "expiresAt": row.expires_at.isoformat(),
        "decidedBy": row.decided_by_name,
        "decidedAt": row.decided_at.isoformat() if row.decided_at else "",
        "reason": row.reason,
        "plan": row.plan_sha256[:SHORT],
        "needsPlan": bool(runbook) and modes.needs_plan(runbook),
        "objection": found.against_yes.value if found.against_yes else "",
        "mayApprove": found.against_yes is None,
        "mayDeny": found.against_no is None,
    }


def read_shown_plan(session: Session, actor: Actor, job: Job) -> Shown:
    """The plan of a preview; else that which a job was ordered or could be approved with, and who showed it."""
    found = job if previews.has_plan(job) else previews.preview_of(session, actor, job)
    if found is None:
        return NO_PLAN
    return {
        "sha256": found.plan_sha256,
        "short": found.plan_sha256[:SHORT],
        "number": f"#{found.number}",
        "href": f"/jobs/{found.id}",
        "planHref": f"/v1/jobs/{found.id}/artifacts/plan.json",
    }
