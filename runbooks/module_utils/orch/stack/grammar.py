"""What may stand where in a compose file of a stack, and what becomes of the rest.

Docker leaves out without a word what Swarm cannot do. Here what changes nothing is a warning, and what somebody relies
on, or has mistyped, is a problem; both with the JSON pointer of the place.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.module_utils.orch.stack import units
from ansible.module_utils.orch.stack.interpolation import escape


class Findings:
    """What is wrong, and what has no effect on a Swarm; pairs of a pointer and a sentence."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        self.ignored: list[tuple[str, str]] = []


Check = Callable[[Any, str, Findings], None]
IGNORED = {
    "build": "images are built before",
    "cgroup_parent": "Swarm has no such setting",
    "container_name": "Swarm names its containers",
    "depends_on": "Swarm starts services at once; clients try again",
    "expose": "services of one network reach every port",
    "links": "services of one network reach each other by name",
    "external_links": "services of one network reach each other by name",
    "pull_policy": "the input resolve_image says when an image is looked up",
    "platform": "constraints of placement say where a task runs",
    "develop": "it is for one machine",
}
REFUSED = {
    "cpu_quota": "use deploy.resources",
    "cpu_shares": "use deploy.resources",
    "cpus": "use deploy.resources.limits.cpus",
    "cpuset": "use deploy.resources",
    "mem_limit": "use deploy.resources.limits.memory",
    "mem_reservation": "use deploy.resources.reservations.memory",
    "memswap_limit": "use deploy.resources",
    "pids_limit": "use deploy.resources.limits.pids",
    "scale": "use deploy.replicas",
    "env_file": "use environment, with variables for what changes",
    "extends": "write the service out",
    "profiles": "a stack has no profiles",
    "tmpfs": "Swarm drops the short form: use volumes with type: tmpfs",
    "volumes_from": "name the volume at each service",
    "volume_driver": "say the driver at the volume",
    "credential_spec": "it is for Windows",
    **dict.fromkeys(
        ("cgroupns_mode", "devices", "domainname", "gpus", "ipc", "mac_address", "network_mode", "pid", "privileged",
         "runtime", "security_opt", "shm_size", "userns_mode"),
        "Swarm does not do it, and docker stack deploy would leave it out without a word",
    ),
}  # fmt: skip


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def text(value: Any, at: str, found: Findings) -> None:
    """A text, or a number that is meant as one."""
    if not _is_scalar(value):
        found.problems.append((at, "a text is expected"))


def _by(read: Callable[[Any], Any]) -> Check:
    def check(value: Any, at: str, found: Findings) -> None:
        try:
            read(value)
        except ValueError as error:
            found.problems.append((at, str(error)))

    return check


def words(value: Any, at: str, found: Findings) -> None:
    """A list of texts."""
    if not isinstance(value, list) or not all(map(_is_scalar, value)):
        found.problems.append((at, "a list of texts is expected"))


def words_or_text(value: Any, at: str, found: Findings) -> None:
    """One text, or a list of them."""
    if value is not None and not _is_scalar(value):
        words(value, at, found)


def pairs(value: Any, at: str, found: Findings) -> None:
    """Names with values, as a mapping or as a list of `name=value`."""
    if isinstance(value, list):
        words(value, at, found)
    elif not isinstance(value, dict) or not all(
        one is None or isinstance(one, (str, int, float)) for one in value.values()
    ):
        found.problems.append((at, "names with values are expected"))


def nested(keys: Mapping[str, Check]) -> Check:
    """A mapping with these keys only; `x-` are anybody's own."""

    def check(value: Any, at: str, found: Findings) -> None:
        if value is None:
            return
        if not isinstance(value, dict):
            found.problems.append((at, "a mapping is expected"))
            return
        for key, each in value.items():
            place = f"{at}/{escape(str(key))}"
            if str(key) in keys:
                keys[str(key)](each, place, found)
            elif not str(key).startswith("x-"):
                found.problems.append((place, "there is no such key"))

    return check


def named(check_one: Check) -> Check:
    """A mapping of free names to things of one kind."""

    def check(value: Any, at: str, found: Findings) -> None:
        if value is not None and not isinstance(value, dict):
            found.problems.append((at, "a mapping is expected"))
            return
        for name, each in (value or {}).items():
            if not str(name).startswith("x-"):
                check_one(each, f"{at}/{escape(str(name))}", found)

    return check


def list_of(check_long: Check, *, short: bool = True) -> Check:
    """A list whose entries are mappings or, if `short`, texts."""

    def check(value: Any, at: str, found: Findings) -> None:
        if not isinstance(value, list):
            found.problems.append((at, "a list is expected"))
            return
        for number, each in enumerate(value):
            if not (short and _is_scalar(each)):
                check_long(each, f"{at}/{number}", found)

    return check


def either(simple: Check, check_long: Check) -> Check:
    """A mapping of the long form, or else the simple one."""

    def check(value: Any, at: str, found: Findings) -> None:
        (check_long if isinstance(value, dict) else simple)(value, at, found)

    return check


def _ignored(why: str) -> Check:
    return lambda _value, at, found: found.ignored.append((at, f"it has no effect on a Swarm: {why}"))


def _refused(why: str) -> Check:
    return lambda _value, at, found: found.problems.append((at, f"not supported in a stack: {why}"))


whole, flag, span, amount = _by(units.whole), _by(units.flag), _by(units.nanoseconds), _by(units.size)
number = _by(float)
_UPDATE = nested(
    {"parallelism": whole, "delay": span, "failure_action": text, "monitor": span, "max_failure_ratio": number,
     "order": text}
)  # fmt: skip
_GENERIC = nested({"discrete_resource_spec": nested({"kind": text, "value": whole})})
_DEPLOY = nested(
    {
        "mode": text,
        "replicas": whole,
        "endpoint_mode": text,
        "labels": pairs,
        "update_config": _UPDATE,
        "rollback_config": _UPDATE,
        "resources": nested(
            {
                "limits": nested({"cpus": number, "memory": amount, "pids": whole}),
                "reservations": nested(
                    {"cpus": number, "memory": amount, "generic_resources": list_of(_GENERIC, short=False)}
                ),
            }
        ),
        "restart_policy": nested({"condition": text, "delay": span, "max_attempts": whole, "window": span}),
        "placement": nested(
            {
                "constraints": words,
                "preferences": list_of(nested({"spread": text}), short=False),
                "max_replicas_per_node": whole,
            }
        ),
    }
)
_FILE = nested({"source": text, "target": text, "uid": text, "gid": text, "mode": whole})
_PORT = nested(
    {"target": whole, "published": whole, "protocol": text, "mode": text, "name": text, "app_protocol": text}
)
_MOUNT = nested(
    {
        "type": text,
        "source": text,
        "target": text,
        "read_only": flag,
        "consistency": text,
        "bind": nested({"propagation": text}),
        "volume": nested({"nocopy": flag, "subpath": text}),
        "tmpfs": nested({"size": amount, "mode": whole}),
    }
)
_HEALTHCHECK = nested(
    {"test": words_or_text, "interval": span, "timeout": span, "start_period": span, "start_interval": span,
     "retries": whole, "disable": flag}
)  # fmt: skip
_SERVICE = nested(
    {
        "image": text,
        "command": words_or_text,
        "entrypoint": words_or_text,
        "environment": pairs,
        "labels": pairs,
        "hostname": text,
        "extra_hosts": pairs,
        "dns": words_or_text,
        "dns_search": words_or_text,
        "healthcheck": _HEALTHCHECK,
        "working_dir": text,
        "user": text,
        "volumes": list_of(_MOUNT),
        "ports": list_of(_PORT),
        "networks": either(words, named(nested({"aliases": words, "driver_opts": pairs}))),
        "secrets": list_of(_FILE),
        "configs": list_of(_FILE),
        "stop_grace_period": span,
        "stop_signal": text,
        "tty": flag,
        "stdin_open": flag,
        "read_only": flag,
        "init": flag,
        "sysctls": pairs,
        "cap_add": words,
        "cap_drop": words,
        "ulimits": named(either(whole, nested({"soft": whole, "hard": whole}))),
        "oom_score_adj": whole,
        "logging": nested({"driver": text, "options": pairs}),
        "restart": text,
        "deploy": _DEPLOY,
        **{key: _ignored(why) for key, why in IGNORED.items()},
        **{key: _refused(why) for key, why in REFUSED.items()},
    }
)
_EXTERNAL = either(flag, nested({"name": text}))
_NETWORK = nested(
    {
        "name": text,
        "driver": text,
        "driver_opts": pairs,
        "external": _EXTERNAL,
        "internal": flag,
        "attachable": flag,
        "labels": pairs,
        "ipam": nested({"driver": text, "config": list_of(nested({"subnet": text, "gateway": text}), short=False)}),
    }
)
_VOLUME = nested({"name": text, "driver": text, "driver_opts": pairs, "external": _EXTERNAL, "labels": pairs})
_NO_FILE = _refused("there is no file beside the text")
_CONFIG = {"name": text, "external": _EXTERNAL, "content": text, "labels": pairs}
_SECRET = nested(
    {
        "name": text,
        "external": _EXTERNAL,
        "environment": text,
        "labels": pairs,
        "file": _refused("a secret's value stands in no file: use environment, or external"),
        "content": _refused("a secret's value stands in no compose file: use environment, or external"),
    }
)


def check_file(content: Any, found: Findings, *, has_files: bool) -> None:
    """A whole file; with `has_files` it may name files that lie beside it."""
    config = nested({**_CONFIG, "file": text if has_files else _NO_FILE})
    check = nested(
        {
            "version": text,
            "name": text,
            "services": named(_SERVICE),
            "networks": named(_NETWORK),
            "volumes": named(_VOLUME),
            "configs": named(config),
            "secrets": named(_SECRET),
            "include": _refused("write it into one file"),
        }
    )
    check(content, "", found)
