"""The page of one job: steps, hosts, progress, why it waits, and what can be done about it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.failures import Failure
from orch_app.domains.jobs.fleet import HostSummary
from orch_app.domains.jobs.models import Job, JobArtifact, JobStep, StepHost
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.ids import new_id
from orch_app.state.job import JobState
from orch_app.state.job_hosts_view import Asked, counts_of, read_host
from orch_app.state.job_told_view import NEXT_STEPS, told_of
from orch_app.state.job_view import failure_of, progress_of, read_aside, read_job
from tests.domains.inventory.samples import add_connection
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.state.conftest import SignIn
from tests.state.tabs import tab
from tests.state.test_guard import leads_to


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    sync_runbooks(COMMAND_LINE)


def change(job_id: str, **facts: Any) -> None:
    with unit_of_work() as session:
        job = session.exec(select(Job).where(Job.id == job_id)).one()
        for name, value in facts.items():
            setattr(job, name, value)
        session.add(job)


def add_step(job_id: str, position: int, name: str, status: str, hosts: dict[str, str] | None = None) -> None:
    with unit_of_work() as session:
        moment = now()
        ended = None if status == "RUNNING" else moment + timedelta(seconds=2)
        step = JobStep(
            id=new_id("stp"),
            job_id=job_id,
            position=position,
            name=name,
            status=status,
            started_at=moment,
            finished_at=ended,
        )
        session.add(step)
        session.flush()
        for host, how in (hosts or {}).items():
            session.add(StepHost(step_id=step.id, host=host, job_id=job_id, status=how, changed=how == "changed"))


def shown(actor: Actor, job_id: str, asked: Asked | None = None) -> dict[str, Any]:
    with reading() as session:
        return read_job(session, actor, job_id, asked or Asked())


def results_on(actor: Actor, job_id: str, host: str) -> list[dict[str, Any]]:
    with reading() as session:
        return read_host(session, actor, job_id, host)


def test_hosts_are_summed_up_by_their_worst_result_and_failed_ones_come_first(admin: Actor):
    job = launched(COMMAND_LINE)
    change(job.id, host_names=["web-1", "web-2", "web-3"], status="ERROR")
    add_step(job.id, 1, "Look", "SUCCESS", {"web-1": "ok", "web-2": "changed"})
    add_step(job.id, 2, "Change", "ERROR", {"web-1": "ok", "web-2": "failed"})
    found = shown(admin, job.id)
    assert [(host["name"], host["status"]) for host in found["hosts"]] == [
        ("web-2", "failed"),
        ("web-1", "ok"),
        ("web-3", "skipped"),
    ]
    assert found["host_counts"] == {"ok": 1, "changed": 0, "failed": 1, "unreachable": 0, "skipped": 1}
    assert [(result["task"], result["status"]) for result in results_on(admin, job.id, "web-2")] == [
        ("Look", "changed"),
        ("Change", "failed"),
    ]


def test_what_failed_is_not_counted_as_done(admin: Actor):
    job = launched(COMMAND_LINE)
    change(job.id, status="ERROR")
    add_step(job.id, 1, "Look", "SUCCESS")
    add_step(job.id, 2, "Change", "ERROR")
    found = shown(admin, job.id)
    assert [step["status"] for step in found["steps"]] == ["SUCCESS", "ERROR"]
    assert (found["progress"]["done"], found["progress"]["total"]) == (1, 2)


def test_a_failed_host_says_which_task_failed_and_why(admin: Actor):
    job = launched(COMMAND_LINE)
    change(job.id, status="ERROR", host_names=["web-1"])
    add_step(job.id, 1, "Change", "ERROR", {"web-1": "failed"})
    with unit_of_work() as session:
        session.exec(update(StepHost).where(col(StepHost.job_id) == job.id).values(message="disk full"))
    found = shown(admin, job.id)
    assert found["hosts"][0]["message"] == "Change: disk full"
    assert results_on(admin, job.id, "web-1")[0]["message"] == "disk full"


def test_a_failure_that_the_runbook_names_itself_comes_before_its_tasks():
    found = Failure("Check the outcome", "localhost", "failed", "partial_apply: 3 of 9 changes were made", 8, ())
    shown = failure_of(found, {"failure": {"code": "partial_apply", "message": "3 of 9 changes were made"}})
    assert (shown["message"], shown["task"]) == ("3 of 9 changes were made", "Check the outcome")
    assert failure_of(found, {})["message"] == "partial_apply: 3 of 9 changes were made"
    assert failure_of(None, {"failure": {"code": "x"}}) == {}


@pytest.mark.parametrize(("how", "listed"), [("ok", ["web-1"]), ("failed", ["localhost", "web-1"])])
def test_our_own_machine_that_only_gathers_is_no_host_of_the_job_unless_it_failed(
    admin: Actor, how: str, listed: list[str]
):
    job = launched(COMMAND_LINE)
    change(job.id, host_names=["web-1"], status="ERROR")
    add_step(job.id, 1, "Look", "SUCCESS", {"web-1": "ok", "localhost": how})
    found = shown(admin, job.id)
    assert [host["name"] for host in found["hosts"]] == listed
    assert found["job"]["failedHosts"] == 0


def earlier_run_of(*tasks: str) -> None:
    """A run of nine seconds in which every task went well."""
    good = launched(COMMAND_LINE)
    for position, name in enumerate(tasks, 1):
        add_step(good.id, position, name, "SUCCESS")
    change(good.id, status="SUCCESS", phase="done", started_at=now(), finished_at=now() + timedelta(seconds=9))


def test_of_several_tasks_with_one_name_as_many_are_pending_as_have_not_begun(admin: Actor):
    earlier_run_of("Wait", "Act", "Wait")
    job = launched(COMMAND_LINE)
    change(job.id, status="RUNNING", phase="running", started_at=now())
    add_step(job.id, 1, "Wait", "RUNNING")
    steps = shown(admin, job.id)["steps"]
    assert [(step["name"], step["status"], step["estimateS"]) for step in steps] == [
        ("Wait", "RUNNING", 2.0),
        ("Act", "PENDING", 2.0),
        ("Wait", "PENDING", 2.0),
    ]


def test_a_tolerated_failure_counts_as_ok():
    assert counts_of([HostSummary("web-1", "ignored"), HostSummary("web-2", "pending")])["ok"] == 1


def a_fleet(*, of: int, differing: dict[str, str]) -> Job:
    """A finished job over hosts `node-0` ..., all ok, but for those that are named with how they ended."""
    job = launched(COMMAND_LINE)
    names = [f"node-{number}" for number in range(of)]
    change(job.id, host_names=names, status="ERROR", phase="done")
    add_step(job.id, 1, "Look", "ERROR", dict.fromkeys(names, "ok") | differing)
    return job


def test_a_large_fleet_is_shown_a_page_at_a_time_with_the_failed_hosts_first(admin: Actor):
    job = a_fleet(of=120, differing={"node-77": "failed"})
    found = shown(admin, job.id)
    assert (found["hosts"][0]["name"], len(found["hosts"])) == ("node-77", 50)
    assert (found["hosts_found"], found["hosts_total"]) == (120, 120)
    assert len(shown(admin, job.id, Asked(page=3))["hosts"]) == 20


def test_hosts_are_found_by_a_part_of_their_name_and_by_how_they_ended(admin: Actor):
    job = a_fleet(of=30, differing={"node-7": "changed"})
    found = shown(admin, job.id, Asked(text="NODE-1"))
    assert (found["hosts_found"], found["hosts_total"]) == (11, 30)
    assert [host["name"] for host in shown(admin, job.id, Asked(status="changed"))["hosts"]] == ["node-7"]


def test_an_address_that_asks_for_an_unknown_result_asks_for_all_hosts():
    assert Asked.of({"host": " web ", "result": "splendid", "page": "x"}) == Asked("web", "", 1)


def test_the_hosts_of_a_finished_job_are_compared_and_those_of_a_running_one_are_not(admin: Actor):
    job = a_fleet(of=30, differing={"node-7": "failed"})
    with reading() as session:
        found = read_aside(session, admin, job.id)["comparison"]
    assert (found["same"], found["different"], found["groups"][0]["names"]) == (29, 1, ["node-7"])
    change(job.id, status="RUNNING", phase="running")
    with reading() as session:
        assert read_aside(session, admin, job.id)["comparison"] == {}


def test_a_running_job_shows_what_the_last_good_run_had_as_pending(admin: Actor):
    earlier_run_of("One", "Two", "Three")
    job = launched(COMMAND_LINE)
    change(job.id, status="RUNNING", phase="running", started_at=now())
    add_step(job.id, 1, "One", "RUNNING")
    found = shown(admin, job.id)
    assert [(step["name"], step["status"]) for step in found["steps"]] == [
        ("One", "RUNNING"),
        ("Two", "PENDING"),
        ("Three", "PENDING"),
    ]
    assert found["progress"] == {"done": 0, "total": 3, "listed": 3, "tone": "t", "isKnown": True}
    assert found["job"]["dueAt"]


def test_a_finished_job_counts_only_what_it_did():
    steps = [{"kind": "play", "status": "SUCCESS"}, {"kind": "task", "status": "SUCCESS"}]
    same = {"done": 1, "listed": 1, "isKnown": True}
    assert progress_of(steps, "SUCCESS", expected=7) == {**same, "total": 1, "tone": "ok"}
    assert progress_of(steps, "ERROR", expected=7) == {**same, "total": 7, "tone": "bad"}


def test_how_many_tasks_a_running_job_has_is_unknown_until_it_ended_well_once():
    steps = [{"kind": "task", "status": "SUCCESS"}, {"kind": "task", "status": "RUNNING"}]
    assert progress_of(steps, "RUNNING", expected=0)["isKnown"] is False
    assert progress_of(steps, "RUNNING", expected=7)["isKnown"] is True


def test_a_waiting_job_says_its_place_and_why(admin: Actor):
    launched(COMMAND_LINE)
    second = launched(COMMAND_LINE)
    first_look = shown(admin, second.id)["waiting"]
    assert (first_look["position"], first_look["why"], first_look["obstacles"]) == (2, "no_worker", [])
    with unit_of_work() as session:
        workers.register(session, workers.WorkerFacts("wrk_1", "one", 1, "none", "0"))
    assert shown(admin, second.id)["waiting"]["why"] == "next"
    with unit_of_work() as session:
        workers.beat(session, "wrk_1", 1, "running")
    assert shown(admin, second.id)["waiting"]["why"] == "busy"
    change(second.id, phase="awaiting_approval")
    assert shown(admin, second.id)["waiting"]["why"] == "approval"


def test_inputs_carry_the_titles_of_the_form(admin: Actor):
    job = launched(COMMAND_LINE, inputs={"sections": ["ports", "services"], "disk_warn_pct": 70})
    rows = {row["name"]: row for row in shown(admin, job.id)["inputs"]}
    assert (rows["sections"]["titlePt"], rows["sections"]["text"]) == ("Seções", "ports, services")
    assert rows["disk_warn_pct"]["text"] == "70"


def test_only_those_who_may_read_the_audit_log_get_it(admin: Actor, operator: Actor):
    job = launched(COMMAND_LINE)
    with reading() as session:
        assert [entry["action"] for entry in read_aside(session, admin, job.id)["audit"]] == ["job.executed"]
        assert read_aside(session, operator, job.id)["audit"] == []


def opened(sign_in: SignIn, job_id: str, role: Role = Role.OPERATOR) -> Any:
    state = tab(JobState, cookie=sign_in(role), address=f"/jobs/{job_id}?tab=logs")
    call(state, "enter")
    call(state, "load")
    return state


def call(state: Any, name: str, *args: Any) -> Any:
    return asyncio.run(type(state).event_handlers[name].fn(state, *args))


def test_a_job_that_does_not_exist_is_the_pages_error(sign_in: SignIn):
    state = opened(sign_in, "job_nothing")
    assert (state.phase, state.problem["code"]) == ("error", "job_not_found")


def test_a_waiting_job_is_canceled_at_once(sign_in: SignIn):
    job = launched(COMMAND_LINE)
    state = opened(sign_in, job.id)
    call(state, "cancel")
    assert (state.job["status"], state.job["isOver"], state.asks_to_cancel) == ("CANCELED", True, False)


def test_a_cancel_that_lingers_offers_force_and_not_before(sign_in: SignIn):
    job = launched(COMMAND_LINE)
    change(job.id, status="RUNNING", phase="canceling", cancel_requested_at=now())
    state = opened(sign_in, job.id)
    assert (state.job["isCanceling"], state.job["mayForce"]) == (True, False)
    change(job.id, cancel_requested_at=now() - timedelta(seconds=16))
    call(state, "load")
    assert state.job["mayForce"]
    call(state, "cancel")
    assert (state.job["phase"], state.job["mayForce"]) == ("killing", False)


def test_retrying_opens_the_new_job(sign_in: SignIn):
    job = launched(COMMAND_LINE)
    change(job.id, status="ERROR", phase="done")
    state = opened(sign_in, job.id)
    answer = call(state, "retry")
    with reading() as session:
        again = session.exec(select(Job).where(Job.retry_of == job.id)).one()
    assert leads_to(answer) == f"/jobs/{again.id}"


def test_nothing_of_another_job_stays_while_the_next_is_read(sign_in: SignIn):
    state = tab(JobState, cookie=sign_in(Role.OPERATOR), address="/jobs/job_next")
    state.job, state.phase, state.batch = {"id": "job_before"}, "ready", {"start": 7, "lines": [{"seq": 7}]}
    call(state, "enter")
    assert (state.phase, state.job, state.batch) == ("loading", {}, {"start": 1, "lines": []})


def test_a_text_file_is_opened_in_its_drawer_and_an_archive_is_only_for_downloading(sign_in: SignIn):
    job_id = launched(COMMAND_LINE).id
    with unit_of_work() as session:
        for name in ("output.json", "artifacts.tar.gz"):
            session.add(JobArtifact(job_id=job_id, name=name, size=3, sha256="0" * 64, created_at=now()))
    state = opened(sign_in, job_id, Role.VIEWER)
    assert {file["name"]: file["isText"] for file in state.artifacts} == {
        "output.json": True,
        "artifacts.tar.gz": False,
    }
    call(state, "show_artifact", "output.json")
    assert state.open_artifact["href"] == f"/v1/jobs/{job_id}/artifacts/output.json"
    for name in ("../orch.db", ""):
        call(state, "show_artifact", name)
        assert state.open_artifact == {}


def test_the_page_says_with_which_connections_to_those_who_may_see_any(admin: Actor, operator: Actor):
    job_id = launched(admin).id
    kept = add_connection(COMMAND_LINE, "swarm-prod").id
    change(job_id, connection_ids={"docker": kept, "secrets": "con_gone"})
    assert shown(operator, job_id)["job"]["connections"] == ["docker: swarm-prod", "secrets: con_gone"]
    viewer = Actor("user", "usr_viewer", "Vera", Role.VIEWER)
    assert shown(viewer, job_id)["job"]["connections"] == []


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_what_to_do_about_every_reason_that_runbooks_share_is_said(language: str):
    said = json.loads(Path(f"orch_app/i18n/{language}.json").read_text("utf-8"))
    assert [step for step in NEXT_STEPS if not said.get(f"next.{step}") or not said.get(f"reason.{step}")] == []


@pytest.mark.parametrize(
    ("reason", "code", "told", "step"),
    [
        ("partial_apply", "partial_apply", "partial_apply", "partial_apply"),
        ("unreachable", "unreachable", "upstream_unreachable", "upstream_unreachable"),
        ("unreachable", None, "", ""),
        ("image_not_found", "image_not_found", "image_not_found", "image_not_found"),
        ("cli_failed", "cli_failed", "cli_failed", ""),
        ("canceled", "partial_apply", "", ""),
    ],
)
def test_a_reason_that_the_runbook_told_comes_with_what_to_do(reason: str, code: str | None, told: str, step: str):
    job = launched(COMMAND_LINE)
    job.reason, job.output_json = reason, {"failure": {"code": code, "message": "so it is"} if code else None}
    assert told_of(job) == {"toldReason": told, "nextStep": step}
