"""Choices are offered with the caller's rights and connection, kept for a moment, and checked again at the launch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlmodel import Session, select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import connections, hosts
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.wire import ConnectionChange, NewConnection, NewHost
from orch_app.domains.runbooks.choices import asking
from orch_app.domains.runbooks.choices.asking import Draft
from orch_app.domains.runbooks.choices.found import ANYTHING, Asked, Choice, Found
from orch_app.domains.runbooks.choices.kept import KEPT
from orch_app.domains.runbooks.choices.sources import SOURCES, OutsideSource
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Forbidden, Invalid, NotFound, Unavailable
from orch_app.kit.ids import new_id
from tests.systems.people import add_user, later, start_afresh

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "host": {"type": "string", "x-choices": {"source": "hosts"}},
        "name": {"type": "string", "x-choices": {"source": "hosts", "params": {"by": "name"}}},
        "login": {"type": "string", "x-choices": {"source": "connections", "params": {"type": "ssh"}}},
        "place": {"type": "string"},
        "zone": {"type": "string", "x-choices": {"source": "demo.zones"}},
        "record": {"type": "string", "x-choices": {"source": "demo.records", "params": {"zone": "$.zone"}}},
        "image": {"type": "string", "x-choices": {"source": "demo.images"}},
        "size": {"type": "integer", "x-choices": {"source": "nobody.knows"}},
        "plain": {"type": "string"},
    },
}


@dataclass
class Elsewhere:
    """Another system: what it has, who opened it how often with which question, and whether it is away."""

    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    is_away: bool = False

    def zones(self, payload: Any, asked: Asked) -> Found:
        self._note(payload, asked)
        return Found((Choice("z1", "example.com", "46 records"), Choice("z2", "example.org")))

    def records(self, payload: Any, asked: Asked) -> Found:
        self._note(payload, asked)
        return Found((Choice(f"{asked.params['zone']}-www", "www"),))

    def images(self, payload: Any, asked: Asked) -> Found:
        self._note(payload, asked)
        known = [name for name in ("debian-12", "debian-13", "ubuntu-24") if asked.text in name]
        return Found(tuple(Choice(name, name) for name in known[:1]), truncated=len(known) > 1)

    def _note(self, payload: Any, asked: Asked) -> None:
        if self.is_away:
            raise Unavailable("It is away.", "upstream_unreachable")
        self.asked.append((payload.api_token.get_secret_value(), dict(asked.params), asked.text))


@pytest.fixture
def elsewhere(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    start_afresh(monkeypatch)
    KEPT.forget()
    other = Elsewhere()
    monkeypatch.setitem(SOURCES, "demo.zones", OutsideSource("cloudflare", other.zones))
    monkeypatch.setitem(SOURCES, "demo.records", OutsideSource("cloudflare", other.records, frozenset({"zone"})))
    monkeypatch.setitem(SOURCES, "demo.images", OutsideSource("cloudflare", other.images, searches=True))
    with unit_of_work() as session:
        session.add(_runbook())
    yield other
    KEPT.forget()


def _runbook() -> Runbook:
    slots = [{"slot": "dns", "type": "cloudflare", "required": True}]
    facts: dict[str, Any] = {"title": "", "title_pt": "", "description": "", "description_pt": "", "category": "dns"}
    return Runbook(
        id=new_id("rbk"),
        name="demo",
        version="1.0.0",
        revision="r",
        path="/nowhere",
        risk="low",
        readme="",
        synced_at=now(),
        input_schema=SCHEMA,
        meta={"connections": slots},
        **facts,
    )


def a_connection(name: str = "dns", environment: str = "stage", token: str = "t" * 40) -> str:
    with unit_of_work() as session:
        new = NewConnection.model_validate(
            {"type": "cloudflare", "name": name, "environment": environment, "payload": {"apiToken": token}}
        )
        return connections.create(session, COMMAND_LINE, new).id


def a_host(name: str, environment: str = "stage") -> str:
    with unit_of_work() as session:
        new = NewHost.model_validate({"name": name, "address": "192.0.2.7", "environment": environment})
        return hosts.create(session, COMMAND_LINE, new).id


def offered(actor: Actor, path: str, text: str = "", **draft: Any) -> list[str]:
    return [choice.label for choice in asking.offer(actor, "demo", [path], Draft(**draft), text).items]


def refused(actor: Actor, inputs: dict[str, Any], **draft: Any) -> list[tuple[str, str]]:
    """What the launch would say, as the edge does it: look up first, then check in a transaction."""
    order = Draft(inputs, **draft)
    asking.look_up(actor, "demo", order)
    with reading() as session:
        return [(fault.pointer, fault.detail) for fault in asking.faults(session, actor, _of(session), order)]


def _of(session: Session) -> Runbook:
    return session.exec(select(Runbook).where(Runbook.name == "demo")).one()


def test_own_hosts_and_connections_of_the_environment_are_offered(elsewhere: Elsewhere) -> None:
    person = add_user(Role.OPERATOR)
    a_host("web-1")
    a_host("db-1")
    a_host("far", "prod")
    a_connection()
    assert offered(person, "host") == ["db-1", "web-1"]
    assert offered(person, "host", "WEB") == ["web-1"]
    assert offered(person, "host", environment="prod") == ["far"]
    assert offered(person, "login") == []


def test_own_values_are_checked_against_the_database(elsewhere: Elsewhere) -> None:
    person = add_user(Role.OPERATOR)
    here, far = a_host("web-1"), a_host("far", "prod")
    assert refused(person, {"host": here, "name": "web-1"}) == []
    found = refused(person, {"host": far, "name": "web", "login": a_connection()})
    assert [pointer for pointer, _ in found] == ["/login", "/name", "/host"]
    assert found[1][1] == "There is no web to choose here."


def test_another_system_is_asked_with_what_the_connection_carries_and_only_once(elsewhere: Elsewhere) -> None:
    person, mine = add_user(Role.OPERATOR), {"dns": a_connection(token="s" * 40)}
    assert offered(person, "zone", connections=mine) == ["example.com", "example.org"]
    assert offered(person, "zone", "46 REC", connections=mine) == ["example.com"]
    assert elsewhere.asked == [("s" * 40, {}, "")]
    with later(seconds=31):
        assert offered(person, "zone", connections=mine) == ["example.com", "example.org"]
    assert len(elsewhere.asked) == 2


def test_nobody_hears_the_answer_that_another_got_and_a_changed_connection_is_asked_anew(elsewhere: Elsewhere) -> None:
    connection = a_connection()
    for role in (Role.OPERATOR, Role.ADMIN):
        offered(add_user(role), "zone", connections={"dns": connection})
    assert len(elsewhere.asked) == 2
    with unit_of_work() as session:
        change = ConnectionChange.model_validate({"payload": {"apiToken": "n" * 40}})
        connections.update(session, COMMAND_LINE, connection, change)
    offered(add_user(Role.OPERATOR, "third@example.com"), "zone", connections={"dns": connection})
    assert elsewhere.asked[-1][0] == "n" * 40


def test_a_changed_parent_is_another_question(elsewhere: Elsewhere) -> None:
    person, mine = add_user(Role.OPERATOR), {"dns": a_connection()}
    for zone in ("z1", "z2"):
        draft = Draft({"zone": zone}, mine)
        assert asking.offer(person, "demo", ["record"], draft).items == (Choice(f"{zone}-www", "www"),)
    with pytest.raises(Invalid) as caught:
        offered(person, "record", connections=mine)
    assert [fault.pointer for fault in caught.value.errors] == ["/inputs/zone"]


def test_a_source_that_searches_is_asked_for_each_text(elsewhere: Elsewhere) -> None:
    person, mine = add_user(Role.OPERATOR), {"dns": a_connection()}
    assert offered(person, "image", "debian", connections=mine) == ["debian-12"]
    assert offered(person, "image", "ubuntu", connections=mine) == ["ubuntu-24"]
    assert refused(person, {"image": "ubuntu-24"}, connections=mine) == []
    assert [pointer for pointer, _ in refused(person, {"image": "windows"}, connections=mine)] == ["/image"]


def test_what_is_no_choice_is_refused_at_the_launch(elsewhere: Elsewhere) -> None:
    person, mine = add_user(Role.OPERATOR), {"dns": a_connection()}
    assert refused(person, {"zone": "z1", "record": "z1-www"}, connections=mine) == []
    found = refused(person, {"zone": "z9", "record": "z1-www"}, connections=mine)
    assert sorted(pointer for pointer, _ in found) == ["/record", "/zone"]


def test_a_system_that_is_away_refuses_nothing_but_says_so_to_the_form(elsewhere: Elsewhere) -> None:
    person, mine = add_user(Role.OPERATOR), {"dns": a_connection()}
    elsewhere.is_away = True
    with pytest.raises(Unavailable, match="away"):
        offered(person, "zone", connections=mine)
    assert refused(person, {"zone": "z9"}, connections=mine) == []


def test_the_check_itself_asks_no_other_system(elsewhere: Elsewhere) -> None:
    person, mine = add_user(Role.OPERATOR), {"dns": a_connection()}
    with reading() as session:
        assert asking.faults(session, person, _of(session), Draft({"zone": "z9"}, mine)) == ()
    assert elsewhere.asked == []


def test_an_unknown_source_offers_nothing_and_takes_anything(elsewhere: Elsewhere) -> None:
    person = add_user(Role.OPERATOR)
    assert asking.offer(person, "demo", ["size"], Draft()) == ANYTHING
    assert refused(person, {"size": 7}) == []


def test_the_slot_must_be_filled_with_a_connection_of_the_environment(elsewhere: Elsewhere) -> None:
    person = add_user(Role.OPERATOR)
    for chosen in ({}, {"dns": a_connection(environment="prod")}):
        with pytest.raises(Invalid) as caught:
            offered(person, "zone", connections=chosen)
        assert [fault.pointer for fault in caught.value.errors] == ["/connections/dns"]
    assert elsewhere.asked == []


def test_only_those_who_may_run_runbooks_are_answered(elsewhere: Elsewhere) -> None:
    with pytest.raises(Forbidden):
        offered(add_user(Role.VIEWER), "host")
    with pytest.raises(NotFound, match="No choices"):
        offered(add_user(Role.OPERATOR), "plain")
    with unit_of_work() as session:
        assert session.exec(select(Connection)).all() == []
