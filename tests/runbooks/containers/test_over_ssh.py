"""The engine of a docker connection over ssh, as modules reach it: a real sshd, and an engine behind its socket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.systems.engine import FakeEngine, fake_engine
from tests.systems.keys import make_key
from tests.systems.processes import free_port
from tests.systems.sshd import SshServer, ssh_server

HERE = ["127.0.0.1"]
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"


@pytest.fixture(scope="module")
def machine() -> Iterator[SshServer]:
    with ssh_server() as started:
        yield started


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEngine]:
    with fake_engine(tmp_path_factory.mktemp("engine")) as started:
        yield started


@pytest.fixture
def connection(machine: SshServer, engine: FakeEngine) -> dict[str, Any]:
    url = f"ssh://{machine.user}@{machine.address}:{machine.port}{engine.socket}"
    return {"type": "docker", "url": url, "privateKey": machine.private_key, "hostKey": machine.host_key}


def test_its_socket_is_here_until_the_tunnel_is_closed(connection: dict[str, Any]) -> None:
    upstream = modules.shared("upstream")
    tunnel = modules.shared("engine.tunnel").Tunnel(connection, HERE)
    folder = Path(tunnel._folder)
    try:
        api = upstream.Upstream("Docker", "http://docker", {}, upstream.Reach(unix_socket=tunnel.socket))
        assert api.get("/info")["Name"] == "docker1"
        assert (folder / "engine").stat().st_mode & 0o077 == 0
    finally:
        tunnel.close()
    assert not folder.exists()


def test_one_ssh_serves_all_questions_of_a_run(connection: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    way, tunnel = modules.shared("engine.way"), modules.shared("engine.tunnel")
    opened: dict[str, Any] = {}
    monkeypatch.setattr(tunnel, "_open", opened)
    first, second = way.way_to(connection, HERE)[1], way.way_to(connection, HERE)[1]
    (only,) = opened.values()
    assert first.options["unix_socket"] == second.options["unix_socket"] == only.socket
    only.close()


def refusal(connection: dict[str, Any], **changes: Any) -> Any:
    with pytest.raises(modules.shared("upstream").UpstreamError) as caught:
        modules.shared("engine.tunnel").Tunnel({**connection, **changes}, HERE)
    return caught.value


def test_what_is_wrong_is_told_apart(connection: dict[str, Any], machine: SshServer, tmp_path: Path) -> None:
    assert refusal(connection, privateKey=make_key(tmp_path, "ed25519")).code == "auth_failed"
    assert refusal(connection, hostKey=OTHER_KEY).code == "tls"
    assert refusal(connection, hostKey=None).code == "tls"
    port = str(machine.port)
    assert refusal(connection, url=connection["url"].replace(port, str(free_port()))).code == "unreachable"
    assert refusal(connection, url="ssh://root@169.254.169.254").code == "validation"
    nobody = refusal(connection, url=f"ssh://{machine.user}@127.0.0.1:{port}{tmp_path}/none.sock")
    assert (nobody.code, "does not lead to" in str(nobody)) == ("unreachable", True)
