"""What the product's inventory takes: names, addresses, users, values of variables.

The product judges again whatever is handed over; here it is found out in time to say so.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Mapping

from ansible.module_utils.orch import egress

MOST_BYTES = 64 * 1024
DEEPEST = 11
"""Lists and objects within one another in the value of a variable."""

MOST_LABELS = 32
TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_OTHER = re.compile(r"[^A-Za-z0-9_]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
_PYTHON = re.compile(r"/[A-Za-z0-9_./-]{1,200}")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_MACHINE = re.compile(rf"(?=.{{1,253}}\.?$){_LABEL}(\.{_LABEL})*\.?")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_LABEL_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}")
_LABEL_VALUE = re.compile(r"[^\x00-\x1f\x7f]{0,255}")
_SECRET = re.compile(r"(^|_)(password|passwd|passphrase|secret|token|api_?key|private_key|secret_key)$", re.IGNORECASE)
_PORTS = range(1, 65536)
_NO_GROUPS = frozenset(("targets", "machines", "local", "ungrouped", "localhost"))
_NO_HOSTS = _NO_GROUPS | frozenset(("all", "none", "hosts", "children", "vars"))
_OF_ANSIBLE = ("ansible_", "mitogen_")
_MAGIC = frozenset(
    (
        *("group_names", "groups", "hostvars", "inputs", "inventory_dir", "inventory_file", "inventory_hostname"),
        *("inventory_hostname_short", "omit", "orch", "play_hosts", "playbook_dir", "role_name", "role_names"),
        *("role_path", "vars"),
    )
)


class Unacceptable(Exception):
    """A value has no place in the product's inventory; the message says why, as the end of a sentence."""


def is_host(name: str) -> bool:
    """Whether a host may be called so."""
    return _HOST.fullmatch(name) is not None and name.lower() not in _NO_HOSTS


def is_group(name: str) -> bool:
    """Whether a group may be called so."""
    return _GROUP.fullmatch(name) is not None and name not in _NO_GROUPS


def as_group(name: str) -> str:
    """The name with `_` for whatever may not be in the name of a group."""
    return _OTHER.sub("_", name)


def address(value: Any) -> str:
    """An address or a name in the DNS, in small letters; raises Unacceptable."""
    text = str(value).lower()
    if TEMPLATE.search(text):
        raise Unacceptable("its address is a template, which an import does not work out")
    is_name = _MACHINE.fullmatch(text) and not _NUMERIC.fullmatch(text.rstrip(".").rsplit(".", 1)[-1])
    if "%" in text or not (is_name or egress.is_address(text)):
        raise Unacceptable("its address is neither an IP address nor a host name")
    return text


def port(value: Any) -> int:
    """A port of TCP; raises Unacceptable."""
    text = str(value)
    if not text.isdecimal() or int(text) not in _PORTS:
        raise Unacceptable("is no port")
    return int(text)


def user(value: Any) -> str:
    """The name of a user; raises Unacceptable."""
    return _matching(_USER, value, "is no name of a user")


def python(value: Any) -> str:
    """The path of an interpreter; raises Unacceptable."""
    return _matching(_PYTHON, value, "is no path of an interpreter")


def _matching(pattern: re.Pattern[str], value: Any, otherwise: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Unacceptable(otherwise)
    return value


def labels(found: Mapping[str, Any]) -> dict[str, str]:
    """Those that fit; the product keeps no more than 32."""
    pairs = [(str(key), str(value)) for key, value in sorted(found.items())]
    fitting = [(key, value) for key, value in pairs if _LABEL_KEY.fullmatch(key) and _LABEL_VALUE.fullmatch(value)]
    return dict(fitting[:MOST_LABELS])


def require_variable(name: str) -> None:
    """Raise Unacceptable for a name that no variable may have here."""
    if name.lower().startswith(_OF_ANSIBLE):
        raise Unacceptable("is set by the product, or left to Ansible, and is left out")
    if name in _MAGIC:
        raise Unacceptable("means something else to Ansible or to plays, and is left out")
    if not _VARIABLE.fullmatch(name):
        raise Unacceptable("cannot be the name of a variable, and is left out")


def value_of(name: str, value: Any) -> Any:
    """The value as the product keeps it; raises Unacceptable, also for a secret in clear."""
    return _plain(name, value, 0)


def _plain(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return _mapping(name, value, depth)
    if isinstance(value, list):
        _require_shallow(depth)
        return [_plain("", item, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(name, value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Unacceptable("holds a number that is none, and is left out")
    return value


def _mapping(name: str, value: Mapping[str, Any], depth: int) -> Any:
    if "__ansible_vault" in value:
        raise Unacceptable("is encrypted by ansible-vault, and is left out; keep it in a connection of type secrets")
    if "__ansible_unsafe" in value:
        if TEMPLATE.search(str(value["__ansible_unsafe"])):
            raise Unacceptable("is marked as unsafe and looks like a template, and is left out")
        return _text(name, str(value["__ansible_unsafe"]))
    _require_shallow(depth)
    return {_text("", key): _plain(key, item, depth + 1) for key, item in value.items()}


def _require_shallow(depth: int) -> None:
    if depth >= DEEPEST:
        raise Unacceptable(f"has more than {DEEPEST} levels, and is left out")


def _text(name: str, text: str) -> str:
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Unacceptable("holds characters that cannot be stored, and is left out")
    if text and _SECRET.search(name) and not TEMPLATE.search(text):
        raise Unacceptable("looks like a secret in clear, and is left out; keep it in a connection of type secrets")
    return text


def size_of(variables: Mapping[str, Any]) -> int:
    """Bytes of all variables as the product counts them."""
    return len(json.dumps(variables, ensure_ascii=False).encode())
