"""Asking Portainer about an access token."""

from pathlib import Path

import pytest

from orch_app.integrations.identity import Identity
from orch_app.integrations.portainer import identity
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.portainer import VERSION, FakeEndpoint, fake_portainer
from tests.systems.scripted_http import says, scripted

ALLOW = ("127.0.0.1", "localhost")


def test_a_token_is_known_by_its_user_and_the_environments_it_sees(tmp_path: Path) -> None:
    with fake_portainer() as server:
        names = enumerate(["swarm", "backup", "edge", "lab"], 1)
        server.endpoints = [FakeEndpoint(number, name, tmp_path) for number, name in names]
        found = identity.look(Reach(server.url, ALLOW), server.key)
    assert found == Identity(f"ops, Portainer {VERSION}, 4 environments: backup, edge, lab, ...")


def test_without_an_environment_a_right_is_missing() -> None:
    with fake_portainer() as server:
        assert identity.look(Reach(server.url, ALLOW), server.key).missing == ("Environment access: Operator",)


def test_an_administrator_is_called_one_and_an_older_server_does_not_tell() -> None:
    one = [{"Id": 1, "Name": "local", "Type": 1}]
    with scripted() as server:
        listed, status = says(200, one), says(200, {"Version": "2.9"})
        server.lines = [listed, says(200, {"Username": "root", "Role": 1}), status, listed, says(404), status]
        shown = [identity.look(Reach(server.url, ALLOW), "key").who for _ in range(2)]
    rest = "Portainer 2.9, 1 environment: local"
    assert shown == [f"root (administrator), {rest}", f"a user, {rest}"]


def test_a_wrong_token_is_refused() -> None:
    with fake_portainer() as server, pytest.raises(UpstreamError) as error:
        identity.look(Reach(server.url, ALLOW), "wrong")
    assert error.value.kind == "auth_failed"
