"""Asking an engine who it is."""

from pathlib import Path

import pytest

from orch_app.integrations.docker import identity
from orch_app.integrations.docker.reach import engine_reach
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.engine import fake_engine
from tests.systems.scripted_http import says, scripted


def test_an_engine_says_its_name_and_version(tmp_path: Path) -> None:
    with fake_engine(tmp_path) as engine:
        found = identity.look(engine_reach(f"unix://{engine.socket}"))
    assert found.who == "docker1, Docker 20.10.24, no manager"


@pytest.mark.parametrize(
    ("is_manager", "part"), [(True, "manager of a Swarm of 2 nodes"), (False, "no manager")], ids=["manager", "worker"]
)
def test_an_engine_says_what_it_is_to_a_swarm(is_manager: bool, part: str) -> None:
    swarm = {"LocalNodeState": "active", "ControlAvailable": is_manager, "Nodes": 2}
    with scripted() as server:
        server.lines = [says(200, {"Name": "n1", "ServerVersion": "27.0", "Swarm": swarm})]
        found = identity.look(engine_reach(server.url.replace("http:", "tcp:"), ("127.0.0.1",)))
    assert found.who == f"n1, Docker 27.0, {part}"


def test_an_engine_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError) as error:
        identity.look(engine_reach(f"unix://{tmp_path}/nobody.sock"))
    assert error.value.kind == "unreachable"
