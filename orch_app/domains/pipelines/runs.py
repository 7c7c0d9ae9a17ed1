"""Runs of pipelines as people ask for them: started, cancelled, resumed."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, func, select, update

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import service as jobs
from orch_app.domains.jobs.checks import check_environment
from orch_app.domains.jobs.errors import JobIsOver
from orch_app.domains.jobs.verdicts import require_verdict
from orch_app.domains.pipelines.advance import ADVANCE_TASK, announce_run, hold
from orch_app.domains.pipelines.definition import nodes_of, steps_of
from orch_app.domains.pipelines.graph import StepStatus, to_repeat
from orch_app.domains.pipelines.models import Pipeline, PipelineRun, PipelineRunStep
from orch_app.domains.pipelines.queries import attempts_of, get_pipeline, get_run, latest
from orch_app.domains.runbooks.inputs import check_inputs
from orch_app.domains.runbooks.queries import get_runnable
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict, Invalid, NotFound
from orch_app.kit.ids import new_id
from orch_app.kit.queue import enqueue


@dataclass(frozen=True)
class RunOrder:
    """What is to be run, with which inputs and where; a step may name another environment for itself."""

    pipeline_id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    environment: str = "stage"
    request_reason: str = ""


def start(session: Session, actor: Actor, order: RunOrder) -> PipelineRun:
    """Check inputs and rights for every step, and insert the run; its first jobs are launched right after the commit.

    Raises:
        Forbidden: one of the steps is not for this role in its environment.
        NotFound: there is no such pipeline, or one of its runbooks is gone.
        Conflict: one of its runbooks is broken or switched off.
        Invalid: the inputs are not acceptable.
    """
    require(actor, Permission.PIPELINES_RUN, environment=order.environment)
    require(actor, Permission.RUNBOOKS_EXECUTE, environment=order.environment)
    pipeline = get_pipeline(session, actor, order.pipeline_id)
    check_environment(order.environment)
    _require_rights(session, actor, pipeline.document, order.environment)
    run = _insert(session, actor, pipeline, order, _checked(pipeline, order.inputs))
    facts = {"pipeline": run.pipeline_name, "number": run.number, "reason": run.request_reason}
    _noted(session, actor, Action.PIPELINE_RUN_STARTED, run, facts)
    return run


def cancel(session: Session, actor: Actor, run_id: str) -> PipelineRun:
    """Stop a run: what waits never begins, jobs that run are told to stop, and the run ends when they have.

    Raises:
        NotFound: there is no such run.
        Conflict: it has ended already.
    """
    require(actor, Permission.PIPELINES_RUN)
    require(actor, Permission.JOBS_CANCEL)
    run = _held(session, actor, run_id)
    if run is None:
        raise Conflict("This run has ended already.", "pipeline_run_is_over")
    if run.cancel_requested_at is None:
        run.cancel_requested_at, run.canceled_by = now(), actor.name
        session.add(run)
    for row in latest(attempts_of(session, run_id)).values():
        if row.status == StepStatus.PENDING:
            row.status, row.reason, row.finished_at = StepStatus.CANCELED, "canceled", now()
            session.add(row)
        elif row.status == StepStatus.RUNNING and row.job_id:
            with contextlib.suppress(JobIsOver, NotFound):  # then its end is about to be noted
                jobs.cancel(session, actor, row.job_id)
    _noted(session, actor, Action.PIPELINE_RUN_CANCELED, run, {"pipeline": run.pipeline_name, "number": run.number})
    return run


def resume(session: Session, actor: Actor, run_id: str) -> PipelineRun:
    """Do the failed steps and all that come after them again, in the name of who resumes; outputs of the rest stay.

    Raises:
        NotFound: there is no such run.
        Conflict: it has not ended, or nothing of it failed.
        Forbidden: one of its steps is not for this role.
    """
    require(actor, Permission.PIPELINES_RUN)
    run = get_run(session, actor, run_id)
    require(actor, Permission.RUNBOOKS_EXECUTE, environment=run.environment)
    if not _reopened(session, actor, run):
        raise Conflict("Only a run that failed or was cancelled can be resumed.", "pipeline_run_not_resumable")
    _require_rights(session, actor, run.document, run.environment)
    rows = latest(attempts_of(session, run_id))
    again = to_repeat(nodes_of(steps_of(run.document)), {step: row.status for step, row in rows.items()})
    for step in sorted(again):
        session.add(_attempt(run_id, step, rows[step].attempt + 1))
    session.flush()
    facts = {"pipeline": run.pipeline_name, "number": run.number, "steps": sorted(again)}
    _noted(session, actor, Action.PIPELINE_RUN_RESUMED, run, facts)
    return run


def _checked(pipeline: Pipeline, inputs: Mapping[str, Any]) -> dict[str, Any]:
    checked = check_inputs(pipeline.document["inputsSchema"], dict(inputs))
    if checked.problems:
        raise Invalid("The inputs are not acceptable.", "validation", errors=checked.problems)
    return checked.values


def _require_rights(session: Session, actor: Actor, document: dict[str, Any], environment: str) -> None:
    """Refuse at once what would be refused in the middle of the run."""
    for step in steps_of(document):
        where = step.environment or environment
        require(actor, Permission.RUNBOOKS_EXECUTE, environment=where)
        require_verdict(session, actor, get_runnable(session, actor, step.runbook), where)


def _insert(session: Session, actor: Actor, pipeline: Pipeline, order: RunOrder, inputs: dict[str, Any]) -> PipelineRun:
    run = PipelineRun(
        id=new_id("plr"),
        pipeline_id=pipeline.id,
        pipeline_name=pipeline.name,
        pipeline_version=pipeline.version,
        number=_next_number(session, pipeline.id),
        environment=order.environment,
        document=pipeline.document,
        inputs=inputs,
        request_reason=order.request_reason,
        owner_id=actor.user_id,
        created_by=actor.user_id,
        created_by_name=actor.name,
        created_at=now(),
    )
    session.add(run)
    session.flush()
    for step in steps_of(pipeline.document):
        session.add(_attempt(run.id, step.id, 1))
    session.flush()
    return run


def _attempt(run_id: str, step: str, attempt: int) -> PipelineRunStep:
    return PipelineRunStep(id=new_id("pls"), run_id=run_id, step=step, attempt=attempt)


def _next_number(session: Session, pipeline_id: str) -> int:
    statement = update(Pipeline).where(col(Pipeline.id) == pipeline_id).values(last_run=Pipeline.last_run + 1)
    returning = statement.returning(col(Pipeline.last_run)).execution_options(synchronize_session=False)
    return session.exec(returning).scalar_one()


def _held(session: Session, actor: Actor, run_id: str) -> PipelineRun | None:
    """The run, kept from advancing until the end of this transaction; None when it is over."""
    get_run(session, actor, run_id)
    return hold(session, run_id)


def _reopened(session: Session, actor: Actor, run: PipelineRun) -> bool:
    """Make a run that ended badly one that goes on; of two who try at once only one does."""
    statement = (
        update(PipelineRun)
        .where(col(PipelineRun.id) == run.id, col(PipelineRun.status).in_([StepStatus.ERROR, StepStatus.CANCELED]))
        .values(
            status=StepStatus.RUNNING,
            attempt=PipelineRun.attempt + 1,
            owner_id=actor.user_id,
            finished_at=None,
            cancel_requested_at=None,
            canceled_by=None,
        )
        .returning(col(PipelineRun.id))
    )
    found = session.exec(statement.execution_options(synchronize_session=False)).first()
    session.refresh(run)
    return found is not None


def count_active(session: Session, actor: Actor) -> int:
    """How many runs are not over."""
    require(actor, Permission.PIPELINES_READ)
    query = select(func.count()).select_from(PipelineRun).where(PipelineRun.status == StepStatus.RUNNING)
    return session.exec(query).one()


def _noted(session: Session, actor: Actor, action: Action, run: PipelineRun, facts: dict[str, Any]) -> None:
    record(session, actor, action, ("pipeline_run", run.id), environment=run.environment, metadata=facts)
    enqueue(session, ADVANCE_TASK, run_id=run.id)
    announce_run(session)
