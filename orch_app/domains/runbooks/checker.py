"""The JSON Schema validator that hostile documents cannot slow down: RE2, hashed uniqueness, a budget of steps."""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from orch_app.domains.runbooks.schema_rules import compiled_pattern

MAX_STEPS = 3_000_000
MAX_PATTERN_TEXT = 65_536

_steps_left: ContextVar[int] = ContextVar("steps_left", default=MAX_STEPS)


class _TooMuchWork(Exception):
    """The document needs more keyword evaluations than anybody's honest input."""


def first_errors(
    schema: Mapping[str, Any], document: Any, *, limit: int, steps: int = MAX_STEPS
) -> tuple[list[ValidationError], bool]:
    """At most `limit` errors, and whether the check was given up after `steps` keyword evaluations."""
    found: list[ValidationError] = []
    token = _steps_left.set(steps)
    try:
        errors = _CLASS(schema, registry=Registry(), format_checker=_FORMATS).iter_errors(document)
        found.extend(islice(errors, limit))
    except _TooMuchWork:
        return found, True
    finally:
        _steps_left.reset(token)
    return found, False


def _counted(check: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(check)
    def run(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        left = _steps_left.get() - 1
        if left < 0:
            raise _TooMuchWork
        _steps_left.set(left)
        return check(validator, value, instance, schema)

    return run


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError("does not match")


def _matches(pattern: str, text: str) -> bool:
    return len(text) <= MAX_PATTERN_TEXT and compiled_pattern(pattern).search(text) is not None


def _properties(validator: Any, properties: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """As the library does it, but a forbidden property is reported at its own place."""
    if not isinstance(instance, dict):
        return
    for name, subschema in properties.items():
        if name in instance and subschema is False:
            yield ValidationError("not allowed", path=[name], validator="false")
        elif name in instance:
            yield from validator.descend(instance[name], subschema, path=name, schema_path=name)


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for name, item in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(item, subschema, path=name, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    for name, item in instance.items():
        if name in known or any(_matches(pattern, name) for pattern in patterns):
            continue
        if allowed is False:
            yield ValidationError("unknown name", path=[name])
        elif isinstance(allowed, Mapping):
            yield from validator.descend(item, allowed, path=name)


def _unique(_validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if wanted and isinstance(instance, list) and len({_fingerprint(item) for item in instance}) != len(instance):
        yield ValidationError("not unique")


def _fingerprint(value: Any) -> str:
    """Text equal for equal JSON values: 1 equals 1.0, true does not equal 1."""
    return json.dumps(_integral(value), sort_keys=True)


def _integral(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _integral(item) for key, item in value.items()}
    return [_integral(item) for item in value] if isinstance(value, list) else value


def _required(_validator: Any, names: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        yield from (ValidationError("missing", path=[name]) for name in names if name not in instance)


def _dependent(_validator: Any, rules: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for trigger, names in rules.items():
        if trigger in instance:
            yield from (ValidationError("missing", path=[name]) for name in names if name not in instance)


_FORMATS = FormatChecker(formats=())
_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_SPACE = re.compile(r"\s")


def _format(name: str, parse: Callable[[str], Any]) -> None:
    def check(value: object) -> bool:
        return not isinstance(value, str) or (len(value) <= MAX_PATTERN_TEXT and bool(parse(value)))

    _FORMATS.checks(name, raises=ValueError)(check)


def _is_hostname(value: str) -> bool:
    return len(value) <= 253 and all(_HOSTNAME.fullmatch(label) for label in value.rstrip(".").split("."))  # noqa: PLR2004


def _is_email(value: str) -> bool:
    local, _, domain = value.rpartition("@")
    return bool(local) and not _SPACE.search(value) and _is_hostname(domain)


def _is_uri(value: str) -> bool:
    scheme, separator, rest = value.partition(":")
    return bool(separator and rest and scheme.isascii() and scheme[:1].isalpha()) and not _SPACE.search(value)


_format("ipv4", lambda value: str(IPv4Address(value)))
_format("ipv6", lambda value: str(IPv6Address(value)))
_format("hostname", _is_hostname)
_format("email", _is_email)
_format("uri", _is_uri)
_format("date", lambda value: str(date.fromisoformat(value)))
_format("date-time", lambda value: datetime.fromisoformat(value).tzinfo is not None)

_OWN = {
    "pattern": _pattern,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
    "required": _required,
    "dependentRequired": _dependent,
}
_CLASS: Any = extend(
    Draft202012Validator,
    validators={name: _counted(check) for name, check in {**Draft202012Validator.VALIDATORS, **_OWN}.items()},
)
