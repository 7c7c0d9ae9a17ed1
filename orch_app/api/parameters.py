"""Unknown query parameters are errors: a filter that was silently ignored shows people more than they asked for."""

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from orch_app.kit.errors import BadRequest, Problem
from orch_app.kit.json_text import pointer


def known_only(connection: HTTPConnection) -> None:
    """Let a request pass if the API's own description knows every parameter in its address.

    Raises:
        BadRequest: with one problem for each unknown parameter.
    """
    if connection.scope["type"] != "http":
        return
    known = _known(connection.scope["app"]).get((connection.scope["route"].path_format, connection.scope["method"]))
    unknown = set(connection.query_params) - known if known is not None else set[str]()
    if unknown:
        problems = tuple(Problem(pointer(("query", name)), "unknown_parameter", "unknown") for name in sorted(unknown))
        detail = "The address names a parameter that does not exist here."
        raise BadRequest(detail, "unknown_parameter", errors=problems)


def _known(app: FastAPI) -> dict[tuple[str, str], set[str]]:
    if not hasattr(app.state, "known_parameters"):
        app.state.known_parameters = {
            (path, method.upper()): {item["name"] for item in operation.get("parameters", []) if item["in"] == "query"}
            for path, operations in app.openapi()["paths"].items()
            for method, operation in operations.items()
        }
    return app.state.known_parameters
