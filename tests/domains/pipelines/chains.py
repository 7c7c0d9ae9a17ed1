"""Runbooks with inputs and outputs for one test, pipelines of them, and jobs that end as the test says."""

import json
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.jobs import claims
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.domains.pipelines import queries, runs, service
from orch_app.domains.pipelines.advance import advance
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.domains.pipelines.models import Pipeline, PipelineRun, PipelineRunStep
from orch_app.kit.db import reading, unit_of_work
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.jobs.trials import Trials

SAY_INPUTS = {
    "text": {"type": "string", "maxLength": 2_000_000},
    "count": {"type": "integer"},
    "list": {"type": "array", "items": {"type": "string"}},
    "anything": {},
}
SAY_OUTPUT = {
    "type": "object",
    "properties": {
        "schema_version": {"const": 1},
        "said": {"type": "string"},
        "count": {"type": "integer"},
        "names": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "more": {},
    },
}
SAY = """
    - name: Say it
      orch_output:
        extra:
          said: "{{ inputs.text }}"
          names: [{name: "{{ inputs.text }}-0"}]
"""


def write_say(trials: Trials, name: str = "say", tasks: str = SAY, **metadata: Any) -> Path:
    """A runbook that takes a text, a count and a list, and puts out what it was told."""
    folder = trials.write(name, tasks, **metadata)
    schema = {"type": "object", "additionalProperties": False, "properties": SAY_INPUTS}
    (folder / "schema.json").write_text(json.dumps(schema), "utf-8")
    (folder / "output.schema.json").write_text(json.dumps(SAY_OUTPUT), "utf-8")
    sync_runbooks(trials.actor)
    return folder


def step(name: str, *needs: str, **facts: Any) -> dict[str, Any]:
    """A step called so; each of `needs` is an id, or `id:failure` and the like."""
    edges = [dict(zip(("step", "on"), [*need.split(":"), "success"][:2], strict=True)) for need in needs]
    return {"id": name, "runbook": "say", "needs": edges, **facts}


def body(*steps: dict[str, Any], inputs: dict[str, Any] | None = None, **facts: Any) -> PipelineBody:
    schema = {"type": "object", "additionalProperties": False, "properties": inputs or {}}
    return PipelineBody.model_validate({"name": "chain", "inputsSchema": schema, "steps": list(steps), **facts})


def defined(*steps: dict[str, Any], **facts: Any) -> Pipeline:
    """A pipeline of these steps, kept."""
    with unit_of_work() as session:
        return service.create(session, COMMAND_LINE, body(*steps, **facts))


def started(owner: Actor, *steps: dict[str, Any], run_inputs: dict[str, Any] | None = None, **facts: Any) -> str:
    """The id of a run of a new pipeline, after its first advance."""
    run_id = asked_for(owner, defined(*steps, **facts), run_inputs or {})
    go_on(run_id)
    return run_id


def asked_for(owner: Actor, pipeline: Pipeline, run_inputs: dict[str, Any] | None = None, **facts: Any) -> str:
    """The id of a run that nobody has advanced yet."""
    with unit_of_work() as session:
        return runs.start(session, owner, runs.RunOrder(pipeline.id, run_inputs or {}, **facts)).id


def go_on(run_id: str) -> None:
    with unit_of_work() as session:
        advance(session, run_id)


def end(run_id: str, step_id: str, status: Status = Status.SUCCESS, output: dict[str, Any] | None = None) -> None:
    """A worker ends the job of this step; nobody has told the run."""
    with unit_of_work() as session:
        held = claims.claim(session, job_of(run_id, step_id).id, "w1", "w1")
        assert held is not None
    with unit_of_work() as session:
        claims.finish(
            session, held, status, output_json=output, reason="" if status is Status.SUCCESS else "task_failed"
        )


def then(run_id: str, step_id: str, status: Status = Status.SUCCESS, output: dict[str, Any] | None = None) -> None:
    """The same, and the run goes on."""
    end(run_id, step_id, status, output)
    go_on(run_id)


def run_of(run_id: str) -> PipelineRun:
    with reading() as session:
        return queries.get_run(session, COMMAND_LINE, run_id)


def rows(run_id: str) -> dict[str, PipelineRunStep]:
    with reading() as session:
        return queries.latest(queries.attempts_of(session, run_id))


def statuses(run_id: str) -> dict[str, str]:
    """The status of each step, and of the whole as `run`."""
    return {"run": run_of(run_id).status} | {name: row.status for name, row in rows(run_id).items()}


def jobs_of(run_id: str) -> list[Job]:
    """Every job that was launched for the run, oldest first."""
    with reading() as session:
        return list(session.exec(select(Job).where(Job.origin_id == run_id).order_by(col(Job.number))))


def job_of(run_id: str, step_id: str) -> Job:
    job_id = rows(run_id)[step_id].job_id
    return next(job for job in jobs_of(run_id) if job.id == job_id)
