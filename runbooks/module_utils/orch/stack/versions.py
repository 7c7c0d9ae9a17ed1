"""Secrets and configs of a stack: Swarm changes none, so each new content is a new version, `<name>_v<number>`.

A config's content can be read back and is compared. A secret's cannot: a label holds a salted, slow hash of it, from
which nobody guesses a password quicker than from the service itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from typing import Any, Iterable

from ansible.module_utils.orch.stack import names
from ansible.module_utils.orch.stack.faults import Fault

BASE = "orch.stack.version-of"
HASH = "orch.stack.hash"
KEEP = 5
MAX_NAME = 64
_ROUNDS = 200_000
_NUMBER = re.compile(r"_v(\d+)$")


def versions_of(base: str, stored: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stored versions of a secret or config, the newest first."""
    found = [one for one in stored if (one["Spec"].get("Labels") or {}).get(BASE) == base]
    return sorted(found, key=_number, reverse=True)


def chosen(kind: str, base: str, content: bytes, versions: list[dict[str, Any]]) -> str:
    """The name of the version that has this content, or of a new one; raises Fault for a name that is too long."""
    has = _is_config if kind == "config" else _is_secret
    name = next((one["Spec"]["Name"] for one in versions if has(one, content)), "")
    name = name or f"{base}_v{_number(versions[0]) + 1 if versions else 1}"
    if len(name) > MAX_NAME:
        raise Fault("validation", f"the {kind} {name} has more than {MAX_NAME} characters in its name")
    return name


def body(name: str, base: str, content: bytes, labels: dict[str, str]) -> dict[str, Any]:
    """What the engine is told to make a version."""
    marks = {BASE: base, HASH: _hashed(content, os.urandom(16))}
    return {"Name": name, "Labels": {**labels, **marks}, "Data": base64.b64encode(content).decode()}


def obsolete(versions: list[dict[str, Any]], wanted: str, used: Iterable[str]) -> list[str]:
    """Versions that need not be kept: neither wanted, nor used by a service, nor among the newest."""
    kept = {wanted, *used}
    older = [one["Spec"]["Name"] for one in versions if one["Spec"]["Name"] != wanted][KEEP - 1 :]
    return [name for name in older if name not in kept]


def used_by(service: dict[str, Any]) -> set[str]:
    """Names of the secrets and configs that a service has, or goes back to."""
    specs = [service.get("Spec") or {}, service.get("PreviousSpec") or {}]
    containers = [(spec.get("TaskTemplate") or {}).get("ContainerSpec") or {} for spec in specs]
    return {
        one.get(f"{kind}Name", "")
        for each in containers
        for kind in ("Secret", "Config")
        for one in each.get(f"{kind}s") or []
    }


def owned(labels: dict[str, str], stack: str) -> dict[str, str]:
    """The labels of a thing that belongs to the stack."""
    return {**labels, names.STACK: stack}


def _number(one: dict[str, Any]) -> int:
    found = _NUMBER.search(one["Spec"]["Name"])
    return int(found[1]) if found else 0


def _is_config(one: dict[str, Any], content: bytes) -> bool:
    return base64.b64decode(one["Spec"].get("Data") or "") == content


def _is_secret(one: dict[str, Any], content: bytes) -> bool:
    salt, _dot, _digest = str(one["Spec"]["Labels"].get(HASH, "")).partition(".")
    try:
        return hmac.compare_digest(_hashed(content, bytes.fromhex(salt)), one["Spec"]["Labels"].get(HASH, ""))
    except ValueError:
        return False


def _hashed(content: bytes, salt: bytes) -> str:
    return f"{salt.hex()}.{hashlib.pbkdf2_hmac('sha256', content, salt, _ROUNDS).hex()}"
