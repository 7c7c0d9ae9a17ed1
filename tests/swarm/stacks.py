"""Deploying a stack of ours with the module `swarm_stack`, in this process, to the real Swarm."""

import json
from pathlib import Path
from typing import Any

from tests.runbooks import modules
from tests.systems.swarm.cluster import Swarm
from tests.systems.swarm.images import DATA

STACK = "shop"
RUNS = "[redis-server, --port, '0', --save, '']"
FAILS = "[redis-server, --no-such-option, '1']"
FILE = """
x-quick: &quick
  healthcheck: {{test: [CMD, redis-server, --version], interval: 1s, timeout: 5s}}
  stop_grace_period: 1s
services:
  web:
    <<: *quick
    image: {image}
    command: {command}
    user: "999:999"
    environment: [MODE={mode}, EMPTY=]
    networks: {{app: {{aliases: [api]}}}}
    configs: [{{source: page, target: /page, mode: 0440}}]
    secrets: [{{source: token, target: token, uid: "999"}}]
    volumes: ["data:/data", {{type: tmpfs, target: /scratch, tmpfs: {{size: 8M}}}}]
    read_only: true
    cap_drop: [ALL]
    labels: {{tier: front}}
    logging: {{driver: json-file, options: {{max-size: 1m}}}}
    deploy:
      replicas: {replicas}
      endpoint_mode: dnsrr
      labels: {{"traefik.http.routers.shop.rule": "Host(`shop.example.org`)"}}
      resources: {{limits: {{memory: 64M, cpus: "0.5", pids: 50}}, reservations: {{memory: 8M}}}}
      restart_policy: {{condition: any, delay: 0s}}
      update_config: {{parallelism: 0, monitor: 3s, order: stop-first, failure_action: pause}}
      rollback_config: {{parallelism: 0, monitor: 1s}}
      placement: {{constraints: ["{constraint}"], preferences: [{{spread: node.id}}]}}
  agent:
    <<: *quick
    image: {image}
    command: {runs}
    ports: [{{target: 6379, published: 16379, mode: host}}]
    deploy: {{mode: global, endpoint_mode: dnsrr}}
{more}
networks: {{app: {{attachable: true}}, default: {{}}}}
volumes: {{data: {{}}}}
configs: {{page: {{content: "hello {mode}"}}}}
secrets: {{token: {{environment: TOKEN}}}}
"""
EXTRA = f"""
  extra:
    <<: *quick
    image: {DATA}
    command: {RUNS}
    deploy: {{endpoint_mode: dnsrr}}
"""


def file(**changes: Any) -> str:
    """The compose file; `command` is what web runs."""
    given = {"image": DATA, "command": RUNS, "mode": "a", "replicas": 2, "more": "", "runs": RUNS}
    return FILE.format(**{**given, "constraint": "node.platform.os == linux", **changes})


class Stacks:
    """The module on this Swarm; each call has a folder of its own below `folder`, with plan and snapshot."""

    def __init__(self, swarm: Swarm, folder: Path) -> None:
        self.swarm = swarm
        self.folder = folder
        self.calls = 0
        self.connection = {"docker": self._written("docker", url=f"unix://{swarm.manager.folder}/docker.sock")}
        self._secrets = self._written("secrets", values="TOKEN=hunter2-token\n")

    def _written(self, kind: str, **fields: Any) -> str:
        path = self.folder / f"{kind}.json"
        path.write_text(json.dumps({"type": kind, **fields}))
        return str(path)

    def through_portainer(self, url: str, key: str, endpoint: int) -> None:
        """From now on by way of Portainer."""
        path = self._written("portainer", url=url, apiKey=key, tlsVerify=True)
        self.connection = {"portainer": path, "endpoint_id": endpoint, "egress_allow": ["127.0.0.0/8", "::1/128"]}

    def run(self, compose: str = "", *, check: bool = False, **more: Any) -> dict[str, Any]:
        """Call the module; what it answers. What it could not do is in `failure`."""
        module = modules.library("swarm_stack")
        self.calls += 1
        artifacts = self.folder / str(self.calls)
        artifacts.mkdir()
        given = {name: option.get("default") for name, option in module.OPTIONS.items()}
        own = {"stack": STACK, "runbook": "swarm_deploy", "compose": compose, "artifacts_dir": str(artifacts)}
        own |= {"resolve_image": "never", "timeout_s": 60, "stable_s": 1, "secrets": self._secrets}
        return module.answer({**given, **own, **self.connection, **more}, check=check)

    @property
    def snapshot(self) -> str:
        """Where the last call left its snapshot."""
        return str(self.folder / str(self.calls) / "snapshot.json")

    def state(self) -> dict[str, Any]:
        """The services of the stack by their fields, as the engine has them."""
        live, engine = modules.shared("stack.live"), modules.shared("stack.engine")
        url = f"unix://{self.swarm.manager.folder}/docker.sock"
        return live.read(engine.through_docker({"url": url}, [], []), STACK).state()["services"]
