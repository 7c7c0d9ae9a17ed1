"""YAML for Ansible in which a value is data: what looks like a template stays the text that it is.

Data is tagged `!unsafe` mapping by mapping: every string in one, keys included, is untrusted, and stays the string it
is. (A string that is tagged by itself does not: Ansible reads `!unsafe "0123"` as a number, and `!unsafe ""` as
nothing.) Only text that is trusted, because somebody has read and trusted where it comes from, is written without.
"""

import math
from typing import Any

import yaml

_NO_WRAP = 1 << 30


class InputsRefused(Exception):
    """The inputs cannot be given to Ansible safely. `pointer` is the RFC 6901 place of the fault."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.detail = detail


class _Text(str):
    """Marks a string for the dumper: it is quoted whatever it looks like."""

    __slots__ = ()


class _Untrusted(dict[str, Any]):
    """Marks a mapping for the dumper: nothing in it is a template."""


class _Dumper(yaml.CSafeDumper):
    """Writes marked mappings as `!unsafe`, every string in quotes, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)
_Dumper.add_representer(_Untrusted, lambda dumper, mapping: dumper.represent_mapping("!unsafe", mapping))


def to_unsafe_yaml(document: dict[str, dict[str, Any]]) -> str:
    """A YAML document whose top-level names are ours and in which everything below is untrusted."""
    return to_yaml({name: as_data(value, f"/{name}") for name, value in document.items()})


def to_yaml(document: dict[str, Any]) -> str:
    """A YAML document of ours; what others said in it has gone through `as_data` or `as_text`."""
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_NO_WRAP)


def as_data(values: dict[str, Any], pointer: str = "") -> dict[str, Any]:
    """Values in which nothing is a template. A fault in them is told by its place below `pointer`.

    Raises:
        InputsRefused: a value has no place in YAML.
    """
    return _Untrusted(_mark(values, pointer))


def as_text(values: dict[str, Any], pointer: str = "") -> dict[str, Any]:
    """Values whose templates Ansible works out; strings stay strings whatever they look like.

    Raises:
        InputsRefused: a value has no place in YAML.
    """
    return _mark(values, pointer)


def below(pointer: str, name: Any) -> str:
    """The place of what has this name, as RFC 6901 writes it."""
    return pointer + "/" + str(name).replace("~", "~0").replace("/", "~1")


def _mark(value: Any, pointer: str) -> Any:
    if isinstance(value, dict):
        return {_mark(str(name), pointer): _mark(item, below(pointer, name)) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mark(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    if isinstance(value, str):
        return _Text(_checked_text(value, pointer))
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise InputsRefused(pointer, f"a {type(value).__name__} cannot be an input")


def _checked_text(text: str, pointer: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputsRefused(pointer, "the text holds half of a surrogate pair") from error
    return text
