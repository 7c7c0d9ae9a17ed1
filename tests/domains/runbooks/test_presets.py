"""Presets: whose they are, what they may hold, and what the schema of today says to them."""

from typing import Any

import pytest

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.runbooks import presets
from orch_app.domains.runbooks.models import Runbook, RunbookPreset
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, OrchError, Unauthorized
from orch_app.kit.ids import new_id
from tests.systems.people import add_user, audited, start_afresh

pytestmark = pytest.mark.usefixtures("form")
SECRET_IN_A_VARIANT = {
    "oneOf": [
        {"type": "object", "properties": {"kind": {"const": "open"}}},
        {"type": "object", "properties": {"kind": {"const": "locked"}, "pin": {"$ref": "#/$defs/pin"}}},
    ]
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "$defs": {"pin": {"type": "string", "x-widget": "password"}},
    "required": ["word"],
    "properties": {
        "word": {"type": "string", "maxLength": 8},
        "count": {"type": "integer", "default": 3, "maximum": 9},
        "token": {"type": "string", "writeOnly": True},
        "note": {"type": "string"},
        "door": SECRET_IN_A_VARIANT,
        "doors": {"type": "array", "items": {"type": "object", "properties": {"pin": {"$ref": "#/$defs/pin"}}}},
    },
}
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nxyz"


@pytest.fixture
def form(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    start_afresh(monkeypatch)
    with unit_of_work() as session:
        session.add(Runbook(id=new_id("rbk"), name="demo", input_schema=SCHEMA, synced_at=now()))


def runbook() -> Runbook:
    return Runbook(id="rbk", name="demo", input_schema=SCHEMA, synced_at=now())


def create(actor: Actor, name: str = "usual", inputs: dict[str, Any] | None = None, **facts: Any) -> RunbookPreset:
    with unit_of_work() as session:
        return presets.create(session, actor, "demo", name, inputs or {}, **facts)


def seen(actor: Actor) -> list[str]:
    with reading() as session:
        return [row.name for row in presets.list_presets(session, actor, "demo")]


def pointers(error: OrchError) -> list[str]:
    return [fault.pointer for fault in error.errors]


def test_ones_own_are_seen_by_oneself_and_the_shared_ones_by_everybody() -> None:
    admin, operator, viewer = (add_user(role) for role in (Role.ADMIN, Role.OPERATOR, Role.VIEWER))
    create(operator, "mine")
    create(admin, "Ours", shared=True)
    create(admin, "his")
    assert (seen(operator), seen(admin), seen(viewer)) == (["mine", "Ours"], ["his", "Ours"], ["Ours"])


def test_only_admins_share_and_only_they_change_what_is_shared() -> None:
    admin, operator = add_user(Role.ADMIN), add_user(Role.OPERATOR)
    shared = create(admin, shared=True)
    with pytest.raises(Forbidden):
        create(operator, "mine too", shared=True)
    with unit_of_work() as session, pytest.raises(Forbidden):
        presets.change(session, operator, "demo", shared.id, name="other")
    with unit_of_work() as session, pytest.raises(Forbidden):
        presets.delete(session, operator, "demo", shared.id)
    with unit_of_work() as session:
        presets.delete(session, add_user(Role.ADMIN, "second@example.com"), "demo", shared.id)
    assert seen(operator) == []


def test_somebody_elses_own_is_not_there_for_others() -> None:
    own = create(add_user(Role.OPERATOR))
    with unit_of_work() as session, pytest.raises(NotFound):
        presets.change(session, add_user(Role.ADMIN), "demo", own.id, name="other")
    with reading() as session, pytest.raises(NotFound):
        presets.get_preset(session, COMMAND_LINE, "demo", own.id)


def test_viewers_keep_none_and_nobody_sees_any() -> None:
    with pytest.raises(Forbidden):
        create(add_user(Role.VIEWER))
    with pytest.raises(NotFound, match="account"):
        create(COMMAND_LINE)
    with reading() as session, pytest.raises(Unauthorized):
        presets.list_presets(session, ANONYMOUS, "demo")


def test_a_name_is_taken_once_by_each_person_and_once_for_everybody() -> None:
    admin, operator = add_user(Role.ADMIN), add_user(Role.OPERATOR)
    for actor, shared in ((operator, False), (admin, False), (admin, True)):
        create(actor, "usual", shared=shared)
        with pytest.raises(Conflict) as taken:
            create(actor, " usual ", shared=shared)
        assert (taken.value.code, pointers(taken.value)) == ("name_taken", ["/name"])
    other = create(operator, "other")
    for more in ({}, {"inputs": {"count": 1}}):
        with pytest.raises(Conflict), unit_of_work() as session:
            presets.change(session, operator, "demo", other.id, name="usual", **more)


def test_renaming_keeps_the_values_and_overwriting_the_name() -> None:
    operator = add_user(Role.OPERATOR)
    made = create(operator, inputs={"count": 4})
    with unit_of_work() as session:
        presets.change(session, operator, "demo", made.id, name="  new   name ")
    with unit_of_work() as session:
        row = presets.change(session, operator, "demo", made.id, inputs={"count": 5})
    assert (row.name, row.input_json) == ("new name", {"count": 5})
    told = [(entry.action, entry.metadata_json) for entry in audited("preset.created") + audited("preset.changed")]
    facts = {"runbook": "demo", "shared": False}
    assert told == [
        ("preset.created", facts | {"name": "usual"}),
        ("preset.changed", facts | {"name": "new name", "before": "usual", "values": False}),
        ("preset.changed", facts | {"name": "new name", "before": "new name", "values": True}),
    ]


@pytest.mark.parametrize(
    ("inputs", "places"),
    [
        ({"token": "x"}, ["/inputs/token"]),
        ({"door": {"kind": "locked", "pin": "1"}}, ["/inputs/door/pin"]),
        ({"doors": [{}, {"pin": "1"}]}, ["/inputs/doors/1/pin"]),
        ({"note": KEY, "strange": {"deep": [KEY]}}, ["/inputs/note", "/inputs/strange/deep/0"]),
    ],
)
def test_secrets_are_refused_and_can_be_taken_out_beforehand(inputs: dict[str, Any], places: list[str]) -> None:
    operator = add_user(Role.OPERATOR)
    with pytest.raises(Invalid) as refused:
        create(operator, inputs=inputs)
    assert pointers(refused.value) == places
    create(operator, inputs=presets.without_secrets(runbook(), inputs))


@pytest.mark.parametrize("inputs", [{"ansible_user": "root"}, {"word": "\0"}, {"note": "x" * 1_100_000}])
def test_what_no_runbook_takes_is_not_kept(inputs: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        create(add_user(Role.OPERATOR), inputs=inputs)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_preset_has_a_name(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(add_user(Role.OPERATOR), name)
    assert pointers(refused.value) == ["/name"]


def test_there_are_at_most_fifty_of_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "MOST", 2)
    operator = add_user(Role.OPERATOR)
    create(operator, "one")
    create(operator, "two")
    with pytest.raises(Invalid, match="too many"):
        create(operator, "three")


def test_values_are_fitted_to_the_form_of_today() -> None:
    found = presets.fitted(runbook(), {"word": "much too long", "colour": "red", "size": 1})
    assert found.values == {"word": "much too long", "count": 3}
    assert [(fault.pointer, fault.code) for fault in found.problems] == [
        ("/word", "maxLength"),
        ("", "additionalProperties"),
    ]
    assert "colour, size" in found.problems[1].detail_pt
    assert presets.fitted(runbook(), {"word": "fits"}) == presets.Fitted({"word": "fits", "count": 3}, ())
