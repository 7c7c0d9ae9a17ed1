"""Keeping definitions: what is refused and where, versions, names, and who may."""

from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.pipelines import queries, service
from orch_app.domains.pipelines.checks import check
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, Problem, StaleVersion
from orch_app.kit.rest import etag
from tests.domains.jobs.trials import Trials
from tests.domains.pipelines.chains import SAY, body, defined, started, step, write_say
from tests.systems.people import audited

pytestmark = pytest.mark.usefixtures("trials")


def faults(*steps: dict[str, Any], **facts: Any) -> dict[str, str]:
    """Code by place of everything that is wrong."""
    found: tuple[Problem, ...] = ()
    with reading() as session:
        try:
            check(session, body(*steps, **facts))
        except Invalid as error:
            found = error.errors
    assert all(fault.detail and fault.detail_pt for fault in found)
    return {fault.pointer: fault.code for fault in found}


TEXT = {"name": {"type": "string"}, "n": {"type": "integer"}, "any": {}}


@pytest.mark.parametrize(
    ("steps", "place", "code"),
    [
        ([step("a"), step("a")], "/steps/1/id", "duplicate_id"),
        ([step("a", "nobody")], "/steps/0/needs/0/step", "unknown_step"),
        ([step("a"), step("b", "a", "a:failure")], "/steps/1/needs/1/step", "duplicate_edge"),
        ([step("a", "b"), step("b", "a")], "/steps/0/needs", "circle"),
        ([step("a", "a")], "/steps/0/needs", "circle"),
        ([step("a", runbook="nothing")], "/steps/0/runbook", "unknown_runbook"),
        ([step("a", inputs={"text": "${oh"})], "/steps/0/inputs/text", "not_closed"),
        ([step("a", inputs={"text": "${inputs.who}"})], "/steps/0/inputs/text", "unknown_input"),
        ([step("a", inputs={"text": "${steps.no.output.said}"})], "/steps/0/inputs/text", "unknown_step"),
        ([step("a"), step("b", inputs={"text": "${steps.a.output.said}"})], "/steps/1/inputs/text", "not_before"),
        ([step("a", inputs={"text": "${steps.a.output.said}"})], "/steps/0/inputs/text", "not_before"),
        ([step("a", inputs={"text": 1})], "/steps/0/inputs/text", "type"),
        ([step("a", inputs={"what": "x"})], "/steps/0/inputs/what", "additionalProperties"),
        ([step("a", inputs={"count": "${inputs.name}"})], "/steps/0/inputs/count", "type"),
        ([step("a", inputs={"count": "1${inputs.n}"})], "/steps/0/inputs/count", "type"),
        ([step("a", inputs={"list": ["${inputs.n}"]})], "/steps/0/inputs/list/0", "type"),
        ([step("a", inputs={"text": "${inputs.name.first}"})], "/steps/0/inputs/text", "unknown_input"),
        ([step("a", hosts=["hst_1"])], "/steps/0/hosts", "hosts_not_allowed"),
        ([step("a", limit="web*")], "/steps/0/limit", "hosts_not_allowed"),
        ([step("a", skipTags=["config"])], "/steps/0/skipTags/0", "unknown_tag"),
        ([step("a", connections={"git": "con_1"})], "/steps/0/connections/git", "unknown_slot"),
    ],
)
def test_what_cannot_run_is_refused_with_its_place(steps: list[dict[str, Any]], place: str, code: str) -> None:
    assert faults(*steps, inputs=TEXT)[place] == code


@pytest.mark.parametrize(
    "inputs",
    [
        {"text": "${inputs.name}"},
        {"text": "n is ${inputs.n}"},
        {"text": "${inputs.any.deep.er}"},
        {"count": "${inputs.n}"},
        {"count": "${inputs.any}"},
        {"list": ["x", "${inputs.name}", "${env.name}"]},
        {"list": "${inputs.any}", "anything": {"x": "${inputs.n}"}},
    ],
)
def test_what_can_become_right_is_kept(inputs: dict[str, Any]) -> None:
    assert faults(step("a", inputs=inputs), inputs=TEXT) == {}


def test_outputs_are_checked_against_what_the_runbook_declares(trials: Trials) -> None:
    write_say(trials, "quiet", SAY.replace("Say", "Whisper"), target="localhost")
    before = step("a")

    def told(text: str, name: str = "text") -> dict[str, str]:
        return faults(before, step("b", "a", inputs={name: text}))

    assert told("${steps.a.output.said}") == {}
    assert told("${steps.a.output.names.0.name}") == {}
    assert told("${steps.a.output.more.x.y}") == {}
    assert told("${steps.a.output.said}", "count") == {"/steps/1/inputs/count": "type"}
    assert told("${steps.a.output.said.x}") == {"/steps/1/inputs/text": "unknown_output"}
    assert told("${steps.a.output.names.first}") == {"/steps/1/inputs/text": "unknown_output"}


def test_a_declaration_of_inputs_is_held_to_the_rules_of_runbooks() -> None:
    bomb = {"type": "object", "additionalProperties": False, "properties": {"x": {"pattern": "(?=a)"}}}
    assert faults(step("a"), inputsSchema=bomb) == {"/inputsSchema": "bad_schema"}
    assert faults(step("a"), inputsSchema={"type": "string"}) == {"/inputsSchema": "bad_schema"}


def test_a_runbook_that_wants_hosts_is_given_some(trials: Trials) -> None:
    write_say(trials, "far", target="hosts")
    assert faults(step("a", runbook="far")) == {"/steps/0/hosts": "hosts_required"}
    assert faults(step("a", runbook="far", hosts=["hst_no"])) == {"/steps/0/hosts/0": "unknown_host"}
    assert faults(step("a", runbook="far", hosts="web ${env.name}")) == {"/steps/0/hosts": "one_expression"}
    assert faults(step("a", runbook="far", hosts="${inputs.any}"), inputs=TEXT) == {}
    assert faults(step("a", runbook="far", hosts=["${inputs.name}"]), inputs=TEXT) == {}


def test_connections_are_of_the_type_that_the_runbook_wants(trials: Trials) -> None:
    write_say(trials, "git", connections=[{"slot": "repo", "type": "ssh", "required": True}])
    assert faults(step("a", runbook="git")) == {"/steps/0/connections/repo": "connection_required"}
    unknown = faults(step("a", runbook="git", connections={"repo": "con_no"}))
    assert unknown == {"/steps/0/connections/repo": "unknown_connection"}
    assert faults(step("a", runbook="git", connections={"repo": "${inputs.name}"}), inputs=TEXT) == {}


def test_a_definition_grows_in_version_and_an_older_one_is_refused(admin: Actor) -> None:
    row = defined(step("a"))
    with unit_of_work() as session:
        changed = service.update(session, admin, row.id, body(step("b")), if_match=etag(row.id, 1))
    assert (changed.version, changed.document["steps"][0]["id"]) == (2, "b")
    with unit_of_work() as session, pytest.raises(StaleVersion):
        service.update(session, admin, row.id, body(step("c")), if_match=etag(row.id, 1))
    with unit_of_work() as session, pytest.raises(StaleVersion):
        service.delete(session, admin, row.id, if_match=etag(row.id, 1))


def test_two_pipelines_have_two_names(admin: Actor) -> None:
    defined(step("a"))
    with pytest.raises(Conflict) as refused, unit_of_work() as session:
        service.create(session, admin, body(step("a")))
    assert (refused.value.code, refused.value.errors[0].pointer) == ("pipeline_exists", "/name")


def test_a_removed_definition_leaves_its_runs(owner: Actor, admin: Actor) -> None:
    run_id = started(owner, step("a"))
    with unit_of_work() as session:
        (row,) = queries.list_pipelines(session, admin)
        service.delete(session, admin, row.id)
    with reading() as session:
        run = queries.get_run(session, admin, run_id)
        assert (run.pipeline_id, run.pipeline_name) == (None, "chain")
        with pytest.raises(NotFound):
            queries.get_pipeline(session, admin, row.id)


def test_every_change_of_a_definition_is_audited(admin: Actor) -> None:
    row = defined(step("a"))
    with unit_of_work() as session:
        service.update(session, admin, row.id, body(step("b")))
        service.delete(session, admin, row.id)
    found: list[AuditEntry] = [
        entry for verb in ("created", "changed", "deleted") for entry in audited(f"pipeline.{verb}")
    ]
    assert [(entry.target_id, entry.metadata_json["version"]) for entry in found] == [
        (row.id, 1),
        (row.id, 2),
        (row.id, 2),
    ]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_only_admins_write_definitions(role: Role) -> None:
    row, actor = defined(step("a")), Actor("user", "usr_1", "x", role)
    with unit_of_work() as session:
        with pytest.raises(Forbidden):
            service.create(session, actor, body(step("a")))
        with pytest.raises(Forbidden):
            service.update(session, actor, row.id, body(step("a")))
        with pytest.raises(Forbidden):
            service.delete(session, actor, row.id)
