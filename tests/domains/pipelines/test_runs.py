"""Runs on both back ends: edges, outputs, refusals, cancel, resume, lost rings, and eight who advance at once."""

import threading
from typing import Any

import pytest
from sqlmodel import col, delete, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service as accounts
from orch_app.domains.accounts.service import UserChange
from orch_app.domains.jobs import service as jobs
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.observers import observe_ends, tell_of_end
from orch_app.domains.jobs.states import Status
from orch_app.domains.pipelines import advance, queries, runs
from orch_app.domains.pipelines.expressions import MAX_OUTPUT_BYTES
from orch_app.domains.pipelines.models import PipelineRun
from orch_app.domains.pipelines.report import report_of
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from orch_app.kit.queue import install_bell
from tests.domains.inventory.samples import add_connection, add_host
from tests.domains.jobs.trials import Trials
from tests.domains.pipelines.chains import (
    asked_for,
    defined,
    end,
    go_on,
    job_of,
    jobs_of,
    rows,
    run_of,
    started,
    statuses,
    step,
    then,
    write_say,
)
from tests.systems.people import add_user, audited, later

pytestmark = pytest.mark.usefixtures("trials")
DIAMOND = (step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))


def cancel(actor: Actor, run_id: str) -> None:
    with unit_of_work() as session:
        runs.cancel(session, actor, run_id)


def resume(actor: Actor, run_id: str) -> None:
    with unit_of_work() as session:
        runs.resume(session, actor, run_id)
    go_on(run_id)


def test_steps_run_in_the_order_of_their_edges_and_the_whole_succeeds(owner: Actor) -> None:
    run_id = started(owner, *DIAMOND)
    assert statuses(run_id) == {"run": "RUNNING", "a": "RUNNING", "b": "PENDING", "c": "PENDING", "d": "PENDING"}
    then(run_id, "a")
    assert [statuses(run_id)[name] for name in "bcd"] == ["RUNNING", "RUNNING", "PENDING"]
    then(run_id, "b")
    assert statuses(run_id)["d"] == "PENDING"
    then(run_id, "c")
    then(run_id, "d")
    assert set(statuses(run_id).values()) == {"SUCCESS"}
    assert run_of(run_id).finished_at is not None
    assert [job.trigger for job in jobs_of(run_id)] == ["pipeline"] * 4
    assert {job.created_by for job in jobs_of(run_id)} == {owner.user_id}


def test_where_any_edge_is_enough_the_first_one_starts_the_step_once(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b"), step("c", "a", "b", join="any"))
    then(run_id, "b")
    assert statuses(run_id)["c"] == "RUNNING"
    then(run_id, "a")
    then(run_id, "c")
    assert (len(jobs_of(run_id)), statuses(run_id)["run"]) == (3, "SUCCESS")


def test_a_failure_edge_is_followed_after_a_failure_only(owner: Actor) -> None:
    steps = (
        step("a"),
        step("good", "a"),
        step("rescue", "a:failure"),
        step("tidy", "good:always", "rescue", join="any"),
    )
    failed = started(owner, *steps)
    then(failed, "a", Status.ERROR)
    assert statuses(failed) == {
        "run": "RUNNING", "a": "ERROR", "good": "SKIPPED", "rescue": "RUNNING", "tidy": "PENDING"
    }  # fmt: skip
    then(failed, "rescue")
    then(failed, "tidy")
    assert statuses(failed)["run"] == "SUCCESS"


def test_a_failure_that_nobody_expects_fails_the_run_after_the_rest_was_done(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b"), step("after", "a"), step("tidy", "a:always"))
    then(run_id, "a", Status.ERROR)
    then(run_id, "tidy")
    assert statuses(run_id)["run"] == "RUNNING"
    then(run_id, "b")
    assert statuses(run_id) == {"run": "ERROR", "a": "ERROR", "b": "SUCCESS", "after": "SKIPPED", "tidy": "SUCCESS"}
    assert rows(run_id)["a"].reason == "task_failed"


def test_outputs_and_inputs_reach_the_next_step_with_their_types(owner: Actor) -> None:
    first = step("a", inputs={"text": "${inputs.who}", "count": "${inputs.n}"})
    second = step(
        "b", "a", inputs={"text": "<${steps.a.output.names.0.name}> in ${env.name}", "count": "${steps.a.output.count}"}
    )
    declared = {"who": {"type": "string"}, "n": {"type": "integer", "default": 7}}
    run_id = started(owner, first, second, inputs=declared, run_inputs={"who": "ann"})
    assert job_of(run_id, "a").input_json == {"text": "ann", "count": 7}
    then(run_id, "a", output={"names": [{"name": "web"}], "count": 41})
    assert job_of(run_id, "b").input_json == {"text": "<web> in stage", "count": 41}


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (None, "no_output"),
        ({}, "missing"),
        ({"said": "pass ***"}, "masked"),
        ({"said": "x" * (MAX_OUTPUT_BYTES + 1)}, "output_too_large"),
        ({"said": 5}, "validation"),
    ],
)
def test_a_step_whose_inputs_cannot_be_made_is_refused_with_the_reason(
    owner: Actor, output: dict[str, Any] | None, reason: str
) -> None:
    use = step("use", "a", inputs={"text": "${steps.a.output.said}"})
    run_id = started(owner, step("a"), use, step("rescue", "use:failure"))
    then(run_id, "a", output=output)
    row = rows(run_id)["use"]
    assert (row.status, row.reason, row.job_id) == ("ERROR", reason, None)
    assert row.reason_detail
    assert statuses(run_id)["rescue"] == "RUNNING"
    assert len(jobs_of(run_id)) == 2


@pytest.mark.parametrize("where", [{"hosts": "${inputs.where}"}, {"limit": "${inputs.limit}"}])
def test_a_step_whose_hosts_come_to_none_is_refused_and_never_runs_on_this_machine(
    owner: Actor, trials: Trials, where: dict[str, str]
) -> None:
    write_say(trials, "far", target="both")
    inputs = {"where": {"type": "array"}, "limit": {"type": "string"}}
    far = step("use", runbook="far", **where)
    run_id = started(owner, far, inputs=inputs, run_inputs={"where": [], "limit": ""})
    row = rows(run_id)["use"]
    assert (row.status, row.reason, row.job_id) == ("ERROR", "validation", None)


def test_a_step_runs_its_tags_on_the_hosts_that_its_limit_means_then(
    owner: Actor, trials: Trials, admin: Actor
) -> None:
    write_say(trials, "far", target="both", play_tags=["config"])
    for name in ("web-1", "db-1"):
        add_host(admin, name, connection_id=add_connection(admin, f"to {name}").id, pinned=True)
    use = step("use", runbook="far", limit="${inputs.which}*", tags=["config"])
    run_id = started(owner, use, inputs={"which": {"type": "string"}}, run_inputs={"which": "web"})
    (job,) = jobs_of(run_id)
    assert (job.host_names, job.tags_json) == (["web-1"], {"only": ["config"]})


def test_a_large_output_that_nobody_uses_harms_nobody(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    then(run_id, "a", output={"said": "x" * (MAX_OUTPUT_BYTES + 1)})
    assert (rows(run_id)["a"].output, rows(run_id)["a"].output_fault) == (None, "output_too_large")
    assert statuses(run_id)["b"] == "RUNNING"


def test_the_inputs_of_a_run_are_checked_before_it_begins(owner: Actor) -> None:
    pipeline = defined(step("a"), inputs={"n": {"type": "integer"}})
    with pytest.raises(Invalid) as refused:
        asked_for(owner, pipeline, {"n": "three"})
    assert refused.value.errors[0].pointer == "/n"
    with pytest.raises(Invalid):
        asked_for(owner, pipeline, environment="moon")


def test_a_run_is_refused_at_once_where_one_step_is_not_for_this_role(owner: Actor, trials: Trials) -> None:
    write_say(trials, "risky", roles={"execute": "admin"})
    pipeline = defined(step("a"), step("b", "a", runbook="risky"))
    with pytest.raises(Forbidden):
        asked_for(owner, pipeline)
    with pytest.raises(Forbidden):
        asked_for(Actor("user", "usr_1", "vera", Role.VIEWER), pipeline)


def test_each_step_is_launched_with_the_rights_that_the_owner_has_then(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    with unit_of_work() as session:
        accounts.change_user(session, COMMAND_LINE, str(owner.user_id), UserChange(role=Role.VIEWER))
    then(run_id, "a")
    row = rows(run_id)["b"]
    assert (row.status, row.reason, row.job_id) == ("ERROR", "forbidden", None)
    assert statuses(run_id)["run"] == "ERROR"


def test_a_run_of_somebody_who_is_gone_goes_no_further(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    with unit_of_work() as session:
        accounts.change_user(session, COMMAND_LINE, str(owner.user_id), UserChange(status="disabled"))
    then(run_id, "a")
    assert rows(run_id)["b"].reason == "owner_inactive"


def test_a_runbook_that_broke_meanwhile_fails_its_step_with_the_reason(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    with unit_of_work() as session:
        session.exec(update(Runbook).values(broken_reason="playbook.yml is missing"))
    then(run_id, "a")
    assert rows(run_id)["b"].reason == "runbook_broken"


def test_a_cancelled_run_stops_its_jobs_and_begins_nothing_more(owner: Actor) -> None:
    run_id = started(owner, *DIAMOND)
    then(run_id, "a")
    end(run_id, "b")
    cancel(owner, run_id)
    assert job_of(run_id, "c").status == "CANCELED"
    assert statuses(run_id)["d"] == "CANCELED"
    go_on(run_id)
    assert statuses(run_id) == {"run": "CANCELED", "a": "SUCCESS", "b": "SUCCESS", "c": "CANCELED", "d": "CANCELED"}
    assert run_of(run_id).canceled_by == owner.name
    with pytest.raises(Conflict):
        cancel(owner, run_id)


def test_a_cancelled_run_waits_for_the_job_that_still_runs(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    with unit_of_work() as session:
        session.exec(update(Job).values(status="RUNNING", phase="running", owner="w1"))
    cancel(owner, run_id)
    go_on(run_id)
    assert statuses(run_id) == {"run": "RUNNING", "a": "RUNNING", "b": "CANCELED"}
    assert job_of(run_id, "a").cancel_requested_at is not None
    cancel(owner, run_id)
    with unit_of_work() as session:
        session.exec(update(Job).values(status="CANCELED", phase="done"))
    go_on(run_id)
    assert statuses(run_id) == {"run": "CANCELED", "a": "CANCELED", "b": "CANCELED"}


def test_a_resumed_run_repeats_what_failed_and_keeps_the_outputs_of_the_rest(owner: Actor) -> None:
    use = step("use", "a", "b", inputs={"text": "${steps.a.output.said}"})
    run_id = started(owner, step("a"), step("b"), use)
    then(run_id, "a", output={"said": "kept"})
    then(run_id, "b", Status.ERROR)
    assert statuses(run_id) == {"run": "ERROR", "a": "SUCCESS", "b": "ERROR", "use": "SKIPPED"}
    resume(owner, run_id)
    assert statuses(run_id) == {"run": "RUNNING", "a": "SUCCESS", "b": "RUNNING", "use": "PENDING"}
    then(run_id, "b")
    assert job_of(run_id, "use").input_json == {"text": "kept"}
    then(run_id, "use")
    assert statuses(run_id)["run"] == "SUCCESS"
    assert [(row.attempt, name) for name, row in sorted(rows(run_id).items())] == [(1, "a"), (2, "b"), (2, "use")]
    assert (run_of(run_id).attempt, len(jobs_of(run_id))) == (2, 4)
    with pytest.raises(Conflict) as refused:
        resume(owner, run_id)
    assert refused.value.code == "pipeline_run_not_resumable"


def test_who_resumes_a_run_lends_it_his_or_her_rights(owner: Actor) -> None:
    other = add_user(Role.OPERATOR, "other@example.com")
    run_id = started(owner, step("a"))
    then(run_id, "a", Status.ERROR)
    resume(other, run_id)
    assert job_of(run_id, "a").created_by == other.user_id
    assert run_of(run_id).created_by == owner.user_id


def test_a_cancelled_run_can_be_resumed(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    cancel(owner, run_id)
    go_on(run_id)
    resume(owner, run_id)
    then(run_id, "a")
    then(run_id, "b")
    assert statuses(run_id) == {"run": "SUCCESS", "a": "SUCCESS", "b": "SUCCESS"}
    assert run_of(run_id).canceled_by is None


def test_of_two_who_resume_at_once_one_does(owner: Actor) -> None:
    run_id = started(owner, step("a"))
    then(run_id, "a", Status.ERROR)
    done = at_once(8, lambda: resume(owner, run_id))
    assert (done.count("done"), done.count("Conflict")) == (1, 7)
    assert len(jobs_of(run_id)) == 2


def test_eight_who_advance_at_once_launch_each_step_once(owner: Actor) -> None:
    run_id = asked_for(owner, defined(*DIAMOND, step("e", "b"), step("f", "c:always"), step("g", "d", "e", join="any")))
    for ended in ("", "a", "b", "c", "d", "e", "f", "g"):
        if ended:
            end(run_id, ended)
        assert at_once(8, lambda: go_on(run_id)) == ["done"] * 8
    assert len(jobs_of(run_id)) == 7
    assert set(statuses(run_id).values()) == {"SUCCESS"}
    assert len(audited("pipeline_run.finished")) == 1


def at_once(count: int, do: Any) -> list[str]:
    """How each of so many threads fared that did it at the same time: "done", or the error's name."""
    begin, found = threading.Barrier(count), list[str]()

    def one() -> None:
        begin.wait()
        try:
            do()
            found.append("done")
        except Exception as error:  # noqa: BLE001 - the test tells which
            found.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_what_was_lost_between_the_end_of_a_job_and_the_advance_is_found_by_the_sweep(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    end(run_id, "a")
    assert statuses(run_id)["b"] == "PENDING"
    advance.sweep()
    assert statuses(run_id)["b"] == "RUNNING"
    end(run_id, "b")
    advance.sweep()
    assert statuses(run_id)["run"] == "SUCCESS"


def test_a_run_whose_first_ring_was_lost_is_begun_by_the_sweep(owner: Actor) -> None:
    run_id = asked_for(owner, defined(step("a")))
    assert jobs_of(run_id) == []
    advance.sweep()
    assert statuses(run_id)["a"] == "RUNNING"
    looks = run_of(run_id).looks
    advance.sweep()
    assert run_of(run_id).looks == looks


def test_while_no_new_job_can_be_taken_a_run_waits_and_loses_nothing(
    owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    end(run_id, "a")

    def full(*_: object) -> None:
        raise Unavailable("The disk is full.", "disk_full")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "require_free_space", full)
        advance.sweep()
        assert statuses(run_id)["b"] == "PENDING"
    advance.sweep()
    assert statuses(run_id)["b"] == "RUNNING"


def test_the_end_of_a_job_rings_for_its_run_and_for_no_other_job(owner: Actor) -> None:
    rung: list[str] = []

    def note(name: str, payload: dict[str, str]) -> None:
        if name == advance.ADVANCE_TASK:
            rung.append(payload["run_id"])

    run_id = started(owner, step("a"))
    install_bell(note, lambda: True)
    observe_ends(advance.ring)
    end(run_id, "a")
    assert rung == [run_id]
    with unit_of_work() as session:
        tell_of_end(session, some_job(trigger="pipeline"))
        tell_of_end(session, some_job(trigger="manual", origin_id=run_id))
    assert rung == [run_id]


def some_job(**facts: Any) -> Job:
    return Job(id="job_1", number=1, runbook_name="say", created_at=now(), queued_at=now(), **facts)


def test_a_job_that_is_gone_fails_its_step(owner: Actor) -> None:
    run_id = started(owner, step("a"))
    with unit_of_work() as session:
        session.exec(delete(Job))
    advance.sweep()
    assert (rows(run_id)["a"].reason, statuses(run_id)["run"]) == ("job_gone", "ERROR")


def test_a_run_keeps_the_definition_that_it_began_with(owner: Actor) -> None:
    run_id = started(owner, step("a"), step("b", "a"))
    with unit_of_work() as session:
        session.exec(update(PipelineRun).values(pipeline_id=None))
    then(run_id, "a")
    assert statuses(run_id)["b"] == "RUNNING"


def test_the_report_tells_every_attempt_with_who_and_what_came_out(owner: Actor) -> None:
    run_id = started(owner, step("a", inputs={"text": "x"}), step("b", "a:failure"))
    then(run_id, "a", Status.ERROR)
    then(run_id, "b", Status.ERROR)
    resume(owner, run_id)
    then(run_id, "a", output={"said": "x"})
    with reading() as session:
        report = report_of(queries.get_detail(session, COMMAND_LINE, run_id))
    assert (report.status, report.attempts, report.created_by) == ("SUCCESS", 2, owner.name)
    first, second = report.steps
    assert [(one.attempt, one.status, one.launched_by, one.inputs) for one in first.attempts] == [
        (1, "ERROR", owner.name, {"text": "x"}),
        (2, "SUCCESS", owner.name, {"text": "x"}),
    ]
    assert (first.output, first.runbook_version) == ({"said": "x"}, "1.0.0")
    assert [one.status for one in second.attempts] == ["ERROR", "SKIPPED"]
    assert report.counts["SUCCESS"] == 1
    assert report.duration_s is not None


def test_runs_are_numbered_within_their_pipeline_and_audited(owner: Actor) -> None:
    pipeline = defined(step("a"))
    first, second = asked_for(owner, pipeline), asked_for(owner, pipeline)
    assert (run_of(first).number, run_of(second).number) == (1, 2)
    cancel(owner, first)
    go_on(first)
    resume(owner, first)
    for verb in ("started", "canceled", "resumed", "finished"):
        assert audited(f"pipeline_run.{verb}")[0].target_id == first


def test_old_runs_are_removed_and_their_jobs_are_left_to_their_own_retention(owner: Actor) -> None:
    run_id = started(owner, step("a"))
    then(run_id, "a")
    with later(days=200):
        advance.sweep()
    with reading() as session, pytest.raises(NotFound):
        queries.get_run(session, COMMAND_LINE, run_id)
    assert len(jobs_of(run_id)) == 1


def test_lists_show_the_newest_first_and_what_was_asked_for(owner: Actor) -> None:
    pipeline = defined(step("a"))
    first, second = asked_for(owner, pipeline), asked_for(owner, pipeline)
    with unit_of_work() as session:
        session.exec(update(PipelineRun).where(col(PipelineRun.id) == first).values(status="ERROR"))

    def found(**wanted: Any) -> list[str]:
        with reading() as session:
            return [run.id for run in queries.list_runs(session, owner, queries.RunFilter(**wanted))]

    assert found() == [second, first]
    assert found(statuses=("ERROR",)) == [first]
    assert found(pipeline="chain", environment="stage") == [second, first]
    assert found(pipeline=pipeline.id, environment="prod") == []
    with reading() as session:
        assert queries.last_runs(session, owner, [pipeline.id])[pipeline.id].id == second
        assert runs.count_active(session, owner) == 1
