"""Hosts: what is taken, how keys are pinned, and what jobs find out."""

from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import select

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory import hosts, queries
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.wire import HostAnswer, HostChange, HostsQuery, NewHost
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from orch_app.kit.rest import etag
from tests.domains.inventory.samples import HOST_KEY, OTHER_KEY, add_connection, add_host, public

pytestmark = pytest.mark.usefixtures("database")


def load(actor: Actor, host_id: str) -> Host:
    with reading() as session:
        return queries.get_host(session, actor, host_id)


def change(actor: Actor, host_id: str, **fields: Any) -> Host:
    with unit_of_work() as session:
        return hosts.update(session, actor, host_id, HostChange.model_validate(fields))


def test_a_host_is_kept_as_it_was_given(admin: Actor) -> None:
    connection = add_connection(admin)
    host = add_host(admin, port=2222, user="deploy", connection_id=connection.id, labels={"role": "web", "rack/1": ""})
    answer = HostAnswer.of(load(admin, host.id))
    assert (answer.name, answer.address, answer.port, answer.user) == ("web-1", "10.0.0.5", 2222, "deploy")
    assert (answer.connection_id, answer.labels) == (connection.id, {"role": "web", "rack/1": ""})
    assert (answer.status, answer.host_key, answer.version) == ("unknown", None, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "-x"},
        {"name": "a b"},
        {"name": "all"},
        {"name": "Localhost"},
        {"name": "targets"},
        {"name": "x" * 64},
        {"name": "a[1:9]"},
        {"name": "{{ x }}"},
        {"address": ""},
        {"address": "a b"},
        {"address": "-oProxyCommand=id"},
        {"address": "0x7f.1"},
        {"address": "10.0.0.5/8"},
        {"address": "fe80::1%eth0"},
        {"port": 0},
        {"port": 65536},
        {"user": "-l"},
        {"user": "a b"},
        {"connection_id": "x' OR 1"},
        {"environment": "dev"},
        {"labels": {"a b": "x"}},
        {"labels": {"a": "x\ny"}},
        {"labels": {"a": 5}},
        {"labels": {str(number): "" for number in range(33)}},
        {"host_key": "ssh-ed25519 AAAA"},
        {"status": "ok"},
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    good = {"name": "web-1", "address": "10.0.0.5", "environment": "stage"}
    NewHost.model_validate(good)
    with pytest.raises(ValidationError):
        NewHost.model_validate({**good, **fields})


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:10.0.0.1", "224.0.0.1", "fe80::1", "0.0.0.0"])
def test_an_address_that_is_never_reached_cannot_be_a_host(admin: Actor, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_host(admin, address=address)
    assert [(problem.pointer, problem.code) for problem in refused.value.errors] == [("/address", "egress_refused")]


def test_the_connection_is_of_the_same_environment(admin: Actor) -> None:
    foreign = add_connection(admin, environment="prod")
    own = add_host(admin)
    for attempt in (
        lambda: add_host(admin, "web-2", connection_id=foreign.id),
        lambda: change(admin, own.id, connectionId=foreign.id),
        lambda: change(admin, own.id, connectionId="con_01J9ZC5V0G3M5W6YQX4T2R8S7K"),
    ):
        with pytest.raises(Invalid) as refused:
            attempt()
        assert [problem.pointer for problem in refused.value.errors] == ["/connectionId"]


def test_a_name_is_taken_once_per_environment(admin: Actor) -> None:
    add_host(admin)
    add_host(admin, environment="prod")
    other = add_host(admin, "web-2")
    with pytest.raises(Conflict) as refused:
        add_host(admin)
    assert (refused.value.code, refused.value.errors[0].pointer) == ("name_taken", "/name")
    with pytest.raises(Conflict):
        change(admin, other.id, name="web-1")


def test_a_change_touches_only_what_it_names(admin: Actor) -> None:
    connection = add_connection(admin)
    host = add_host(admin, pinned=True, connection_id=connection.id, labels={"a": "b"})
    changed = change(admin, host.id, labels={"c": "d"}, user="x")
    assert (changed.name, changed.labels, changed.user) == ("web-1", {"c": "d"}, "x")
    assert changed.host_key == HOST_KEY
    assert change(admin, host.id, connectionId=None).connection_id is None
    assert change(admin, host.id, name=None).name == "web-1"


@pytest.mark.parametrize("move", [{"address": "10.0.0.6"}, {"port": 2200}])
def test_another_place_is_another_machine_and_forgets_the_key(admin: Actor, move: dict[str, Any]) -> None:
    host = add_host(admin, pinned=True)
    moved = change(admin, host.id, **move)
    assert (moved.host_key, moved.host_key_pinned_at, moved.status) == (None, None, "unknown")


def test_the_same_place_again_keeps_the_key(admin: Actor) -> None:
    host = add_host(admin, pinned=True)
    assert change(admin, host.id, address="10.0.0.5", port=22).host_key == HOST_KEY


def test_a_change_from_an_older_version_is_refused(admin: Actor) -> None:
    host = add_host(admin)
    old = etag(host.id, host.version)
    with unit_of_work() as session:
        hosts.update(session, admin, host.id, HostChange(user="x"), if_match=old)
    with unit_of_work() as session, pytest.raises(StaleVersion):
        hosts.update(session, admin, host.id, HostChange(user="y"), if_match=old)
    with unit_of_work() as session, pytest.raises(StaleVersion):
        hosts.delete(session, admin, host.id, if_match=old)


def test_a_removed_host_is_gone(admin: Actor) -> None:
    host = add_host(admin)
    with unit_of_work() as session:
        hosts.delete(session, admin, host.id)
    with pytest.raises(NotFound):
        load(admin, host.id)


def test_a_scan_pins_nothing(admin: Actor) -> None:
    host = add_host(admin)
    with unit_of_work() as session:
        assert hosts.note_scan(session, admin, host.id, [public(HOST_KEY)]).host_key is None


def test_only_a_key_that_is_shown_can_be_pinned(admin: Actor) -> None:
    host = add_host(admin)
    with unit_of_work() as session, pytest.raises(Conflict) as refused:
        hosts.pin_key(session, admin, host.id, public(OTHER_KEY).fingerprint, [public(HOST_KEY)])
    assert refused.value.code == "host_key_mismatch"
    assert load(admin, host.id).host_key is None


def test_a_changed_key_is_an_error_until_a_person_pins_it_anew(admin: Actor) -> None:
    host = add_host(admin, pinned=True)
    old, new = public(HOST_KEY), public(OTHER_KEY)
    with unit_of_work() as session:
        hosts.note_scan(session, admin, host.id, [new])
    changed = load(admin, host.id)
    assert (changed.status, changed.host_key) == ("key_changed", HOST_KEY)

    with unit_of_work() as session:
        hosts.pin_key(session, admin, host.id, new.fingerprint, [new])
    pinned = load(admin, host.id)
    assert (pinned.status, pinned.host_key) == ("unknown", OTHER_KEY)
    with reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == "host.key_pinned").order_by(AuditEntry.id)
        last = session.exec(query).all()[-1]
    assert (last.metadata_json["before"], last.metadata_json["after"]) == (old.fingerprint, new.fingerprint)


def test_what_another_place_showed_is_not_taken_for_the_host(admin: Actor) -> None:
    host = add_host(admin)
    elsewhere = ("10.0.0.4", 22)
    keys = [public(HOST_KEY)]
    with unit_of_work() as session:
        for attempt in (
            lambda: hosts.note_scan(session, admin, host.id, keys, place=elsewhere),
            lambda: hosts.pin_key(session, admin, host.id, keys[0].fingerprint, keys, place=elsewhere),
        ):
            with pytest.raises(Conflict) as refused:
                attempt()
            assert refused.value.code == "host_moved"
    assert load(admin, host.id).host_key is None


def test_the_pinned_key_among_others_is_fine(admin: Actor) -> None:
    host = add_host(admin, pinned=True)
    with unit_of_work() as session:
        hosts.note_scan(session, admin, host.id, [public(OTHER_KEY)])
        noted = hosts.note_scan(session, admin, host.id, [public(OTHER_KEY), public(HOST_KEY)])
    assert noted.status == "unknown"


def test_a_host_that_shows_no_key_is_unreachable(admin: Actor) -> None:
    host = add_host(admin, pinned=True)
    with unit_of_work() as session:
        assert hosts.note_scan(session, admin, host.id, []).status == "unreachable"
    assert load(admin, host.id).host_key == HOST_KEY


def test_jobs_note_how_they_found_a_host(admin: Actor) -> None:
    host = add_host(admin)
    worker = worker_actor("w1")
    with unit_of_work() as session:
        hosts.set_status(session, worker, host.id, "ok")
        hosts.set_status(session, worker, "hst_gone", "ok")
    seen = load(admin, host.id)
    assert seen.status == "ok"
    assert seen.last_seen_at is not None
    with unit_of_work() as session:
        hosts.set_status(session, worker, host.id, "unreachable", hosts.Said("x" * 900, "closed"))
    after = load(admin, host.id)
    assert (after.status, len(after.status_detail), after.status_detail_code) == ("unreachable", 500, "closed")
    assert after.last_seen_at == seen.last_seen_at
    assert after.version == host.version
    with unit_of_work() as session, pytest.raises(ValueError, match="not a status"):
        hosts.set_status(session, worker, host.id, "happy")  # pyright: ignore[reportArgumentType]


def test_viewers_and_operators_see_hosts_and_change_none(admin: Actor, operator: Actor, viewer: Actor) -> None:
    host = add_host(admin)
    for actor in (operator, viewer):
        assert load(actor, host.id).name == "web-1"
        with pytest.raises(Forbidden):
            add_host(actor, "mine")
        with pytest.raises(Forbidden):
            change(actor, host.id, user="x")
        with unit_of_work() as session:
            for attempt in (
                lambda s=session, a=actor: hosts.delete(s, a, host.id),
                lambda s=session, a=actor: hosts.note_scan(s, a, host.id, []),
                lambda s=session, a=actor: hosts.pin_key(s, a, host.id, "x", []),
            ):
                with pytest.raises(Forbidden):
                    attempt()
    with unit_of_work() as session, pytest.raises(Forbidden):
        hosts.set_status(session, viewer, host.id, "ok")


def test_names_are_listed_once_in_order_of_one_environment_or_of_all(admin: Actor, viewer: Actor) -> None:
    for name, environment in (("web-2", "stage"), ("web-1", "prod"), ("web-2", "prod"), ("db-1", "stage")):
        add_host(admin, name, environment=environment)
    with reading() as session:
        assert queries.host_names(session, viewer, "", 10) == ["db-1", "web-1", "web-2"]
        assert queries.host_names(session, viewer, "prod", 10) == ["web-1", "web-2"]
        assert queries.host_names(session, viewer, "", 1) == ["db-1"]


def test_the_list_is_filtered(admin: Actor) -> None:
    connection = add_connection(admin)
    add_host(admin, "web-1", connection_id=connection.id)
    add_host(admin, "web-2", address="db.internal")
    add_host(admin, "web-3", environment="prod")

    def names(**wanted: object) -> list[str]:
        with reading() as session:
            page = queries.list_hosts(session, admin, HostsQuery.model_validate(wanted))
            return [row.name for row in page.items]

    assert names() == ["web-1", "web-2", "web-3"]
    assert names(environment=["stage"], sort="-name") == ["web-2", "web-1"]
    assert names(q="DB.") == ["web-2"]
    assert names(q="web_1") == []
    assert names(connectionId=connection.id) == ["web-1"]
    assert names(status=["ok"]) == []
    assert names(status=["ok", "unknown"]) == ["web-1", "web-2", "web-3"]
