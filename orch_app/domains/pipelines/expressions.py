"""The tiny language by which a step takes values from elsewhere: `${steps.x.output.y}`, `${inputs.y}`, `${env.name}`.

A path is looked up in plain JSON, nothing is computed and no code runs. A text that is one expression becomes the value
with its type; inside a longer text a value must be a text, a number or a truth. `$${` stands for a literal `${`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orch_app.domains.pipelines.faults import ExpressionError, Place
from orch_app.kit.errors import Problem
from orch_app.kit.redact import MASK

ROOTS = ("steps", "inputs", "env")
MAX_EXPRESSION = 300
MAX_SEGMENTS = 32
MAX_RESOLVED_BYTES = 1024 * 1024
MAX_OUTPUT_BYTES = 256 * 1024
SHOWN = 60
OUTPUT_FROM = 3  # steps, its id, output
_OPENING = re.compile(r"\$\$\{|\$\{")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True)
class Reference:
    """One `${...}`: its segments, root first."""

    segments: tuple[str, ...]

    @property
    def root(self) -> str:
        """`steps`, `inputs` or `env`."""
        return self.segments[0]

    @property
    def step(self) -> str:
        """The id of the step whose output is meant; empty for the other roots."""
        return self.segments[1] if self.root == "steps" else ""

    @property
    def below(self) -> tuple[str, ...]:
        """The path inside the output or the inputs."""
        return self.segments[OUTPUT_FROM:] if self.root == "steps" else self.segments[1:]

    def __str__(self) -> str:
        return f"${{{'.'.join(self.segments)}}}"


Part = str | Reference


def parse(text: str) -> tuple[Part, ...]:
    """The text as literal parts and references, in order.

    Raises:
        ExpressionError: an expression is not closed, too long, or no path of the language.
    """
    parts: list[Part] = []
    at = 0
    for found in _OPENING.finditer(text):
        if found.start() < at:
            continue  # inside of an expression that has been read already
        parts.append(text[at : found.start()])
        if found.group() == "$${":
            parts.append("${")
            at = found.end()
            continue
        end = text.find("}", found.end())
        if end < 0:
            raise ExpressionError("not_closed")
        parts.append(_reference(text[found.end() : end]))
        at = end + 1
    return tuple(part for part in (*parts, text[at:]) if part != "")


def references(document: Any) -> Iterator[tuple[Place, Reference]]:
    """Every reference in the texts of a JSON document, with its place; keys of objects are never expressions.

    Raises:
        ExpressionError: one cannot be read.
    """
    for path, text in texts(document):
        yield from ((path, part) for part in parse(text) if isinstance(part, Reference))


def texts(document: Any, path: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text of a JSON document with its place."""
    if isinstance(document, str):
        yield path, document
    elif isinstance(document, Mapping):
        for name, item in document.items():
            yield from texts(item, (*path, name))
    elif isinstance(document, list):
        for position, item in enumerate(document):
            yield from texts(item, (*path, position))


def syntax_problems(document: Any, place: Place) -> list[Problem]:
    """What is wrong with the expressions of a document that stands at `place`."""
    found: list[Problem] = []
    for path, text in texts(document, place):
        try:
            parse(text)
        except ExpressionError as error:
            found.append(error.at(path))
    return found


def sole_reference(text: str) -> Reference | None:
    """The reference, when the text is nothing but one expression."""
    parts = parse(text)
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Reference) else None


@dataclass
class Scope:
    """What expressions may see: the run's inputs, the step's environment, the outputs of ended steps.

    `too_large` are the ended steps whose output was not kept.
    """

    inputs: Mapping[str, Any]
    environment: str
    outputs: Mapping[str, Any]
    too_large: Collection[str] = ()

    def look_up(self, wanted: Reference) -> Any:
        """The value that a reference names.

        Raises:
            ExpressionError: there is none, or it was masked.
        """
        value = self._root_of(wanted)
        for segment in wanted.below:
            value = _child(value, segment, wanted)
        if any(MASK in text for _, text in texts(value)):
            raise ExpressionError("masked", shown=wanted)
        return value

    def _root_of(self, wanted: Reference) -> Any:
        if wanted.root == "inputs":
            return self.inputs
        if wanted.root == "env":
            return {"name": self.environment}
        if wanted.step in self.too_large:
            raise ExpressionError("output_too_large", step=wanted.step, most=MAX_OUTPUT_BYTES // 1024)
        if wanted.step not in self.outputs:
            raise ExpressionError("no_output", step=wanted.step)
        return self.outputs[wanted.step]


def resolve(document: Any, scope: Scope) -> Any:
    """The document with every expression replaced by its value.

    Raises:
        ExpressionError: a value is missing, masked, of no use inside a text, or the whole has become too large.
    """
    return _Resolver(scope).resolve(document)


class _Resolver:
    """Replaces expressions and counts what they bring: a text may name the same large value a thousand times."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._left = MAX_RESOLVED_BYTES

    def resolve(self, node: Any) -> Any:
        if isinstance(node, str):
            return self._text(node)
        if isinstance(node, Mapping):
            return {name: self.resolve(item) for name, item in node.items()}
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        return node

    def _text(self, text: str) -> Any:
        parts = parse(text)
        if len(parts) == 1 and isinstance(parts[0], Reference):
            return self._take(self._scope.look_up(parts[0]))
        return "".join(part if isinstance(part, str) else self._spoken(part) for part in parts)

    def _spoken(self, wanted: Reference) -> str:
        value = self._take(self._scope.look_up(wanted))
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        raise ExpressionError("not_a_text", shown=wanted)

    def _take(self, value: Any) -> Any:
        self._left -= len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        if self._left < 0:
            raise ExpressionError("too_large", most=MAX_RESOLVED_BYTES // 1024)
        return value


def _reference(inner: str) -> Reference:
    shown = inner.strip()
    if len(inner) > MAX_EXPRESSION:
        raise ExpressionError("too_long", most=MAX_EXPRESSION)
    segments = tuple(shown.split("."))
    if len(segments) > MAX_SEGMENTS or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise ExpressionError("syntax", shown=f"${{{shown[:SHOWN]}}}")
    _require_form(segments)
    return Reference(segments)


def _require_form(segments: tuple[str, ...]) -> None:
    root, rest = segments[0], segments[1:]
    if root not in ROOTS:
        raise ExpressionError("unknown_root", shown=root[:SHOWN])
    if root == "steps" and rest[1:2] != ("output",):
        raise ExpressionError("output_only")
    if root == "env" and rest != ("name",):
        raise ExpressionError("name_only")
    if root == "inputs" and not rest:
        raise ExpressionError("name_one")


def _child(value: Any, segment: str, wanted: Reference) -> Any:
    if isinstance(value, Mapping) and segment in value:
        return value[segment]
    if isinstance(value, list) and segment.isdecimal() and int(segment) < len(value):
        return value[int(segment)]
    raise ExpressionError("missing", shown=wanted, part=segment)
