"""The fields of a service in the words of a compose file: `2s` instead of nanoseconds, `64M` instead of bytes.

Only for reading. What is compared, and what a plan is held to, are the engine's own values.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

from ansible.module_utils.orch.stack import names

_SPANS = frozenset({"interval", "timeout", "start_period", "start_interval", "delay", "monitor", "window"})
_SIZES = frozenset({"memory_bytes"})
_CPUS = "nano_cpus"
_RENAMED = {"memory_bytes": "memory", _CPUS: "cpus"}
_OURS = frozenset({names.STACK, names.IMAGE})
_UNITS = (("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1))
_BYTES = (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10))
_INGRESS = "ingress"
_READABLE = 0o444


def of_service(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a service as a person writes them; labels that every service of a stack has are left out."""
    found = {name: _field(name, value) for name, value in fields.items()}
    return {name: value for name, value in found.items() if value is not None or fields[name] is None}


def span(nanoseconds: int) -> str:
    """A length of time: `1m30s`."""
    if not nanoseconds:
        return "0s"
    parts = []
    for unit, size in _UNITS:
        count, nanoseconds = divmod(nanoseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def size(count: int) -> Any:
    """An amount of memory in the largest unit in which it is whole; a count of bytes stays a number."""
    return next((f"{count // unit}{name}" for name, unit in _BYTES if count and count % unit == 0), count)


def _field(name: str, value: Any) -> Any:
    if name in _LISTED and isinstance(value, list):
        return [_LISTED[name](one) for one in value]
    return _WRITTEN.get(name, _spoken)(value)


def _labels(labels: Any) -> Any:
    if not isinstance(labels, dict):
        return labels
    return {name: text for name, text in labels.items() if name not in _OURS} or None


def _mode(mode: Any) -> Any:
    return mode["kind"] if isinstance(mode, dict) and set(mode) == {"kind"} else _spoken(mode)


def _grace(value: Any) -> Any:
    return span(value) if isinstance(value, int) else value


def _port(port: Any) -> Any:
    """`8080:80/tcp`, as the short form of a compose file says it; what that cannot say is spelled out."""
    if not isinstance(port, dict) or set(port) - {"Protocol", "PublishMode", "TargetPort", "PublishedPort"}:
        return _spoken(port)
    published = f"{port['PublishedPort']}:" if port.get("PublishedPort") else ""
    mode = port.get("PublishMode", _INGRESS)
    said = f"{published}{port.get('TargetPort')}/{port.get('Protocol', 'tcp')}"
    return said if mode == _INGRESS else f"{said} ({mode})"


def _network(one: Any) -> Any:
    if not isinstance(one, dict) or set(one) - {"Target", "Aliases"}:
        return _spoken(one)
    aliases = ", ".join(one.get("Aliases") or [])
    return f"{one.get('Target')} ({aliases})" if aliases else str(one.get("Target"))


def _file(one: Any) -> Any:
    """`shop_token_v2 as token`; owner and rights where they are not everybody's to read."""
    if not isinstance(one, dict) or set(one) - {"name", "Name", "UID", "GID", "Mode"}:
        return one
    owner, mode = f"{one.get('UID', '0')}:{one.get('GID', '0')}", one.get("Mode", _READABLE)
    rights = "" if (owner, mode) == ("0:0", _READABLE) else f" ({owner}, {mode:04o})"
    return f"{one.get('name')} as {one.get('Name')}{rights}"


def _spoken(value: Any) -> Any:
    if isinstance(value, list):
        return [_spoken(one) for one in value]
    if not isinstance(value, dict):
        return value
    return dict(_pair(_snake(name), each) for name, each in value.items())


def _pair(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, int) and not isinstance(value, bool):
        if name in _SPANS:
            value = span(value)
        elif name in _SIZES:
            value = size(value)
        elif name == _CPUS:
            value = f"{value / 10**9:g}"
    return _RENAMED.get(name, name), _spoken(value)


def _snake(name: str) -> str:
    """`FailureAction` as `failure_action`; a name that a person gave, such as an option of a driver, stays."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() if re.fullmatch(r"[A-Z]+[a-z][A-Za-z]*", name) else name


_WRITTEN = {"env": dict, "labels": _labels, "container_labels": _labels, "mode": _mode, "stop_grace_period": _grace}
_LISTED = {"ports": _port, "networks": _network, "secrets": _file, "configs": _file}
