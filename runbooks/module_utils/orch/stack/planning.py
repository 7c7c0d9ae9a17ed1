"""The plan of a stack: every service, network, secret and config that changes, with before and after."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from ansible.module_utils.orch.plan import changed_fields, digest
from ansible.module_utils.orch.stack import shown, view, words
from ansible.module_utils.orch.stack.live import Live
from ansible.module_utils.orch.stack.versions import BASE
from ansible.module_utils.orch.stack.wanted import Wanted

_KINDS = ("network", "secret", "config")
_NETWORK = ("Driver", "Options", "Internal", "Attachable", "IPAM")


def items(goal: Wanted, live: Live) -> list[dict[str, Any]]:
    """The steps in the order in which they are taken; services that stay as they are among them."""
    made = [_made(kind, name, body) for kind in _KINDS for name, body in sorted(goal.new[kind].items())]
    gone = [_gone(kind, name, live) for kind, name in goal.leftover]
    return made + items_of_services(goal, live) + gone


def items_of_services(goal: Wanted, live: Live) -> list[dict[str, Any]]:
    """What becomes of each wanted service."""
    return [_service(name, goal, live) for name in sorted(goal.services)]


def _item(action: str, kind: str, name: str, before: Any, after: Any) -> dict[str, Any]:
    fields = changed_fields(before, after) if action == "update" else []
    both = {"before": before, "after": after}
    if fields:
        both = {side: {field: each.get(field) for field in fields} for side, each in both.items()}
    told = _told(kind, shown.sides(**both))
    # A label of the stack's own changes with the image: said once is enough.
    named = [field for field in fields if any(field in (side or {}) for side in told.values())] or fields
    return {"id": f"{kind} {name}", "action": action, "kind": kind, "name": name, "fields": named, **told}


def _told(kind: str, both: dict[str, Any]) -> dict[str, Any]:
    return {side: words.of_service(each) if each and kind == "service" else each for side, each in both.items()}


def _made(kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    if kind == "network":
        return _item("create", kind, name, None, {field.lower(): body[field] for field in _NETWORK if body.get(field)})
    after = {"version_of": body["Labels"].get(BASE, "")}
    if kind == "config":  # nobody's secret, and the plan is to be about this content and no other
        after["content"] = view.hashed(b64decode(body["Data"]))
    return _item("create", kind, name, None, after)


def _service(name: str, goal: Wanted, live: Live) -> dict[str, Any]:
    before, after = live.shown(name), view.of_service(goal.services[name], live.network_names)
    if before == after:
        return _item("noop", "service", name, before, after)
    item, note = _item("update" if before else "create", "service", name, before, after), goal.notes.get(name)
    return {**item, "note": note} if note else item


def _gone(kind: str, name: str, live: Live) -> dict[str, Any]:
    if kind == "service":
        return _item("delete", kind, name, live.shown(name), None)
    one = live.thing(kind, name)
    return _item("delete", kind, name, {"version_of": one["Spec"]["Labels"].get(BASE, "")}, None)


def target(stack: str, swarm: str = "") -> dict[str, str]:
    """What the plan is about: the stack of one Swarm, for another may have one of the same name."""
    return {"kind": "stack", "id": f"{swarm}/{stack}" if swarm else stack, "name": stack}


def outcome(goal: Wanted, live: Live) -> str:
    """One SHA-256 of what all services are to be: it holds the plan to the values that it does not show."""
    services = {name: view.of_service(spec, live.network_names) for name, spec in goal.services.items()}
    return digest(services)
