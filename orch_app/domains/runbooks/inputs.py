"""Checking a run's inputs (and a job's output) against a runbook's schema, and filling in the defaults."""

import copy
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jsonschema import ValidationError

from orch_app.domains.runbooks import checker, messages
from orch_app.domains.runbooks.errors import InputProblem
from orch_app.domains.runbooks.schema_rules import Schema, escaped, followed
from orch_app.kit.ansible_names import is_reserved

DEFAULT_INPUT_KB = 1_024
MAX_PROBLEMS = 100
MAX_INPUT_DEPTH = 32
MAX_INPUT_NODES = 100_000
MAX_OUTPUT_NODES = 2_000_000
MAX_INTEGER = 2**63 - 1
MAX_FORMS_SHOWN = 3


@dataclass(frozen=True)
class CheckedInputs:
    """`values`: the inputs with defaults, fit to run when `problems` is empty."""

    values: dict[str, Any]
    problems: tuple[InputProblem, ...]


def check_inputs(schema: Schema, inputs: Any, *, max_kb: int = DEFAULT_INPUT_KB) -> CheckedInputs:
    """Validate what a caller sent for a run; never raises for anything json.loads can return.

    `max_kb` is the runbook's `limits.input_kb`. At most 100 problems are listed.
    """
    problems = check_size(inputs, max_kb=max_kb)
    if problems or not isinstance(inputs, dict):
        return CheckedInputs({}, problems or (_problem((), "type", "object"),))
    values = with_defaults(schema, inputs)
    return CheckedInputs(values, tuple(_first_hundred(_schema_problems(schema, values, checker.MAX_STEPS))))


def check_size(inputs: Any, *, max_kb: int = DEFAULT_INPUT_KB) -> tuple[InputProblem, ...]:
    """What no schema says of inputs: how large and deep they may be, and which names and characters they may have."""
    problems = tuple(_first_hundred(_shape_problems(inputs, MAX_INPUT_NODES, any_name=False)))
    if not problems and len(json.dumps(inputs, ensure_ascii=False).encode()) > max_kb * 1_024:
        return (_problem((), "size", max_kb),)
    return problems


def check_output(schema: Schema, output: Any) -> tuple[InputProblem, ...]:
    """Validate a job's output.json, whose size the caller has limited already; empty means it holds."""
    problems = tuple(_first_hundred(_shape_problems(output, MAX_OUTPUT_NODES, any_name=True)))
    return problems or tuple(_first_hundred(_schema_problems(schema, output, checker.MAX_STEPS * 10)))


def with_defaults(schema: Schema, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the inputs in which every absent property that has a default is filled in, at any depth.

    An absent object that asks for nothing is there with the defaults of its parts, where it has any.
    """
    values = copy.deepcopy(dict(inputs))
    _fill(schema, schema, values)
    return values


def _fill(root: Schema, schema: Schema, value: Any) -> None:
    schema = followed(root, schema)
    if isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            merged = followed(root, child)
            found = value[name] if name in value else _beginning(root, merged)
            if found is not None:
                value[name] = found
                _fill(root, merged, found)
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for item in value:
            _fill(root, schema["items"], item)


def _beginning(root: Schema, schema: Schema) -> Any:
    """What an absent property is filled in with; None where it stays away."""
    if "default" in schema or "properties" not in schema or schema.get("required"):
        return copy.deepcopy(schema.get("default"))
    parts: dict[str, Any] = {}
    _fill(root, schema, parts)
    return parts or None


def _shape_problems(document: Any, max_nodes: int, *, any_name: bool) -> Iterator[InputProblem]:
    """Faults no schema speaks about: depth, count, numbers, characters and, for inputs, names."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    seen = 0
    while waiting:
        node, path = waiting.pop()
        seen += 1
        if len(path) > MAX_INPUT_DEPTH:
            yield _problem(path[:MAX_INPUT_DEPTH], "depth", MAX_INPUT_DEPTH)
            return
        if seen + len(waiting) > max_nodes:
            yield _problem((), "nodes", max_nodes)
            return
        if isinstance(node, dict):
            yield from _name_problems(node, path, any_name=any_name)
            waiting.extend((item, (*path, name)) for name, item in node.items())
        elif isinstance(node, list):
            waiting.extend((item, (*path, index)) for index, item in enumerate(node))
        else:
            yield from _value_problems(node, path)


def _name_problems(node: dict[str, Any], path: tuple[str | int, ...], *, any_name: bool) -> Iterator[InputProblem]:
    for name in node:
        if not _storable(name):
            yield _problem(path, "characters")
        elif not any_name and is_reserved(name):
            yield _problem((*path, name), "name")


def _value_problems(value: Any, path: tuple[str | int, ...]) -> Iterator[InputProblem]:
    if isinstance(value, str) and not _storable(value):
        yield _problem(path, "characters")
    elif isinstance(value, int | float) and not abs(value) <= _largest(value):
        yield _problem(path, "number")


def _largest(value: float) -> float:
    """Whole numbers end where databases end theirs; NaN is never at most anything."""
    return MAX_INTEGER if isinstance(value, int) else sys.float_info.max


def _storable(text: str) -> bool:
    """PostgreSQL takes no NUL, and nobody can encode half a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def _schema_problems(schema: Schema, document: Any, steps: int) -> Iterator[InputProblem]:
    errors, given_up = checker.first_errors(schema, document, limit=MAX_PROBLEMS + 1, steps=steps)
    yield from (_as_problem(error) for error in errors)
    if given_up:
        yield _problem((), "work")


def _as_problem(error: ValidationError) -> InputProblem:
    code = "false" if error.schema is False else str(error.validator)
    path = tuple(error.absolute_path)
    if code in {"anyOf", "oneOf"}:
        english, portuguese = messages.texts(code)
        forms = _forms(error)
        return InputProblem(
            _pointer(path),
            code,
            english.replace(": .", f": {'; '.join(form.detail for form in forms)}").rstrip(".") + ".",
            portuguese.replace(": .", f": {'; '.join(form.detail_pt for form in forms)}").rstrip(".") + ".",
        )
    return _problem(path, code, error.validator_value)


def _forms(error: ValidationError) -> list[InputProblem]:
    """The first objection of each refused alternative, without its closing dot."""
    first: dict[Any, InputProblem] = {}
    for below in error.context or []:
        problem = _as_problem(below)
        branch = below.relative_schema_path[0]
        if branch not in first and len(first) < MAX_FORMS_SHOWN:
            deeper = "/".join(str(part) for part in below.relative_path)
            start = f"{deeper}: " if deeper else ""
            first[branch] = InputProblem(
                problem.pointer, problem.code, start + problem.detail.rstrip("."), start + problem.detail_pt.rstrip(".")
            )
    return list(first.values())


def _first_hundred(problems: Iterator[InputProblem]) -> Iterator[InputProblem]:
    yield from islice(problems, MAX_PROBLEMS - 1)
    rest = list(islice(problems, 2))
    if len(rest) > 1:
        yield _problem((), "limit", MAX_PROBLEMS - 1)
    else:
        yield from rest


def _problem(path: tuple[str | int, ...], code: str, value: Any = "") -> InputProblem:
    english, portuguese = messages.texts(code, value)
    return InputProblem(_pointer(path), code, english, portuguese)


def _pointer(path: tuple[str | int, ...]) -> str:
    return "".join(f"/{escaped(str(part))}" for part in path)
