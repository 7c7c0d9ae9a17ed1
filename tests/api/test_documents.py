"""The committed description of the API is the served one, and its examples are what its schemas say."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from fastapi import FastAPI
from jsonschema import Draft202012Validator

from orch_app.api import build, documents, problem_pages
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


def test_many_who_ask_a_new_process_at_once_all_get_the_description() -> None:
    app, together = build(), Barrier(8)

    def ask(_: int) -> dict[str, object]:
        together.wait()
        return app.openapi()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert all(answer is answers[0] for answer in answers)
