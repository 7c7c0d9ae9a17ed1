"""The screens of pipelines: lists, the editor with its texts and faults, starting, and one run with its report."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs import claims
from orch_app.domains.jobs.states import Status
from orch_app.domains.pipelines import advance, queries, runs, service
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import BadRequest, Invalid
from orch_app.state import pipeline_editor_view as editor_view
from orch_app.state.pipeline_editor import PipelineEditorState
from orch_app.state.pipeline_launch import PipelineLaunchState
from orch_app.state.pipeline_run import PipelineRunState
from orch_app.state.pipeline_run_view import MOST_OUTPUT, read_run
from orch_app.state.pipelines import PipelinesState
from orch_app.state.pipelines_view import read_pipelines
from tests.domains.jobs.orders import sync_runbooks
from tests.state.open_tab import OpenTab, signed_in, urls_of

STEPS: list[dict[str, Any]] = [
    {"id": "look", "runbook": "host_report"},
    {"id": "again", "runbook": "host_report", "needs": [{"step": "look", "on": "failure"}]},
]
CHAIN: dict[str, Any] = {
    "name": "chain",
    "title": "A chain",
    "inputsSchema": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"port": {"type": "integer", "default": 80}},
    },
    "steps": STEPS,
}


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    sync_runbooks(COMMAND_LINE)


def defined(**facts: Any) -> str:
    with unit_of_work() as session:
        return service.create(session, COMMAND_LINE, PipelineBody.model_validate(CHAIN | facts)).id


def started(pipeline_id: str) -> str:
    with unit_of_work() as session:
        run = runs.start(session, COMMAND_LINE, runs.RunOrder(pipeline_id))
    advance.sweep()
    return run.id


def ended(run_id: str, step: str, status: Status, **facts: Any) -> None:
    with reading() as session:
        job_id = queries.latest(queries.attempts_of(session, run_id))[step].job_id or ""
    with unit_of_work() as session:
        held = claims.claim(session, job_id, "w1", "w1")
        assert held is not None
    with unit_of_work() as session:
        claims.finish(session, held, status, **facts)
    advance.sweep()


def shown(run_id: str) -> dict[str, Any]:
    with reading() as session:
        return read_run(session, COMMAND_LINE, run_id)


def send(tab: OpenTab, *handlers: Any) -> Any:
    """Each handler, alone or with its arguments; what the last one gives back."""
    answer: Any = None
    for handler in handlers:
        what, *args = handler if isinstance(handler, tuple) else (handler,)
        answer = asyncio.run(tab.send(what, *args))
    return answer


def test_without_anything_the_page_is_empty() -> None:
    tab = signed_in(Role.VIEWER, "/pipelines")
    send(tab, PipelinesState.load)
    assert tab.state(PipelinesState).phase == "empty"


def test_the_list_shows_definitions_with_their_last_run_and_the_runs_asked_for(admin: Actor) -> None:
    pipeline_id, _ = defined(), defined(name="idle", title="")
    run_id = started(pipeline_id)
    nothing = {"pipeline": "", "status": ""}
    with reading() as session:
        found = read_pipelines(session, admin, nothing, "")
        assert read_pipelines(session, admin, nothing | {"status": "ERROR"}, "")["runs"] == []
        assert read_pipelines(session, admin, nothing, "prod")["runs"] == []
    assert [(row["title"], row["lastStatus"], row["count"]) for row in found["rows"]] == [
        ("A chain", "RUNNING", 2),
        ("idle", "", 2),
    ]
    assert [(row["href"], row["number"], row["title"]) for row in found["runs"]] == [
        (f"/pipelines/{run_id}", "#1", "A chain")
    ]


def test_a_run_shows_each_step_where_it_is() -> None:
    run_id = started(defined())
    first, second = shown(run_id)["steps"]
    assert (first["status"], first["phase"], second["status"]) == ("PENDING", "queued", "waiting")
    assert first["jobHref"].startswith("/jobs/job_")
    assert second["needs"] == [{"step": "look", "on": "failure"}]
    ended(run_id, "look", Status.SUCCESS, output_json={"text": "x" * MOST_OUTPUT})
    found = shown(run_id)
    assert [step["status"] for step in found["steps"]] == ["SUCCESS", "SKIPPED"]
    assert (found["run"]["status"], found["run"]["isOver"], found["run"]["isResumable"]) == ("SUCCESS", True, False)
    assert found["outputs"][0]["step"] == "look"
    assert len(found["outputs"][0]["value"]) == MOST_OUTPUT + 1
    assert found["inputs"] == [{"name": "port", "value": "80"}]


def test_the_report_has_every_attempt_the_older_ones_marked() -> None:
    run_id = started(defined(steps=STEPS[:1]))
    ended(run_id, "look", Status.ERROR, reason="task_failed")
    tab = signed_in(Role.ADMIN, f"/pipelines/{run_id}")
    send(tab, PipelineRunState.enter, PipelineRunState.load)
    assert tab.state(PipelineRunState).run["isResumable"] is True
    send(tab, PipelineRunState.resume)
    state = tab.state(PipelineRunState)
    assert [(row["attempt"], row["isOld"]) for row in state.report] == [(1, True), (2, False)]
    send(tab, (PipelineRunState.ask_to_cancel, True), PipelineRunState.cancel)
    assert (state.asks_to_cancel, state.run["isCanceling"]) == (False, True)


def test_viewers_look_and_stop_nothing() -> None:
    run_id = started(defined())
    tab = signed_in(Role.VIEWER, f"/pipelines/{run_id}")
    send(tab, PipelineRunState.load)
    state = tab.state(PipelineRunState)
    assert (state.phase, len(state.steps)) == ("ready", 2)
    send(tab, PipelineRunState.cancel)
    assert shown(run_id)["run"]["isCanceling"] is False


def test_a_run_that_is_not_there_is_an_error_of_the_page() -> None:
    tab = signed_in(Role.VIEWER, "/pipelines/plr_none")
    send(tab, PipelineRunState.load)
    state = tab.state(PipelineRunState)
    assert (state.phase, state.problem["code"]) == ("error", "pipeline_run_not_found")


def test_a_new_pipeline_is_edited_and_kept() -> None:
    tab = signed_in(Role.ADMIN, "/pipelines?edit=new")
    send(tab, PipelineEditorState.open)
    state = tab.state(PipelineEditorState)
    assert (state.phase, state.is_open) == ("ready", True)
    known = {row["name"]: row for row in state.catalogue["runbooks"]}
    assert not known[state.document["steps"][0]["runbook"]]["mutates"]
    assert (known["host_report"]["target"], known["container_remove"]["mutates"]) == ("both", True)
    send(tab, PipelineEditorState.save)
    assert [fault["pointer"] for fault in state.faults] == ["/name"]
    send(
        tab,
        (PipelineEditorState.change, CHAIN | {"steps": [STEPS[0] | {"runbook": "nothing"}]}),
        PipelineEditorState.save,
    )
    assert [(fault["pointer"], fault["detailPt"]) for fault in state.faults] == [
        ("/steps/0/runbook", "Não existe o runbook nothing.")
    ]
    answer = send(tab, (PipelineEditorState.change, CHAIN), PipelineEditorState.save)
    assert "/pipelines" in urls_of(answer)
    assert state.is_open is False
    with reading() as session:
        assert [row.name for row in queries.list_pipelines(session, COMMAND_LINE)] == ["chain"]


def test_a_kept_pipeline_is_changed_unless_somebody_was_faster() -> None:
    pipeline_id = defined()
    tab = signed_in(Role.ADMIN, f"/pipelines?edit={pipeline_id}")
    send(tab, PipelineEditorState.open)
    state = tab.state(PipelineEditorState)
    assert (state.name, state.revision) == ("chain", 1)
    with unit_of_work() as session:
        service.update(session, COMMAND_LINE, pipeline_id, PipelineBody.model_validate(CHAIN | {"title": "Other"}))
    send(tab, PipelineEditorState.save)
    assert state.is_open
    send(tab, (PipelineEditorState.ask_delete, True), PipelineEditorState.delete)
    with reading() as session:
        assert queries.list_pipelines(session, COMMAND_LINE) == []


def test_the_definition_goes_out_as_text_and_comes_back() -> None:
    tab = signed_in(Role.ADMIN, f"/pipelines?edit={defined()}")
    send(tab, PipelineEditorState.open)
    state = tab.state(PipelineEditorState)
    send(tab, (PipelineEditorState.write_text, state.get_value("document")))
    assert state.text.startswith("name: chain\ntitle: A chain\n")
    send(tab, (PipelineEditorState.take_text, state.text.replace("A chain", "Ações")))
    assert (state.document["title"], state.revision, state.text_fault) == ("Ações", 2, "")


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: &x 1\nb: *x",
        "name: 2026-01-01",
        "[]",
        "name: x",
        "name: a\nname: b",
        "x" * 300_000,
        '{"name": "\\u0000"}',
    ],
)
def test_a_text_that_is_no_pipeline_is_refused_and_nothing_is_lost(text: str) -> None:
    tab = signed_in(Role.ADMIN, f"/pipelines?edit={defined()}")
    send(tab, PipelineEditorState.open, (PipelineEditorState.take_text, text))
    state = tab.state(PipelineEditorState)
    assert state.text_fault
    assert state.text_fault_pt
    assert (state.document["name"], state.revision) == ("chain", 1)


def test_what_a_tab_sends_is_held_to_the_rules_of_the_api() -> None:
    for document, refusal in (
        ({"name": "a\x00"}, Invalid),
        ({"name": "a"}, ValidationError),
        (CHAIN | {"more": 1}, ValidationError),
    ):
        with pytest.raises(refusal):
            editor_view.checked(document)
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    with pytest.raises(BadRequest):
        editor_view.checked({"name": deep})


def test_a_pipeline_is_started_with_its_defaults_and_its_run_is_opened() -> None:
    pipeline_id = defined()
    tab = signed_in(Role.OPERATOR, f"/pipelines?run={pipeline_id}")
    send(tab, PipelineLaunchState.open)
    state = tab.state(PipelineLaunchState)
    assert (state.title, state.start, [field["name"] for field in state.fields]) == ("A chain", {"port": 80}, ["port"])
    send(tab, (PipelineLaunchState.fill_in, {"port": "x"}), PipelineLaunchState.begin, PipelineLaunchState.run)
    assert (list(state.errors), state.is_open, state.is_busy) == (["/port"], True, False)
    send(tab, (PipelineLaunchState.fill_in, {"port": 81}), (PipelineLaunchState.give_reason, "because"))
    (url,) = urls_of(send(tab, (PipelineLaunchState.choose_environment, "stage"), PipelineLaunchState.run))
    run = shown(url.rpartition("/")[2])
    assert (run["run"]["reason"], run["inputs"]) == ("because", [{"name": "port", "value": "81"}])


def test_the_drawers_close_with_the_address() -> None:
    pipeline_id = defined()
    tab = signed_in(Role.ADMIN, f"/pipelines?edit={pipeline_id}")
    send(tab, PipelineEditorState.open)
    tab.go(f"/pipelines?run={pipeline_id}")
    send(tab, PipelineEditorState.open, PipelineLaunchState.open)
    assert (tab.state(PipelineEditorState).is_open, tab.state(PipelineLaunchState).is_open) == (False, True)
    assert urls_of(send(tab, PipelineLaunchState.close)) == ["/pipelines"]
    assert urls_of(send(tab, PipelineEditorState.close)) == ["/pipelines"]
