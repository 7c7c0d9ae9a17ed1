"""What is of high risk in production asks for its name, wherever on the screens it is started or repeated."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col, func, select, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.launch_matrix import is_grave
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Job
from orch_app.domains.pipelines import advance, runs, service
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.domains.pipelines.models import PipelineRun
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.state.job import JobState
from orch_app.state.jobs_view import PARAMETERS, Wanted, read_page
from orch_app.state.launch import LaunchState
from orch_app.state.pipeline_launch import PipelineLaunchState
from orch_app.state.pipeline_run import PipelineRunState
from orch_app.state.schedules import SchedulesState
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.schedules.samples import add
from tests.state.open_tab import OpenTab, signed_in, urls_of

BOSS = Actor("user", "usr_boss", "boss", Role.ADMIN)


@pytest.fixture(autouse=True)
def _host_report_is_of_high_risk(sqlite: None) -> None:
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(COMMAND_LINE)
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(risk="high"))


def send(tab: OpenTab, handler: Any, *args: Any) -> list[str]:
    """Where the handler leads."""
    return urls_of(asyncio.run(tab.send(handler, *args)) or [])


def count(table: type[Job | PipelineRun]) -> int:
    with reading() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def over(environment: str) -> str:
    """The id of a job that has ended."""
    job_id = launched(COMMAND_LINE, environment=environment).id
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job_id).values(status="ERROR"))
    return job_id


def defined(**step: str) -> str:
    body = {"name": "chain", "steps": [{"id": "look", "runbook": "host_report", **step}]}
    with unit_of_work() as session:
        return service.create(session, COMMAND_LINE, PipelineBody.model_validate(body)).id


@pytest.mark.parametrize(
    ("risk", "environment", "asks"),
    [("high", "prod", True), ("high", "stage", False), ("medium", "prod", False), ("", "prod", False)],
)
def test_only_high_risk_in_production_is_grave(risk: str, environment: str, asks: bool) -> None:
    assert is_grave(risk, environment) is asks


def test_the_run_drawer_checks_the_order_asks_and_only_then_runs_it() -> None:
    tab = signed_in(Role.ADMIN, "/runbooks?run=host_report&environment=prod")
    state = tab.state(LaunchState)
    send(tab, LaunchState.open)
    send(tab, LaunchState.fill_in, {"disk_warn_pct": 101})
    send(tab, LaunchState.run)
    assert (state.asks_for_name, list(state.errors)) == (False, ["/disk_warn_pct"])
    send(tab, LaunchState.fill_in, {"disk_warn_pct": 70})
    send(tab, LaunchState.run)
    assert (state.asks_for_name, state.errors, count(Job)) == (True, {}, 0)
    send(tab, LaunchState.close_question)
    assert (send(tab, LaunchState.run_named), state.is_open, count(Job)) == ([], True, 0)
    send(tab, LaunchState.run)
    [path] = send(tab, LaunchState.run_named)
    assert (path.startswith("/jobs/job_"), state.is_open, count(Job)) == (True, False, 1)


def test_the_run_drawer_asks_nothing_in_stage() -> None:
    tab = signed_in(Role.ADMIN, "/runbooks?run=host_report&environment=stage")
    send(tab, LaunchState.open)
    assert len(send(tab, LaunchState.run)) == 1


@pytest.mark.parametrize("handler", [JobState.retry, JobState.retry_failed], ids=["all", "failed"])
def test_a_job_is_repeated_in_production_after_its_name(handler: Any) -> None:
    tab = signed_in(Role.ADMIN, f"/jobs/{over('prod')}")
    send(tab, JobState.load)
    assert send(tab, handler) == []
    assert (tab.state(JobState).asks_to_repeat != "", count(Job)) == (True, 1)
    send(tab, JobState.close_question)
    assert (send(tab, JobState.retry_named), count(Job)) == ([], 1)


def test_the_named_job_is_repeated_and_one_of_stage_needs_no_name() -> None:
    tab = signed_in(Role.ADMIN, f"/jobs/{over('prod')}")
    send(tab, JobState.load)
    send(tab, JobState.retry)
    assert len(send(tab, JobState.retry_named)) == 1
    tab.go(f"/jobs/{over('stage')}")
    send(tab, JobState.load)
    assert len(send(tab, JobState.retry)) == 1
    assert count(Job) == 4


def test_the_list_knows_which_repeats_have_to_be_asked_about(admin: Actor) -> None:
    for environment in ("stage", "prod"):
        over(environment)
    with reading() as session:
        found = read_page(session, admin, Wanted.of(dict.fromkeys(PARAMETERS, ""), ""))
    assert [(row["environment"], row["isGrave"]) for row in found["rows"]] == [("prod", True), ("stage", False)]


def test_a_pipeline_with_such_a_step_asks_for_its_own_name() -> None:
    tab = signed_in(Role.ADMIN, f"/pipelines?run={defined()}")
    state = tab.state(PipelineLaunchState)
    send(tab, PipelineLaunchState.open)
    assert (state.grave_in, state.name) == (["prod"], "chain")
    send(tab, PipelineLaunchState.choose_environment, "prod")
    assert (send(tab, PipelineLaunchState.run), state.asks_for_name, count(PipelineRun)) == ([], True, 0)
    assert len(send(tab, PipelineLaunchState.run_named)) == 1
    assert count(PipelineRun) == 1


def test_a_step_that_names_production_itself_is_asked_about_in_any_environment() -> None:
    tab = signed_in(Role.ADMIN, f"/pipelines?run={defined(environment='prod')}")
    send(tab, PipelineLaunchState.open)
    assert tab.state(PipelineLaunchState).grave_in == ["stage", "prod"]


def test_a_run_is_resumed_in_production_after_its_name() -> None:
    pipeline_id = defined()
    with unit_of_work() as session:
        run = runs.start(session, COMMAND_LINE, runs.RunOrder(pipeline_id, environment="prod"))
    with unit_of_work() as session:
        runs.cancel(session, COMMAND_LINE, run.id)
    advance.sweep()
    tab = signed_in(Role.ADMIN, f"/pipelines/{run.id}")
    state = tab.state(PipelineRunState)
    send(tab, PipelineRunState.load)
    send(tab, PipelineRunState.resume)
    assert (state.asks_to_resume, state.run["attempt"]) == (True, 1)
    send(tab, PipelineRunState.resume_named)
    assert (state.asks_to_resume, state.run["attempt"]) == (False, 2)


def test_a_schedule_is_run_now_in_production_after_the_name_of_its_runbook() -> None:
    row = add(BOSS, environment="prod")
    tab = signed_in(Role.ADMIN, "/schedules")
    send(tab, SchedulesState.load)
    assert (send(tab, SchedulesState.run_now, row.id), tab.state(SchedulesState).panel) == ([], "grave")
    assert len(send(tab, SchedulesState.run_named)) == 1
    assert (send(tab, SchedulesState.run_named), count(Job)) == ([], 1)
