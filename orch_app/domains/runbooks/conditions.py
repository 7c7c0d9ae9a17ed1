"""What `if`, `then`, `else` and `dependentRequired` mean for the fields of a form, as far as a form can follow them.

A condition is a list of alternatives, each a list of tests that all hold: `{path, in: [values], absent}` or
`{path, out: [values], absent}`, where `path` leads from the object that has the field, and `absent` says whether the
test holds when there is no value. A rule that says more than this is left to the check of the inputs.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from orch_app.domains.runbooks.schema_rules import Schema

Test: TypeAlias = dict[str, Any]
Condition: TypeAlias = list[list[Test]]

ALWAYS: Condition = [[]]
MOST_ALTERNATIVES = 32
_SAID_BY_TESTS = frozenset({"type", "properties", "required", "not"})


def required_when(schema: Schema) -> dict[str, Condition]:
    """Under which conditions a property of this object must have a value, beside those that always must."""
    found: dict[str, Condition] = {}
    for condition, consequence in _consequences(schema, ALWAYS):
        for name in consequence.get("required", []):
            found.setdefault(name, []).extend(condition)
    for trigger, names in schema.get("dependentRequired", {}).items():
        for name in names:
            found.setdefault(name, []).append([_present(trigger)])
    return found


def hidden_when(schema: Schema) -> dict[str, Condition]:
    """Under which conditions a property of this object may have no value: a branch says `false` about it."""
    found: dict[str, Condition] = {}
    for condition, consequence in _consequences(schema, ALWAYS):
        for name, rule in consequence.get("properties", {}).items():
            if rule is False:
                found.setdefault(name, []).extend(condition)
    return found


def _consequences(schema: Schema, under: Condition) -> Iterator[tuple[Condition, Schema]]:
    """Each `then` and `else`, also of rules inside of them, with the condition under which it speaks."""
    for rule in [schema, *schema.get("allOf", [])]:
        if not isinstance(rule.get("if"), Mapping):
            continue
        holds = _holds(rule["if"])
        for branch, condition in (("then", holds), ("else", _negated(holds))):
            both = _both(under, condition)
            if both and isinstance(rule.get(branch), Mapping):
                yield both, rule[branch]
                yield from _consequences(rule[branch], both)


def _holds(schema: Schema) -> Condition:
    """When an object fits the schema of an `if`; no alternative at all where tests cannot say it."""
    fits = _fits(schema, ())
    return _both(fits, _negated(_holds(schema["not"]))) if "not" in schema else fits


def _fits(schema: Schema, above: tuple[str, ...]) -> Condition:
    if schema.keys() - _SAID_BY_TESTS or (above and "not" in schema):
        return []
    rules, needed = schema.get("properties", {}), schema.get("required", [])
    found: Condition = [[_present(name, above) for name in needed if name not in rules]]
    for name, rule in rules.items():
        path = (*above, name)
        fits = _about(rule, path)
        found = _both(found, fits if name in needed or not fits else [*fits, [_absent(path)]])
    return found


def _about(rule: Any, path: tuple[str, ...]) -> Condition:
    """When a value that is there fits."""
    if not isinstance(rule, Mapping):
        return []
    excluded = rule.get("not", {})
    if isinstance(excluded, Mapping) and (values := _listed(excluded)) is not None:
        return [[{"path": list(path), "out": values, "absent": False}]]
    if (values := _listed(rule)) is not None:
        return [[{"path": list(path), "in": values, "absent": False}]]
    return _fits(rule, path) if "properties" in rule or "required" in rule else []


def _listed(rule: Schema) -> list[Any] | None:
    if rule.keys() - {"const", "enum", "type"}:
        return None
    return [rule["const"]] if "const" in rule else rule.get("enum")


def _present(name: str, above: Sequence[str] = ()) -> Test:
    return {"path": [*above, name], "out": [], "absent": False}


def _absent(path: Sequence[str]) -> Test:
    return {"path": list(path), "in": [], "absent": True}


def _negated(condition: Condition) -> Condition:
    """The opposite; no alternative where the condition itself could not be said."""
    if not condition:
        return []
    opposite: Condition = ALWAYS
    for tests in condition:
        opposite = _both(opposite, [[_opposite(test)] for test in tests])
    return opposite


def _opposite(test: Test) -> Test:
    other = {"out": test["in"]} if "in" in test else {"in": test["out"]}
    return {"path": test["path"], **other, "absent": not test["absent"]}


def _both(one: Condition, other: Condition) -> Condition:
    found = [[*first, *second] for first, second in product(one, other)]
    return found if len(found) <= MOST_ALTERNATIVES else []
