"""One order about many jobs: cancel, repeat or delete up to fifty of them, each with a result of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.audit.service import record_denial
from orch_app.domains.jobs import removal, service
from orch_app.domains.jobs.models import Job
from orch_app.kit.errors import Conflict, Forbidden, Invalid, OrchError, Problem

MOST = 50
BulkAction = Literal["cancel", "retry", "delete"]
NEEDS: dict[BulkAction, Permission] = {
    "cancel": Permission.JOBS_CANCEL,
    "retry": Permission.RUNBOOKS_EXECUTE,
    "delete": Permission.JOBS_DELETE,
}


@dataclass(frozen=True)
class BulkOrder:
    """What is to be done with these jobs; `all_or_nothing` lets one refusal undo everything."""

    action: BulkAction
    job_ids: Sequence[str]
    force: bool = False
    only_failed_hosts: bool = False
    all_or_nothing: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one: the job as it is now (or was, if deleted), or its repetition; or why nothing was done."""

    job_id: str
    job: Job | None = None
    refusal: OrchError | None = None


def carry_out(session: Session, actor: Actor, order: BulkOrder) -> list[Outcome]:
    """Do it for one job after the other, in the order given; what is refused leaves no trace but the audit entry.

    Raises:
        Forbidden: the actor may do this with no job at all.
        Invalid: there are more than fifty.
        Conflict: with `all_or_nothing`, when any of them is refused; `errors` says which, and nothing was done.
    """
    require(actor, NEEDS[order.action])
    if len(order.job_ids) > MOST:
        fault = Problem("/jobIds", "maxItems", f"must not have more than {MOST} items")
        raise Invalid(f"At most {MOST} jobs at once.", "validation", errors=(fault,))
    outcomes = [_attempt(session, actor, order, job_id) for job_id in dict.fromkeys(order.job_ids)]
    if order.all_or_nothing:
        _refuse_all(outcomes)
    for outcome in outcomes:
        if isinstance(outcome.refusal, Forbidden):
            record_denial(session, actor, outcome.refusal, f"jobs.bulk {order.action} {outcome.job_id}")
    return outcomes


def _attempt(session: Session, actor: Actor, order: BulkOrder, job_id: str) -> Outcome:
    try:
        with session.begin_nested():
            return Outcome(job_id, job=_act(session, actor, order, job_id))
    except OrchError as refusal:
        return Outcome(job_id, refusal=refusal)


def _act(session: Session, actor: Actor, order: BulkOrder, job_id: str) -> Job:
    if order.action == "cancel":
        return service.cancel(session, actor, job_id, force=order.force)
    if order.action == "delete":
        return removal.remove(session, actor, job_id)
    check_execute_limit(actor)
    return service.retry(session, actor, job_id, only_failed_hosts=order.only_failed_hosts)


def _refuse_all(outcomes: Sequence[Outcome]) -> None:
    faults = tuple(
        Problem(f"/jobIds/{place}", outcome.refusal.code, outcome.refusal.detail)
        for place, outcome in enumerate(outcomes)
        if outcome.refusal
    )
    if faults:
        message = f"Nothing was done: {len(faults)} of {len(outcomes)} jobs cannot be part of it."
        raise Conflict(message, "bulk_refused", errors=faults)
