"""An engine, a Portainer in front of it, and files of connections to both as a play finds them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.systems.engine import BEGAN, FakeContainer, FakeEngine, fake_engine
from tests.systems.portainer import DOWN, FakeEndpoint, FakePortainer, fake_portainer

WEB, DB = "a" * 64, "b" * 64
SNAPSHOT = {"Time": BEGAN, "DockerVersion": "20.10.24", "RunningContainerCount": 3, "NodeCount": 2}
IN_SHOP = {"com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_web"}


@dataclass
class Site:
    """The doubles, and the paths of the files."""

    engine: FakeEngine
    server: FakePortainer
    portainer: str
    docker: str
    folder: Path

    def through(self, kind: str) -> dict[str, Any]:
        """The parameters of a module that choose a connection and may reach it."""
        reach = {"egress_allow": ["127.0.0.0/8", "localhost"], "egress_deny": []}
        return {"portainer": "", "docker": "", **reach, kind: getattr(self, kind)}


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Two containers; the Portainer shows the engine as endpoint 2, has 3 down and keeps 4 from us."""
    with fake_engine(folder) as engine, fake_portainer() as server:
        engine.containers = [
            FakeContainer(WEB, "web", health="healthy", env=["DB_PASSWORD=swordfish"]),
            FakeContainer(DB, "db", state="exited", exit_code=1),
        ]
        server.endpoints = [
            FakeEndpoint(2, "swarm", engine.socket),
            FakeEndpoint(3, "away", engine.socket, status=DOWN, snapshot=dict(SNAPSHOT)),
            FakeEndpoint(4, "closed", engine.socket, refused=True),
        ]
        given = {"portainer": {"url": server.url, "apiKey": server.key, "tlsVerify": True}}
        given["docker"] = {"url": f"unix://{engine.socket}"}
        paths = {kind: _file(folder, kind, payload) for kind, payload in given.items()}
        yield Site(engine, server, paths["portainer"], paths["docker"], folder)


def _file(folder: Path, kind: str, payload: dict[str, Any]) -> str:
    path = folder / f"{kind}.json"
    path.write_text(json.dumps({"id": "con_1", "name": f"my {kind}", "type": kind, "environment": "stage", **payload}))
    return str(path)
