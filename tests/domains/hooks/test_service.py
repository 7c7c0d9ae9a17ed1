"""Webhooks are made, changed and removed by admins; the secret is sealed and told once."""

import pytest
from pydantic import ValidationError

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.hooks import queries, secret, service
from orch_app.domains.hooks.models import Hook
from orch_app.domains.hooks.wire import HookChange, NewHook, facts_of
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, NotFound, StaleVersion
from orch_app.kit.rest import etag
from tests.domains.hooks.conftest import Desk
from tests.domains.hooks.messages import SECRET
from tests.systems.people import add_user, audited

NEW = NewHook(name="new", provider="github", runbook="deploy")


def row_of(hook_id: str) -> Hook:
    with reading() as session:
        return queries.get_hook(session, COMMAND_LINE, hook_id)


def test_a_secret_is_made_up_sealed_and_nowhere_else(desk: Desk) -> None:
    with unit_of_work() as session:
        row, plain = service.create(session, desk.owner, NEW)
    assert (len(plain) >= 40, secret.opened(row_of(row.id))) == (True, plain)
    (entry,) = audited("hook.created")
    assert plain not in f"{facts_of(row)} {row.encrypted_secret} {entry.metadata_json}"


def test_a_secret_moved_to_another_webhook_does_not_open(desk: Desk) -> None:
    one, other = row_of(desk.make()), row_of(desk.make(name="other"))
    other.encrypted_secret = one.encrypted_secret
    with pytest.raises(Conflict) as refused:
        secret.opened(other)
    assert refused.value.code == "secret_unreadable"


def test_only_an_admin_with_an_account_makes_one(desk: Desk, operator: Actor) -> None:
    with pytest.raises(Forbidden), unit_of_work() as session:
        service.create(session, operator, NEW)
    with pytest.raises(NotFound, match="needs an owner"), unit_of_work() as session:
        service.create(session, COMMAND_LINE, NEW)


def test_a_runbook_or_source_that_is_not_there_is_refused(desk: Desk) -> None:
    for facts in ({"runbook": "none"}, {"action": "sync", "sourceId": "src_01J9ZC5V0G3M5W6YQX4T2R8S7K", "runbook": ""}):
        with pytest.raises(NotFound):
            desk.make(**facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"runbook": ""},
        {"action": "sync"},
        {"action": "sync", "runbook": "", "sourceId": "no id"},
        {"sourceId": "src_01J9ZC5V0G3M5W6YQX4T2R8S7K"},
        {"secret": "short"},
        {"secret": "é" * 20},
        {"secret": "x" * 201},
        {"signatureHeader": "X-Mine"},
        {"provider": "generic", "signatureHeader": "X Mine"},
        {"mapping": [{"input": "a/b", "pointer": "/x"}]},
        {"mapping": [{"input": "a", "pointer": "x"}]},
        {"conditions": [{"pointer": "/x", "equals": [1]}]},
        {"provider": "gitea"},
    ],
)
def test_what_does_not_fit_together_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        NewHook.model_validate({"name": "x", "provider": "github", "runbook": "deploy", **facts})
    assert "short" not in str(refused.value.errors(include_input=False))


def test_a_generic_one_has_the_usual_headers_unless_it_names_others(desk: Desk) -> None:
    usual = row_of(desk.make(provider="generic"))
    own = row_of(desk.make(name="own", provider="generic", signatureHeader="X-Mine"))
    assert (usual.signature_header, usual.delivery_header, own.signature_header) == (
        "X-Signature-256",
        "X-Delivery-Id",
        "X-Mine",
    )


def test_whoever_changes_one_becomes_its_owner_and_the_audit_log_says_what_changed(desk: Desk) -> None:
    hook_id, boss = desk.make(inputs={"branch": "hidden value"}), add_user(Role.ADMIN, "boss@example.com")
    with unit_of_work() as session:
        change = HookChange.model_validate({"isEnabled": False, "secret": "another long secret"})
        row = service.update(session, boss, hook_id, change, if_match=etag(hook_id, 1))
    assert (row.owner_name, row.version, row.is_enabled) == ("boss@example.com", 2, False)
    (entry,) = audited("hook.changed")
    assert (entry.metadata_json["secretReplaced"], entry.metadata_json["after"]["is_enabled"]) == (True, False)
    told = str(entry.metadata_json)
    assert ("hidden value" in told, SECRET in told, "another long secret" in told) == (False, False, False)
    with pytest.raises(StaleVersion), unit_of_work() as session:
        service.update(session, boss, hook_id, HookChange(name="x"), if_match=etag(hook_id, 1))


def test_a_name_is_taken_once_and_free_again_when_it_is_removed(desk: Desk) -> None:
    hook_id = desk.make()
    with pytest.raises(Conflict, match="already a webhook named pushes"):
        desk.make()
    with unit_of_work() as session:
        service.delete(session, desk.owner, hook_id)
    desk.make()
    assert [entry.metadata_json["name"] for entry in audited("hook.deleted")] == ["pushes"]
