"""Approvals: a job that somebody has to agree to waits for that, and nothing can claim it before.

Each question is about one job, bound to what was ordered (runbook to the byte, inputs, hosts, connections, environment,
mode) and to the plan that is approved with it. Every answer goes through the gate and one UPDATE of what still waits,
so of two who answer at once only one is heard; and the worker looks again before the play begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from sqlalchemy import or_
from sqlmodel import Session, and_, col, func, select, update

from orch_app.domains.access.actor import Actor, require, worker_actor
from orch_app.domains.access.launch_matrix import Verdict
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.queries import actor_for
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import claims, line, modes, turns
from orch_app.domains.jobs.approval_rules import Objection, State, Wanted, objection
from orch_app.domains.jobs.endings import cancel_waiting
from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.gate import pass_gate
from orch_app.domains.jobs.models import Approval, Job
from orch_app.domains.jobs.orders import subject_of
from orch_app.domains.jobs.queries import get_job
from orch_app.domains.jobs.states import Phase, Reason, Status
from orch_app.domains.jobs.verdicts import approver_of, require_verdict, roles_up_to
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import get_runnable
from orch_app.kit import pages
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict, Forbidden, OrchError
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce

AT_ONCE = 100
_WANTED = {Verdict.APPROVAL: Wanted.ANYONE, Verdict.OTHER_PERSON: Wanted.OTHER_PERSON}


@dataclass(frozen=True)
class Question:
    """A job's question as one actor sees it: why his or her yes, or no, would not count; None where it would."""

    approval: Approval
    against_yes: Objection | None
    against_no: Objection | None


def ask(session: Session, actor: Actor, job: Job, runbook: Runbook, verdict: Verdict) -> Approval:
    """Put the question for a job that was just launched; the job itself says that it waits for the answer."""
    moment = now()
    approval = Approval(
        job_id=job.id,
        wanted=_WANTED[verdict],
        approver_role=approver_of(runbook),
        bound_to=_binding(job),
        plan_sha256=job.expect_plan,
        requested_by=actor.user_id,
        requested_by_name=actor.name,
        requested_at=moment,
        expires_at=moment + timedelta(hours=settings().approval_hours),
    )
    session.add(approval)
    session.flush()
    facts = {"wanted": approval.wanted, "role": approval.approver_role, "planSha256": job.expect_plan}
    record(session, actor, Action.JOB_APPROVAL_REQUESTED, ("job", job.id), environment=job.environment, metadata=facts)
    return approval


def approve(session: Session, actor: Actor, job_id: str, reason: str, plan_sha256: str = "") -> Job:
    """Let the job run, exactly as it was ordered and with exactly this plan.

    `plan_sha256` may repeat the plan that the order expects. It must name one where the order could not, such as a
    schedule's: that of a finished preview of the same.

    Raises:
        Forbidden: somebody else has to decide.
        Conflict: it waits for no approval any more, what was asked for has changed, or the plan is another.
        Invalid: what is approved is a plan, and none is named.
    """
    require(actor, Permission.JOBS_APPROVE)
    job, approval = _open_question(session, actor, job_id)
    _require_say(approval, State.APPROVED, actor)
    runbook = _require_unchanged(session, job, approval)
    plan = _plan_for(session, job, runbook, plan_sha256)
    _answer(session, approval, State.APPROVED, actor, reason, plan)
    values = {"phase": Phase.QUEUED, "queued_at": now(), "turn": turns.place_again(session, job), "expect_plan": plan}
    session.exec(update(Job).where(col(Job.id) == job_id, _awaits()).values(**values))
    line.mark(session, [job_id])
    claims.ring(session, job_id)
    _note(session, actor, Action.JOB_APPROVED, job, {"reason": reason, "planSha256": plan})
    return job


def deny(session: Session, actor: Actor, job_id: str, reason: str) -> Job:
    """End the job before it begins.

    Raises:
        Forbidden: somebody else has to decide.
        Conflict: it waits for no approval any more.
    """
    require(actor, Permission.JOBS_APPROVE)
    job, approval = _open_question(session, actor, job_id)
    _require_say(approval, State.DENIED, actor)
    _answer(session, approval, State.DENIED, actor, reason, approval.plan_sha256)
    cancel_waiting(session, job, Reason.APPROVAL_DENIED, actor.name, reason)
    _note(session, actor, Action.JOB_DENIED, job, {"reason": reason})
    return job


def withdraw(session: Session, actor: Actor, job_id: str) -> None:
    """Close the question of a job that was cancelled, if it had one that was open."""
    approval = session.get(Approval, job_id)
    if approval and approval.state == State.WAITING:
        _answer(session, approval, State.WITHDRAWN, actor, "", approval.plan_sha256)


def end_overdue(session: Session) -> list[str]:
    """End the jobs that nobody approved in time, and those whose runbook has changed while they waited."""
    pass_gate(session)
    moment = now()
    is_same = and_(col(Runbook.name) == col(Job.runbook_name), col(Runbook.revision) == col(Job.runbook_revision))
    query = (
        select(Approval, Job, Runbook.id)
        .join(Job, col(Job.id) == col(Approval.job_id))
        .outerjoin(Runbook, is_same)
        .where(Approval.state == State.WAITING, or_(col(Approval.expires_at) <= moment, col(Runbook.id).is_(None)))
        .order_by(col(Approval.job_id))
        .limit(AT_ONCE)
    )
    found = session.exec(query).all()
    for approval, job, unchanged in found:
        queue = worker_actor("queue")
        late = f"Nobody decided within {settings().approval_hours:g} hours."
        detail = late if unchanged else "The runbook changed while the job waited: it is not what was asked for."
        _answer(session, approval, State.EXPIRED, queue, "", approval.plan_sha256)
        cancel_waiting(session, job, Reason.APPROVAL_EXPIRED, detail=detail)
        _note(session, queue, Action.JOB_APPROVAL_EXPIRED, job, {"detail": detail})
    return [job.id for _, job, _ in found]


def require_valid(session: Session, job: Job) -> None:
    """The last look, by the worker: what was asked for is approved, and is what is about to run.

    Raises:
        PreparationError: it is not.
    """
    approval = session.get(Approval, job.id)
    if approval is None:
        return
    if approval.state != State.APPROVED:
        raise PreparationError("The job has no approval, and needs one.")
    if (approval.bound_to, approval.plan_sha256) != (_binding(job), job.expect_plan):
        raise PreparationError("What was approved is not what is about to run.")


def read_question(session: Session, actor: Actor, job: Job) -> Question | None:
    """What was asked about a job, and whether this actor can answer it; None for a job that nobody had to approve."""
    require(actor, Permission.JOBS_READ)
    approval = session.get(Approval, job.id)
    if approval is None:
        return None
    yes, no = (objection(approval, answer, actor, now()) for answer in (State.APPROVED, State.DENIED))
    may = actor.may(Permission.JOBS_APPROVE)
    return Question(approval, yes if may else yes or Objection.ROLE, no if may else no or Objection.ROLE)


def read_waiting(
    session: Session, actor: Actor, page: pages.PageQuery, *, mine: bool = False, environment: str = ""
) -> tuple[pages.Page[Job], dict[str, Approval]]:
    """Jobs that wait for an approval, oldest first, with their questions; with `mine` those that the actor can approve.

    Raises:
        BadRequest: a cursor of another list.
    """
    require(actor, Permission.JOBS_READ)
    oldest_first = page.model_copy(update={"sort": "id"})
    open_ones = _open_to(actor if mine else None, environment)
    query = select(Job).join(Approval, col(Approval.job_id) == col(Job.id)).where(*open_ones)
    found = pages.read_page(session, query, {"id": Job.id}, oldest_first)
    ids = [job.id for job in found.items]
    rows: Sequence[Approval] = session.exec(select(Approval).where(col(Approval.job_id).in_(ids))).all()
    return found, {row.job_id: row for row in rows}


def count_waiting_for(session: Session, actor: Actor, environment: str = "") -> int:
    """How many jobs wait for an approval that this actor can give."""
    require(actor, Permission.JOBS_READ)
    query = select(func.count()).select_from(Approval).join(Job, col(Job.id) == col(Approval.job_id))
    return session.exec(query.where(*_open_to(actor, environment))).one()


def _open_to(actor: Actor | None, environment: str) -> list[Any]:
    """Which questions are open at all, or to this actor: `approval_rules.objection` as a condition."""
    waits = [col(Approval.state) == State.WAITING, col(Approval.expires_at) > now()]
    if environment:
        waits.append(col(Job.environment) == environment)
    if actor is None:
        return waits
    if not actor.may(Permission.JOBS_APPROVE) or actor.role is None or actor.user_id is None:
        return [col(Approval.job_id) == ""]
    is_other = or_(col(Approval.requested_by).is_(None), col(Approval.requested_by) != actor.user_id)
    anyone = col(Approval.wanted) != Wanted.OTHER_PERSON
    return [*waits, col(Approval.approver_role).in_(roles_up_to(actor.role)), or_(is_other, anyone)]


def _binding(job: Job) -> str:
    return f"{job.run_mode}:{subject_of(job).sha256}"


def _awaits() -> Any:
    return and_(col(Job.status) == Status.PENDING, col(Job.phase) == Phase.AWAITING_APPROVAL)


def _open_question(session: Session, actor: Actor, job_id: str) -> tuple[Job, Approval]:
    job = get_job(session, actor, job_id)
    pass_gate(session)
    session.refresh(job)
    approval = session.get(Approval, job_id, populate_existing=True)
    if approval is None or (job.status, job.phase) != (Status.PENDING, Phase.AWAITING_APPROVAL):
        raise Conflict(f"Job #{job.number} waits for no approval.", "approval_not_waiting")
    return job, approval


def _require_say(approval: Approval, answer: State, actor: Actor) -> None:
    found = objection(approval, answer, actor, now())
    if found is None:
        return
    if found in {Objection.DECIDED, Objection.TOO_LATE}:
        raise Conflict("The time for this decision is over.", "approval_not_waiting")
    if found is Objection.SAME_PERSON:
        message = "Whoever asked for it cannot approve it: somebody else has to."
        raise Forbidden(message, "approval_other_person", permission=Permission.JOBS_APPROVE)
    message = f"This is decided by a person with the role {approval.approver_role} at least."
    raise Forbidden(message, "forbidden", permission=Permission.JOBS_APPROVE)


def _require_unchanged(session: Session, job: Job, approval: Approval) -> Runbook:
    """What was asked for is still what would run, and whoever asked may still run it.

    Raises:
        Conflict: it is not.
    """
    try:
        asked_by = actor_for(session, approval.requested_by) if approval.requested_by else worker_actor("queue")
        runbook = get_runnable(session, asked_by, job.runbook_name)
        require_verdict(session, asked_by, runbook, job.environment)
    except OrchError as error:
        _refuse_void(job, error.detail)
    if runbook.revision != job.runbook_revision:
        _refuse_void(job, "The runbook changed while the job waited.")
    if approval.bound_to != _binding(job):
        _refuse_void(job, "The job is not what was asked for.")
    return runbook


def _refuse_void(job: Job, why: str) -> NoReturn:
    raise Conflict(f"Job #{job.number} cannot be approved any more. {why}", "approval_void")


def _plan_for(session: Session, job: Job, runbook: Runbook, named: str) -> str:
    """The plan that is approved; empty where the runbook cannot show one."""
    if job.expect_plan:
        if named not in {"", job.expect_plan}:
            raise Conflict("The job expects another plan than the one that was looked at.", "stale_plan")
        return job.expect_plan
    if named:
        modes.require_preview(session, named, subject_of(job))
    elif modes.needs_plan(runbook):
        modes.refuse_without_plan(runbook.name, "/planSha256")
    return named


def _answer(session: Session, approval: Approval, state: State, actor: Actor, reason: str, plan: str) -> None:
    """Write the answer down, if the question is still open.

    Raises:
        Conflict: somebody was faster.
    """
    values = {"state": state, "decided_by": actor.user_id, "decided_by_name": actor.name, "decided_at": now()}
    statement = update(Approval).where(col(Approval.job_id) == approval.job_id, col(Approval.state) == State.WAITING)
    answered = statement.values(**values, reason=reason, plan_sha256=plan).returning(col(Approval.job_id))
    if session.exec(answered).first() is None:
        raise Conflict("Somebody else decided in the same moment.", "approval_not_waiting")


def _note(session: Session, actor: Actor, action: Action, job: Job, facts: dict[str, Any]) -> None:
    told = {"runbook": job.runbook_name} | {name: value for name, value in facts.items() if value}
    result = "ok" if action is Action.JOB_APPROVED else "denied"
    record(session, actor, action, ("job", job.id), result=result, environment=job.environment, metadata=told)
    announce(session, f"job:{job.id}")
    announce(session, "jobs")
    session.refresh(job)
