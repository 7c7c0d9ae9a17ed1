"""What fills the slots of a job: judged at its launch and again before it runs, and only then opened."""

from typing import Any

import pytest

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.inventory import connections, queries
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.slots import check_slots, open_slots
from orch_app.domains.inventory.wire import NewConnection
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid
from tests.domains.inventory.samples import add_connection
from tests.domains.inventory.types.samples import COMPLETE

pytestmark = pytest.mark.usefixtures("database")
WORKER = worker_actor("w1")
DECLARED = [
    {"slot": "dns", "type": "cloudflare", "required": True},
    {"slot": "cloud", "type": "hetzner", "required": False},
]


def add(actor: Actor, kind: str = "cloudflare", environment: Any = "stage") -> Connection:
    with unit_of_work() as session:
        new = NewConnection(type=kind, name=f"{kind} key", environment=environment, payload=COMPLETE[kind])
        return connections.create(session, actor, new)


def faults(actor: Actor, chosen: dict[str, str], environment: str = "stage") -> list[tuple[str, str, str]]:
    with reading() as session, pytest.raises(Invalid) as refused:
        check_slots(session, actor, DECLARED, chosen, environment)
    with unit_of_work() as session, pytest.raises(Invalid) as at_the_start:
        open_slots(session, WORKER, DECLARED, chosen, environment)
    assert at_the_start.value.errors == refused.value.errors
    return [(fault.pointer, fault.code, fault.detail) for fault in refused.value.errors]


def test_a_slot_takes_a_connection_of_its_type_and_environment(admin: Actor, operator: Actor) -> None:
    dns, cloud = add(admin), add(admin, "hetzner")
    with reading() as session:
        check_slots(session, operator, DECLARED, {"dns": dns.id}, "stage")
        check_slots(session, operator, DECLARED, {"dns": dns.id, "cloud": cloud.id}, "stage")


def test_what_does_not_fit_is_refused_at_its_slot_at_the_launch_and_at_the_start(admin: Actor) -> None:
    dns, cloud, ssh = add(admin), add(admin, "hetzner"), add_connection(admin)
    assert faults(admin, {}) == [("/connections/dns", "required", "choose a cloudflare connection")]
    assert faults(admin, {"dns": "con_0"}) == [("/connections/dns", "connection", "there is no such connection")]
    assert faults(admin, {"dns": dns.id, "other": cloud.id}) == [
        ("/connections/other", "not_allowed", "this runbook has no such slot")
    ]
    assert faults(admin, {"dns": ssh.id}) == [
        ("/connections/dns", "connection", "it is a ssh connection, the runbook wants cloudflare")
    ]
    assert faults(admin, {"dns": dns.id}, "prod") == [
        ("/connections/dns", "connection", "it is of stage, the job of prod")
    ]


def test_whoever_may_not_use_connections_fills_no_slot(admin: Actor, viewer: Actor) -> None:
    dns = add(admin)
    with reading() as session, pytest.raises(Forbidden):
        check_slots(session, viewer, DECLARED, {"dns": dns.id}, "stage")
    with unit_of_work() as session, pytest.raises(Forbidden):
        open_slots(session, viewer, DECLARED, {"dns": dns.id}, "stage")


def test_an_opened_slot_holds_the_whole_connection_and_shows_none_of_its_secrets(admin: Actor) -> None:
    dns = add(admin)
    with unit_of_work() as session:
        (filled,) = open_slots(session, WORKER, DECLARED, {"dns": dns.id}, "stage")
    about = {"id": dns.id, "name": "cloudflare key", "type": "cloudflare", "environment": "stage"}
    assert filled.document == about | COMPLETE["cloudflare"]
    assert (filled.slot, filled.place, filled.secrets) == ("dns", "127.0.0.1:8787", ("cf-t0ken-1234",))
    assert "cf-t0ken-1234" not in repr(filled)
    with reading() as session:
        assert queries.get_connection(session, admin, dns.id).last_used_at is not None


def test_the_values_in_a_set_of_secrets_are_secrets_each(admin: Actor) -> None:
    row = add(admin, "secrets")
    with unit_of_work() as session:
        (filled,) = open_slots(session, WORKER, [{"slot": "secrets", "type": "secrets"}], {"secrets": row.id}, "stage")
    assert filled.secrets == (COMPLETE["secrets"]["values"], "hunter2-x")


def test_a_row_that_was_altered_does_not_open(admin: Actor) -> None:
    dns, cloud = add(admin), add(admin, "hetzner")
    with unit_of_work() as session:
        queries.get_connection(session, admin, dns.id).encrypted_payload = cloud.encrypted_payload
    with unit_of_work() as session, pytest.raises(Conflict) as refused:
        open_slots(session, WORKER, DECLARED, {"dns": dns.id}, "stage")
    assert refused.value.code == "secret_unreadable"
