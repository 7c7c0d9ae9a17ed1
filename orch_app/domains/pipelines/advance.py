"""How a run goes on: one idempotent function, called whenever a job of it ends, and by the sweep for what was lost.

`advance` first changes the run's row, which keeps every other advance of the same run waiting until its transaction is
over; so each step is launched in the transaction that says it was, and by nobody else.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlmodel import Session, col, delete, select, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor, worker_actor
from orch_app.domains.accounts.queries import actor_for
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.play_tags import PlayTags
from orch_app.domains.jobs.service import Order, launch
from orch_app.domains.jobs.states import is_terminal
from orch_app.domains.pipelines import graph
from orch_app.domains.pipelines.definition import StepBody, nodes_of, steps_of
from orch_app.domains.pipelines.expressions import MAX_OUTPUT_BYTES, Scope, resolve
from orch_app.domains.pipelines.faults import ExpressionError
from orch_app.domains.pipelines.graph import StepStatus
from orch_app.domains.pipelines.models import PipelineRun, PipelineRunStep
from orch_app.domains.pipelines.queries import attempts_of, jobs_of, latest
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import OrchError, Unavailable
from orch_app.kit.queue import enqueue
from orch_app.kit.wakeups import announce

ADVANCE_TASK = "pipelines.advance"
TRIGGER = "pipeline"
KEPT = timedelta(days=180)
SWEPT_AT_ONCE = 500
DETAIL_CHARS = 1_000
_log = structlog.get_logger("pipelines")


def advance(session: Session, run_id: str) -> None:
    """Bring a run to where its jobs allow: note ends, skip, launch, and end the run when nothing is left.

    Any number of calls, also at the same time, do what one does.

    Raises:
        Unavailable: no new job can be taken at the moment; nothing was changed and the sweep tries again.
    """
    run = hold(session, run_id)
    if run is not None:
        _Advance(session, run).go()


def hold(session: Session, run_id: str) -> PipelineRun | None:
    """The run, and until the end of the transaction nobody else's; None when it is over or gone."""
    statement = (
        update(PipelineRun)
        .where(col(PipelineRun.id) == run_id, col(PipelineRun.status) == StepStatus.RUNNING)
        .values(looks=PipelineRun.looks + 1)
        .returning(col(PipelineRun.id))
    )
    if session.exec(statement.execution_options(synchronize_session=False)).first() is None:
        return None
    query = select(PipelineRun).where(PipelineRun.id == run_id)
    return session.exec(query.execution_options(populate_existing=True)).one()


def ring(session: Session, job: Job) -> None:
    """Note, in the transaction of a job's end, that the run it belongs to may go on."""
    if job.trigger == TRIGGER and job.origin_id:
        enqueue(session, ADVANCE_TASK, run_id=job.origin_id)


def advance_by_bell(run_id: str) -> None:
    """Bring a run to where its jobs allow, for whoever ended a job of it. A failure is logged: `sweep` tries again."""
    try:
        with unit_of_work() as session:
            advance(session, run_id)
    except Exception:  # noqa: BLE001 - the commit that rang is done; its caller must not hear of what came after
        _log.exception("pipelines.advance_failed", run=run_id)


def sweep() -> None:
    """Advance every run for which something is to be done: rings get lost when processes die."""
    with reading() as session:
        due = [run_id for run_id in _going(session) if _is_due(session, run_id)]
    for run_id in due:
        try:
            with unit_of_work() as session:
                advance(session, run_id)
        except Unavailable as error:
            _log.warning("advance.later", run=run_id, detail=error.detail)
    with unit_of_work() as session:
        purge(session)


def purge(session: Session) -> None:
    """Delete runs that ended half a year ago; their jobs have their own retention."""
    session.exec(delete(PipelineRun).where(col(PipelineRun.finished_at) < now() - KEPT))


def announce_run(session: Session) -> None:
    """Wake those who look at a run, which moves with its jobs, or at the list."""
    announce(session, "jobs")
    announce(session, "pipelines")


def _going(session: Session) -> Sequence[str]:
    query = select(PipelineRun.id).where(PipelineRun.status == StepStatus.RUNNING)
    return session.exec(query.order_by(col(PipelineRun.id)).limit(SWEPT_AT_ONCE)).all()


def _is_due(session: Session, run_id: str) -> bool:
    """Whether an advance would change anything."""
    run = session.exec(select(PipelineRun).where(PipelineRun.id == run_id)).one()
    rows = latest(attempts_of(session, run_id))
    jobs = jobs_of(session, rows.values())
    statuses = {step: row.status for step, row in rows.items()}
    if any(row.status == StepStatus.RUNNING and _has_ended(jobs.get(row.job_id or "")) for row in rows.values()):
        return True
    nodes = nodes_of(steps_of(run.document))
    moved = graph.skipped(nodes, statuses)
    return moved != statuses or bool(graph.ready(nodes, moved)) or graph.outcome(nodes, moved) is not None


def _has_ended(job: Job | None) -> bool:
    return job is None or is_terminal(job.status)


class _Advance:
    """One advance of one run, while its row is held."""

    def __init__(self, session: Session, run: PipelineRun) -> None:
        self._session = session
        self._run = run
        self._steps = {step.id: step for step in steps_of(run.document)}
        self._nodes = nodes_of(list(self._steps.values()))
        self._rows = latest(attempts_of(session, run.id))

    def go(self) -> None:
        """Until nothing more can be done: a step that is refused may be what another one waits for."""
        self._note_ends()
        self._skip()
        while due := graph.ready(self._nodes, self._statuses()):
            for step in due:
                self._begin(self._steps[step], self._rows[step])
            self._skip()
        ended = graph.outcome(self._nodes, self._statuses())
        if ended is not None:
            self._end(ended)
        self._session.flush()
        announce_run(self._session)

    def _statuses(self) -> dict[str, str]:
        return {step: row.status for step, row in self._rows.items()}

    def _note_ends(self) -> None:
        running = [row for row in self._rows.values() if row.status == StepStatus.RUNNING]
        jobs = jobs_of(self._session, running)
        for row in running:
            job = jobs.get(row.job_id or "")
            if _has_ended(job):
                _note_end(row, job)
                self._session.add(row)

    def _skip(self) -> None:
        for step, status in graph.skipped(self._nodes, self._statuses()).items():
            row = self._rows[step]
            if row.status != status:
                row.status, row.finished_at = StepStatus.SKIPPED, now()
                self._session.add(row)

    def _begin(self, step: StepBody, row: PipelineRunStep) -> None:
        """Launch the step's job, or note why it was refused."""
        row.started_at = now()
        self._session.add(row)
        try:
            order = self._order(step)
            self._session.flush()
            with self._session.begin_nested():
                job = launch(self._session, owner_of(self._session, self._run), order)
        except Unavailable:
            raise
        except ExpressionError as error:
            _refuse(row, error.code, error.detail)
        except OrchError as error:
            _refuse(row, error.code, _sentence(error))
        else:
            row.status, row.job_id, row.job_number = StepStatus.RUNNING, job.id, job.number
            self._session.flush()

    def _order(self, step: StepBody) -> Order:
        environment = step.environment or self._run.environment
        scope = self._scope(environment)
        limit = str(resolve(step.limit, scope)).strip()
        is_lost = bool(step.limit) and not limit  # a limit that came to nothing must not mean every host
        return Order(
            runbook=step.runbook,
            inputs=resolve(step.inputs, scope),
            host_ids=[] if is_lost else _texts(resolve(step.hosts, scope)) if step.hosts else None,
            environment=environment,
            connections={name: str(resolve(value, scope)) for name, value in step.connections.items()},
            tags=PlayTags.of(step.tags, step.skip_tags),
            limit=limit,
            request_reason=self._run.request_reason,
            trigger=TRIGGER,
            origin_id=self._run.id,
        )

    def _scope(self, environment: str) -> Scope:
        rows = self._rows
        outputs = {step: row.output for step, row in rows.items() if row.output is not None}
        too_large = [step for step, row in rows.items() if row.output_fault]
        return Scope(self._run.inputs, environment, outputs, too_large)

    def _end(self, ended: StepStatus) -> None:
        run = self._run
        run.status = StepStatus.CANCELED if run.cancel_requested_at else ended
        run.finished_at = now()
        self._session.add(run)
        record(
            self._session,
            worker_actor(TRIGGER),
            Action.PIPELINE_RUN_FINISHED,
            ("pipeline_run", run.id),
            result="ok" if run.status == StepStatus.SUCCESS else "failed",
            environment=run.environment,
            metadata={"pipeline": run.pipeline_name, "number": run.number, "status": str(run.status)},
        )


def owner_of(session: Session, run: PipelineRun) -> Actor:
    """In whose name the jobs are launched, with the rights of this moment.

    Raises:
        Forbidden: the account is gone or disabled.
    """
    return actor_for(session, run.owner_id) if run.owner_id else COMMAND_LINE


def _note_end(row: PipelineRunStep, job: Job | None) -> None:
    row.finished_at = (job.finished_at if job else None) or now()
    if job is None:
        row.status, row.reason = StepStatus.ERROR, "job_gone"
        return
    row.status = StepStatus(job.status)
    row.started_at = job.started_at or row.started_at
    row.reason, row.reason_detail = job.reason, job.reason_detail[:DETAIL_CHARS]
    if job.output_json is not None and len(json.dumps(job.output_json).encode()) > MAX_OUTPUT_BYTES:
        row.output_fault = "output_too_large"
    else:
        row.output = job.output_json


def _refuse(row: PipelineRunStep, code: str, detail: str) -> None:
    row.status, row.finished_at = StepStatus.ERROR, now()
    row.reason, row.reason_detail = code, detail[:DETAIL_CHARS]


def _sentence(error: OrchError) -> str:
    return " ".join([error.detail, *(f"{fault.pointer}: {fault.detail}" for fault in error.errors)])


def _texts(value: Any) -> list[str]:
    """Host ids; a value of another kind becomes ids that no host has. The launch refuses those, and an empty list."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []
