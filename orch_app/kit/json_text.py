"""Reading JSON that strangers send, more strictly than the standard library: what one reader takes, every reader takes.

Refused are NaN and infinite numbers, names that occur twice, half characters (lone surrogates), NUL, which PostgreSQL
does not store, and documents nested so deeply that they exhaust a reader.
"""

import json
from collections.abc import Iterator
from typing import Any

from orch_app.kit.errors import BadRequest, Invalid, Problem

DEEPEST = 64
MOST_PROBLEMS = 20


def check_json(raw: bytes) -> None:
    """Let a document pass or refuse it.

    Raises:
        BadRequest: it is not JSON as RFC 8259 has it, or it is nested too deeply.
        Invalid: it is, and some text in it cannot be stored; with a pointer to each.
    """
    problems = tuple(problem for problem, _ in zip(_problems(read_json(raw)), range(MOST_PROBLEMS), strict=False))
    if problems:
        raise Invalid("Some text has characters that cannot be stored.", "bad_text", errors=problems)


def read_json(raw: bytes) -> Any:
    """The document.

    Raises:
        BadRequest: it is not JSON as RFC 8259 has it, or it is nested too deeply.
    """
    try:
        return json.loads(
            raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_unambiguous
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are among them
        raise BadRequest("The body is not JSON in UTF-8.", "malformed_json") from error


def pointer(path: tuple[str | int, ...]) -> str:
    """A path as RFC 6901 writes it."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def is_storable(text: str) -> bool:
    """Whether both back ends can store this text."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _problems(document: Any) -> Iterator[Problem]:
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEEPEST:
            raise _too_deep()
        if isinstance(value, str) and not is_storable(value):
            yield _bad_text(path)
        elif isinstance(value, dict):
            yield from (_bad_text(path) for name in value if not is_storable(name))
            waiting += [((*path, name), item) for name, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, place), item) for place, item in enumerate(value)]


def _bad_text(path: tuple[str | int, ...]) -> Problem:
    shown = pointer(path).encode("utf-8", "backslashreplace").decode()
    return Problem(shown, "bad_text", "NUL and half characters (lone surrogates) cannot be stored.")


def _too_deep() -> BadRequest:
    return BadRequest(f"The body is nested more than {DEEPEST} levels deep.", "too_deep")


def _no_constant(name: str) -> Any:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        message = "a number that is too large"
        raise ValueError(message)
    return number


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequest("A name occurs twice in one object of the body.", "duplicate_name")
    return found
