"""What plan, output and log show of a service: never a value that may be secret, only that it is there, or another one.

A value of the environment may be a password, and so may what has a name that sounds like one. Not even a hash of it is
shown: whoever guesses passwords could try them against that.
"""

from __future__ import annotations

import re
from typing import Any

from ansible.module_utils.orch.engine.redaction import SECRET_NAME, LineRedactor
from ansible.module_utils.orch.stack import names, units
from ansible.module_utils.orch.stack.view import UNSET

SET, CHANGED = "set", "changed"
_ENVIRONMENT = "env"
_LABELS = frozenset({"labels", "container_labels"})
# Names of images have colons and may have words such as `token`: nothing in them is taken for a secret.
_PLAIN = frozenset({"image", names.IMAGE})


def sides(before: Any, after: Any) -> dict[str, Any]:
    """Both sides of a step as people may read them; of the environment only what differs, where there are both."""
    if not before or not after:
        before, after = _without_own(before), _without_own(after)
    old, new = _without_same(before, after), _without_same(after, before)
    return {"before": _told(old, None), "after": _told(new, old)}


def _without_own(fields: Any) -> Any:
    """The fields of what is made or goes, without the labels that every service of a stack has."""
    kept = {name: value for name, value in (fields or {}).items() if name not in _LABELS}
    for name in _LABELS & set(fields or {}):
        own = {key: value for key, value in fields[name].items() if key not in (names.STACK, names.IMAGE)}
        kept.update({name: own} if own else {})
    return kept if fields else fields


def _without_same(fields: Any, others: Any) -> Any:
    """The fields with those lines of the environment only that the other side has not, or has otherwise."""
    if not fields or not others or _ENVIRONMENT not in fields:
        return fields
    known = others.get(_ENVIRONMENT) or {}
    left = {name: value for name, value in (fields[_ENVIRONMENT] or {}).items() if known.get(name) != value}
    return {**fields, _ENVIRONMENT: left}


def _told(value: Any, other: Any, name: str = "") -> Any:
    """A value as it may be shown; `other` is what stands in its place on the side before."""
    if isinstance(value, dict):
        known = other if isinstance(other, dict) else {}
        return {key: _entry(name, key, each, known.get(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_told(each, None) for each in value]
    return LineRedactor().line(value) if isinstance(value, str) and name not in _PLAIN else units.written(name, value)


def _entry(within: str, name: str, value: Any, other: Any) -> Any:
    sounds_secret = isinstance(value, str) and bool(value) and bool(re.search(SECRET_NAME, name))
    return _word(value, other) if within == _ENVIRONMENT or sounds_secret else _told(value, other, name)


def _word(value: Any, other: Any) -> str:
    if value == UNSET:
        return UNSET
    return CHANGED if other not in (None, UNSET, value) else SET
