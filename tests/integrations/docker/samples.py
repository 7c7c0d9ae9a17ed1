"""Lines of a Swarm as dockerd writes them, as far as anybody looks at them."""

from typing import Any

DIGEST = "sha256:" + "d" * 64


def node_row(node_id: str, *, state: str = "ready", leader: bool = False) -> dict[str, Any]:
    """A machine."""
    return {
        "ID": node_id,
        "Spec": {"Role": "manager" if leader else "worker", "Availability": "active", "Labels": {}},
        "Description": {"Hostname": node_id, "Engine": {"EngineVersion": "20.10.24"}},
        "Status": {"State": state, "Addr": "10.99.1.11"},
        **({"ManagerStatus": {"Leader": True, "Reachability": "reachable"}} if leader else {}),
    }


def service_row(
    service_id: str,
    name: str,
    *,
    replicas: int = 1,
    mode: dict[str, Any] | None = None,
    env: list[str] | None = None,
    stack: str = "",
    update: str = "",
    image: str = f"app:1.0@{DIGEST}",
) -> dict[str, Any]:
    """A service."""
    labels = {"com.docker.stack.namespace": stack} if stack else {}
    return {
        "ID": service_id,
        "Version": {"Index": 7},
        "UpdatedAt": "2026-02-02T02:40:00.123456789Z",
        "Spec": {
            "Name": name,
            "Labels": labels,
            "TaskTemplate": {"ContainerSpec": {"Image": image, "Env": env, "Labels": labels}},
            "Mode": mode or {"Replicated": {"Replicas": replicas}},
        },
        "Endpoint": {"Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080}]},
        **({"UpdateStatus": {"State": update, "Message": "update paused due to failure"}} if update else {}),
    }


def task_row(
    task_id: str,
    service_id: str,
    node_id: str,
    *,
    state: str = "running",
    wanted: str = "running",
    error: str = "",
    container: str = "a" * 64,
) -> dict[str, Any]:
    """A task."""
    return {
        "ID": task_id,
        "ServiceID": service_id,
        "NodeID": node_id,
        "Slot": 1,
        "Spec": {"ContainerSpec": {"Image": f"app:1.0@{DIGEST}"}},
        "Status": {"State": state, "Err": error, "ContainerStatus": {"ContainerID": container}},
        "DesiredState": wanted,
    }
