"""What is wrong with the shape of what was typed, as the rules of a model say it: at its place, in both languages."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from orch_app.kit.errors import Problem
from orch_app.kit.json_text import pointer

Sentences = Mapping[str, tuple[str, str]]
SHAPES: Sentences = {
    "string_pattern_mismatch": (
        "This has a character that cannot be here.",
        "Há aqui um caractere que não pode estar.",
    ),
    "string_too_long": ("This is too long.", "É longo demais."),
    "string_too_short": ("This is missing.", "Isto está faltando."),
    "too_long": ("There are too many of them.", "Há itens demais."),
    "missing": ("This is missing.", "Isto está faltando."),
    "extra_forbidden": ("This name is not known here.", "Este nome não é conhecido aqui."),
    "int_parsing": ("This is not a whole number.", "Isto não é um número inteiro."),
}


def problems_of(error: ValidationError, more: Sentences | None = None) -> list[Problem]:
    """Each fault with a pointer to its place; `more` are sentences of one's own, by the name of the rule.

    A rule that nobody has a sentence for speaks English.
    """
    known = {**SHAPES, **(more or {})}
    return [_problem(fault, known) for fault in error.errors(include_url=False, include_context=False)]


def _problem(fault: Any, known: Sentences) -> Problem:
    english, portuguese = known.get(fault["type"], (fault["msg"], fault["msg"]))
    return Problem(pointer(tuple(fault["loc"])), fault["type"], english, portuguese)
