"""What a preview has shown, and what follows from it: the plan is applied as it was shown, or shown anew."""

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import modes, service
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.orders import order_like
from orch_app.domains.jobs.queries import get_job
from orch_app.domains.jobs.states import Mode, Status


def preview_of(session: Session, actor: Actor, job: Job) -> Job | None:
    """The newest finished preview of exactly what this job is about; of the plan that it expects, if it expects one."""
    require(actor, Permission.JOBS_READ)
    query = select(Job).where(
        Job.order_sha256 == job.order_sha256,
        Job.plan_sha256 != "",
        Job.run_mode == Mode.PREVIEW,
        Job.status == Status.SUCCESS,
    )
    if job.expect_plan:
        query = query.where(Job.plan_sha256 == job.expect_plan)
    return session.exec(query.order_by(col(Job.id).desc()).limit(1)).first()


def has_plan(job: Job) -> bool:
    """Whether the job is a preview that has shown a plan."""
    return (job.run_mode, job.status) == (Mode.PREVIEW, Status.SUCCESS) and bool(job.plan_sha256)


def apply_plan(session: Session, actor: Actor, job_id: str) -> Job:
    """Do what a preview has shown: exactly that, with the same inputs, hosts and connections, or nothing.

    Raises:
        Invalid: the job is no finished preview with a plan.
        Conflict: what it showed is of another runbook or input by now, or the snapshot to put back is gone.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    job = get_job(session, actor, job_id)
    if not has_plan(job):
        modes.refuse_without_plan(job.runbook_name, "/expectPlan")
    if job.rollback_of:
        facts = {"expect_plan": job.plan_sha256, "request_reason": job.request_reason}
        return service.roll_back(session, actor, job.rollback_of, preview=False, **facts)
    return service.launch(session, actor, order_like(job, expect_plan=job.plan_sha256))


def preview_again(session: Session, actor: Actor, job_id: str) -> Job:
    """Show what the order of a job would do as things are now, and change nothing.

    Raises:
        Invalid: the runbook has no preview.
    """
    require(actor, Permission.RUNBOOKS_EXECUTE)
    job = get_job(session, actor, job_id)
    if job.rollback_of:
        return service.roll_back(session, actor, job.rollback_of, preview=True, request_reason=job.request_reason)
    return service.launch(session, actor, order_like(job, mode=Mode.PREVIEW))
