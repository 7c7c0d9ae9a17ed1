"""The judge of vendors' contracts: what it finds wrong with requests and answers."""

from typing import Any

import pytest

from tests.systems.contracts import Contract, contract

SORT = {"type": "array", "items": {"enum": ["a", "b"]}}
THING_ID = {"in": "path", "name": "thing_id", "required": True, "schema": {"type": "string", "maxLength": 3}}
THING = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/thing"}}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/things/{thing_id}": {
            "parameters": [{"$ref": "#/components/parameters/thing"}],
            "get": {
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 50}},
                    {"in": "query", "name": "sort", "required": True, "schema": SORT},
                ],
                "responses": {"200": {"$ref": "#/components/responses/thing"}, "4XX": {"description": "No"}},
            },
            "put": {
                "requestBody": {"required": True, **THING},
                "responses": {},
            },
        },
        "/things/mine": {"get": {"responses": {}}},
    },
    "components": {
        "parameters": {"thing": THING_ID},
        "responses": {"thing": THING},
        "schemas": {
            "thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "nullable": True},
                    "size": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
                },
            }
        },
    },
}


@pytest.fixture
def judge() -> Contract:
    return Contract(DOCUMENT, {"/later": {"post": {"responses": {}}}})


def test_what_holds_is_not_objected_to(judge: Contract) -> None:
    assert judge.faults_of_request("GET", "/things/x", {"limit": ["50"], "sort": ["a", "b"]}, None) == []
    assert judge.faults_of_request("PUT", "/things/x", {}, {"name": None, "size": 0.1}) == []
    assert judge.faults_of_request("GET", "/things/mine", {}, None) == []
    assert judge.faults_of_request("POST", "/later", {}, None) == []
    assert judge.faults_of_answer("GET", "/things/x", 200, {"id": 1, "name": "x"}) == []
    assert judge.faults_of_answer("GET", "/things/x", 404, "anything") == []


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "said"),
    [
        ("POST", "/things/x", {}, None, "no operation of the contract"),
        ("GET", "/elsewhere", {}, None, "no operation of the contract"),
        ("GET", "/things/long", {"sort": ["a"]}, None, "path parameter thing_id"),
        ("GET", "/things/x", {"sort": ["a"], "limit": ["51"]}, None, "query parameter limit"),
        ("GET", "/things/x", {"sort": ["a"], "limit": ["many"]}, None, "query parameter limit"),
        ("GET", "/things/x", {"sort": ["c"]}, None, "query parameter sort/0"),
        ("GET", "/things/x", {}, None, "the query parameter sort is missing"),
        ("GET", "/things/x", {"sort": ["a"], "page": ["1"]}, None, "the query parameter page is not known"),
        ("GET", "/things/x", {"sort": ["a"]}, {}, "the operation takes none"),
        ("PUT", "/things/x", {}, None, "the body is missing"),
        ("PUT", "/things/x", {}, {}, "'name' is a required property"),
        ("PUT", "/things/x", {}, {"name": "x", "size": 0}, "body/size"),
        ("PUT", "/things/x", {}, {"name": "x", "id": 1}, "only the server sets this"),
    ],
)
def test_what_breaks_the_contract_is_named(
    judge: Contract, method: str, path: str, query: Any, body: Any, said: str
) -> None:
    (fault,) = judge.faults_of_request(method, path, query, body)
    assert said in fault


def test_an_answer_that_is_not_as_described_is_named(judge: Contract) -> None:
    (fault,) = judge.faults_of_answer("GET", "/things/x", 200, {"id": "one", "name": "x"})
    assert fault.startswith("answer/id")


@pytest.mark.parametrize("name", ["cf-dns.json", "hcloud.json", "n8n-1.123.81-openapi.yml"])
def test_the_vendors_documents_can_be_judged_by(name: str) -> None:
    assert contract(name).faults_of_request("GET", "/no/such/path", {}, None) != []
