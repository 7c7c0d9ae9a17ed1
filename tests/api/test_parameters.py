"""Parameters that an address may not have are refused, without asking for the whole description of the API."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from orch_app.api.parameters import names_in
from tests.systems.asgi import TestClient


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs/job_1/logs", "/v1/me", "/health"])
def test_a_parameter_that_does_not_exist_is_400_at_its_name(client: TestClient, path: str) -> None:
    refused = client.get(path, params={"nonsense/1": "x"})
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_parameter")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/query/nonsense~11"]


@pytest.mark.usefixtures("sqlite")
def test_the_documents_do_not_mind_parameters(client: TestClient) -> None:
    assert client.get("/v1/openapi.json", params={"v": "2"}).status_code == 200


@pytest.mark.usefixtures("sqlite")
def test_the_first_requests_do_not_wait_for_the_description(
    client: TestClient, api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "openapi", lambda: pytest.fail("asked for the description"))
    assert client.get("/health", params={"x": "1"}).status_code == 400


def test_what_is_described_is_what_is_known(api: FastAPI) -> None:
    described = {
        (path, method.upper()): {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        for path, operations in api.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    contexts = [(str(context.path).replace(":path}", "}"), context) for context in iter_route_contexts(api.routes)]
    known = {
        (path, method): names_in(context.original_route.dependant)
        for path, context in contexts
        if path in api.openapi()["paths"] and isinstance(context.original_route, APIRoute)
        for method in context.original_route.methods or ()
    }
    assert known == described
