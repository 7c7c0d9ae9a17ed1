"""Machines enter a Swarm by their own engines: one makes it, the other joins by the door that the manager tells."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.systems.swarm.nodes import Node, machines

Machine, Failed = (getattr(modules.shared("hardening.machine"), name) for name in ("Machine", "Failed"))
swarm, wishes = modules.shared("hardening.swarm"), modules.shared("hardening.wishes")
parts = modules.shared("hardening.parts")
ENGINE = parts.Part("service", "docker", parts.PREPARE, {"running": True})


@pytest.fixture
def pair() -> Iterator[list[Node]]:
    """Two machines with engines, in no Swarm."""
    with machines(2) as nodes:
        for node in nodes:
            node.start()
        yield nodes


def machine_of(node: Node) -> Any:
    machine = Machine()
    machine.engine_socket = f"{node.folder}/docker.sock"
    return machine


def door_of(node: Node, folder: Path, role: str) -> dict[str, str]:
    """What the module of the worker is told by this manager."""
    path = folder / "manager.json"
    path.write_text(json.dumps({"type": "docker", "name": "manager", "url": f"unix://{node.folder}/docker.sock"}))
    given = {"connection": str(path), "role": role, "egress_allow": [], "egress_deny": []}
    return modules.library("swarm_door").door(given)


def test_one_makes_a_swarm_and_the_other_joins_it_once(pair: list[Node], tmp_path: Path) -> None:
    first, second = map(machine_of, pair)
    assert parts.found(ENGINE, first, frozenset()) == ENGINE.after
    assert (swarm.found(first), swarm.found(second)) == (None, None)
    swarm.enter("init", {}, first)
    assert swarm.found(first) == swarm.wanted("init")

    door = door_of(pair[0], tmp_path, "worker")
    assert door["address"] == f"{pair[0].address}:2377"
    with pytest.raises(Failed, match="refused /swarm/join"):
        swarm.enter("join-worker", {**door, "token": "SWMTKN-1-wrong"}, second)
    swarm.enter("join-worker", door, second)
    assert swarm.found(second) == swarm.wanted("join-worker")
    assert pair[0].docker("node", "ls", "--format", "{{.Status}}").split() == ["Ready", "Ready"]
    with pytest.raises(wishes.Refused, match="in a Swarm already"):
        swarm.enter("join-manager", door, second)
