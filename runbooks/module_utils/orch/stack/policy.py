"""What services must be like before they are deployed; each rule is a choice of whoever launches."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.module_utils.orch.stack import images
from ansible.module_utils.orch.stack.interpolation import escape

Service = Mapping[str, Any]


def _healthcheck(service: Service) -> str:
    given = service.get("healthcheck") or {}
    mode = str((service.get("deploy") or {}).get("mode") or "")
    is_checked = bool(given.get("test")) and list(given["test"])[:1] != ["NONE"]
    has_one = is_checked or mode.endswith("-job")
    return "" if has_one else "it has no healthcheck, so Swarm cannot see whether a new version works"


def _latest(service: Service) -> str:
    image = str(service["image"])
    return f"{image} means another image tomorrow: name a version or a digest" if images.tag(image) == "latest" else ""


def _host_ports(service: Service) -> str:
    long = [port for port in service.get("ports") or [] if isinstance(port, dict)]
    taken = [str(port.get("published") or port.get("target")) for port in long if port.get("mode") == "host"]
    return f"port {', '.join(taken)} of the node itself is taken, so one task a node can run" if taken else ""


def _limits(service: Service) -> str:
    limits = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    missing = [name for name in ("memory", "cpus") if not limits.get(name)]
    return f"it has no limit of {' and '.join(missing)}" if missing else ""


# The name of the choice, what it looks at, and the place it tells.
_RULES: tuple[tuple[str, Callable[[Service], str], str], ...] = (
    ("require_healthcheck", _healthcheck, "healthcheck"),
    ("forbid_latest", _latest, "image"),
    ("forbid_host_ports", _host_ports, "ports"),
    ("require_limits", _limits, "deploy/resources/limits"),
)


def broken(services: Mapping[str, Service], rules: Mapping[str, bool]) -> list[tuple[str, str]]:
    """Pairs of a pointer and a sentence for every rule that a service breaks."""
    return [
        (f"/services/{escape(name)}/{place}", f"{why} (policy {rule})")
        for name, service in services.items()
        for rule, judge, place in _RULES
        if rules.get(rule)
        for why in [judge(service)]
        if why
    ]
