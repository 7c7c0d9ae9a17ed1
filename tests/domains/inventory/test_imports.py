"""An import brings hosts and groups under its name, touches nothing else, and takes all of it or nothing."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory.description import describe
from orch_app.domains.inventory.imports import Import, Place, PresentGroup, inside_out, take_in
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.provenance import Brought
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Invalid
from tests.domains.inventory.samples import add_connection, add_group, add_host

ORIGIN = "prod-netbox"
OURS = Brought(ORIGIN)


def host(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": "present", "address": "192.0.2.9", **more}


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": "present", **more}


def gone(name: str) -> dict[str, Any]:
    return {"name": name, "state": "absent"}


def take(actor: Actor, *, trusted: bool = False, connection_id: str | None = None, **rows: Any) -> None:
    document = Import.model_validate({"name": ORIGIN, **rows})
    with unit_of_work() as session:
        take_in(session, actor, document, Place("stage", connection_id), is_trusted=trusted)


def told(actor: Actor) -> dict[str, dict[str, Any]]:
    """The inventory of stage by kind and name."""
    with reading() as session:
        found = describe(session, actor, "stage")
    return {kind: {row["name"]: row for row in rows} for kind, rows in found.items()}


@pytest.mark.usefixtures("database")
def test_an_empty_inventory_becomes_what_the_import_says(admin: Actor) -> None:
    key = add_connection(admin)
    take(
        admin,
        trusted=True,
        connection_id=key.id,
        hosts=[
            host("web-1", port=2222, user="ops", python="/opt/bin/python3", labels={"rack": "4"}, variables={"id": 1}),
            host("db-1"),
        ],
        groups=[
            group("all", variables={"ntp": "{{ x }}"}, children=["site"], hosts=["web-1"]),
            group("site", children=["web"], hosts=["db-1"]),
            group("web", hosts=["web-1", "web-1"], variables={"port": 80}),
        ],
    )
    found = told(admin)
    web, site = found["hosts"]["web-1"], found["groups"]["site"]
    assert (web["port"], web["user"], web["python"]) == (2222, "ops", "/opt/bin/python3")
    assert (web["labels"], web["variables"], web["groups"]) == ({"rack": "4"}, {"id": 1}, ["web"])
    assert (web["origin"], web["trusted"], site["origin"], site["trusted"]) == (ORIGIN, True, ORIGIN, True)
    assert (site["children"], site["hosts"], site["members"]) == (["web"], ["db-1"], ["db-1", "web-1"])
    every = found["groups"]["all"]
    assert (every["children"], every["hosts"], every["members"]) == ([], [], ["db-1", "web-1"])
    with reading() as session:
        rows = session.exec(select(Host)).all()
    assert {(row.connection_id, row.host_key) for row in rows} == {(key.id, None)}


@pytest.mark.usefixtures("database")
def test_what_it_brought_is_changed_and_removed_and_what_a_person_rewrote_is_overwritten(admin: Actor) -> None:
    add_host(admin, "web-1", brought=Brought(ORIGIN, is_trusted=True), variables={"a": 1}, pinned=True)
    kept = add_host(admin, "web-2", brought=OURS, pinned=True)
    add_group(admin, "web", brought=OURS, hosts=[kept.id])
    take(admin, hosts=[gone("web-1"), gone("web-7"), host("web-2", address=kept.address, user="ops")])
    found = told(admin)
    assert (list(found["hosts"]), found["hosts"]["web-2"]["user"]) == (["web-2"], "ops")
    with reading() as session:
        assert session.exec(select(Host)).one().host_key
    take(admin, hosts=[host("web-2", variables={"b": 2})], groups=[gone("web"), gone("db")])
    found = told(admin)
    assert (found["hosts"]["web-2"]["variables"], found["groups"]) == ({"b": 2}, {})
    with reading() as session:
        assert session.exec(select(Host)).one().host_key is None, "another address is another machine"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("origin", ["", "other-import"])
@pytest.mark.parametrize(
    "rows",
    [
        {"hosts": [host("mine")]},
        {"hosts": [gone("mine")]},
        {"groups": [group("my")]},
        {"groups": [gone("my")]},
    ],
)
def test_what_is_of_somebody_else_is_left_alone_and_nothing_is_taken(admin: Actor, origin: str, rows: Any) -> None:
    theirs = Brought(origin)
    add_group(admin, "my", brought=theirs, hosts=[add_host(admin, "mine", brought=theirs).id])
    before = told(admin)
    with pytest.raises(Conflict) as refused:
        take(admin, hosts=[host("web-1"), *rows.get("hosts", [])], groups=rows.get("groups", []))
    assert refused.value.code == "name_taken"
    assert told(admin) == before


@pytest.mark.usefixtures("database")
def test_a_group_may_hold_what_is_of_somebody_else(admin: Actor) -> None:
    add_group(admin, "my", hosts=[add_host(admin, "mine").id])
    take(admin, groups=[group("site", hosts=["mine"], children=["my"])])
    assert told(admin)["groups"]["site"]["members"] == ["mine"]


@pytest.mark.usefixtures("database")
def test_groups_change_places_and_only_a_circle_is_refused(admin: Actor) -> None:
    take(admin, groups=[group("a", children=["b"]), group("b", children=["c"]), group("c")])
    take(admin, groups=[group("a"), group("b", children=["a"]), group("c", children=["b"])])
    assert {name: row["children"] for name, row in told(admin)["groups"].items()} == {"a": [], "b": ["a"], "c": ["b"]}
    with pytest.raises(Invalid, match="a: The group"):
        take(admin, groups=[group("a", children=["c"])])


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "rows",
    [
        {"groups": [group("web", hosts=["nobody"])]},
        {"groups": [group("web", children=["nothing"])]},
        {"groups": [group("web", variables={"ansible_user": "x"})]},
        {"hosts": [host("web-2", variables={"orch": "x"})]},
        {"hosts": [host("web-2", address="169.254.169.254")]},
    ],
)
def test_one_row_that_cannot_be_leaves_everything_as_it_was(admin: Actor, rows: Any) -> None:
    with pytest.raises(Invalid, match="web"):
        take(admin, hosts=[host("web-1"), *rows.get("hosts", [])], groups=rows.get("groups", []))
    assert told(admin) == {"hosts": {}, "groups": {}}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": ""},
        {"name": ORIGIN, "hosts": [{"name": "web-1", "address": "192.0.2.9"}]},
        {"name": ORIGIN, "hosts": [host("localhost")]},
        {"name": ORIGIN, "hosts": [host("web-1", address="")]},
        {"name": ORIGIN, "hosts": [host("web-1", python="python; id")]},
        {"name": ORIGIN, "groups": [group("targets")]},
        {"name": ORIGIN, "groups": [group("web-servers")]},
    ],
)
def test_what_is_no_import_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Import.model_validate(document)


def test_groups_are_taken_from_the_inside_out() -> None:
    wanted = {"top": ["mid", "far"], "mid": ["low"], "low": [], "round": ["about"], "about": ["round"]}
    rows = {name: PresentGroup(name=name, state="present", children=held) for name, held in wanted.items()}
    assert inside_out(rows) == ["low", "mid", "top", "about", "round"]
