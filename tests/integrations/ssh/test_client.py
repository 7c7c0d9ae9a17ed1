"""The contract of the ssh client, against a real sshd."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orch_app.integrations.ssh import workspace as places
from orch_app.integrations.ssh.client import scan_keys, scan_keys_behind, try_login
from orch_app.integrations.ssh.keys import read_private_key, read_public_key
from orch_app.integrations.ssh.workspace import Credentials, Hop, Route, sweep_leftovers, workspace
from tests.systems.keys import make_key
from tests.systems.processes import free_port
from tests.systems.sshd import SshServer, ssh_server

pytestmark = pytest.mark.integration
PASSWORD = "correct horse 'battery' \"staple\" $HOME `id`"


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as started:
        yield started


@pytest.fixture(scope="module")
def door() -> Iterator[SshServer]:
    """A second server that takes only a password."""
    with ssh_server(password=PASSWORD, host_key_type="ecdsa") as started:
        yield started


def hop_to(server: SshServer, **changes: str) -> Hop:
    return replace(Hop(server.address, server.port, server.user, server.host_key), **changes)


def files_left() -> list[Path]:
    return list(places.MEMORY.glob(f"{places.PREFIX}{os.getpid()}-*"))


class TestScan:
    def test_shows_the_key_that_the_server_really_has(self, server: SshServer) -> None:
        keys = scan_keys(hop_to(server))

        assert [key.line for key in keys] == [server.host_key]
        assert keys[0].fingerprint == read_public_key(server.host_key).fingerprint

    def test_of_a_closed_port_is_empty(self) -> None:
        assert scan_keys(Hop("127.0.0.1", free_port(), "root")) == []

    def test_of_something_that_is_no_ssh_server_is_empty(self, postgres_url: str) -> None:
        port = urlsplit(postgres_url).port or 0
        assert scan_keys(Hop("127.0.0.1", port, "root")) == []

    def test_behind_a_jump_host_shows_the_key_of_the_machine_behind(self, server: SshServer) -> None:
        with ssh_server(client=server.private_key, host_key_type="rsa") as inner:
            route = Route(hop_to(inner, host_key=""), hop_to(server))
            keys = scan_keys_behind(route, Credentials(server.private_key))

            assert [key.line for key in keys] == [inner.host_key]

    def test_behind_a_jump_host_offers_the_unknown_machine_no_secret(self, server: SshServer, door: SshServer) -> None:
        credentials, earlier = Credentials(server.private_key, password="wrong one"), len(door.log)
        scan_keys_behind(Route(hop_to(door, host_key=""), hop_to(server)), credentials)

        assert "Failed password" not in door.log[earlier:]
        assert "Failed publickey" not in door.log[earlier:]


class TestLogin:
    def test_works_with_the_pinned_key(self, server: SshServer) -> None:
        result = try_login(Route(hop_to(server)), Credentials(server.private_key))

        assert (result.code, result.is_ok) == ("ok", True)
        assert result.duration_ms > 0

    @pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
    def test_works_with_an_encrypted_key_of_each_kind(self, tmp_path: Path, kind: str) -> None:
        locked = make_key(tmp_path, kind, passphrase="open sesame")
        plain = read_private_key(locked, "open sesame").openssh.decode()
        with ssh_server(client=plain) as server:
            assert try_login(Route(hop_to(server)), Credentials(locked, "open sesame")).is_ok
            assert try_login(Route(hop_to(server)), Credentials(locked, "wrong")).code == "wrong_passphrase"

    def test_works_with_a_password_that_a_shell_would_mangle(self, door: SshServer) -> None:
        result = try_login(Route(hop_to(door)), Credentials(password=PASSWORD))

        assert result.code == "ok", door.log

    def test_is_refused_with_a_wrong_password(self, door: SshServer) -> None:
        assert try_login(Route(hop_to(door)), Credentials(password="wrong")).code == "auth_failed"

    def test_is_refused_with_a_foreign_key(self, server: SshServer, tmp_path: Path) -> None:
        foreign = make_key(tmp_path, "ed25519")
        assert try_login(Route(hop_to(server)), Credentials(foreign)).code == "auth_failed"

    def test_goes_through_a_jump_host(self, server: SshServer) -> None:
        with ssh_server(client=server.private_key, host_key_type="rsa") as inner:
            result = try_login(Route(hop_to(inner), hop_to(server)), Credentials(server.private_key))

            assert result.code == "ok"
            assert "Accepted publickey" in inner.log

    def test_goes_through_a_jump_host_with_the_password_on_both(self) -> None:
        with ssh_server(password=PASSWORD) as outer, ssh_server(password=PASSWORD) as inner:
            result = try_login(Route(hop_to(inner), hop_to(outer)), Credentials(password=PASSWORD))

            assert result.code == "ok", (outer.log, inner.log)

    def test_stops_at_a_jump_host_with_another_key(self, server: SshServer, door: SshServer) -> None:
        route = Route(hop_to(server), hop_to(server, host_key=door.host_key))
        assert try_login(route, Credentials(server.private_key)).code in {"key_changed", "key_unknown"}

    def test_of_a_machine_with_another_key_of_the_same_type_is_refused(self, server: SshServer, tmp_path: Path) -> None:
        make_key(tmp_path, "ed25519")
        other = " ".join((tmp_path / "key.pub").read_text().split()[:2])
        result = try_login(Route(hop_to(server, host_key=other)), Credentials(server.private_key))

        assert result.code == "key_changed"

    def test_of_a_machine_with_a_key_of_another_type_is_refused(self, server: SshServer, door: SshServer) -> None:
        result = try_login(Route(hop_to(server, host_key=door.host_key)), Credentials(server.private_key))

        assert result.code == "key_changed"

    def test_without_a_pinned_key_is_refused(self, server: SshServer) -> None:
        result = try_login(Route(hop_to(server, host_key="")), Credentials(server.private_key))
        assert result.code == "key_unknown"

    def test_of_a_closed_port_says_unreachable(self, server: SshServer) -> None:
        hop = replace(hop_to(server), port=free_port())
        assert try_login(Route(hop), Credentials(server.private_key)).code == "unreachable"

    def test_leaves_no_file_behind(self, server: SshServer) -> None:
        try_login(Route(hop_to(server)), Credentials(server.private_key, password="x"))
        assert files_left() == []


class TestWorkspace:
    def test_files_are_readable_by_their_owner_only(self, server: SshServer) -> None:
        with workspace(Route(hop_to(server)), Credentials(server.private_key, password="x")) as place:
            modes = {path.name: path.stat().st_mode & 0o777 for path in place.folder.iterdir()}
            assert place.folder.stat().st_mode & 0o777 == 0o700

        assert modes == dict.fromkeys(["config", "key", "known_hosts", "password"], 0o600)

    def test_secrets_are_in_neither_the_configuration_nor_the_environment(self, server: SshServer) -> None:
        with workspace(Route(hop_to(server)), Credentials(password=PASSWORD)) as place:
            shown = place.config.read_text() + str(place.environment)
        assert PASSWORD not in shown

    def test_a_killed_process_leaves_nothing_for_long(self) -> None:
        dead = places.MEMORY / f"{places.PREFIX}4194305-x"
        dead.mkdir()
        alive = places.MEMORY / f"{places.PREFIX}{os.getpid()}-x"
        alive.mkdir()

        swept = sweep_leftovers()

        assert swept >= 1
        assert (dead.exists(), alive.exists()) == (False, True)
        alive.rmdir()

    def test_credentials_do_not_show_themselves(self) -> None:
        assert PASSWORD not in repr(Credentials("key text", "phrase", PASSWORD))
