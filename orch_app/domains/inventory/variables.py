"""Variables of hosts and groups: what a name may be, how large all of them, and what the audit log says of a change."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orch_app.kit.ansible_names import is_reserved
from orch_app.kit.errors import Problem
from orch_app.kit.json_text import is_storable, pointer

MOST_BYTES = 64 * 1024
DEEPEST = 12
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_ANSIBLE = ("ansible_", "mitogen_")
_OF_INVENTORIES = frozenset({"groups"})

Variables = Mapping[str, Any]
Path = tuple[str | int, ...]


def faults(variables: Variables) -> Iterator[Problem]:
    """What is wrong with these variables, each with a pointer that begins with `/variables`."""
    for name in variables:
        yield from _faults_of_name(name)
    nested = list(_faults_inside(variables))
    yield from nested
    if not nested and len(_text(variables).encode()) > MOST_BYTES:
        kib = MOST_BYTES >> 10
        yield Problem("/variables", "too_long", f"More than {kib} KiB in all.", f"Mais de {kib} KiB ao todo.")


def told_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Both sides of a change for the audit log, which more people read: of variables it tells their names only."""
    sides = {"before": before, "after": after}
    told: dict[str, Any] = {
        side: {name: value for name, value in values.items() if name != "variables"} for side, values in sides.items()
    }
    if "variables" in after:
        told["variables"] = _which_differ(before["variables"], after["variables"])
    return told


def _which_differ(before: Variables, after: Variables) -> dict[str, list[str]]:
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
    }


def _faults_of_name(name: str) -> Iterator[Problem]:
    place = pointer(("variables", name))
    if not _NAME.fullmatch(name):
        yield Problem(
            place,
            "variable_name",
            "A name has letters without accents, digits and _, and does not begin with a digit.",
            "Um nome tem letras sem acento, dígitos e _, e não começa com dígito.",
        )
    elif name.lower().startswith(_LIKE_ANSIBLE) or is_reserved(name) or name in _OF_INVENTORIES:
        yield Problem(
            place,
            "reserved",
            "This name means something to Ansible, which the product sets itself.",
            "Este nome tem um significado para o Ansible, e é o produto que o define.",
        )


def _faults_inside(variables: Variables) -> Iterator[Problem]:
    waiting: list[tuple[Path, Any]] = [(("variables",), variables)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict | list) and len(path) > DEEPEST:
            yield Problem(pointer(path), "too_deep", f"More than {DEEPEST} levels.", f"Mais de {DEEPEST} níveis.")
        elif isinstance(value, dict):
            yield from (_bad_text((*path, name)) for name in value if not is_storable(name))
            waiting += [((*path, name), item) for name, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, index), item) for index, item in enumerate(value)]
        elif not _is_plain(value):
            yield _bad_text(path)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    return value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))


def _bad_text(path: Path) -> Problem:
    shown = pointer(path).encode("utf-8", "backslashreplace").decode()
    return Problem(
        shown,
        "bad_text",
        "This cannot be stored: it is no text, number, truth or nothing.",
        "Isto não pode ser guardado.",
    )


def _text(variables: Variables) -> str:
    return json.dumps(variables, ensure_ascii=False)
