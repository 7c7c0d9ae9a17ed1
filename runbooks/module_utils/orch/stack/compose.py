"""A compose file, read: YAML without its surprises, variables filled in, every key known.

YAML here has no numbers to the base 60, for `22:22` is a port; no key twice; and no more than fits in memory, whatever
its aliases say.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

import yaml
from ansible.module_utils.orch.stack import grammar
from ansible.module_utils.orch.stack.faults import ComposeFault
from ansible.module_utils.orch.stack.interpolation import Interpolation, escape

MAX_CHARS = 262_144
MAX_NODES = 50_000
MAX_DEPTH = 20
FILLED = ("services", "networks", "volumes", "configs", "secrets")
_INT = ("tag:yaml.org,2002:int", r"^[-+]?(?:0b[01]+|0o?[0-7]+|0x[0-9a-fA-F]+|0|[1-9][0-9]*)$", "-+0123456789")
_FLOAT = ("tag:yaml.org,2002:float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789")


class Compose:
    """The file's content. `sections` have every value in place; `warnings` are the plan's."""

    def __init__(self, content: dict[str, Any], warnings: list[dict[str, str]]) -> None:
        self.warnings = warnings
        self.sections = {name: _named(content.get(name)) for name in FILLED}

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        """The services by their names in the file."""
        return self.sections["services"]


def read(text: str, variables: Mapping[str, str], *, has_files: bool = False) -> Compose:
    """Read a compose file and fill in the variables; raises ComposeFault with a pointer for each problem.

    With `has_files` the text may name files that lie beside it.
    """
    content = _parse(text)
    filling = Interpolation(variables)
    filled = {
        name: filling.fill(value, f"/{escape(str(name))}") if name in FILLED else value
        for name, value in content.items()
    }
    found = grammar.Findings()
    grammar.check_file(filled, found, has_files=has_files)
    problems = filling.problems + found.problems + _needs(filled, found)
    if problems:
        raise ComposeFault(problems)
    warnings = [_warning("ignored", said, pointer) for pointer, said in found.ignored]
    unset = [
        _warning("unset_variable", f"the variable {name} is not set: it is empty") for name in sorted(filling.unset)
    ]
    return Compose(filled, warnings + unset)


def _warning(code: str, message: str, item: str = "") -> dict[str, str]:
    return {"code": code, "message": message, **({"item": item} if item else {})}


def _named(section: Any) -> dict[str, dict[str, Any]]:
    """The things of a section; those without content are empty, and `x-` are nobody's."""
    return {str(name): value or {} for name, value in (section or {}).items() if not str(name).startswith("x-")}


def _needs(content: dict[str, Any], found: grammar.Findings) -> list[tuple[str, str]]:
    """What must be there; looked at only where the rest is in order."""
    if found.problems:
        return []
    services = _named(content.get("services"))
    if not services:
        return [("/services", "a stack has at least one service")]
    return [
        (f"/services/{escape(name)}/image", "a service of a stack names its image")
        for name, service in services.items()
        if not service.get("image")
    ]


class _Loader(yaml.SafeLoader):
    """YAML's safe types, without numbers to the base 60, dates and keys that stand twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - PyYAML's signature
        """The mapping; raises ConstructorError for a key that stands twice."""
        keys = [key.value for key, _value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = next((key for key in keys if isinstance(key, str) and keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _resolvers() -> dict[str, list[tuple[str, Any]]]:
    """PyYAML's own, but for numbers and dates."""
    left_out = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"}
    found = {
        first: [(tag, pattern) for tag, pattern in pairs if tag not in left_out]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for tag, pattern, firsts in (_INT, _FLOAT):
        for first in firsts:
            found.setdefault(first, []).append((tag, re.compile(pattern)))
    return found


_Loader.yaml_implicit_resolvers = _resolvers()


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARS:
        raise ComposeFault([("", f"the text is longer than {MAX_CHARS} characters")])
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - the loader is SafeLoader's child
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ComposeFault([("", f"this is not YAML: {' '.join(str(error).split())}")]) from None
    if not isinstance(content, dict):
        raise ComposeFault([("", "a mapping with services is expected")])
    _require_small(content)
    return content


def _require_small(content: Any) -> None:
    """Raises ComposeFault where aliases make a short text large or deep, or endless."""
    seen, level = 0, [content]
    for _depth in range(MAX_DEPTH):
        seen += sum(len(_children(value)) for value in level)
        if seen > MAX_NODES:
            raise ComposeFault([("", f"more than {MAX_NODES} values")])
        level = [child for value in level for child in _children(value)]
    if level:
        raise ComposeFault([("", f"nested more than {MAX_DEPTH} deep")])


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
