"""How things of a stack are called in the Swarm, and lists of names with values."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.module_utils.orch.stack import units

STACK = "com.docker.stack.namespace"
IMAGE = "com.docker.stack.image"


def scoped(name: str, stack: str) -> str:
    """The name of a thing of the stack in the Swarm."""
    return f"{stack}_{name}"


def in_stack(name: str, stack: str) -> str:
    """The name in the file of a thing of the stack, for people."""
    return name[len(stack) + 1 :] if name.startswith(f"{stack}_") else name


def is_external(declared: Mapping[str, Any]) -> bool:
    """Whether the thing is somebody else's and must be there already."""
    external = declared.get("external", False)
    return isinstance(external, dict) or units.flag(external or False)


def in_swarm(name: str, declared: Mapping[str, Any], stack: str) -> str:
    """What a declared network, volume, secret or config is called in the Swarm."""
    if declared.get("name"):
        return str(declared["name"])
    if not is_external(declared):
        return scoped(name, stack)
    external = declared["external"]
    return str(external.get("name") or name) if isinstance(external, dict) else name


def pairs(value: Any, separator: str = "=") -> dict[str, str]:
    """A mapping, or a list of `name=value`, as names with texts; without a value the text is empty."""
    return {name: "" if text is None else text for name, text in optional_pairs(value, separator).items()}


def optional_pairs(value: Any, separator: str = "=") -> dict[str, Any]:
    """The same, with None where no value is given."""
    if isinstance(value, dict):
        return {str(name): None if each is None else said(each) for name, each in value.items()}
    cut = [str(each).partition(separator) for each in value or []]
    return {name: text if found else None for name, found, text in cut}


def said(value: Any) -> str:
    """A value as text, as YAML would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
