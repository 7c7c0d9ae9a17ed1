"""The rows of the table as its schema takes them: what is missing or no address is told at its cell, before any run."""

import json
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_inputs

SCHEMA = json.loads(Path("runbooks/cloudflare_dns_bulk/schema.json").read_text("utf-8"))
MOST = 3_500


def faults_of(*rows: dict[str, Any]) -> list[tuple[str, str]]:
    found = check_inputs(SCHEMA, {"zone_id": "0" * 32, "records": list(rows)}, max_kb=4_096)
    return [(problem.pointer.removeprefix("/records/0"), problem.code) for problem in found.problems]


def test_an_empty_row_asks_for_nothing_that_only_some_types_have() -> None:
    assert {pointer for pointer, _ in faults_of({})} == {"/type", "/name"}


@pytest.mark.parametrize(
    ("kind", "content", "faults"),
    [
        ("A", "192.0.2.256", [("/content", "format")]),
        ("A", "192.0.2.1", []),
        ("AAAA", "192.0.2.1", [("/content", "format")]),
        ("AAAA", "2001:db8::1", []),
        ("TXT", "192.0.2.256", []),
    ],
)
def test_an_address_is_one_of_its_family(kind: str, content: str, faults: list[tuple[str, str]]) -> None:
    assert faults_of({"type": kind, "name": "www", "content": content}) == faults


def test_an_mx_needs_its_priority() -> None:
    assert faults_of({"type": "MX", "name": "@", "content": "mx.example.net"}) == [("/priority", "required")]


def test_as_many_rows_as_are_promised_are_checked() -> None:
    rows = [{"type": "A", "name": f"h{number}", "content": "192.0.2.1", "ttl": 300} for number in range(MOST)]
    assert faults_of(*rows) == []
