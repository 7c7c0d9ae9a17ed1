"""From a payload to inputs: values at JSON pointers, nothing that could be a program."""

from collections.abc import Mapping, Sequence
from typing import Any

from orch_app.kit.errors import Invalid, Problem

_NOTHING = object()


def holds(conditions: Sequence[Mapping[str, Any]], payload: Any) -> bool:
    """Whether each condition's value stands at its pointer; true and 1 are different values."""
    return all(_is(value_at(payload, one["pointer"]), one["equals"]) for one in conditions)


def inputs_from(fixed: Mapping[str, Any], mapping: Sequence[Mapping[str, Any]], payload: Any) -> dict[str, Any]:
    """The inputs of a run: the fixed ones, and over them what the payload says.

    Raises:
        Invalid: the payload has nothing where something is required; with a pointer to each such input.
    """
    inputs, missing = dict(fixed), list[Problem]()
    for one in mapping:
        found = value_at(payload, one["pointer"])
        if found is not _NOTHING:
            inputs[one["input"]] = _without(found, one.get("remove_prefix", ""))
        elif one.get("required", True):
            said = f"the payload has nothing at {one['pointer']}"
            missing.append(Problem(f"/inputs/{one['input']}", "required", said))
    if missing:
        raise Invalid(f"{missing[0].detail[0].upper()}{missing[0].detail[1:]}.", "hook_mapping", errors=tuple(missing))
    return inputs


def value_at(payload: Any, pointer: str) -> Any:
    """What stands at an RFC 6901 pointer; a mark of its own when nothing does."""
    node = payload
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and name.isascii() and name.isdigit() and len(name) < 7 and int(name) < len(node):  # noqa: PLR2004 - a bound on what is read as a number
            node = node[int(name)]
        else:
            return _NOTHING
    return node


def _is(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and found == wanted


def _without(value: Any, prefix: str) -> Any:
    return value.removeprefix(prefix) if isinstance(value, str) else value
