"""A Docker engine and a Portainer in front of it, with connections to both."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import NewConnection
from orch_app.kit.db import unit_of_work
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.systems.engine import BEGAN, FakeContainer, FakeEngine, fake_engine
from tests.systems.portainer import DOWN, FakeEndpoint, FakePortainer, fake_portainer

WEB, DB, FAR = "a" * 64, "b" * 64, "f" * 64
PATIENCE_S = 20.0
SNAPSHOT = {"Time": BEGAN, "DockerVersion": "20.10.24", "RunningContainerCount": 3, "StoppedContainerCount": 1}


@dataclass
class Site:
    """The doubles, and the ids of the connection to each: `docker` and `portainer`."""

    engine: FakeEngine
    server: FakePortainer
    docker: str
    portainer: str

    def endpoint(self, number: int) -> str:
        """The id of an endpoint behind the Portainer."""
        return f"{self.portainer}.{number}"


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """The engine has two containers; the Portainer shows it as endpoint 2, has 3 down, and keeps 4 from us."""
    with fake_engine(folder) as engine, fake_portainer() as server:
        env = ["DB_PASSWORD=swordfish", "MODE=production"]
        log = [(1, 0.0, "hello"), (2, 1.0, "login as app:swordfish"), (1, 2.0, f"key {server.key}")]
        labels = {"com.docker.stack.namespace": "shop", "api.token": "0123456789"}
        engine.containers = [
            FakeContainer(WEB, "web", health="unhealthy", env=env, log=log, labels=labels, agent_node="n2"),
            FakeContainer(DB, "db", state="exited", exit_code=1),
        ]
        raw = {"Containers": [{**one.listed(), "Env": one.env} for one in engine.containers]}
        server.endpoints = [
            FakeEndpoint(2, "swarm", engine.socket, snapshot=dict(SNAPSHOT)),
            FakeEndpoint(3, "away", engine.socket, status=DOWN, snapshot={**SNAPSHOT, "DockerSnapshotRaw": raw}),
            FakeEndpoint(4, "closed", engine.socket, refused=True),
            FakeEndpoint(5, "kubernetes", engine.socket, kind=5),
            FakeEndpoint(6, "unknown", engine.socket, status=DOWN),
        ]
        docker = add("docker", "engine", url=f"unix://{engine.socket}")
        portainer = add("portainer", "portainer", url=server.url, apiKey=server.key)
        yield Site(engine, server, docker, portainer)
        _wait_for_listeners()


def _wait_for_listeners() -> None:
    """Until the threads that were told to stop have let go of engines and of the database."""
    for thread in threading.enumerate():
        if thread.name == "log":
            thread.join(PATIENCE_S)


def add(kind: str, name: str, environment: Any = "stage", **payload: Any) -> str:
    """A new connection; its id."""
    with unit_of_work() as session:
        new = NewConnection(type=kind, name=name, environment=environment, payload=payload)
        return connections.create(session, COMMAND_LINE, new).id


def add_far_service(site: Site) -> FakeContainer:
    """A service of the stack shop whose task runs on another machine of the Swarm: its container is in no list."""
    engine = site.engine
    engine.nodes = [node_row("n1", leader=True), node_row("n2")]
    engine.services = [service_row("s1", "shop_api", stack="shop", env=["API_TOKEN=swordfish"])]
    engine.tasks = [task_row("t1", "s1", "n2", container=FAR)]
    log = [(1, 0.5, "far: swordfish"), (2, 1.5, "ERROR: far away")]
    labels = {"com.docker.swarm.task.id": "t1"}
    engine.containers.append(FakeContainer(FAR, "shop_api.1.t1", labels=labels, log=log, is_elsewhere=True))
    return engine.containers[-1]
