"""Which hosts a job may work on, and what the worker gets of them."""

import threading
from dataclasses import replace

import pytest

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.inventory import hosts, queries
from orch_app.domains.inventory import targets as inventory_targets
from orch_app.domains.inventory.targets import Target, all_reached, check_targets, reached, route_to, targets_for
from orch_app.kit import egress
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.egress import EgressRefused
from orch_app.kit.errors import Forbidden, Invalid
from tests.domains.inventory.samples import HOST_KEY, OTHER_KEY, add_connection, add_host, public

pytestmark = pytest.mark.usefixtures("database")
WORKER = worker_actor("w1")
DEADLINE_S = 60.0


def refused_at(actor: Actor, host_ids: list[str], environment: str = "stage") -> list[tuple[str, str]]:
    with unit_of_work() as session, pytest.raises(Invalid) as refused:
        check_targets(session, actor, host_ids, environment)
    with unit_of_work() as session, pytest.raises(Invalid):
        targets_for(session, WORKER, host_ids, environment)
    return [(problem.pointer, problem.code) for problem in refused.value.errors]


def test_a_worker_gets_everything_in_the_order_of_the_ids(admin: Actor) -> None:
    connection = add_connection(admin, user="root", password="p")
    one = add_host(admin, "one", pinned=True, connection_id=connection.id, labels={"a": "b"})
    two = add_host(admin, "two", pinned=True, connection_id=connection.id, user="deploy", port=2200)
    with unit_of_work() as session:
        targets = targets_for(session, WORKER, [two.id, one.id], "stage")

    assert [(t.host_id, t.name, t.user, t.port) for t in targets] == [
        (two.id, "two", "deploy", 2200),
        (one.id, "one", "root", 22),
    ]
    assert {t.host_key for t in targets} == {HOST_KEY}
    assert targets[1].labels == {"a": "b"}
    assert targets[0].secret.password == "p"
    assert "secret" not in repr(targets[0])
    with reading() as session:
        assert queries.get_connection(session, admin, connection.id).last_used_at is not None


def test_no_hosts_are_no_targets(operator: Actor) -> None:
    with unit_of_work() as session:
        assert targets_for(session, operator, [], "stage") == []


def test_each_unusable_host_is_named_at_its_place(admin: Actor, operator: Actor) -> None:
    connection = add_connection(admin)
    good = add_host(admin, "good", pinned=True, connection_id=connection.id)
    prod = add_host(admin, "prod", pinned=True, environment="prod")
    unpinned = add_host(admin, "unpinned", connection_id=connection.id)
    bare = add_host(admin, "bare", pinned=True)
    changed = add_host(admin, "changed", pinned=True, connection_id=connection.id)
    with unit_of_work() as session:
        hosts.note_scan(session, admin, changed.id, [public(OTHER_KEY)])

    ids = [good.id, prod.id, unpinned.id, bare.id, changed.id, "hst_nobody", good.id]
    assert refused_at(operator, ids) == [
        ("/hosts/1", "other_environment"),
        ("/hosts/2", "no_host_key"),
        ("/hosts/3", "no_connection"),
        ("/hosts/4", "host_key_changed"),
        ("/hosts/5", "host_not_found"),
        ("/hosts/6", "duplicate"),
    ]
    with reading() as session:
        assert [host.id for host in check_targets(session, operator, [good.id], "stage")] == [good.id]


def test_a_viewer_gets_no_secrets(admin: Actor, viewer: Actor) -> None:
    connection = add_connection(admin)
    host = add_host(admin, pinned=True, connection_id=connection.id)
    with unit_of_work() as session, pytest.raises(Forbidden):
        targets_for(session, viewer, [host.id], "stage")


def test_a_registered_host_is_its_own_entry_of_the_allow_list(admin: Actor) -> None:
    connection = add_connection(admin)
    host = add_host(admin, address="127.0.0.1", port=2222, pinned=True, connection_id=connection.id)
    with unit_of_work() as session:
        [target] = targets_for(session, WORKER, [host.id], "stage")
    route = route_to(target)
    assert (route.target.address, route.target.port, route.target.host_key) == ("127.0.0.1", 2222, HOST_KEY)


def test_a_jump_host_is_judged_and_the_name_behind_it_is_not_looked_up(admin: Actor) -> None:
    jump = {"address": "10.0.0.1", "user": "jump", "hostKey": OTHER_KEY}
    connection = add_connection(admin, user="root", password="p", jumpHost=jump)
    host = add_host(admin, address="only.known.inside", pinned=True, connection_id=connection.id)
    with unit_of_work() as session:
        [target] = targets_for(session, WORKER, [host.id], "stage")
    route = route_to(target)
    assert route.target.address == "only.known.inside"
    assert route.jump is not None
    assert (route.jump.address, route.jump.user, route.jump.host_key) == ("10.0.0.1", "jump", OTHER_KEY)


def test_a_forbidden_jump_host_is_refused(admin: Actor) -> None:
    connection = add_connection(admin, user="root", password="p", jumpHost={"address": "169.254.169.254"})
    host = add_host(admin, pinned=True, connection_id=connection.id)
    with unit_of_work() as session:
        [target] = targets_for(session, WORKER, [host.id], "stage")
    with pytest.raises(EgressRefused):
        route_to(target)


def target_of(admin: Actor, address: str, **payload: object) -> Target:
    connection = add_connection(admin, f"for {address}", **{"user": "root", "password": "p", **payload})
    host = add_host(admin, "named", address=address, pinned=True, connection_id=connection.id)
    with unit_of_work() as session:
        return targets_for(session, WORKER, [host.id], "stage")[0]


def test_a_job_gets_the_judged_address_in_place_of_the_name(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_look_up", lambda _host, _port: ["10.0.0.9"])
    target = target_of(admin, "db.internal")
    assert reached(target) == replace(target, address="10.0.0.9")


def test_a_job_gets_the_judged_address_of_the_jump_host(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_look_up", lambda _host, _port: ["10.0.0.9"])
    found = reached(target_of(admin, "only.known.inside", jumpHost={"address": "jump.internal", "hostKey": OTHER_KEY}))
    assert found.address == "only.known.inside"
    assert found.secret.jump_host is not None
    assert (found.secret.jump_host.address, found.secret.jump_host.host_key) == ("10.0.0.9", OTHER_KEY)


def test_a_name_that_cannot_be_looked_up_leads_nowhere(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_host: str, _port: int) -> list[str]:
        raise Invalid("gone", "name_not_found")

    monkeypatch.setattr(egress, "_look_up", fails)
    assert reached(target_of(admin, "gone.internal")).address == "gone.internal.invalid"


def test_a_name_that_leads_to_a_forbidden_address_ends_the_job(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_look_up", lambda _host, _port: ["169.254.169.254"])
    with pytest.raises(EgressRefused):
        reached(target_of(admin, "trap.example"))


def test_many_names_are_looked_up_side_by_side(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(egress.LOOKUPS)

    def look_up(host: str, _port: int) -> list[str]:
        together.wait(DEADLINE_S)  # breaks, and the test fails, unless as many are here at once
        return [f"10.0.0.{host.split('.', maxsplit=1)[0][1:]}"]

    monkeypatch.setattr(egress, "_look_up", look_up)
    target = target_of(admin, "h0.internal")
    targets = [replace(target, address=f"h{number}.internal") for number in range(egress.LOOKUPS)]
    assert [found.address for found in all_reached(targets)] == [f"10.0.0.{n}" for n in range(egress.LOOKUPS)]


def test_names_that_nobody_answers_for_hold_up_no_job(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def look_up(host: str, _port: int) -> list[str]:
        if host.startswith("slow"):
            released.wait(DEADLINE_S)
        return ["10.0.0.9"]

    monkeypatch.setattr(egress, "_look_up", look_up)
    monkeypatch.setattr(inventory_targets, "LOOK_UP_ALL_S", 0.5)
    target = target_of(admin, "fast.internal")
    targets = [target, *(replace(target, address=f"slow{number}.internal") for number in range(egress.LOOKUPS + 5))]
    try:
        found = [one.address for one in all_reached(targets)]
    finally:
        released.set()
    assert found == ["10.0.0.9", *(f"slow{number}.internal.invalid" for number in range(egress.LOOKUPS + 5))]


def test_one_forbidden_name_of_many_ends_the_job(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_look_up", lambda host, _port: ["169.254.169.254" if "trap" in host else "10.0.0.9"])
    target = target_of(admin, "db.internal")
    with pytest.raises(EgressRefused):
        all_reached([target, replace(target, address="trap.example"), target])
    assert all_reached([]) == []
