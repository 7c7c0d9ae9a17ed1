"""Deny by default: every route asks who is there or is listed as open, and every role gets what is due."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from sqlmodel import select
from starlette.websockets import WebSocketDisconnect

from orch_app.api import documents, unrouted
from orch_app.domains.access.permissions import GRANTS, Role
from orch_app.domains.accounts.edge import signed_in
from orch_app.domains.audit.models import AuditEntry
from orch_app.kit.db import reading
from tests.api.conftest import MakeClient
from tests.api.route_table import FILLED, OPEN, TABLE
from tests.systems.asgi import TestClient, WebSocketDenialResponse

CALLERS = ("anonymous", *(role.value for role in Role))
CELLS = [(method, path, caller) for method, path in TABLE for caller in CALLERS]


def routes(api: FastAPI) -> dict[tuple[str, str], APIRoute | APIWebSocketRoute]:
    found: dict[tuple[str, str], APIRoute | APIWebSocketRoute] = {}
    for context in iter_route_contexts(api.routes):
        route = context.original_route
        if isinstance(route, unrouted.Unrouted):
            continue
        assert isinstance(route, APIRoute | APIWebSocketRoute), f"a route of an unknown kind: {route}"
        for method in getattr(context, "methods", None) or ("WEBSOCKET",):
            found[method, str(context.path)] = route
    return found


def asked_of(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from asked_of(inner)


def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(api: FastAPI) -> None:
    assert len(routes(api)) > 40
    assert set(routes(api)) == set(TABLE)


def test_every_route_asks_who_is_there_unless_it_is_open(api: FastAPI) -> None:
    asking = {key for key, route in routes(api).items() if signed_in in set(asked_of(route.dependant))}
    assert asking == {key for key, guarded in TABLE.items() if guarded.needs != OPEN}


def test_the_description_names_the_same_routes_as_open(api: FastAPI) -> None:
    described = {path for _, path in routes(api) if path in api.openapi()["paths"]}
    assert {path for (_, path), line in TABLE.items() if line.needs == OPEN} & described == documents.OPEN_PATHS


def test_no_cell_of_the_matrix_is_unspecified() -> None:
    assert {(*key, caller) for key in TABLE for caller in CALLERS} == set(CELLS)
    assert all(guarded.needs == OPEN or guarded.needs in GRANTS[Role.ADMIN] for guarded in TABLE.values())


@pytest.mark.parametrize("caller", CALLERS)
def test_everybody_gets_what_is_due_and_nothing_else(
    caller: str, database: str, client: TestClient, make_client: MakeClient
) -> None:
    make_client(Role.ADMIN) if caller != "admin" else None  # so that setting up is over for everybody
    speaker = client if caller == "anonymous" else make_client(Role(caller))
    wrong = {
        (method, path): status
        for method, path in TABLE
        if not is_due(caller, (method, path), status := call(speaker, method, path))
    }
    assert wrong == {}


def test_a_denial_is_audited_with_who_what_and_where(database: str, make_client: MakeClient) -> None:
    refused = make_client(Role.VIEWER).get("/v1/users")
    with reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "access.denied")).one()
    assert (refused.status_code, entry.request_id) == (403, refused.json()["requestId"])
    assert (entry.actor_name, entry.target_id, entry.result) == ("viewer@example.com", "users:write", "denied")
    assert entry.metadata_json == {"where": "GET /v1/users", "code": "forbidden"}


def is_due(caller: str, key: tuple[str, str], status: int) -> bool:
    guarded = TABLE[key]
    if guarded.needs == OPEN:
        return status in guarded.answers_open
    if caller == "anonymous":
        return status == 401
    if guarded.needs not in GRANTS[Role(caller)]:
        return status == 403
    return status not in {401, 403} and status < 500


def call(client: TestClient, method: str, path: str) -> int:
    """Its status. A 4xx that comes after the permission counts as success: nothing of these ids exists."""
    address = path
    for name, value in FILLED.items():
        address = address.replace(name, value)
    if method != "WEBSOCKET":
        return client.request(method, address, json=TABLE[method, path].body).status_code
    try:
        with client.websocket_connect(address):
            return 101
    except WebSocketDenialResponse as refused:
        return refused.status_code
    except WebSocketDisconnect:
        return 404
