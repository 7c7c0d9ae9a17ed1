"""Published ports: the short form `[address:][published:]target[/protocol]` with ranges, and the long form."""

from __future__ import annotations

import re
from typing import Any

from ansible.module_utils.orch.stack import units

_SHORT = re.compile(
    r"(?:(?P<address>\[.+\]|\d+(?:\.\d+){3}):)?(?:(?P<published>[\d-]*):)?(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?"
)
MAX_PORT = 65_535


def read(entries: list[Any]) -> list[dict[str, Any]]:
    """The ports as the engine's API has them, in a fixed order; raises ValueError."""
    found = [port for entry in entries for port in (_long(entry) if isinstance(entry, dict) else _short(str(entry)))]
    for port in found:
        if not 0 < port["TargetPort"] <= MAX_PORT or not 0 <= port.get("PublishedPort", 0) <= MAX_PORT:
            raise ValueError(f"there is no port {port['TargetPort']} or {port.get('PublishedPort')}")
    return sorted(found, key=lambda port: (port["TargetPort"], port["Protocol"], port.get("PublishedPort", 0)))


def _long(entry: dict[str, Any]) -> list[dict[str, Any]]:
    if "target" not in entry:
        raise ValueError("a port names its target")
    return [_port(entry["target"], entry.get("published"), entry.get("protocol"), entry.get("mode"))]


def _short(entry: str) -> list[dict[str, Any]]:
    found = _SHORT.fullmatch(entry)
    if not found:
        raise ValueError(f"{entry} is not a port such as 8080:80")
    if found["address"]:
        raise ValueError(f"{entry}: Swarm publishes on every address of a node, so none can be chosen")
    targets, published = _span(found["target"]), _span(found["published"]) if found["published"] else [None]
    if len(targets) == 1 and len(published) > 1:
        raise ValueError(f"{entry}: Swarm chooses no port out of a range")
    if published != [None] and len(published) != len(targets):
        raise ValueError(f"{entry}: both ranges must be of one length")
    hosts = published if published != [None] else [None] * len(targets)
    return [_port(target, host, found["protocol"], None) for target, host in zip(targets, hosts)]


def _span(text: str) -> list[Any]:
    first, dash, last = text.partition("-")
    if not dash:
        return [int(first)]
    if not first or not last or int(last) < int(first):
        raise ValueError(f"{text} is not a range of ports")
    return list(range(int(first), int(last) + 1))


def _port(target: Any, published: Any, protocol: Any, mode: Any) -> dict[str, Any]:
    port: dict[str, Any] = {
        "Protocol": str(protocol or "tcp"),
        "TargetPort": units.whole(target),
        "PublishMode": str(mode or "ingress"),
    }
    if published not in (None, "", 0, "0"):
        port["PublishedPort"] = units.whole(published)
    return port
