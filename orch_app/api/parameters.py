"""Unknown query parameters are errors: a filter that was silently ignored shows people more than they asked for."""

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from orch_app.kit.errors import BadRequest, Problem
from orch_app.kit.json_text import pointer


def known_only(connection: HTTPConnection) -> None:
    """Let a request or websocket pass if the API knows every parameter in its address.

    Raises:
        BadRequest: with one problem for each unknown parameter.
    """
    known = _known_here(connection)
    unknown = set[str]() if known is None else set(connection.query_params) - known
    if unknown:
        problems = tuple(Problem(pointer(("query", name)), "unknown_parameter", "unknown") for name in sorted(unknown))
        detail = "The address names a parameter that does not exist here."
        raise BadRequest(detail, "unknown_parameter", errors=problems)


def _known_here(connection: HTTPConnection) -> set[str] | None:
    """None where the API describes nothing: at the documents and the screens."""
    route = connection.scope["route"]
    if connection.scope["type"] == "http" and not (isinstance(route, APIRoute) and route.include_in_schema):
        return None
    return names_in(route.dependant)


def names_in(dependant: Dependant) -> set[str]:
    """The parameters in the address of a route, and of what it depends on."""
    return {name for field in _fields(dependant) for name in _names_of(field)}


def _fields(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for deeper in dependant.dependencies:
        yield from _fields(deeper)


def _names_of(field: Any) -> set[str]:
    """The parameter itself, or those of which it is made."""
    kind = field.field_info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {info.alias or name for name, info in kind.model_fields.items()}
    return {field.alias}
