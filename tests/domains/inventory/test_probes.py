"""Scans and login tests against a real sshd, and that no transaction waits for the network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory import connections, hosts, probes, queries
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.probes import Scan, probe_connection, scan_and_pin, scan_key
from orch_app.domains.inventory.wire import ConnectionChange, HostChange, NewConnection
from orch_app.integrations.identity import Identity
from orch_app.integrations.ssh.keys import PublicKey
from orch_app.integrations.ssh.workspace import Hop
from orch_app.kit import db
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.domains.inventory.samples import HOST_KEY, add_connection, add_host, public
from tests.systems.engine import fake_engine
from tests.systems.processes import free_port
from tests.systems.scripted_http import Script, says, scripted
from tests.systems.sshd import SshServer, ssh_server

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.integration]


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as started:
        yield started


@pytest.fixture
def connection(admin: Actor, server: SshServer) -> Connection:
    return add_connection(admin, user=server.user, privateKey=server.private_key)


@pytest.fixture
def host(admin: Actor, server: SshServer, connection: Connection) -> Host:
    return add_host(admin, "real", address="127.0.0.1", port=server.port, connection_id=connection.id)


def pin(actor: Actor, host: Host) -> Scan:
    return scan_and_pin(actor, host.id, scan_key(actor, host.id).keys[0].fingerprint)


def load(actor: Actor, host: Host) -> Host:
    with reading() as session:
        return queries.get_host(session, actor, host.id)


def actions(result: str | None = None) -> list[str]:
    with reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [row.action for row in rows if result in (None, row.result)]


def test_first_contact_shows_the_key_then_pins_it_then_the_login_works(
    admin: Actor, operator: Actor, server: SshServer, host: Host, connection: Connection
) -> None:
    scan = scan_key(admin, host.id)
    assert [key.line for key in scan.keys] == [server.host_key]
    assert scan.matches_pinned is None
    assert load(admin, host).host_key is None

    pinned = scan_and_pin(admin, host.id, scan.keys[0].fingerprint)
    assert pinned.host.host_key == server.host_key
    assert scan_key(admin, host.id).matches_pinned is True

    result = probe_connection(operator, connection.id, host.id)
    assert (result.code, result.is_ok) == ("ok", True)
    assert load(admin, host).status == "ok"
    with reading() as session:
        row = queries.get_connection(session, admin, connection.id)
    assert (row.last_test_ok, row.last_test_ms) == (True, result.duration_ms)
    assert actions()[-4:] == ["host.key_scanned", "host.key_pinned", "host.key_scanned", "connection.tested"]


def test_a_fingerprint_that_the_host_does_not_show_is_not_pinned(admin: Actor, host: Host) -> None:
    with pytest.raises(Conflict) as refused:
        scan_and_pin(admin, host.id, public(HOST_KEY).fingerprint)
    assert refused.value.code == "host_key_mismatch"
    assert load(admin, host).host_key is None


def test_a_machine_that_was_replaced_is_found_and_never_logged_in_to(
    admin: Actor, connection: Connection, server: SshServer
) -> None:
    port = free_port()
    host = add_host(admin, "replaced", address="127.0.0.1", port=port, connection_id=connection.id)
    with ssh_server(port=port, client=server.private_key) as first:
        old_key = first.host_key
        pin(admin, host)
        assert probe_connection(admin, connection.id, host.id).is_ok
    with ssh_server(port=port, client=server.private_key) as second:
        result = probe_connection(admin, connection.id, host.id)
        assert result.code == "key_changed"
        assert "Accepted" not in second.log
        assert load(admin, host).status == "key_changed"
        assert scan_key(admin, host.id).matches_pinned is False
        assert load(admin, host).host_key == old_key

        pin(admin, host)
        assert probe_connection(admin, connection.id, host.id).is_ok
    assert "host.key_scanned" in actions("failed")


def test_a_host_that_does_not_answer_is_unreachable(admin: Actor, connection: Connection) -> None:
    host = add_host(admin, "gone", address="127.0.0.1", port=free_port(), connection_id=connection.id)
    with pytest.raises(Conflict) as refused:
        scan_key(admin, host.id)
    assert refused.value.code == "host_unreachable"
    assert load(admin, host).status == "unreachable"


def test_a_wrong_password_is_noted_as_such(admin: Actor, host: Host) -> None:
    pin(admin, host)
    wrong = add_connection(admin, "wrong", user="root", password="wrong")
    result = probe_connection(admin, wrong.id, host.id)
    assert (result.code, load(admin, host).status) == ("auth_failed", "auth_failed")
    assert actions("failed") == ["connection.tested"]


def test_without_a_host_only_the_key_is_looked_at(operator: Actor, connection: Connection) -> None:
    result = probe_connection(operator, connection.id)
    assert result.is_ok
    assert result.facts["fingerprint"].startswith("SHA256:")


def test_an_unpinned_jump_host_shows_its_key_and_then_opens_the_way(admin: Actor, server: SshServer) -> None:
    jump = {"address": "127.0.0.1", "port": server.port}
    payload = {"user": server.user, "privateKey": server.private_key}
    with ssh_server(client=server.private_key, host_key_type="rsa") as inner:
        unpinned = add_connection(admin, "unpinned", **payload, jumpHost=jump)
        result = probe_connection(admin, unpinned.id)
        assert (result.code, [key.line for key in result.jump_keys]) == ("no_jump_key", [server.host_key])

        way = add_connection(admin, "way", **payload, jumpHost={**jump, "hostKey": result.jump_keys[0].line})
        behind = add_host(admin, "behind", address="127.0.0.1", port=inner.port, connection_id=way.id)
        assert pin(admin, behind).host.host_key == inner.host_key
        assert probe_connection(admin, way.id, behind.id).is_ok


def test_a_host_behind_an_unpinned_jump_host_cannot_be_scanned(admin: Actor, server: SshServer) -> None:
    jump = {"address": "127.0.0.1", "port": server.port}
    way = add_connection(admin, "way", user="root", password="p", jumpHost=jump)
    behind = add_host(admin, "behind", address="127.0.0.1", connection_id=way.id)
    with pytest.raises(Conflict) as refused:
        scan_key(admin, behind.id)
    assert refused.value.code == "no_jump_key"


def test_a_test_needs_a_pinned_host_of_the_same_environment(admin: Actor, connection: Connection, host: Host) -> None:
    elsewhere = add_host(admin, "elsewhere", environment="prod", pinned=True)
    for host_id, code in [(host.id, "no_host_key"), (elsewhere.id, "other_environment"), ("hst_x", "host_not_found")]:
        with pytest.raises(Invalid) as refused:
            probe_connection(admin, connection.id, host_id)
        assert [(problem.pointer, problem.code) for problem in refused.value.errors] == [("/hostId", code)]
    with pytest.raises(NotFound):
        probe_connection(admin, "con_x")


def test_a_name_that_leads_to_a_forbidden_address_is_not_connected_to(
    admin: Actor, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orch_app.kit.egress._look_up", lambda _host, _port: ["169.254.169.254"])
    host = add_host(admin, "trap", address="trap.example", pinned=True, connection_id=connection.id)
    assert probe_connection(admin, connection.id, host.id).code == "egress_refused"
    with pytest.raises(Invalid):
        scan_key(admin, host.id)


def test_only_those_who_may_scan_and_test(admin: Actor, operator: Actor, viewer: Actor, host: Host) -> None:
    for actor in (operator, viewer):
        with pytest.raises(Forbidden):
            scan_key(actor, host.id)
        with pytest.raises(Forbidden):
            scan_and_pin(actor, host.id, "SHA256:x")
    with pytest.raises(Forbidden):
        probe_connection(viewer, "con_x")


def test_no_transaction_is_open_while_a_machine_is_asked(
    admin: Actor, host: Host, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer gets through in the middle of a scan and of a login."""
    asked: list[str] = []

    def scan(hop: Hop) -> list[PublicKey]:
        asked.append(f"{hop.address}:{hop.port}")
        assert db.engine().pool.checkedout() == 0  # pyright: ignore[reportAttributeAccessIssue]
        with unit_of_work() as session:
            hosts.update(session, admin, host.id, HostChange(user="meanwhile"))
        return [public(HOST_KEY)]

    monkeypatch.setattr(probes, "scan_keys", scan)
    scan_and_pin(admin, host.id, public(HOST_KEY).fingerprint)
    assert asked == [f"127.0.0.1:{host.port}"]
    assert load(admin, host).user == "meanwhile"


def add(actor: Actor, kind: str, **payload: object) -> Connection:
    with unit_of_work() as session:
        new = NewConnection(type=kind, name=f"{kind} key", environment="stage", payload=payload)
        return connections.create(session, actor, new)


SECRET = "t0ken-of-the-test"
SERVERS = {"servers": [], "meta": {"pagination": {"total_entries": 3}}}
NOBODY = {"error": {"code": "unauthorized", "message": "unable to authenticate"}}


@pytest.fixture
def vendor() -> Iterator[Script]:
    with scripted() as server:
        yield server


def test_a_system_says_who_the_connection_is(admin: Actor, operator: Actor, vendor: Script) -> None:
    row = add(admin, "hetzner", token=SECRET, url=vendor.url)
    vendor.lines = [says(200, SERVERS)]
    result = probe_connection(operator, row.id)
    assert (result.code, result.detail_code, result.is_ok) == ("ok", "known", True)
    assert result.identity == Identity("project with 3 servers", ("Permissions: Read",))
    with reading() as session:
        kept = queries.get_connection(session, admin, row.id)
        assert (kept.last_test_ok, kept.last_test_detail_code) == (True, "known")
    assert actions("ok")[-1] == "connection.tested"


def test_a_missing_right_is_a_failed_test(admin: Actor, vendor: Script) -> None:
    row = add(admin, "n8n", url=vendor.url, apiKey=SECRET)
    vendor.lines = [says(200, {"data": []}), says(403, {"message": "Forbidden"})]
    result = probe_connection(admin, row.id)
    assert (result.code, result.is_ok) == ("insufficient_scopes", False)
    assert result.identity is not None
    assert result.identity.missing == ("tag:list",)
    assert actions("failed") == ["connection.tested"]


def test_a_refusal_is_told_in_the_systems_words_and_without_the_secret(admin: Actor, vendor: Script) -> None:
    row = add(admin, "hetzner", token=SECRET, url=vendor.url)
    vendor.lines = [says(401, NOBODY)]
    result = probe_connection(admin, row.id)
    assert (result.code, result.detail_code) == ("auth_failed", "")
    assert result.detail == "Hetzner Cloud answered 401: unable to authenticate."
    with reading() as session:
        assert queries.get_connection(session, admin, row.id).last_test_detail == result.detail


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("cloudflare", {"apiToken": SECRET, "url": "{url}"}),
        ("portainer", {"url": "{url}", "apiKey": SECRET}),
        ("docker", {"url": "{url}"}),
        ("n8n", {"url": "{url}", "apiKey": SECRET}),
        ("hetzner", {"token": SECRET, "url": "{url}"}),
        ("netbox", {"url": "{url}", "token": SECRET}),
        ("github", {"token": SECRET, "url": "{url}"}),
        ("git", {"url": "{url}/ops.git", "token": SECRET}),
        ("webhook", {"url": "{url}/hook", "secret": SECRET}),
        ("s3", {"endpoint": "{url}", "bucket": "backups", "accessKey": "AKIA", "secretKey": SECRET}),
    ],
)
def test_a_system_that_is_not_there_is_unreachable_whatever_its_type(
    admin: Actor, kind: str, payload: dict[str, str]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    row = add(admin, kind, **{name: value.replace("{url}", url) for name, value in payload.items()})
    result = probe_connection(admin, row.id)
    assert result.code == "unreachable"
    assert SECRET not in result.detail


def test_an_address_that_is_never_connected_to_is_refused_for_systems_too(admin: Actor) -> None:
    row = add(admin, "hetzner", token=SECRET, url="http://169.254.169.254/v1")
    assert probe_connection(admin, row.id).code == "egress_refused"


def test_a_system_is_not_tried_on_a_host(admin: Actor, host: Host) -> None:
    row = add(admin, "hetzner", token=SECRET)
    with pytest.raises(Invalid) as refused:
        probe_connection(admin, row.id, host.id)
    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [("/hostId", "not_allowed")]


def test_the_server_of_a_repository_shows_its_key_before_it_is_offered_a_secret(
    admin: Actor, server: SshServer
) -> None:
    url = f"ssh://127.0.0.1:{server.port}/nothing.git"
    given = {"url": url, "username": server.user, "privateKey": server.private_key}
    row = add(admin, "git", **given)
    result = probe_connection(admin, row.id)
    assert (result.code, [key.line for key in result.host_keys]) == ("no_host_key", [server.host_key])
    with unit_of_work() as session:
        change = ConnectionChange(payload={"hostKey": result.host_keys[0].line})
        connections.update(session, admin, row.id, change)
    assert probe_connection(admin, row.id).code == "not_found"


def test_a_server_of_a_repository_that_shows_no_key_is_unreachable(admin: Actor, plain_key: str) -> None:
    url = f"ssh://127.0.0.1:{free_port()}/nothing.git"
    assert probe_connection(admin, add(admin, "git", url=url, privateKey=plain_key).id).code == "unreachable"


def test_an_engine_over_ssh_is_asked_once_the_key_of_its_server_is_pinned(
    admin: Actor, server: SshServer, tmp_path: Path
) -> None:
    with fake_engine(tmp_path) as engine:
        url = f"ssh://{server.user}@127.0.0.1:{server.port}{engine.socket}"
        row = add(admin, "docker", url=url, privateKey=server.private_key)
        shown = probe_connection(admin, row.id)
        assert (shown.code, [key.line for key in shown.host_keys]) == ("no_host_key", [server.host_key])
        with unit_of_work() as session:
            connections.update(session, admin, row.id, ConnectionChange(payload={"hostKey": server.host_key}))
        found = probe_connection(admin, row.id)
    assert found.is_ok, found.detail
    assert found.identity == Identity("docker1, Docker 20.10.24, no manager")
