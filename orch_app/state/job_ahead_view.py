"""What is ahead of a job, and its attempts, as its page shows them."""

from datetime import datetime
from typing import Any

from orch_app.domains.jobs.models import Job, JobAttempt
from orch_app.domains.jobs.outlook import HeldLock, Obstacle, Outlook
from orch_app.domains.jobs.states import Outcome, Status, is_terminal

Shown = dict[str, Any]
NOTHING: Shown = {"position": 0, "why": "", "notBefore": "", "expectedEnd": "", "obstacles": []}
LOCKED = frozenset({"lock", "limit", "behind"})


def ahead_of(job: Job, outlook: Outlook) -> Shown:
    """The parts of the page's state that tell of the line, the locks and the attempts."""
    return {"waiting": _waiting(outlook), "locks": _locks(job, outlook), "attempts": _attempts(outlook)}


def _waiting(outlook: Outlook) -> Shown:
    """Why a job has not begun, and its place in the line."""
    waiting = outlook.waiting
    if waiting is None:
        return NOTHING
    return {
        "position": waiting.position,
        "why": waiting.reason,
        "isLocked": waiting.reason in LOCKED,
        "notBefore": _iso(waiting.not_before),
        "expectedEnd": _iso(outlook.expected_end),
        "obstacles": [_obstacle(one) for one in waiting.waits_for],
    }


def _obstacle(one: Obstacle) -> Shown:
    link = {"number": f"#{one.number}", "href": f"/jobs/{one.job_id}"}
    return {"lock": one.lock, "kind": one.kind, "isHeld": one.is_held, **link}


def _locks(job: Job, outlook: Outlook) -> list[Shown]:
    return [_lock(job, one) for one in outlook.locks]


def _lock(job: Job, one: HeldLock) -> Shown:
    """`state` is `mine`, `other`, `free`, or `released` once the job is over."""
    state = "released" if is_terminal(job.status) else "free"
    if one.job_id:
        state = "mine" if one.job_id == job.id else "other"
    number, href = (f"#{one.number}", f"/jobs/{one.job_id}") if one.job_id else ("", "")
    return {"name": one.name, "state": state, "number": number, "href": href}


def _attempts(outlook: Outlook) -> list[Shown]:
    """Every attempt, where there is more to tell than that there is one."""
    found = outlook.attempts
    plain = {Outcome.OPEN, Outcome.ENDED}
    return [_attempt(one) for one in found] if len(found) > 1 or {one.outcome for one in found} - plain else []


def _attempt(one: JobAttempt) -> Shown:
    begin = one.started_at or one.claimed_at
    return {
        "attempt": one.attempt,
        "status": one.status if one.outcome else Status.RUNNING.value,
        "outcome": one.outcome or "open",
        "worker": one.worker,
        "reason": one.reason,
        "detail": one.reason_detail,
        "at": begin.isoformat(),
        "lengthS": (one.finished_at - begin).total_seconds() if one.finished_at else None,
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
