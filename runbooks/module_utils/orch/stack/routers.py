"""What Traefik makes of a service's labels: the addresses people use, and who else has taken one."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping

from ansible.module_utils.orch.stack import view

_RULE = re.compile(r"traefik\.http\.routers\.([^.]+)\.rule", re.IGNORECASE)
_HOST = re.compile(r"Host\(([^)]*)\)", re.IGNORECASE)
_QUOTED = re.compile(r"[`'\"]([^`'\"]+)[`'\"]")
Spec = Mapping[str, Any]


def _rules(spec: Spec) -> dict[str, str]:
    """The rules of a service by the names of their routers, without blanks."""
    labels = spec.get("Labels") or {}
    found = [(_RULE.fullmatch(name), str(rule)) for name, rule in labels.items()]
    return {name[1]: "".join(rule.split()) for name, rule in found if name}


def hosts(rule: str) -> list[str]:
    """The names that a rule asks for."""
    return [name.lower() for inside in _HOST.findall(rule) for name in _QUOTED.findall(inside)]


def _is_whole_host(rule: str) -> bool:
    return not re.sub(r"Host\([^)]*\)|\|\|", "", rule, flags=re.IGNORECASE)


def conflicts(wanted: Iterable[Spec], others: Iterable[Spec]) -> list[dict[str, str]]:
    """A warning for every router that a service of another stack has as well."""
    taken = [(spec, name, rule) for spec in others for name, rule in _rules(spec).items()]
    return [
        {
            "code": "router_conflict",
            "message": f"{other['Name']} of the stack {view.stack_of(other) or '-'} has {why} as well",
            "item": f"service {spec['Name']}",
        }
        for spec in wanted
        for name, rule in _rules(spec).items()
        for other, other_name, other_rule in taken
        for why in [_clash(name, rule, other_name, other_rule)]
        if why
    ]


def _clash(name: str, rule: str, other_name: str, other_rule: str) -> str:
    if name == other_name:
        return f"a router {name}"
    both = sorted(set(hosts(rule)) & set(hosts(other_rule)))
    if both and (rule == other_rule or (_is_whole_host(rule) and _is_whole_host(other_rule))):
        return f"the rule for {', '.join(both)}"
    return ""


def addresses(specs: Iterable[Spec]) -> list[str]:
    """Where the services answer, by their rules."""
    found = set()
    for spec in specs:
        labels = {name.lower(): str(value).lower() for name, value in (spec.get("Labels") or {}).items()}
        for name, rule in _rules(spec).items():
            own = [value for key, value in labels.items() if key.startswith(f"traefik.http.routers.{name.lower()}.tls")]
            scheme = "https" if any(value != "false" for value in own) else "http"
            found.update(f"{scheme}://{host}" for host in hosts(rule))
    return sorted(found)
