"""The API's description (OpenAPI 3.1) and the page that shows it, with everything it needs on our own address."""

import json
from http import HTTPStatus
from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

from orch_app.api.problem_pages import catalogue
from orch_app.kit import errors
from orch_app.kit.rest import PROBLEM_TYPE, problem_body
from orch_app.kit.settings import ROOT

ASSETS = ROOT / "assets" / "swagger-ui"
FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "start.js": "text/javascript"}
OPEN_PATHS = frozenset(
    {
        "/v1/auth/login",
        "/v1/auth/refresh",
        "/v1/auth/logout",
        "/v1/setup",
        "/v1/hooks/{hook_id}",
        "/health",
        "/health/web",
        "/health/worker",
        "/metrics",
    }
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>JARVIS REST API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/v1/docs/swagger-ui.css">
<script src="/v1/docs/swagger-ui-bundle.js" defer></script>
<script src="/v1/docs/start.js" defer></script>
</head>
<body><div id="swagger-ui"></div></body>
</html>
"""
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "requestId"],
    "properties": {
        "type": {"type": "string", "description": "Address of the page that explains the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable name for programs."},
        "requestId": {"type": "string"},
        "retryAfter": {"type": "integer", "description": "Seconds to wait."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemPlace"}},
    },
}
_PLACE = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "description": "RFC 6901, into the body; /query/... and /path/... for addresses.",
        },
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_PLACES = (errors.Problem("/limit", "minimum", "must be at least 1"),)
_SECURITY = {
    "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "browserSession": {"type": "apiKey", "in": "cookie", "name": "orch_session"},
}


def install(app: FastAPI) -> None:
    """Add the description and its page."""
    one_at_a_time = Lock()  # two threads that describe the same app at once confuse FastAPI

    def describe() -> dict[str, Any]:
        with one_at_a_time:
            if app.openapi_schema is None:
                plain = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_DESCRIPTION)
                app.openapi_schema = _complete(plain)
            return app.openapi_schema

    app.openapi = describe
    app.add_api_route("/v1/openapi.json", describe, include_in_schema=False)
    app.add_api_route("/v1/docs", _page, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/v1/docs/{name}", _file, include_in_schema=False, response_class=FileResponse)


_DESCRIPTION = (
    "Everything the screens do, for scripts. Sign in with `POST /v1/auth/login` and send the access token as "
    "`Authorization: Bearer ...`. Errors are RFC 9457 problems with a request id."
)


def text(app: FastAPI) -> str:
    """The description as it is committed (`./orch openapi`): whatever the order of the code, its own stays the same."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _page() -> HTMLResponse:
    return HTMLResponse(_PAGE)


def _file(name: str) -> FileResponse:
    if name not in FILES:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=3600"}
    return FileResponse(ASSETS / name, media_type=FILES[name], headers=headers)


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """Say what FastAPI cannot know: how callers prove themselves, and what errors look like."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Problem": _PROBLEM, "ProblemPlace": _PLACE}
    components["securitySchemes"] = _SECURITY
    components["responses"] = {"Problem": _problem_answer()}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete_operation(path, operation)
    return document


def _complete_operation(path: str, operation: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    operation["security"] = [] if path in OPEN_PATHS else [{name: []} for name in _SECURITY]


def _problem_answer() -> dict[str, Any]:
    """What every operation answers when it does not succeed, with an example of each code."""
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.OrchError)]
    families = {kind.status: kind for kind in found if kind is not errors.NotMigrated}
    examples = {
        code: {"summary": known["en"], "value": _problem_example(code, known, families)}
        for code, known in catalogue().items()
        if known["status"]
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {"description": "What went wrong", "content": {PROBLEM_TYPE: content}}


def _problem_example(code: str, known: dict[str, Any], families: dict[int, type[errors.OrchError]]) -> dict[str, Any]:
    status = known["status"]
    family = families.get(status, errors.OrchError)
    error = family(known["en"], code, errors=_PLACES if status == HTTPStatus.UNPROCESSABLE_ENTITY else ())
    body = problem_body(error, "/v1/runbooks/host_report/execute", "01JD8YKQ7W3M5N2P4R6T8V9X0Z")
    return body if status in families else body | {"status": status, "title": HTTPStatus(status).phrase}
