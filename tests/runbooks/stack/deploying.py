"""Deploying to the Swarm in memory as the module does, without Ansible."""

from pathlib import Path
from typing import Any

from tests.runbooks import modules
from tests.runbooks.stack.fake_swarm import FakeSwarm

STACK = "shop"
FILE = """
services:
  web:
    image: web:{release}
    environment: [MODE={mode}]
    networks: [app]
    configs: [page]
    healthcheck: {{test: [CMD, "true"]}}
  db: {{image: "db:1", healthcheck: {{test: [CMD, "true"]}}}}
networks: {{app: {{external: true}}}}
configs: {{page: {{content: "hello {mode}"}}}}
"""
WITHOUT_DB = "services: {web: {image: 'web:1', healthcheck: {test: [CMD, x]}}}"


def text(release: str = "1", mode: str = "a") -> str:
    return FILE.format(release=release, mode=mode)


def look(swarm: FakeSwarm) -> Any:
    return modules.shared("stack.live").read(swarm, STACK)


def goal_of(
    swarm: FakeSwarm, file: str, *, on_failure: str = "rollback", prune: bool = True, values: Any = None
) -> Any:
    wanted = modules.shared("stack.wanted")
    order = wanted.Order(
        STACK, {}, values or {}, {"require_healthcheck": True, "forbid_latest": True}, prune, on_failure
    )
    there = look(swarm)
    return wanted.from_compose(modules.shared("stack.compose").read(file, {}), order, there), there


def manner(folder: Path, direction: str = "apply", **more: Any) -> Any:
    pace = modules.shared("stack.converge").Pace(more.pop("timeout_s", 0), 0, 0)
    chosen = {"expect": "", "check": False, "on_failure": "rollback", "most": 100, **more}
    return modules.shared("stack.run").Manner("swarm_deploy", direction, str(folder), pace=pace, **chosen)


def deploy(
    swarm: FakeSwarm, folder: Path, file: str, *, prune: bool = True, keeper: Any = None, **more: Any
) -> dict[str, Any]:
    goal, there = goal_of(swarm, file, prune=prune, on_failure=more.get("on_failure", "rollback"))
    return modules.shared("stack.run").Run(swarm, there, goal, manner(folder, **more), keeper=keeper).result()


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {item["id"]: item["status"] for item in result["items"]}
