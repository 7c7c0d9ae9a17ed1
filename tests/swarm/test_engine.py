"""What the product and its modules say about containers, against a real engine that manages a Swarm of its own.

Directly by the engine's socket, and through the Portainer double, which passes the engine's own bytes on.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orch_app.integrations.docker.engine import Engine, LogWish, explain
from orch_app.integrations.docker.log_stream import LogLine
from orch_app.integrations.docker.reach import engine_reach
from orch_app.integrations.docker.reading import stacks
from orch_app.integrations.portainer.server import Portainer, server_reach
from orch_app.kit.breaker import Breaker
from orch_app.kit.upstream import Upstream
from orch_app.kit.upstream_failures import UpstreamError
from tests.runbooks import modules
from tests.systems.portainer import FakeEndpoint, FakePortainer, fake_portainer
from tests.systems.swarm.images import SMALL, build_small
from tests.systems.swarm.nodes import Node, machines
from tests.systems.swarm.refusals import SwarmError

PATIENCE_S = 60.0
TALKS = "echo out; echo oh >&2; echo login swordfish; while true; do sleep 1; done"
STACK = f"""
services:
  web:
    image: {SMALL}
    command: ["sh", "-c", "echo from a task; while true; do sleep 1; done"]
    environment: [DB_PASSWORD=swordfish]
    deploy: {{replicas: 2, endpoint_mode: dnsrr}}
"""


@dataclass
class Place:
    """The machine, and the double in front of its engine."""

    node: Node
    server: FakePortainer
    folder: Path

    @property
    def socket(self) -> Path:
        return self.node.folder / "docker.sock"

    def module(self, name: str) -> Any:
        """A module of ours."""
        return modules.library(name)

    def given(self, kind: str = "portainer", **more: Any) -> dict[str, Any]:
        """The parameters of a module that choose a connection."""
        payload = {"url": self.server.url, "apiKey": self.server.key}
        payload = payload if kind == "portainer" else {"url": f"unix://{self.socket}"}
        path = self.folder / f"{kind}.json"
        path.write_text(json.dumps({"type": kind, "name": kind, **payload}))
        reach = {"egress_allow": ["localhost"], "egress_deny": [], "portainer": "", "docker": ""}
        return {**reach, kind: str(path), "endpoint_id": 1 if kind == "portainer" else 0, **more}


@pytest.fixture(scope="module")
def place(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A manager with a stack of two tasks, deployed through the double, and two containers by hand."""
    folder = tmp_path_factory.mktemp("engine")
    with machines(1) as (node,), fake_portainer() as server:
        node.start()
        build_small(node)
        node.docker("swarm", "init", "--advertise-addr", node.address)
        node.docker("run", "--detach", "--name", "talker", "--env", "API_TOKEN=swordfish", SMALL, "sh", "-c", TALKS)
        node.docker("run", "--detach", "--tty", "--name", "terminal", SMALL, "sh", "-c", TALKS)
        node.docker("run", "--detach", "--name", "broken", SMALL, "sh", "-c", "exit 3")
        server.endpoints = [FakeEndpoint(1, "swarm", node.folder / "docker.sock", deploy=_deployer(node))]
        found = Place(node, server, folder)
        with asked(found, "portainer", server_only=True) as upstream:
            swarm = upstream.get("/api/endpoints/1/docker/swarm")["ID"]
            body = {"Name": "shop", "SwarmID": swarm, "StackFileContent": STACK, "Env": []}
            upstream.call("POST", "/api/stacks/create/swarm/string", query={"endpointId": 1}, body=body)
            with pytest.raises(UpstreamError) as twice:
                upstream.call("POST", "/api/stacks/create/swarm/string", query={"endpointId": 1}, body=body)
            assert twice.value.kind == "conflict"
        yield found


def _deployer(node: Node) -> Callable[[str, str, dict[str, str], bool], None]:
    def deploy(name: str, file: str, variables: dict[str, str], prune: bool) -> None:
        words = ["--prune"] if prune else []
        node.docker("stack", "deploy", "--resolve-image", "never", *words, "-c", "-", name, text=file, env=variables)

    return deploy


def asked(place: Place, kind: str, *, server_only: bool = False) -> Upstream:
    if kind == "docker":
        return Upstream("Docker", engine_reach(f"unix://{place.socket}"), explain=explain, breaker=Breaker())
    reach = server_reach(place.server.url, ("localhost",))
    assert kind == "portainer" or server_only
    return Upstream("Portainer", reach, {"X-API-KEY": place.server.key}, breaker=Breaker())


@pytest.fixture(params=["docker", "portainer"])
def engine(request: pytest.FixtureRequest, place: Place) -> Iterator[Engine]:
    with asked(place, request.param) as upstream:
        yield Engine(upstream) if request.param == "docker" else Portainer(upstream).engine(1)


def until(look: Callable[[], Any]) -> Any:
    """What is looked for, when it has come to be."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise SwarmError("it did not come to that")
        time.sleep(0.2)
    return found


def test_containers_services_and_machines_are_as_they_are(engine: Engine) -> None:
    swarm = until(lambda: (found := engine.swarm()) and found.services[0].running == 2 and found)
    service = swarm.services[0]
    assert (service.name, service.wanted, service.mode, service.stack) == ("shop_web", 2, "replicated", "shop")
    assert service.environment_names == ("DB_PASSWORD",)
    assert [(node.state, node.is_leader) for node in swarm.nodes] == [("ready", True)]
    containers = {one.name: one for one in engine.containers()}
    assert (containers["talker"].state, containers["talker"].is_in_error) == ("running", False)
    broken = until(lambda: [one for one in engine.containers() if one.name == "broken" and one.state == "exited"])[0]
    assert (broken.exit_code, broken.is_in_error) == (3, True)
    assert [
        (one.name, one.kind, one.services, one.containers) for one in stacks(swarm.services, engine.containers())
    ] == [("shop", "swarm", 1, 2)]


@pytest.mark.parametrize("name", ["talker", "terminal"])
def test_logs_are_the_same_with_and_without_a_terminal(engine: Engine, name: str) -> None:
    about = engine.inspect(name)
    has_terminal = about["Config"]["Tty"]
    with engine.container_log(about["Id"], LogWish(tail=3), has_terminal=has_terminal) as tail:
        found = list(tail.lines)
    assert sorted(line.text for line in found) == ["login swordfish", "oh", "out"]
    assert all(line.at for line in found)
    errors = {line.text for line in found if line.source == "stderr"}
    assert errors == (set() if has_terminal else {"oh"})


def test_the_log_of_a_service_comes_from_its_tasks(engine: Engine) -> None:
    def lines() -> list[LogLine]:
        with engine.service_log("shop_web", LogWish(), has_terminal=False) as tail:
            return list(tail.lines)

    found = until(lambda: found if len(found := lines()) == 2 else None)
    assert {line.text for line in found} == {"from a task"}
    swarm = engine.swarm()
    assert swarm
    assert {line.task for line in found} == {task.id for task in swarm.tasks if task.is_running}


def _running(inventory: dict[str, Any]) -> int:
    return inventory["items"][0]["services"][0]["running"]


def test_modules_take_an_inventory_and_read_a_whole_stack(place: Place) -> None:
    chosen: dict[str, Any] = {
        "endpoint_ids": [],
        "include": ["services", "containers", "nodes", "images", "secret_names"],
    }
    kept = {"earlier": "", "earlier_path": "", "artifacts_dir": str(place.folder), "runbook": "portainer_inventory"}
    given = place.given(**chosen, **kept, with_stats=True, max_parallel=2)
    found = until(lambda: seen if _running(seen := place.module("engine_inventory").inventory(given)) == 2 else None)
    assert (found["failure"], found["items"][0]["services"][0]["running"]) == ({}, 2)
    assert all("memory_mb" in row for row in found["items"][0]["containers"] if row["state"] == "running")
    assert "swordfish" not in json.dumps(found)
    log: dict[str, Any] = {"tail": 50, "since": "", "until": "", "timestamps": True, "grep": {}, "redact": True}
    file = place.folder / "containers.log"
    wanted = place.given(**log, file=str(file), target={"stack_name": "shop"})
    stack = until(
        lambda: said if (said := place.module("engine_logs").collected(wanted))["counts"]["lines"] > 1 else None
    )
    assert (stack["failure"], stack["counts"]["lines"]) == ({}, 2)
    assert {line.split(" ", 1)[1] for line in file.read_text().splitlines()} == {
        "shop_web.1 | from a task",
        "shop_web.2 | from a task",
    }


@pytest.mark.parametrize("kind", ["docker", "portainer"])
def test_a_container_is_restarted_stopped_and_removed(place: Place, kind: str) -> None:
    name = f"victim-{kind}"
    place.node.docker("run", "--detach", "--name", name, SMALL, "sh", "-c", TALKS)
    common = {"containers": [name], "machine": "", "grace_s": 0, "force": False, "volumes": False, "expect_plan": ""}
    seen = []
    for verb in ("restart", "stop", "stop", "remove", "remove"):
        given = place.given(kind, **common, verb=verb, runbook=f"container_{verb}", artifacts_dir=str(place.folder))
        found = place.module("engine_container").run(given, only_plan=False)
        seen.append((verb, found["changed"], found["failure"]))
    assert seen == [
        ("restart", True, {}),
        ("stop", True, {}),
        ("stop", False, {}),
        ("remove", True, {}),
        ("remove", False, {}),
    ]


@pytest.mark.parametrize("kind", ["docker", "portainer"])
def test_programs_run_inside_a_container_and_files_go_in_and_out(place: Place, kind: str) -> None:
    given, running = place.given(kind), modules.shared("engine.running")
    ways = (given[name] for name in ("portainer", "docker", "egress_allow", "egress_deny"))
    engine = modules.shared("engine.access").Access(*ways).engine(given["endpoint_id"])
    inside = running.inside(engine, "talker")
    ended = inside.run(["sh", "-c", "echo out; echo oh >&2; exit 3"])
    assert (ended.code, sorted(ended.text.split())) == (3, ["oh", "out"])

    folder = f"trial-{kind}"
    assert inside.run(["mkdir", "-p", "/tmp"]).code == 0
    inside.write("/tmp", {f"{folder}/a.json": b"{}", f"{folder}/b.json": b"x"})
    assert inside.read(f"/tmp/{folder}") == {"a.json": b"{}", "b.json": b"x"}
    inside.remove(f"/tmp/{folder}")
    broken = modules.shared("upstream").UpstreamError
    with pytest.raises(broken, match="404"):
        inside.read(f"/tmp/{folder}")

    wanted = {"Entrypoint": ["sleep"], "Cmd": ["60"], "HostConfig": {"AutoRemove": True}}
    other = inside.beside(f"beside-{kind}", wanted)
    other.start()
    assert other.run(["id"]).code == 0
    other.discard()
    with pytest.raises(broken, match="404"):
        other.about()
    with pytest.raises(broken, match="2 running containers"):
        running.inside(engine, "shop_web")
