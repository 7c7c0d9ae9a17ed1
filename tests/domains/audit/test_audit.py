"""One entry for each act, in the act's transaction; read by those who may, and never changed."""

import ast
from typing import Any

import pytest
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import ANONYMOUS, Actor, worker_actor
from orch_app.domains.audit import queries, service
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.models import AuditEntry
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Forbidden, Unauthorized
from tests.architecture.sources import dotted, nodes, place
from tests.systems.people import later

JOB = ("job", "job_1")


def kept() -> list[AuditEntry]:
    with reading() as session:
        return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.id))))


def test_an_entry_says_who_what_to_what_from_where_and_when(database: str, admin: Actor) -> None:
    before = now()
    with unit_of_work() as session:
        service.record(session, admin, Action.JOB_EXECUTED, JOB, environment="prod", metadata={"hosts": ["web-1"]})
    (entry,) = kept()
    assert (entry.actor_kind, entry.actor_user_id, entry.actor_name) == ("user", "usr_admin", "ada")
    assert (entry.action, entry.target_type, entry.target_id) == ("job.executed", "job", "job_1")
    assert (entry.result, entry.environment, entry.ip, entry.request_id) == ("ok", "prod", "127.0.0.1", "r1")
    assert entry.metadata_json == {"hosts": ["web-1"]}
    assert before <= entry.ts <= now()


def test_a_machine_is_named_and_is_nobodys_user(database: str) -> None:
    with unit_of_work() as session:
        service.record(session, worker_actor("w1"), Action.JOB_FINISHED, JOB, result="failed")
    (entry,) = kept()
    assert (entry.actor_kind, entry.actor_name, entry.actor_user_id, entry.result) == ("worker", "w1", None, "failed")


def record_and_fail(actor: Actor) -> None:
    with unit_of_work() as session:
        service.record(session, actor, Action.JOB_EXECUTED, JOB)
        raise RuntimeError


def test_an_act_that_fails_leaves_no_entry(database: str, admin: Actor) -> None:
    with pytest.raises(RuntimeError):
        record_and_fail(admin)
    assert kept() == []


def test_a_denial_says_what_was_missing_and_where(database: str, viewer: Actor) -> None:
    error = Forbidden("No.", "approval_required", permission="runbooks:execute", environment="prod")
    with unit_of_work() as session:
        service.record_denial(session, viewer, error, "POST /v1/x")
    (entry,) = kept()
    assert (entry.action, entry.result, entry.environment) == ("access.denied", "denied", "prod")
    assert (entry.target_type, entry.target_id) == ("permission", "runbooks:execute")
    assert entry.metadata_json == {"where": "POST /v1/x", "code": "approval_required"}


def fill(session: Session, actor: Actor) -> None:
    for number in range(3):
        service.record(session, actor, Action.JOB_EXECUTED, JOB, metadata={"n": number})
    service.record(session, actor, Action.HOST_CREATED, ("host", "job_1"))
    service.record(session, actor, Action.JOB_EXECUTED, ("job", "job_2"))


def test_the_entries_about_one_thing_are_read_newest_first(database: str, admin: Actor) -> None:
    with unit_of_work() as session:
        fill(session, admin)
    with later(minutes=1), unit_of_work() as session:
        service.record(session, admin, Action.JOB_CANCELED, JOB)
    with reading() as session:
        found = queries.list_for_target(session, admin, *JOB)
        assert (found[0].action, len(found)) == ("job.canceled", 4)
        milliseconds = [int(entry.ts.timestamp() * 1000) for entry in found]
        assert milliseconds == sorted(milliseconds, reverse=True)
        assert len(queries.list_for_target(session, admin, *JOB, limit=2)) == 2


def test_only_admins_read_the_log(database: str, operator: Actor, viewer: Actor) -> None:
    with reading() as session:
        for actor in (operator, viewer):
            with pytest.raises(Forbidden):
                queries.list_for_target(session, actor, *JOB)
        with pytest.raises(Unauthorized):
            queries.list_for_target(session, ANONYMOUS, *JOB)


def test_no_code_changes_or_deletes_an_entry() -> None:
    def is_about_entries(node: Any) -> bool:
        return (
            isinstance(node, ast.Call)
            and dotted(node.func) in {"update", "delete"}
            and any(dotted(argument) == "AuditEntry" for argument in node.args)
        )

    assert [place(path, node) for path, node in nodes("orch_app", "tasks") if is_about_entries(node)] == []


def test_every_action_is_a_noun_and_a_verb_and_is_written_somewhere() -> None:
    written = {dotted(node) for _, node in nodes("orch_app")}
    assert [action.name for action in Action if f"Action.{action.name}" not in written] == []
    assert len({action.value for action in Action}) == len(Action)
