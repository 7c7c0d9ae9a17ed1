"""Unknown query parameters are errors: a filter that was silently ignored shows people more than they asked for."""

from typing import Any

from fastapi import FastAPI
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
    unknown = set(connection.query_params) - known if known is not None else set[str]()
    if unknown:
        problems = tuple(Problem(pointer(("query", name)), "unknown_parameter", "unknown") for name in sorted(unknown))
        detail = "The address names a parameter that does not exist here."
        raise BadRequest(detail, "unknown_parameter", errors=problems)


def _known_here(connection: HTTPConnection) -> set[str] | None:
    """None where the API describes nothing: at the documents and the screens."""
    route = connection.scope["route"]
    if connection.scope["type"] == "websocket":  # OpenAPI has no word for these
        return {name for field in route.dependant.query_params for name in _names_of(field)}
    return _known(connection.scope["app"]).get((route.path_format, connection.scope["method"]))


def _names_of(field: Any) -> set[str]:
    """The parameter itself, or those of which it is made."""
    kind = field.field_info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {info.alias or name for name, info in kind.model_fields.items()}
    return {field.alias}


def _known(app: FastAPI) -> dict[tuple[str, str], set[str]]:
    if not hasattr(app.state, "known_parameters"):
        app.state.known_parameters = {
            (path, method.upper()): {item["name"] for item in operation.get("parameters", []) if item["in"] == "query"}
            for path, operations in app.openapi()["paths"].items()
            for method, operation in operations.items()
        }
    return app.state.known_parameters
