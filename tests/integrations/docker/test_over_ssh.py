"""An engine on another machine, by a real ssh to its socket: asked, refused, gone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orch_app.integrations.docker import identity
from orch_app.integrations.docker.over_ssh import Server, handed_on
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.engine import FakeEngine, fake_engine
from tests.systems.keys import make_key
from tests.systems.processes import free_port
from tests.systems.sshd import SshServer, ssh_server

pytestmark = pytest.mark.integration
HERE = ("127.0.0.1",)
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
def server(machine: SshServer, engine: FakeEngine) -> Server:
    url = f"ssh://{machine.user}@{machine.address}:{machine.port}{engine.socket}"
    return Server(url, machine.private_key, machine.host_key)


def test_its_socket_is_here_for_as_long_as_it_is_needed(server: Server) -> None:
    with handed_on(server, HERE) as reach:
        assert identity.look(reach).who == "docker1, Docker 20.10.24, no manager"
        assert Path(reach.unix_socket).exists()
    assert not Path(reach.unix_socket).parent.exists()


def kind_of(server: Server) -> str:
    with pytest.raises(UpstreamError) as caught, handed_on(server, HERE) as reach:
        identity.look(reach)
    return caught.value.kind


def test_what_is_wrong_is_told_apart(server: Server, machine: SshServer, tmp_path: Path) -> None:
    assert kind_of(replace(server, private_key=make_key(tmp_path, "ed25519"))) == "auth_failed"
    assert kind_of(replace(server, host_key=OTHER_KEY)) == "tls"
    assert kind_of(replace(server, url=server.url.replace(str(machine.port), str(free_port())))) == "unreachable"
