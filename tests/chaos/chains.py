"""Pipelines under fire: chains of jobs, ordered as jobs are, and whether each step had one job and its place."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs.states import TERMINAL
from orch_app.domains.pipelines import service
from orch_app.domains.pipelines.definition import EdgeBody, PipelineBody, StepBody
from orch_app.domains.pipelines.graph import StepStatus
from orch_app.kit.db import unit_of_work
from tests.chaos.ledger import AGAIN
from tests.chaos.rows import rows_of

CHAIN = "chain"
FIRST, THEN, LAST = "first", "then", "last"


def define() -> str:
    """A pipeline of three steps, one of them only after a success: the path at which it is ordered."""
    steps = [
        StepBody(id=FIRST, runbook="effect"),
        StepBody(id=THEN, runbook="effect", needs=[EdgeBody(step=FIRST, on="success")]),
        StepBody(id=LAST, runbook=AGAIN, needs=[EdgeBody(step=FIRST, on="always")]),
    ]
    with unit_of_work() as session:
        made = service.create(session, COMMAND_LINE, PipelineBody(name=CHAIN, steps=steps))
        return f"/v1/pipelines/{made.id}/run"


def open_runs() -> int:
    """How many runs go on."""
    return rows_of("SELECT count(*) FROM pipeline_runs WHERE status = 'RUNNING'")[0][0]


def jobs_of_steps() -> list[str]:
    """The jobs that steps had, as often as steps had them."""
    return [row[0] for row in rows_of("SELECT job_id FROM pipeline_run_steps WHERE job_id IS NOT NULL")]


def faults_of(promised: Collection[str]) -> list[str]:
    """What is wrong with the runs after their end; `promised` are those that people were told of."""
    runs: dict[str, str] = dict(tuple(row) for row in rows_of("SELECT id, status FROM pipeline_runs"))
    faults = [f"{run} was promised and is not there" for run in set(promised) - set(runs)]
    faults += [f"{run} was made and nobody was told, or one key has two" for run in set(runs) - set(promised)]
    ends = {row[0]: row[1] for row in rows_of("SELECT id, status FROM jobs")}
    steps = rows_of("SELECT run_id, step, status, job_id FROM pipeline_run_steps")
    twice = [place for place, count in Counter((row[0], row[1]) for row in steps).items() if count > 1]
    faults += [f"{run}: step {step} is there twice" for run, step in twice]
    for run, status in runs.items():
        of_run = {row[1]: (row[2], row[3]) for row in steps if row[0] == run}
        faults += [f"{run}: {fault}" for fault in _faults_of_run(status, of_run, ends)]
    return faults


def _faults_of_run(status: str, steps: dict[str, Any], ends: dict[str, str]) -> list[str]:
    if set(steps) != {FIRST, THEN, LAST}:
        return [f"has the steps {sorted(steps)}"]
    faults = [] if status in TERMINAL else [f"is still {status}"]
    for step, (said, job) in steps.items():
        may_be_left_out = step == THEN and steps[FIRST][0] != StepStatus.SUCCESS
        if may_be_left_out and (said, job) != (StepStatus.SKIPPED, None):
            faults.append(f"step {step} is {said} though what it needs failed")
        elif not may_be_left_out and said != ends.get(job):
            faults.append(f"step {step} is {said}, its job {job} {ends.get(job)}")
    return faults
