"""What runs on an engine, in plain rows. Values of environment variables are never read out, only their names."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterable

from ansible.module_utils.orch.engine.access import Engine
from ansible.module_utils.orch.upstream import UpstreamError

STACKS = ("com.docker.stack.namespace", "com.docker.compose.project")
RETRYABLE = frozenset({"timeout", "unreachable", "rate_limited", "upstream_5xx"})
NO_MANAGER = 503
_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
_EXITED = re.compile(r"Exited \((\d+)\)")


def look_at_all(engines: Iterable[Engine], include: list[str], *, stats: bool, at_once: int) -> list[dict[str, Any]]:
    """An item for each endpoint, in their order; one that fails has an error, and what Portainer saw last."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        return list(pool.map(lambda engine: look_at(engine, include, stats=stats), engines))


def look_at(engine: Engine, include: list[str], *, stats: bool = False) -> dict[str, Any]:
    """The item of one endpoint."""
    item: dict[str, Any] = {"id": f"endpoint:{engine.number}", "kind": "endpoint", "name": engine.name}
    if not engine.is_up:
        down = UpstreamError("unreachable", f"Portainer says that the endpoint {engine.name} is down")
        return {**item, **_failed(engine, down)}
    try:
        info = engine.get("/info")
        rows = _rows(engine, include)
    except UpstreamError as error:
        return {**item, **_failed(engine, error)}
    if stats:
        _measure(engine, rows.get("containers", []))
    return {**item, "action": "noop", "stale": False, "engine": str(info.get("ServerVersion", "")), **rows}


def _rows(engine: Engine, include: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The asked-for lists; those of a Swarm are empty on an engine that manages none."""
    needed = {"services", "stacks"} & set(include)
    nodes = _of_swarm(engine, "/nodes") if needed or "nodes" in include else []
    is_manager = bool(nodes)
    tasks = engine.get("/tasks") if needed and is_manager else []
    services = [service(row, tasks, nodes) for row in engine.get("/services")] if needed and is_manager else []
    containers = []
    if {"containers", "stacks"} & set(include):
        containers = [container(row) for row in engine.get("/containers/json", all=1)]
    found = {
        "services": services,
        "containers": containers,
        "nodes": [node(row) for row in nodes],
        "stacks": stacks(services, containers),
    }
    kept = {name: rows for name, rows in found.items() if name in include}
    for name, ask in _PLAIN.items():
        if name in include:
            kept[name] = ask(engine) if name != "secret_names" or is_manager else []
    return {name: sorted(rows, key=lambda row: row["name"]) for name, rows in kept.items()}


def _of_swarm(engine: Engine, path: str) -> list[dict[str, Any]]:
    try:
        return engine.get(path)
    except UpstreamError as error:
        if error.status == NO_MANAGER:
            return []
        raise


def _failed(engine: Engine, error: UpstreamError) -> dict[str, Any]:
    said = {"code": error.code, "message": str(error), "retryable": error.code in RETRYABLE}
    seen = engine.snapshot or {}
    counts = {
        "running": "RunningContainerCount",
        "stopped": "StoppedContainerCount",
        "unhealthy": "UnhealthyContainerCount",
        "services": "ServiceCount",
        "stacks": "StackCount",
        "nodes": "NodeCount",
    }
    last = {name: seen.get(key, 0) for name, key in counts.items()}
    told = {"engine": str(seen.get("DockerVersion", "")), "seen_at": seen.get("Time", 0), "last": last} if seen else {}
    return {"action": "error", "error": said, "stale": bool(seen), **told}


def container(row: dict[str, Any]) -> dict[str, Any]:
    """A line of `/containers/json`."""
    labels, status = row.get("Labels") or {}, str(row.get("Status", ""))
    health, exited = _HEALTH.search(status), _EXITED.search(status)
    agent = (row.get("Portainer") or {}).get("Agent") or {}
    return {
        "name": (row.get("Names") or [row["Id"][:12]])[0].lstrip("/"),
        "id": row["Id"],
        "image": plain_image(row.get("Image", "")),
        "state": row.get("State", ""),
        "status": status,
        "health": health.group(1) if health else "",
        "exit_code": int(exited.group(1)) if exited else None,
        "stack": next((labels[name] for name in STACKS if labels.get(name)), ""),
        "service": labels.get("com.docker.swarm.service.name", ""),
        "node": agent.get("NodeName", ""),
    }


def service(row: dict[str, Any], tasks: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """A line of `/services`; what runs is counted by tasks on machines that live."""
    spec = row["Spec"]
    template = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
    alive = {one["ID"] for one in nodes if (one.get("Status") or {}).get("State") == "ready"}
    own = [task for task in tasks if task.get("ServiceID") == row["ID"]]
    running = [task for task in own if _runs(task) and task.get("NodeID") in alive]
    labels = spec.get("Labels") or {}
    mode, wanted = _mode(spec.get("Mode") or {}, own)
    return {
        "name": spec["Name"],
        "id": row["ID"],
        "image": plain_image(template.get("Image", "")),
        "mode": mode,
        "wanted": wanted,
        "running": len(running),
        "update": (row.get("UpdateStatus") or {}).get("State", ""),
        "stack": next((labels[name] for name in STACKS if labels.get(name)), ""),
        "variables": sorted(line.partition("=")[0] for line in template.get("Env") or []),
    }


def _runs(task: dict[str, Any]) -> bool:
    return task.get("DesiredState") == "running" and (task.get("Status") or {}).get("State") == "running"


def _mode(mode: dict[str, Any], tasks: list[dict[str, Any]]) -> tuple[str, int]:
    if "Replicated" in mode:
        return "replicated", int((mode["Replicated"] or {}).get("Replicas", 1))
    if "Global" in mode:
        return "global", len([task for task in tasks if task.get("DesiredState") == "running"])
    return "job", 0


def node(row: dict[str, Any]) -> dict[str, Any]:
    """A line of `/nodes`."""
    description, spec = row.get("Description") or {}, row.get("Spec") or {}
    return {
        "name": description.get("Hostname", ""),
        "id": row["ID"],
        "role": spec.get("Role", ""),
        "availability": spec.get("Availability", ""),
        "state": (row.get("Status") or {}).get("State", ""),
        "engine": (description.get("Engine") or {}).get("EngineVersion", ""),
    }


def stacks(services: list[dict[str, Any]], containers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What belongs together by its labels, whoever made it."""
    names = {row["stack"] for row in (*services, *containers) if row["stack"]}
    return [
        {
            "name": name,
            "services": len([row for row in services if row["stack"] == name]),
            "containers": len([row for row in containers if row["stack"] == name]),
        }
        for name in sorted(names)
    ]


def plain_image(image: str) -> str:
    """Name and tag without the digest."""
    return str(image).partition("@")[0]


def _measure(engine: Engine, containers: list[dict[str, Any]]) -> None:
    """Add the memory that each running container uses."""
    for row in containers:
        if row["state"] == "running":
            found = engine.get(f"/containers/{row['id']}/stats", row["node"], **{"stream": "false", "one-shot": "true"})
            row["memory_mb"] = round(((found or {}).get("memory_stats") or {}).get("usage", 0) / (1 << 20))


def _volumes(engine: Engine) -> list[dict[str, Any]]:
    rows = (engine.get("/volumes") or {}).get("Volumes") or []
    return [{"name": row["Name"], "driver": row.get("Driver", "")} for row in rows]


def _networks(engine: Engine) -> list[dict[str, Any]]:
    return [
        {"name": row["Name"], "driver": row.get("Driver", ""), "scope": row.get("Scope", "")}
        for row in engine.get("/networks")
    ]


def _images(engine: Engine) -> list[dict[str, Any]]:
    return [
        {"name": (row.get("RepoTags") or [row["Id"]])[0], "size_mb": round(row.get("Size", 0) / (1 << 20))}
        for row in engine.get("/images/json")
    ]


def _secret_names(engine: Engine) -> list[dict[str, Any]]:
    return [{"name": row["Spec"]["Name"]} for row in engine.get("/secrets")]


_PLAIN: dict[str, Callable[[Engine], list[dict[str, Any]]]] = {
    "volumes": _volumes,
    "networks": _networks,
    "images": _images,
    "secret_names": _secret_names,
}
