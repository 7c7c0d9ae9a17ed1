"""The committed description of the API is the served one, and its examples are what its schemas say."""

import json
import re
from typing import Any

from fastapi import FastAPI
from jsonschema import Draft202012Validator

from orch_app.api import documents, problem_pages
from orch_app.kit.settings import ROOT

COMMITTED = ROOT / "docs" / "reference" / "openapi.json"
RENEW = "the API and its committed description differ: ./orch openapi > docs/reference/openapi.json renews it"


def committed() -> dict[str, Any]:
    return json.loads(COMMITTED.read_text("utf-8"))


def test_the_committed_description_is_the_served_one(api: FastAPI) -> None:
    is_same = COMMITTED.is_file() and COMMITTED.read_text("utf-8") == documents.text(api)
    assert is_same, RENEW


def test_the_description_names_no_machine() -> None:
    text = COMMITTED.read_text("utf-8")
    assert "servers" not in committed()
    assert re.findall(r"[a-z]+://[^\s\"`]+", text) == []
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|localhost:", text)


def test_every_code_of_an_error_has_an_example_of_the_right_shape() -> None:
    components = committed()["components"]
    (content,) = components["responses"]["Problem"]["content"].values()
    codes = {code for code, known in problem_pages.catalogue().items() if known["status"]}
    schema = content["schema"] | {"components": {"schemas": components["schemas"]}}
    validator = Draft202012Validator(schema)
    assert set(content["examples"]) == codes
    assert [code for code in codes if not validator.is_valid(content["examples"][code]["value"])] == []
