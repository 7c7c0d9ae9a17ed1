"""A service of a compose file as the engine's API has it: what `docker stack deploy` makes of the same lines.

Networks, secrets and configs are by name here: ids are known to the engine alone, and put in just before it is asked.
"""

from __future__ import annotations

import shlex
from typing import Any, Mapping

from ansible.module_utils.orch.stack import mounts, names, ports, units
from ansible.module_utils.orch.stack.faults import ComposeFault
from ansible.module_utils.orch.stack.interpolation import escape

Sections = Mapping[str, Mapping[str, Any]]
FILE_MODE = 0o444
DEFAULT_NETWORK = "default"
_RESTART = {"always": "any", "unless-stopped": "any", "on-failure": "on-failure"}
_ACTIONS = {"continue", "pause", "rollback"}
_ORDERS = {"start-first", "stop-first"}


def service(name: str, sections: Sections, stack: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """The spec of one service; raises ComposeFault with the pointer of what is wrong."""
    given = sections["services"][name]
    deploy = given.get("deploy") or {}
    reader = _Reader(f"/services/{escape(name)}")
    task = {
        "ContainerSpec": _container(reader, given, sections, stack, variables),
        "Resources": reader.read("deploy/resources", _resources, deploy.get("resources") or {}),
        "RestartPolicy": reader.read("deploy/restart_policy", _restart, given),
        "Placement": _placement(deploy.get("placement") or {}),
        "Networks": reader.read("networks", _networks, given.get("networks"), name, sections["networks"], stack),
        "LogDriver": _logging(given.get("logging")),
    }
    labels = {**names.pairs(deploy.get("labels")), names.STACK: stack, names.IMAGE: str(given["image"])}
    return _without_none(
        {
            "Name": names.scoped(name, stack),
            "Labels": labels,
            "TaskTemplate": _without_none(task),
            "Mode": reader.read("deploy/mode", _mode, deploy),
            "UpdateConfig": reader.read("deploy/update_config", _update, deploy.get("update_config")),
            "RollbackConfig": reader.read("deploy/rollback_config", _update, deploy.get("rollback_config")),
            "EndpointSpec": reader.read("ports", _endpoint, given, deploy),
        }
    )


class _Reader:
    """Reads parts of a service; what is wrong with one is told with its place."""

    def __init__(self, place: str) -> None:
        self._place = place

    def read(self, part: str, how: Any, *given: Any) -> Any:
        """The part as the engine has it; raises ComposeFault."""
        try:
            return how(*given)
        except ValueError as error:
            raise ComposeFault([(f"{self._place}/{part}", str(error))]) from None


def _without_none(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if value is not None}


def _container(
    reader: _Reader, given: dict[str, Any], sections: Sections, stack: str, variables: Mapping[str, str]
) -> dict[str, Any]:
    grace = given.get("stop_grace_period")
    spec = {
        "Image": str(given["image"]),
        "Command": reader.read("entrypoint", _argv, given.get("entrypoint")),
        "Args": reader.read("command", _argv, given.get("command")),
        "Env": _environment(given.get("environment"), variables),
        "Labels": {**names.pairs(given.get("labels")), names.STACK: stack},
        "Healthcheck": reader.read("healthcheck", _healthcheck, given.get("healthcheck")),
        "Mounts": reader.read("volumes", mounts.read, given.get("volumes") or [], sections["volumes"], stack),
        "Secrets": reader.read("secrets", _files, given.get("secrets"), "Secret", sections["secrets"], stack),
        "Configs": reader.read("configs", _files, given.get("configs"), "Config", sections["configs"], stack),
        "StopGracePeriod": None if grace is None else units.nanoseconds(grace),
        **_machine(given),
        **_rights(given),
    }
    return _without_none(spec)


def _machine(given: dict[str, Any]) -> dict[str, Any]:
    """What a container sees of its machine."""
    servers, search = _list(given.get("dns")), _list(given.get("dns_search"))
    dns = {**({"Nameservers": servers} if servers else {}), **({"Search": search} if search else {})}
    return {
        "Hostname": _text(given.get("hostname")),
        "Hosts": [f"{address} {host}" for host, address in _hosts(given.get("extra_hosts"))] or None,
        "DNSConfig": dns or None,
        "Dir": _text(given.get("working_dir")),
        "StopSignal": _text(given.get("stop_signal")),
        "TTY": units.flag(given["tty"]) if given.get("tty") is not None else None,
        "OpenStdin": units.flag(given["stdin_open"]) if given.get("stdin_open") is not None else None,
        "Init": units.flag(given["init"]) if given.get("init") is not None else None,
        "OomScoreAdj": units.whole(given["oom_score_adj"]) if given.get("oom_score_adj") is not None else None,
    }


def _rights(given: dict[str, Any]) -> dict[str, Any]:
    """What a container may do."""
    added = {_capability(one) for one in given.get("cap_add") or []}
    dropped = {_capability(one) for one in given.get("cap_drop") or []}
    return {
        "User": _text(given.get("user")),
        "ReadOnly": units.flag(given["read_only"]) if given.get("read_only") is not None else None,
        "Sysctls": names.pairs(given.get("sysctls")) or None,
        "CapabilityAdd": (["ALL"] if "ALL" in added else sorted(added)) or None,
        "CapabilityDrop": (["ALL"] if "ALL" in dropped else sorted(dropped - added)) or None,
        "Ulimits": [_ulimit(name, limit) for name, limit in sorted((given.get("ulimits") or {}).items())] or None,
    }


def _capability(name: str) -> str:
    upper = str(name).upper()
    return upper if upper == "ALL" or upper.startswith("CAP_") else f"CAP_{upper}"


def _ulimit(name: str, limit: Any) -> dict[str, Any]:
    soft, hard = (limit.get("soft"), limit.get("hard")) if isinstance(limit, dict) else (limit, limit)
    return {"Name": name, "Soft": units.whole(soft), "Hard": units.whole(hard)}


def _text(value: Any) -> Any:
    return None if value is None else str(value)


def _list(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value] if value else [])]


def _hosts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [(str(host), str(address).strip("[]")) for host, address in sorted(value.items())]
    cut = [str(each).partition("=" if "=" in str(each) else ":") for each in value or []]
    return [(host, address.strip("[]")) for host, _sign, address in cut]


def _argv(value: Any) -> Any:
    if value is None:
        return None
    return [str(each) for each in value] if isinstance(value, list) else shlex.split(str(value))


def _environment(value: Any, variables: Mapping[str, str]) -> Any:
    """`NAME=value` in order; a name alone takes the variable of that name, and without one unsets it."""
    given = names.optional_pairs(value)
    found = {name: variables.get(name) if text is None else text for name, text in given.items()}
    return sorted(name if text is None else f"{name}={text}" for name, text in found.items()) or None


def _healthcheck(value: Any) -> Any:
    if not value:
        return None
    if units.flag(value.get("disable", False)):
        return {"Test": ["NONE"]}
    test = value.get("test")
    spans = ("interval", "timeout", "start_period", "start_interval")
    api = {"start_period": "StartPeriod", "start_interval": "StartInterval"}
    check: dict[str, Any] = {
        api.get(name, name.capitalize()): units.nanoseconds(value[name])
        for name in spans
        if value.get(name) is not None
    }
    if value.get("retries") is not None:
        check["Retries"] = units.whole(value["retries"])
    if test is not None:
        check["Test"] = [str(each) for each in test] if isinstance(test, list) else ["CMD-SHELL", str(test)]
    return check


def _files(value: Any, kind: str, declared: Mapping[str, Any], stack: str) -> Any:
    """References to secrets or configs, in the order of their names."""
    found = [_file(each if isinstance(each, dict) else {"source": each}, kind, declared, stack) for each in value or []]
    return sorted(found, key=lambda each: (each[f"{kind}Name"], each["File"]["Name"])) or None


def _file(given: dict[str, Any], kind: str, declared: Mapping[str, Any], stack: str) -> dict[str, Any]:
    source = str(given.get("source") or "")
    if source not in declared:
        raise ValueError(f"{source or 'this'} is not declared under {kind.lower()}s")
    file = {
        "Name": str(given.get("target") or source),
        "UID": str(given.get("uid") or "0"),
        "GID": str(given.get("gid") or "0"),
        "Mode": FILE_MODE if given.get("mode") is None else units.whole(given["mode"]),
    }
    return {f"{kind}Name": names.in_swarm(source, declared[source], stack), "File": file}


def _networks(value: Any, service_name: str, declared: Mapping[str, Any], stack: str) -> list[dict[str, Any]]:
    chosen = value if isinstance(value, dict) else {str(each): None for each in value or []}
    found = []
    for name, options in (chosen or {DEFAULT_NETWORK: None}).items():
        if name not in declared and name != DEFAULT_NETWORK:
            raise ValueError(f"the network {name} is not declared under networks")
        target = names.in_swarm(name, declared.get(name, {}), stack)
        attached: dict[str, Any] = {"Target": target}
        if target not in ("host", "bridge", "none"):
            attached["Aliases"] = [*map(str, (options or {}).get("aliases") or []), service_name]
        if (options or {}).get("driver_opts"):
            attached["DriverOpts"] = names.pairs(options["driver_opts"])
        found.append(attached)
    return sorted(found, key=lambda each: each["Target"])


def _resources(value: dict[str, Any]) -> dict[str, Any]:
    limits, kept = value.get("limits") or {}, value.get("reservations") or {}
    generic = [
        {"DiscreteResourceSpec": {"Kind": str(one.get("kind")), "Value": units.whole(one.get("value"))}}
        for one in (each.get("discrete_resource_spec") or {} for each in kept.get("generic_resources") or [])
    ]
    pids = {"Pids": units.whole(limits["pids"])} if limits.get("pids") is not None else {}
    found = {
        "Limits": {**_amounts(limits), **pids},
        "Reservations": {**_amounts(kept), **({"GenericResources": generic} if generic else {})},
    }
    return {name: amounts for name, amounts in found.items() if amounts}


def _amounts(value: dict[str, Any]) -> dict[str, Any]:
    cpus = {"NanoCPUs": units.nano_cpus(value["cpus"])} if value.get("cpus") is not None else {}
    return {**cpus, **({"MemoryBytes": units.size(value["memory"])} if value.get("memory") is not None else {})}


def _restart(given: dict[str, Any]) -> Any:
    policy = (given.get("deploy") or {}).get("restart_policy")
    if policy is None:
        return _short_restart(str(given.get("restart") or ""))
    found: dict[str, Any] = {"Condition": str(policy["condition"])} if policy.get("condition") else {}
    if found.get("Condition", "any") not in ("none", "on-failure", "any"):
        raise ValueError("condition is one of none, on-failure, any")
    spans = {"delay": "Delay", "window": "Window"}
    found.update({api: units.nanoseconds(policy[name]) for name, api in spans.items() if policy.get(name) is not None})
    if policy.get("max_attempts") is not None:
        found["MaxAttempts"] = units.whole(policy["max_attempts"])
    return found


def _short_restart(text: str) -> Any:
    word, _colon, most = text.partition(":")
    if word in ("", "no"):
        return None
    if word not in _RESTART:
        raise ValueError(f"{text} is no way to restart; better use deploy.restart_policy")
    return {"Condition": _RESTART[word], **({"MaxAttempts": units.whole(most)} if most else {})}


def _placement(value: dict[str, Any]) -> dict[str, Any]:
    spread = [{"Spread": {"SpreadDescriptor": str(each.get("spread"))}} for each in value.get("preferences") or []]
    found = {
        "Constraints": list(map(str, value.get("constraints") or [])),
        "Preferences": spread,
        "MaxReplicas": units.whole(value.get("max_replicas_per_node") or 0),
    }
    return {name: each for name, each in found.items() if each}


def _logging(value: Any) -> Any:
    if not value:
        return None
    return {"Name": str(value.get("driver") or ""), "Options": names.pairs(value.get("options"))}


def _mode(deploy: dict[str, Any]) -> dict[str, Any]:
    mode, replicas = str(deploy.get("mode") or "replicated"), deploy.get("replicas")
    if mode in ("global", "global-job"):
        if replicas is not None:
            raise ValueError(f"replicas do not go with the mode {mode}")
        return {"Global" if mode == "global" else "GlobalJob": {}}
    count = units.whole(1 if replicas is None else replicas)
    if mode == "replicated":
        return {"Replicated": {"Replicas": count}}
    if mode == "replicated-job":
        return {"ReplicatedJob": {"MaxConcurrent": count, "TotalCompletions": count}}
    raise ValueError("mode is one of replicated, global, replicated-job, global-job")


def _update(value: Any) -> Any:
    if value is None:
        return None
    found: dict[str, Any] = {
        "Parallelism": units.whole(1 if value.get("parallelism") is None else value["parallelism"])
    }
    spans = {"delay": "Delay", "monitor": "Monitor"}
    found.update({api: units.nanoseconds(value[name]) for name, api in spans.items() if value.get(name) is not None})
    for name, api, known in (("failure_action", "FailureAction", _ACTIONS), ("order", "Order", _ORDERS)):
        if value.get(name) is not None:
            if value[name] not in known:
                raise ValueError(f"{name} is one of {', '.join(sorted(known))}")
            found[api] = value[name]
    if value.get("max_failure_ratio") is not None:
        found["MaxFailureRatio"] = float(value["max_failure_ratio"])
    return found


def _endpoint(given: dict[str, Any], deploy: dict[str, Any]) -> dict[str, Any]:
    published = ports.read(given.get("ports") or [])
    mode = str(deploy.get("endpoint_mode") or "vip").lower()
    if mode not in ("vip", "dnsrr"):
        raise ValueError("endpoint_mode is one of vip, dnsrr")
    return {"Mode": mode, **({"Ports": published} if published else {})}
