"""Connections: sealed, masked, changed field by field, kept while used."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from orch_app.domains.access.actor import ANONYMOUS, Actor, worker_actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory import connections, queries, uses
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.wire import ConnectionAnswer, ConnectionChange, ConnectionsQuery, NewConnection
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion, Unauthorized
from orch_app.kit.rest import etag
from tests.domains.inventory.samples import add_connection, add_host

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def session() -> Iterator[Session]:
    with unit_of_work() as opened:
        yield opened


def shown(session: Session, actor: Actor, connection_id: str) -> ConnectionAnswer:
    return connections.show(session, actor, [queries.get_connection(session, actor, connection_id)])[0]


def entries(session: Session, target: str) -> list[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.target_id == target).order_by(AuditEntry.id)
    return list(session.exec(query).all())


def test_a_connection_shows_that_secrets_are_set_and_nothing_of_them(admin: Actor, plain_key: str) -> None:
    row = add_connection(admin, user="root", privateKey=plain_key, becomePassword="sudo-pw")
    with reading() as session:
        answer = shown(session, admin, row.id)

    assert answer.payload == {"user": "root", "becomeMethod": "sudo"}
    assert {name: field.set for name, field in answer.masked_fields.items()} == {
        "privateKey": True,
        "passphrase": False,
        "password": False,
        "becomePassword": True,
    }
    assert answer.masked_fields["privateKey"].set_at == row.created_at
    assert answer.facts["fingerprint"].startswith("SHA256:")
    assert answer.used_by == 0


def test_the_payload_opens_for_those_who_use_it(admin: Actor, operator: Actor) -> None:
    row = add_connection(admin, user="root", password="pä$$wörd")
    with unit_of_work() as session:
        assert connections.open_payload(session, operator, row.id).plain()["password"] == "pä$$wörd"
        assert connections.open_payload(session, worker_actor("w1"), row.id).plain()["user"] == "root"
    with reading() as session:
        assert queries.get_connection(session, operator, row.id).last_used_at is not None


def test_a_connection_of_another_type_opens_no_machine(session: Session, admin: Actor) -> None:
    new = NewConnection(type="hetzner", name="cloud", environment="stage", payload={"token": "t0ken-of-cloud"})
    row = connections.create(session, admin, new)
    assert connections.unsealed(row).plain() == {"token": "t0ken-of-cloud", "url": "https://api.hetzner.cloud/v1"}
    with pytest.raises(Invalid) as refused:
        connections.ssh_secret(row)
    assert refused.value.code == "wrong_connection_type"


def test_a_payload_copied_to_another_row_does_not_open(admin: Actor) -> None:
    one, two = add_connection(admin, "one"), add_connection(admin, "two")
    with unit_of_work() as session:
        queries.get_connection(session, admin, two.id).encrypted_payload = one.encrypted_payload
    with reading() as session, pytest.raises(Conflict) as refused:
        connections.open_payload(session, admin, two.id)
    assert refused.value.code == "secret_unreadable"


def test_a_change_replaces_only_what_it_names(session: Session, admin: Actor, plain_key: str) -> None:
    row = add_connection(admin, user="root", privateKey=plain_key, becomePassword="old")
    before = dict(row.fields_set)
    change = ConnectionChange(payload={"becomePassword": "new", "user": "deploy"})
    connections.update(session, admin, row.id, change)

    after = queries.get_connection(session, admin, row.id)
    secret = connections.ssh_secret(after)
    assert (secret.user, secret.private_key, secret.become_password) == ("deploy", plain_key, "new")
    assert after.version == 2
    assert after.fields_set["privateKey"] == before["privateKey"]
    assert after.fields_set["becomePassword"] > before["becomePassword"]


def test_null_clears_a_field(session: Session, admin: Actor, plain_key: str) -> None:
    row = add_connection(admin, user="root", privateKey=plain_key, password="p", jumpHost={"address": "10.0.0.1"})
    connections.update(session, admin, row.id, ConnectionChange(payload={"password": None, "jumpHost": None}))

    answer = shown(session, admin, row.id)
    assert not answer.masked_fields["password"].set
    assert "jumpHost" not in answer.payload


def test_the_last_secret_cannot_be_cleared(session: Session, admin: Actor) -> None:
    row = add_connection(admin)
    with pytest.raises(Invalid) as refused:
        connections.update(session, admin, row.id, ConnectionChange(payload={"password": None}))
    assert [problem.pointer for problem in refused.value.errors] == ["/payload/privateKey"]


def test_an_unknown_field_of_a_change_is_refused_even_when_null(session: Session, admin: Actor) -> None:
    row = add_connection(admin)
    with pytest.raises(Invalid) as refused:
        connections.update(session, admin, row.id, ConnectionChange(payload={"nonsense": None}))
    assert [problem.pointer for problem in refused.value.errors] == ["/payload/nonsense"]


def test_a_new_payload_forgets_the_last_test_and_a_new_name_does_not(session: Session, admin: Actor) -> None:
    row = queries.get_connection(session, admin, add_connection_in(session, admin))
    row.last_test_at, row.last_test_ok = row.created_at, True
    connections.update(session, admin, row.id, ConnectionChange(name="renamed"))
    assert row.last_test_ok is True
    connections.update(session, admin, row.id, ConnectionChange(payload={"user": "other"}))
    assert (row.last_test_at, row.last_test_ok, row.name) == (None, None, "renamed")


def add_connection_in(session: Session, actor: Actor) -> str:
    new = NewConnection(type="ssh", name="x", environment="stage", payload={"user": "root", "password": "p"})
    return connections.create(session, actor, new).id


def test_a_change_from_an_older_version_is_refused(session: Session, admin: Actor) -> None:
    row = add_connection(admin)
    old = etag(row.id, row.version)
    connections.update(session, admin, row.id, ConnectionChange(name="newer"), if_match=old)
    with pytest.raises(StaleVersion):
        connections.update(session, admin, row.id, ConnectionChange(name="older"), if_match=old)
    with pytest.raises(StaleVersion):
        connections.delete(session, admin, row.id, if_match=old)


def test_a_name_is_taken_once_per_environment(admin: Actor) -> None:
    add_connection(admin, "same")
    add_connection(admin, "same", "prod")
    with pytest.raises(Conflict) as refused:
        add_connection(admin, "same")
    assert (refused.value.code, refused.value.errors[0].pointer) == ("name_taken", "/name")


def test_a_connection_in_use_stays(admin: Actor) -> None:
    row = add_connection(admin)
    host = add_host(admin, connection_id=row.id)
    with unit_of_work() as session, pytest.raises(Conflict) as refused:
        connections.delete(session, admin, row.id)
    assert refused.value.code == "connection_in_use"
    assert host.id in refused.value.errors[0].detail
    with reading() as session:
        assert shown(session, admin, row.id).used_by == 1
        assert [use.id for use in uses.list_uses(session, admin, row.id)] == [host.id]


def test_an_unused_connection_goes(admin: Actor) -> None:
    row = add_connection(admin)
    with unit_of_work() as session:
        connections.delete(session, admin, row.id)
    with reading() as session, pytest.raises(NotFound):
        queries.get_connection(session, admin, row.id)


def test_every_change_is_audited_without_secrets(admin: Actor) -> None:
    row = add_connection(admin, user="root", password="canary-1")
    with unit_of_work() as session:
        connections.update(session, admin, row.id, ConnectionChange(payload={"password": "canary-2"}))
    with unit_of_work() as session:
        connections.delete(session, admin, row.id)
    with reading() as session:
        found = entries(session, row.id)
    assert [entry.action for entry in found] == ["connection.created", "connection.changed", "connection.deleted"]
    assert found[1].metadata_json["payloadFields"] == ["password"]
    assert "canary" not in str([entry.model_dump() for entry in found])


@pytest.mark.parametrize("who", ["viewer", "operator", "anonymous"])
def test_only_admins_write(who: str, admin: Actor, request: pytest.FixtureRequest) -> None:
    actor = ANONYMOUS if who == "anonymous" else request.getfixturevalue(who)
    row = add_connection(admin)
    refusal = Unauthorized if who == "anonymous" else Forbidden
    with pytest.raises(refusal):
        add_connection(actor, "mine")
    with unit_of_work() as session, pytest.raises(refusal):
        connections.update(session, actor, row.id, ConnectionChange(name="x"))
    with unit_of_work() as session, pytest.raises(refusal):
        connections.delete(session, actor, row.id)


def test_viewers_neither_see_nor_open_connections(admin: Actor, viewer: Actor) -> None:
    row = add_connection(admin)
    with reading() as session:
        for attempt in (
            lambda: queries.get_connection(session, viewer, row.id),
            lambda: queries.list_connections(session, viewer, ConnectionsQuery()),
            lambda: uses.list_uses(session, viewer, row.id),
            lambda: uses.count_uses(session, viewer, [row.id]),
            lambda: connections.show(session, viewer, [row]),
            lambda: connections.open_payload(session, viewer, row.id),
            lambda: connections.list_types(viewer),
        ):
            with pytest.raises(Forbidden):
                attempt()


def test_the_list_is_filtered_by_environment_type_and_text(admin: Actor) -> None:
    for name, environment in [("alpha", "stage"), ("Beta", "prod"), ("100%", "stage"), ("100x", "stage")]:
        add_connection(admin, name, environment)

    def names(**wanted: object) -> set[str]:
        with reading() as session:
            page = queries.list_connections(session, admin, ConnectionsQuery.model_validate(wanted))
            return {row.name for row in page.items}

    assert names() == {"alpha", "Beta", "100%", "100x"}
    assert names(environment=["prod"]) == {"Beta"}
    assert names(environment=["prod", "stage"], type=["ssh"]) == {"alpha", "Beta", "100%", "100x"}
    assert names(environment=[""], type=[""]) == {"alpha", "Beta", "100%", "100x"}
    assert names(type=["github"]) == set()
    assert names(q="ETA") == {"Beta"}
    assert names(q="100%") == {"100%"}


def test_nothing_readable_of_a_secret_is_in_the_row(admin: Actor) -> None:
    row = add_connection(admin, user="root", password="canary-in-row")
    assert "canary-in-row" not in str(row.model_dump())
    assert isinstance(row, Connection)
