"""Deploying a stack of ours with the module `swarm_stack`, in this process, to the real Swarm."""

import json
from pathlib import Path
from typing import Any

from tests.runbooks import modules
from tests.systems.swarm.cluster import Swarm
from tests.systems.swarm.images import SMALL

STACK = "shop"
RUNS = "[sleep, '3600']"
FAILS = "[sh, -c, 'echo no such option >&2; exit 1']"
QUICK = f"""
x-quick: &quick
  image: {SMALL}
  command: {RUNS}
  healthcheck: {{test: [CMD, id], interval: 1s, timeout: 5s}}
  stop_signal: SIGKILL
  deploy: {{endpoint_mode: dnsrr, update_config: {{parallelism: 0, monitor: 1s}}}}
"""
PLAIN = """
services:
  web: {{<<: *quick, command: {command}, environment: [MODE={mode}]}}
"""
# As much as there is of what Swarm keeps of a service: a second apply has to find no difference in any of it.
WIDE = """
services:
  web:
    <<: *quick
    image: {image}
    command: {command}
    user: "999:999"
    working_dir: /bin
    hostname: web
    stop_grace_period: 0s
    init: false
    tty: false
    environment: [MODE={mode}, EMPTY=, UNSET]
    networks: {{app: {{aliases: [api, www]}}}}
    configs: [{{source: page, target: /page, mode: 0440}}]
    secrets: [{{source: token, target: token, uid: "999"}}, theirs]
    volumes: ["data:/data", {{type: tmpfs, target: /scratch, tmpfs: {{size: 8388608}}}}]
    read_only: true
    cap_drop: [ALL]
    cap_add: [chown, NET_BIND_SERVICE]
    ulimits: {{nofile: {{soft: 1024, hard: 2048}}, nproc: 512}}
    dns: [10.1.2.3]
    extra_hosts: ["db:10.1.2.4", "cache:10.1.2.5"]
    labels: {{tier: front, flag: ""}}
    logging: {{driver: json-file, options: {{max-size: 1m}}}}
    deploy:
      replicas: {replicas}
      endpoint_mode: dnsrr
      labels: {{"traefik.http.routers.shop.rule": "Host(`shop.example.org`)"}}
      resources: {{limits: {{memory: 64M, cpus: "0.5", pids: 50}}, reservations: {{memory: 8M}}}}
      restart_policy: {{condition: any, delay: 0s}}
      update_config: {{parallelism: 0, delay: 0s, monitor: 1s, order: stop-first, failure_action: pause}}
      rollback_config: {{parallelism: 0, monitor: 1s}}
      placement: {{constraints: ["{constraint}"], preferences: [{{spread: node.id}}], max_replicas_per_node: 4}}
  agent:
    <<: *quick
    ports: [{{target: 6379, published: 16379, mode: host}}]
    deploy: {{mode: global, endpoint_mode: dnsrr}}
  edge: {{<<: *quick, networks: [outer]}}
  nowhere:
    <<: *quick
    deploy: {{mode: global, endpoint_mode: dnsrr, placement: {{constraints: [node.labels.no == yes]}}}}
  once: {{<<: *quick, command: [id], deploy: {{mode: replicated-job}}}}
{more}
networks: {{app: {{attachable: true}}, default: {{}}, outer: {{external: true, name: host}}}}
volumes: {{data: {{}}}}
configs: {{page: {{content: "hello {mode}"}}}}
secrets: {{token: {{environment: TOKEN}}, theirs: {{external: true, name: shop_theirs}}}}
"""
EXTRA = "  extra: {<<: *quick, labels: {a: b}}"


def plain(**changes: Any) -> str:
    """A file with one service, that all that is missing has been added to."""
    return QUICK + PLAIN.format(**{"command": RUNS, "mode": "a", **changes})


def wide(**changes: Any) -> str:
    """A file with every kind of service; `command` is what web runs."""
    given = {"image": SMALL, "command": RUNS, "mode": "a", "replicas": 2, "more": ""}
    return QUICK + WIDE.format(**{**given, "constraint": "node.platform.os == linux", **changes})


class Stacks:
    """The module on this Swarm; each call has a folder of its own below `folder`, with plan and snapshot."""

    def __init__(self, swarm: Swarm, folder: Path) -> None:
        self.swarm = swarm
        self.folder = folder
        self.calls = 0
        self.connection = {"docker": self.written("docker", url=f"unix://{swarm.manager.folder}/docker.sock")}
        self._secrets = self.written("secrets", values="TOKEN=hunter2-token\n")

    def written(self, kind: str, **fields: Any) -> str:
        """The file of a connection."""
        path = self.folder / f"{kind}.json"
        path.write_text(json.dumps({"type": kind, **fields}))
        return str(path)

    def through_portainer(self, url: str, key: str, endpoint: int) -> None:
        """From now on by way of Portainer."""
        path = self.written("portainer", url=url, apiKey=key, tlsVerify=True)
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

    def clear(self) -> None:
        """Take the stack away with all that belongs to it."""
        manager = self.swarm.manager
        manager.docker("stack", "rm", STACK, check=False)
        for kind in ("secret", "config"):
            named = manager.docker(kind, "ls", "--quiet", "--filter", f"name={STACK}_").split()
            manager.docker(kind, "rm", *named, check=False)
        networks = ("network", "ls", "--quiet", "--filter", f"name={STACK}_")
        self.swarm.wait_for(lambda: not manager.docker(*networks), lambda: "the networks go")
