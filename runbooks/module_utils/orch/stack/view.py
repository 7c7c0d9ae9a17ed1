"""A service as people compare it: one flat set of fields, alike for what the engine tells and for what is wanted.

What the engine adds by itself is taken away and its defaults are filled in, so that equal services look equal.
Values of the environment are hashes here, and are not shown at all: see `shown`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Mapping

from ansible.module_utils.orch.stack import names

UNSET = "unset"
_RENAMED = {
    "Command": "entrypoint",
    "Args": "command",
    "Labels": "container_labels",
    "Dir": "working_dir",
    "TTY": "tty",
}
# A nought or a no of these is not what the engine does where nothing is said.
_TOLD = {"Parallelism", "Delay", "Window", "stop_grace_period", "replicas", "init"}
_LABELS = {"labels", "container_labels"}
_UPDATE = {"FailureAction": "pause", "Order": "stop-first"}


def of_service(spec: Mapping[str, Any], networks: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a service's spec; `networks` gives the names of those that the engine tells by id."""
    task, endpoint = spec.get("TaskTemplate") or {}, spec.get("EndpointSpec") or {}
    fields = {
        **_of_container(task.get("ContainerSpec") or {}),
        **_of_mode(spec.get("Mode") or {}),
        "labels": dict(spec.get("Labels") or {}),
        "ports": sorted(map(_port, endpoint.get("Ports") or []), key=str),
        "endpoint_mode": endpoint.get("Mode") or "vip",
        "networks": _networks(task.get("Networks") or spec.get("Networks") or [], networks),
        "limits": (task.get("Resources") or {}).get("Limits"),
        "reservations": (task.get("Resources") or {}).get("Reservations"),
        "restart_policy": _restart(task.get("RestartPolicy")),
        "placement": {k: v for k, v in (task.get("Placement") or {}).items() if k != "Platforms"},
        "logging": task.get("LogDriver"),
        "update_config": _update(spec.get("UpdateConfig")),
        "rollback_config": _update(spec.get("RollbackConfig")),
    }
    return _pruned(fields) or {}


def replicas(spec: Mapping[str, Any]) -> Any:
    """How many tasks a service is to have; None for one on every node."""
    mode = spec.get("Mode") or {}
    job = mode.get("ReplicatedJob")
    return job.get("TotalCompletions", 1) if job else (mode.get("Replicated") or {}).get("Replicas")


def image(spec: Mapping[str, Any]) -> str:
    """The image of a service's spec."""
    return str(((spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}).get("Image") or "")


def _of_container(container: Mapping[str, Any]) -> dict[str, Any]:
    shown = {_field(name): value for name, value in container.items() if name not in ("Isolation", "Privileges")}
    shown["env"] = _env(container.get("Env") or [])
    shown["mounts"] = [_mount(each) for each in container.get("Mounts") or []]
    for kind in ("Secret", "Config"):
        files = container.get(f"{kind}s") or []
        shown[f"{kind.lower()}s"] = sorted(
            ({"name": one.get(f"{kind}Name"), **(one.get("File") or {})} for one in files), key=str
        )
    return shown


def _field(name: str) -> str:
    return _RENAMED.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _env(lines: list[str]) -> dict[str, str]:
    cut = [line.partition("=") for line in lines]
    return {name: hashed(value.encode()) if sign else UNSET for name, sign, value in cut}


def hashed(content: bytes) -> str:
    """A content by which it is known again: whether it is another one, not what it is."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _of_mode(mode: Mapping[str, Any]) -> dict[str, Any]:
    kind = next(iter(mode), "Replicated")
    settings = {name: value for name, value in (mode.get(kind) or {}).items() if name != "Replicas"}
    count = {"replicas": (mode.get(kind) or {}).get("Replicas", 1)} if kind == "Replicated" else {}
    return {"mode": {"kind": _field(kind), **settings}, **count}


def _port(port: Mapping[str, Any]) -> dict[str, Any]:
    return {"Protocol": "tcp", "PublishMode": "ingress", **{name: value for name, value in port.items() if value}}


def _mount(mount: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mount.items() if name != "Consistency" or value != "default"}


def _networks(attached: list[Mapping[str, Any]], known: Mapping[str, str]) -> list[dict[str, Any]]:
    found = [
        {**one, "Target": known.get(str(one["Target"]), one["Target"]), "Aliases": sorted(one.get("Aliases") or [])}
        for one in attached
    ]
    return sorted(found, key=lambda one: str(one["Target"]))


def _restart(policy: Any) -> Any:
    return {"Condition": "any", **policy} if policy else None


def _update(config: Any) -> Any:
    """No delay and none given are the same here: the engine keeps no difference."""
    if not config:
        return None
    return {**_UPDATE, **{name: value for name, value in config.items() if value or name == "Parallelism"}}


def _pruned(value: Any, name: str = "") -> Any:
    """The value without what is empty; None where nothing is left. A nought is empty where it means the default.

    A label without a text is there all the same.
    """
    if name in _LABELS:
        return value or None
    if isinstance(value, Mapping):
        kept = {
            key: each for key, each in ((key, _pruned(each, key)) for key, each in value.items()) if each is not None
        }
        return kept or None
    if isinstance(value, list):
        return [each if _pruned(each) is None else _pruned(each) for each in value] or None
    return value if value or (name in _TOLD and value is not None) else None


def label(spec: Mapping[str, Any], name: str) -> str:
    """A label of a service, or empty."""
    return str((spec.get("Labels") or {}).get(name) or "")


def stack_of(spec: Mapping[str, Any]) -> str:
    """The stack that a service belongs to, or empty."""
    return label(spec, names.STACK)
