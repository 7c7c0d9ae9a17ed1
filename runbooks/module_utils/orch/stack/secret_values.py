"""The values of secrets, from the file of a connection of type `secrets`: one `NAME=value` a line.

A value in double quotes is JSON text, for what has several lines.
"""

from __future__ import annotations

import json
import re

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.stack.faults import Fault

TYPE = "secrets"
MINIMUM_LENGTH = 6  # as the product masks
_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")


def read(path: str | None) -> dict[str, str]:
    """The values by their names, none without a connection; raises Fault or NoConnection, never with a value."""
    return parsed(str(connections.read(path, TYPE).get("values") or "")) if path else {}


def parsed(text: str) -> dict[str, str]:
    """The values in a text, without blank lines and those that begin with #; raises Fault with the line's number."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise Fault("validation", f"line {number} of the secrets is not NAME=value")
        found[match[1]] = _unquoted(match[2], number)
    return found


def worth_hiding(values: dict[str, str]) -> list[str]:
    """Values that are not to be shown; shorter ones would hide half of every answer, sums of files among it."""
    return [value for value in values.values() if len(value) >= MINIMUM_LENGTH]


def _unquoted(value: str, number: int) -> str:
    if not value.startswith('"'):
        return value
    try:
        text = json.loads(value)
    except ValueError:
        raise Fault("validation", f"line {number} of the secrets has a quote that does not end") from None
    return str(text)
