"""Variables in a compose file: `$NAME`, `${NAME}`, with `-` a default, with `?` an error, with `+` a replacement.

A variable that is not set, or is empty where the colon stands before the sign, counts as missing. `$$` is a dollar.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<sign>:?[-?+])(?P<word>[^}]*))?\}|(?P<wrong>))"
)


class Interpolation:
    """Fills variables into values, never into keys. `unset` are the names that were missing without a default."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.unset: set[str] = set()
        self.problems: list[tuple[str, str]] = []
        self._variables = variables

    def fill(self, value: Any, pointer: str = "") -> Any:
        """The value with the variables filled in, whatever is nested in it."""
        if isinstance(value, dict):
            return {key: self.fill(each, f"{pointer}/{escape(str(key))}") for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each, f"{pointer}/{number}") for number, each in enumerate(value)]
        if isinstance(value, str) and "$" in value:
            return _VARIABLE.sub(lambda found: self._one(found, pointer), value)
        return value

    def _one(self, found: re.Match[str], pointer: str) -> str:
        if found["escaped"]:
            return "$"
        name = found["named"] or found["braced"]
        if "$" in (found["word"] or ""):
            self.problems.append((pointer, f"{found[0]}: a variable in the default of another one is not supported"))
            return ""
        if not name:
            self.problems.append((pointer, "a $ that begins no variable is written $$"))
            return ""
        return self._valued(name, found["sign"] or "", found["word"] or "", pointer)

    def _valued(self, name: str, sign: str, word: str, pointer: str) -> str:
        value = self._variables.get(name)
        is_missing = value is None or (sign.startswith(":") and not value)
        if sign.endswith("+"):
            return "" if is_missing else word
        if not is_missing:
            return str(value)
        if sign.endswith("?"):
            self.problems.append((pointer, f"the variable {name} is required: {word or 'it has no value'}"))
        elif not sign:
            self.unset.add(name)
        return word if sign.endswith("-") else ""


def escape(name: str) -> str:
    """A name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
