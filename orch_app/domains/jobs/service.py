"""Launching, cancelling, repeating and rolling back jobs: what people and scripts ask for."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select, update

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import approvals, attempts, line, needs, search, snapshots, turns
from orch_app.domains.jobs.checks import check
from orch_app.domains.jobs.endings import cancel_waiting
from orch_app.domains.jobs.errors import JobIsOver
from orch_app.domains.jobs.gate import pass_gate
from orch_app.domains.jobs.models import Job, JobCounter, JobStep, StepHost
from orch_app.domains.jobs.needs import Rules
from orch_app.domains.jobs.orders import Checked, Order, order_like
from orch_app.domains.jobs.queries import get_job, of_last_attempt
from orch_app.domains.jobs.states import TERMINAL, Mode, Phase, Reason, Status, is_terminal
from orch_app.kit.clock import now
from orch_app.kit.disk import require_free_space
from orch_app.kit.errors import Conflict
from orch_app.kit.ids import new_id
from orch_app.kit.queue import enqueue
from orch_app.kit.wakeups import announce

RUN_TASK = "jobs.run"
FAILED_ON_HOST = ("failed", "unreachable")


@dataclass(frozen=True)
class Launched:
    """The job that answers an order: a new one, or the one with the same dedup key that waits or runs already."""

    job: Job
    is_new: bool


def launch(session: Session, actor: Actor, order: Order) -> Job:
    """Check everything, insert the job and ring for a worker after the commit, or have it wait for an approval.

    Where the runbook declares a dedup key, the job that has it already is given back: see `launch_or_join`.

    Raises:
        Forbidden: the role, the risk or the environment forbids it.
        NotFound: there is no such runbook.
        Conflict: the runbook is broken or switched off.
        Invalid: inputs, hosts, connections, priority, mode or environment are not acceptable, or a plan is missing.
        Unavailable: the disk is too full for new work.
    """
    return launch_or_join(session, actor, order).job


def launch_or_join(session: Session, actor: Actor, order: Order) -> Launched:
    """The same, saying whether the job is a new one; an order with an origin of its own joins none (Conflict)."""
    checked = check(session, actor, order)
    require_free_space()
    rules = needs.rules_for(checked, _names_of_hosts(checked))
    twin = _twin(session, rules.dedup_key)
    if twin:
        return _join(session, actor, twin, order)
    job = _job_of(session, actor, checked)
    _insert(session, job, rules)
    _record_launch(session, actor, job)
    if checked.needs_approval:
        approvals.ask(session, actor, job, checked.runbook, checked.verdict)
    else:
        enqueue(session, RUN_TASK, job_id=job.id)
    announce(session, "jobs")
    return Launched(job, is_new=True)


def _names_of_hosts(checked: Checked) -> list[str]:
    on_this_machine = ["localhost"] if checked.runbook.meta.get("target") != "none" else []
    return [name for _, name in checked.hosts] or on_this_machine


def _join(session: Session, actor: Actor, twin: Job, order: Order) -> Launched:
    """Whoever asked gets the job that is there.

    Refused instead: what has to be told of the end of its own job, and what expects another plan or runs other tasks.
    """
    if order.origin_id or (order.expect_plan, order.tags.to_json()) != (twin.expect_plan, twin.tags_json):
        raise Conflict(f"Job #{twin.number} has the same dedup key and is not over.", "duplicate_job")
    facts = {"runbook": twin.runbook_name, "dedupKey": twin.dedup_key}
    record(session, actor, Action.JOB_JOINED, ("job", twin.id), environment=twin.environment, metadata=facts)
    return Launched(twin, is_new=False)


def _record_launch(session: Session, actor: Actor, job: Job) -> None:
    facts: dict[str, Any] = {"runbook": job.runbook_name, "hosts": job.host_names, "reason": job.request_reason}
    told: dict[str, Any] = {
        "retryOf": job.retry_of,
        "origin": job.origin_id,
        "priority": job.priority,
        "expectPlan": job.expect_plan,
    }
    told |= {"rollbackOf": job.rollback_of, "mode": job.run_mode if job.run_mode != Mode.APPLY else ""}
    told |= {"tags": job.tags_json}
    record(
        session,
        actor,
        Action.JOB_RETRIED if job.retry_of else Action.JOB_EXECUTED,
        ("job", job.id),
        environment=job.environment,
        metadata=facts | {name: value for name, value in told.items() if value},
    )


def cancel(session: Session, actor: Actor, job_id: str, *, force: bool = False) -> Job:
    """Stop a job: a waiting one ends at once, a running one is told to and ends when its processes have.

    With `force` they get no time to end by themselves; also for a job that has been told already and lingers.

    Raises:
        JobIsOver: it had ended already.
    """
    require(actor, Permission.JOBS_CANCEL)
    job = get_job(session, actor, job_id)
    if is_terminal(job.status):
        raise JobIsOver(f"Job #{job.number} has ended already ({job.status}).", "job_is_over")
    pass_gate(session)
    if cancel_waiting(session, job, Reason.CANCELED, actor.name):
        approvals.withdraw(session, actor, job_id)
    else:
        _ask_to_stop(session, actor, job_id, Phase.KILLING if force else Phase.CANCELING)
    forced = {"force": True} if force else {}
    record(session, actor, Action.JOB_CANCELED, ("job", job_id), environment=job.environment, metadata=forced)
    announce(session, f"job:{job_id}")
    announce(session, "jobs")
    session.refresh(job)
    return job


def retry(session: Session, actor: Actor, job_id: str, *, only_failed_hosts: bool = False) -> Job:
    """Run the same again as a new job that knows which one it repeats.

    Raises:
        Conflict: the job has not ended, or no host of it failed.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    job = get_job(session, actor, job_id)
    if not is_terminal(job.status):
        raise Conflict(f"Job #{job.number} has not ended yet.", "job_is_running")
    order = order_like(
        job,
        host_ids=_failed_hosts(session, job) if only_failed_hosts else job.host_ids or None,
        trigger="retry",
        retry_of=job.id,
        priority=min(job.priority, 0),
        mode=job.run_mode,
        expect_plan=job.expect_plan,
        rollback_of=job.rollback_of,
    )
    return launch(session, actor, order)


def roll_back(
    session: Session, actor: Actor, job_id: str, *, preview: bool, expect_plan: str = "", request_reason: str = ""
) -> Job:
    """Put back what a job changed, from the snapshot that it took first; or only show what that would be.

    Raises:
        Conflict: the job has not ended, or left no snapshot, or no longer has it.
        Invalid: the runbook cannot be rolled back.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    job = get_job(session, actor, job_id)
    snapshots.require_one(session, job)
    order = order_like(
        job,
        request_reason=request_reason,
        trigger="rollback",
        mode=Mode.PREVIEW if preview else Mode.ROLLBACK,
        expect_plan=expect_plan,
        rollback_of=job.id,
    )
    return launch(session, actor, order)


def _job_of(session: Session, actor: Actor, checked: Checked) -> Job:
    """The row of a new job; its number and its turn are drawn here, so that launches happen one after the other."""
    moment, order, runbook, number = now(), checked.order, checked.runbook, _next_number(session)
    requester = turns.requester_of(actor.user_id, actor.name)
    return Job(
        id=new_id("job"),
        number=number,
        runbook_name=runbook.name,
        runbook_version=runbook.version,
        runbook_revision=runbook.revision,
        environment=order.environment,
        phase=Phase.AWAITING_APPROVAL if checked.needs_approval else Phase.QUEUED,
        run_mode=order.mode,
        order_sha256=checked.subject.sha256,
        expect_plan=order.expect_plan,
        rollback_of=order.rollback_of,
        input_json=checked.inputs,
        tags_json=order.tags.to_json(),
        host_ids=checked.host_ids,
        host_names=_names_of_hosts(checked),
        connection_ids=dict(order.connections),
        request_reason=order.request_reason,
        trigger=order.trigger,
        retry_of=order.retry_of,
        origin_id=order.origin_id,
        rank=-order.priority,
        turn=turns.draw(session, requester, -order.priority),
        retry_json=attempts.policy_of(runbook.meta),
        timeout_s=runbook.meta.get("timeout_s", 3600),
        on_worker_loss=runbook.meta.get("on_worker_loss", "interrupt"),
        created_by=actor.user_id,
        created_by_name=actor.name,
        created_at=moment,
        queued_at=moment,
    )


def _insert(session: Session, job: Job, rules: Rules) -> None:
    """Write the job with what it needs; one that cannot start at once says so from the beginning."""
    job.lock_names, job.dedup_key = rules.locks, rules.dedup_key
    session.add(job)
    session.flush()
    session.add(search.row_of(job))
    if rules.needs:
        needs.store(session, job.id, rules.needs)
        line.mark(session, [job.id])
        session.refresh(job)


def _twin(session: Session, dedup_key: str | None) -> Job | None:
    """The job with this key that is not over. Whoever looks holds the counter, so no other launch comes between."""
    if dedup_key is None:
        return None
    session.exec(select(JobCounter).with_for_update()).one()
    query = select(Job).where(Job.dedup_key == dedup_key, col(Job.status).not_in(TERMINAL))
    return session.exec(query.order_by(col(Job.id))).first()


def _next_number(session: Session) -> int:
    statement = update(JobCounter).values(last=JobCounter.last + 1).returning(col(JobCounter.last))
    return session.exec(statement.execution_options(synchronize_session=False)).scalar_one()


def _ask_to_stop(session: Session, actor: Actor, job_id: str, phase: Phase) -> None:
    """Who asked first, and when, stays; what is to be killed is not asked politely again."""
    session.exec(
        update(Job)
        .where(col(Job.id) == job_id, col(Job.status) == Status.RUNNING, col(Job.phase) != Phase.KILLING)
        .values(
            cancel_requested_at=func.coalesce(col(Job.cancel_requested_at), now()),
            canceled_by=func.coalesce(col(Job.canceled_by), actor.name),
            phase=phase,
        )
    )


def _failed_hosts(session: Session, job: Job) -> list[str]:
    """Ids of the hosts on which some step of the job failed, in the job's order."""
    failed = set(
        session.exec(
            select(StepHost.host)
            .join(JobStep, col(JobStep.id) == col(StepHost.step_id))
            .where(of_last_attempt(job.id), col(StepHost.status).in_(FAILED_ON_HOST))
        ).all()
    )
    chosen = [host_id for host_id, name in zip(job.host_ids, job.host_names, strict=False) if name in failed]
    if not chosen:
        raise Conflict(f"No host of job #{job.number} failed.", "no_failed_hosts")
    return chosen
