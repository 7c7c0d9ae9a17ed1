"""What the Swarm is to hold for a stack: worked out of its compose file and what is there, before anything is done."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

import yaml
from ansible.module_utils.orch.stack import images, names, policy, routers, spec, units, versions, view
from ansible.module_utils.orch.stack.compose import Compose
from ansible.module_utils.orch.stack.faults import ComposeFault, Fault
from ansible.module_utils.orch.stack.interpolation import escape
from ansible.module_utils.orch.stack.live import Live

_NOT_SWARMS = ("host", "bridge", "none")
_MISSING = {"secret": "secret_missing", "config": "config_missing"}
_PLURAL = {"secret": "secrets", "config": "configs"}


class Order(NamedTuple):
    """What was asked for: the stack's name, variables, values of secrets by name, rules of the policy, choices.

    `beside` reads a file that lies beside the compose file, where there is any.
    """

    stack: str
    variables: Mapping[str, str]
    secret_values: Mapping[str, str]
    rules: Mapping[str, bool]
    prune: bool
    on_failure: str
    beside: Callable[[str], bytes] | None = None


class Wanted:
    """The goal. Bodies are what the engine is told; `leftover` are services and old versions that are to go.

    `file` is the compose file for Portainer where the stack's own text will not do, else empty. `facts` are what
    belongs to the plan besides: volumes that the nodes will make, the commit that the file is of. `notes` are what is
    said besides of the step of a service, by its name.
    """

    def __init__(self, services: dict[str, dict[str, Any]]) -> None:
        self.services = services
        self.new: dict[str, dict[str, dict[str, Any]]] = {"network": {}, "secret": {}, "config": {}}
        self.leftover: list[tuple[str, str]] = []
        self.warnings: list[dict[str, str]] = []
        self.facts: dict[str, Any] = {}
        self.notes: dict[str, str] = {}
        self.file = ""


def from_compose(compose: Compose, order: Order, live: Live) -> Wanted:
    """Work the goal out; raises Fault for what is missing, is somebody else's, or breaks the policy."""
    problems = policy.broken(compose.services, order.rules)
    if problems:
        raise ComposeFault(problems)
    sections = {name: dict(things) for name, things in compose.sections.items()}
    if order.on_failure == "pause":
        sections["services"] = {name: _pausing(one) for name, one in sections["services"].items()}
    goal = Wanted({})
    for kind in ("secret", "config"):
        sections[_PLURAL[kind]] = _versioned(kind, sections[_PLURAL[kind]], order, live, goal)
    specs = [spec.service(name, sections, order.stack, order.variables) for name in sections["services"]]
    goal.services = {one["Name"]: one for one in specs}
    goal.warnings = list(compose.warnings)
    _add_networks(sections, order, live, goal)
    _require_own_names(order, live, goal)
    goal.warnings += routers.conflicts(goal.services.values(), live.others)
    volumes = _new_volumes(goal, live)
    goal.facts = {"volumes": volumes} if volumes else {}
    if sections != compose.sections:
        goal.file = _written(sections)
    if order.prune:
        goal.leftover += [("service", name) for name in sorted(set(live.services) - set(goal.services))]
    return goal


def _pausing(service: dict[str, Any]) -> dict[str, Any]:
    """The service with an update that stops where it fails, whatever the file says. Jobs are not updated but run."""
    deploy = service.get("deploy") or {}
    if str(deploy.get("mode") or "").endswith("-job"):
        return service
    update = {**(deploy.get("update_config") or {}), "failure_action": "pause"}
    return {**service, "deploy": {**deploy, "update_config": update}}


def _versioned(
    kind: str, declared: Mapping[str, dict[str, Any]], order: Order, live: Live, goal: Wanted
) -> dict[str, dict[str, Any]]:
    """The declarations with each content replaced by the version that holds it; new versions are noted in the goal."""
    used = set().union(*map(versions.used_by, live.all_services))
    found = {}
    for name, one in declared.items():
        base = names.in_swarm(name, one, order.stack)
        if names.is_external(one):
            _require(kind, base, live)
            found[name] = one
            continue
        content = _content(kind, name, one, order)
        stored = versions.versions_of(base, live.things[kind])
        version = versions.chosen(kind, base, content, stored)
        if version not in [each["Spec"]["Name"] for each in stored]:
            labels = versions.owned(names.pairs(one.get("labels")), order.stack)
            goal.new[kind][version] = versions.body(version, base, content, labels)
        goal.leftover += [(kind, old) for old in versions.obsolete(stored, version, used)]
        found[name] = {"external": True, "name": version}
    return found


def _require(kind: str, name: str, live: Live) -> None:
    if not live.thing(kind, name):
        raise Fault(
            _MISSING[kind], f"the {kind} {name} is external and not in the Swarm; make it, or declare its content"
        )


def _content(kind: str, name: str, declared: dict[str, Any], order: Order) -> bytes:
    place = f"/{_PLURAL[kind]}/{escape(name)}"
    if kind == "config":
        if declared.get("file") is not None and order.beside:
            return order.beside(str(declared["file"]))
        if declared.get("content") is None:
            raise ComposeFault([(place, "a config that is not external has a content")])
        return str(declared["content"]).encode()
    variable = declared.get("environment")
    if variable is None:
        raise ComposeFault([(place, "a secret that is not external names with environment where its value comes from")])
    if str(variable) not in order.secret_values:
        raise Fault("secret_missing", f"{place}: the connection with the secrets has no value {variable}")
    return order.secret_values[str(variable)].encode()


def _add_networks(sections: Mapping[str, Any], order: Order, live: Live, goal: Wanted) -> None:
    """Note the networks that must be made, and require those of others; raises Fault."""
    used = {one["Target"] for each in goal.services.values() for one in each["TaskTemplate"]["Networks"]}
    declared = {spec.DEFAULT_NETWORK: {}, **sections["networks"]}
    for name, one in declared.items():
        target = names.in_swarm(name, one, order.stack)
        found = live.thing("network", target)
        if target not in used or target in _NOT_SWARMS:
            continue
        if names.is_external(one):
            if not found:
                raise Fault("network_missing", f"the network {target} is external and no network of the Swarm")
        elif not found:
            goal.new["network"][target] = _network(target, one, order.stack)
        elif not live.is_ours("network", found):
            raise Fault("conflict", f"there is a network {target} already that is not of the stack {order.stack}")
        else:
            goal.warnings += _differs(target, _network(target, one, order.stack), found)


def _network(target: str, declared: Mapping[str, Any], stack: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "Name": target,
        "Driver": str(declared.get("driver") or "overlay"),
        "Labels": {**names.pairs(declared.get("labels")), names.STACK: stack},
        "Options": names.pairs(declared.get("driver_opts")),
        "Internal": units.flag(declared.get("internal") or False),
        "Attachable": units.flag(declared.get("attachable") or False),
    }
    ipam = declared.get("ipam") or {}
    if ipam:
        pools = [{"Subnet": str(one["subnet"])} for one in ipam.get("config") or [] if one.get("subnet")]
        body["IPAM"] = {"Driver": str(ipam.get("driver") or "default"), "Config": pools}
    return body


def _differs(target: str, body: dict[str, Any], found: dict[str, Any]) -> list[dict[str, str]]:
    """A network is never changed while services use it, so a difference is told."""
    fields = [name for name in ("Driver", "Internal", "Attachable") if body[name] != found.get(name)]
    fields += ["Options"] if any((found.get("Options") or {}).get(k) != v for k, v in body["Options"].items()) else []
    said = f"the network {target} differs in {', '.join(fields)}; a network that is in use stays as it is"
    return [{"code": "network_differs", "message": said, "item": f"network {target}"}] if fields else []


def _require_own_names(order: Order, live: Live, goal: Wanted) -> None:
    taken = {one["Name"]: view.stack_of(one) for one in live.others}
    for name in goal.services:
        if name in taken:
            owner = f"of the stack {taken[name]}" if taken[name] else "of no stack"
            raise Fault("conflict", f"there is a service {name} already, {owner}, not of {order.stack}")


def _new_volumes(goal: Wanted, live: Live) -> list[str]:
    there = {name for one in live.all_services for name in _volumes_of(one["Spec"])}
    return sorted({name for one in goal.services.values() for name in _volumes_of(one)} - there)


def _volumes_of(one: Mapping[str, Any]) -> list[str]:
    mounts = one["TaskTemplate"].get("ContainerSpec", {}).get("Mounts") or []
    return [each["Source"] for each in mounts if each.get("Type") == "volume" and each.get("Source")]


def _written(sections: Mapping[str, Any]) -> str:
    """The file with everything in place; a dollar stands for itself."""
    content = {name: things for name, things in sections.items() if things}
    return yaml.safe_dump(_escaped(content), sort_keys=False, allow_unicode=True)


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def resolve_images(goal: Wanted, live: Live, how: str, digest_of: Any) -> None:
    """Name each image by its digest: `always` by what the registry says now, `changed` only where the name changed.

    Where the name is the same and nobody is asked, the digest stays. `digest_of` answers `(digest, platforms)`, or an
    error's sentence where the registry cannot be asked.
    """
    known: dict[str, Any] = {}
    for name, one in goal.services.items():
        image, there = view.image(one), live.services.get(name)
        is_same = bool(there) and view.label(there["Spec"], names.IMAGE) == image
        if how == "never" or (how == "changed" and is_same) or images.digest(image):
            if is_same:
                one["TaskTemplate"]["ContainerSpec"]["Image"] = view.image(there["Spec"])
            continue
        answer = known[image] if image in known else known.setdefault(image, digest_of(image))
        _pin(one, answer, goal, there if is_same else None)


def _pin(one: dict[str, Any], answer: Any, goal: Wanted, same: Any) -> None:
    task, image = one["TaskTemplate"], view.image(one)
    if not isinstance(answer, str):
        digest, platforms = answer
        task["ContainerSpec"]["Image"] = images.pinned(image, digest)
        if platforms:
            task.setdefault("Placement", {})["Platforms"] = platforms
        return
    if same:
        task["ContainerSpec"]["Image"] = view.image(same["Spec"])
    message = f"no registry says which digest {image} has, so each node runs what it finds: {answer}"
    goal.warnings.append({"code": "digest_unknown", "message": message, "item": f"service {one['Name']}"})
