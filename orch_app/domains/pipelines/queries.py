"""Reading pipelines and their runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs.models import Job
from orch_app.domains.pipelines.models import Pipeline, PipelineRun, PipelineRunStep
from orch_app.kit.errors import NotFound


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted; empty means all. Several statuses mean any of them."""

    pipeline: str = ""
    statuses: tuple[str, ...] = ()
    environment: str = ""


@dataclass(frozen=True)
class RunDetail:
    """A run with every attempt at every step, oldest first, and those of their jobs that still exist."""

    run: PipelineRun
    attempts: Sequence[PipelineRunStep]
    jobs: dict[str, Job] = field(default_factory=dict)

    @property
    def latest(self) -> dict[str, PipelineRunStep]:
        """The attempt that counts, by step."""
        return latest(self.attempts)


def latest(attempts: Iterable[PipelineRunStep]) -> dict[str, PipelineRunStep]:
    """Of each step its last attempt."""
    return {row.step: row for row in sorted(attempts, key=lambda row: row.attempt)}


def list_pipelines(session: Session, actor: Actor, *, limit: int = 200, after: str = "") -> Sequence[Pipeline]:
    """Definitions by name."""
    require(actor, Permission.PIPELINES_READ)
    query = select(Pipeline).where(col(Pipeline.name) > after).order_by(col(Pipeline.name)).limit(limit)
    return session.exec(query).all()


def get_pipeline(session: Session, actor: Actor, pipeline_id: str, *, for_change: bool = False) -> Pipeline:
    """One definition.

    Raises:
        NotFound: there is none of that id.
    """
    require(actor, Permission.PIPELINES_READ)
    query = select(Pipeline).where(Pipeline.id == pipeline_id)
    found = session.exec(query.with_for_update() if for_change else query).first()
    if found is None:
        raise NotFound(f"There is no pipeline {pipeline_id}.", "pipeline_not_found")
    return found


def list_runs(
    session: Session, actor: Actor, wanted: RunFilter, *, limit: int = 50, before_id: str = ""
) -> Sequence[PipelineRun]:
    """Runs, newest first."""
    require(actor, Permission.PIPELINES_READ)
    query = select(PipelineRun)
    if wanted.pipeline:
        query = query.where(
            (col(PipelineRun.pipeline_name) == wanted.pipeline) | (col(PipelineRun.pipeline_id) == wanted.pipeline)
        )
    if wanted.statuses:
        query = query.where(col(PipelineRun.status).in_(wanted.statuses))
    if wanted.environment:
        query = query.where(PipelineRun.environment == wanted.environment)
    if before_id:
        query = query.where(col(PipelineRun.id) < before_id)
    return session.exec(query.order_by(col(PipelineRun.id).desc()).limit(limit)).all()


def last_runs(session: Session, actor: Actor, pipeline_ids: Sequence[str]) -> dict[str, PipelineRun]:
    """The newest run of each of these pipelines that ever ran, by the pipeline's id."""
    require(actor, Permission.PIPELINES_READ)
    newest = select(func.max(PipelineRun.id)).where(col(PipelineRun.pipeline_id).in_(pipeline_ids))
    newest = newest.group_by(col(PipelineRun.pipeline_id))
    found = session.exec(select(PipelineRun).where(col(PipelineRun.id).in_(newest)))
    return {run.pipeline_id or "": run for run in found}


def get_run(session: Session, actor: Actor, run_id: str) -> PipelineRun:
    """One run.

    Raises:
        NotFound: there is none of that id.
    """
    require(actor, Permission.PIPELINES_READ)
    found = session.get(PipelineRun, run_id)
    if found is None:
        raise NotFound(f"There is no run {run_id}.", "pipeline_run_not_found")
    return found


def get_detail(session: Session, actor: Actor, run_id: str) -> RunDetail:
    """One run with the attempts at its steps and their jobs."""
    run = get_run(session, actor, run_id)
    attempts = attempts_of(session, run_id)
    return RunDetail(run, attempts, jobs_of(session, attempts))


def attempts_of(session: Session, run_id: str) -> Sequence[PipelineRunStep]:
    """Every attempt at the steps of a run, oldest first."""
    query = select(PipelineRunStep).where(PipelineRunStep.run_id == run_id)
    return session.exec(query.order_by(col(PipelineRunStep.attempt), col(PipelineRunStep.id))).all()


def jobs_of(session: Session, attempts: Iterable[PipelineRunStep]) -> dict[str, Job]:
    """The jobs of these attempts that still exist, by id."""
    ids = [row.job_id for row in attempts if row.job_id]
    return {job.id: job for job in session.exec(select(Job).where(col(Job.id).in_(ids)))}
