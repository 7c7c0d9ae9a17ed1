"""A run is as risky as its runbook, or more where its inputs are among those that the runbook calls graver."""

from typing import Any

import pytest

from orch_app.domains.runbooks.contract import load_runbook
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.risks import risk_of
from tests.runbooks.modules import RUNBOOKS

RULES = [
    {"input": "mode", "is": ["exact", 7], "risk": "high"},
    {"input": "most", "above": 100, "risk": "medium"},
]
SCHEMA = {"type": "object", "properties": {"mode": {"default": "upsert"}, "most": {"$ref": "#/$defs/most"}}}


def runbook(risk: str = "low", rules: Any = RULES, most: int = 10) -> Runbook:
    schema = {**SCHEMA, "$defs": {"most": {"type": "integer", "default": most}}}
    return Runbook(name="demo", risk=risk, meta={"graver": rules}, input_schema=schema)  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("inputs", "risk"),
    [
        ({}, "low"),
        ({"mode": "upsert", "most": 100}, "low"),
        ({"mode": "exact"}, "high"),
        ({"mode": 7}, "high"),
        ({"most": 101}, "medium"),
        ({"most": 100.5}, "medium"),
        ({"mode": "exact", "most": 101}, "high"),
        ({"mode": ["exact"], "most": "many"}, "low"),
        ({"mode": True, "most": True}, "low"),
    ],
)
def test_the_highest_of_what_holds_counts(inputs: dict[str, Any], risk: str) -> None:
    assert risk_of(runbook(), inputs) == risk


def test_no_rule_makes_a_run_less_risky_and_a_default_counts_as_given() -> None:
    assert risk_of(runbook("high"), {"most": 101}) == "high"
    assert risk_of(runbook(most=200), {}) == "medium"
    assert risk_of(runbook(most=200), {"most": 1}) == "low"


def test_a_runbook_without_rules_or_that_never_was_whole_has_its_own_risk() -> None:
    assert risk_of(Runbook(name="demo", risk="medium", meta={}), {"mode": "exact"}) == "medium"  # pyright: ignore[reportCallIssue]
    assert risk_of(runbook(""), {"mode": "exact"}) == ""


@pytest.mark.parametrize(
    ("name", "inputs", "risk"),
    [
        ("cloudflare_dns_bulk", {"mode": "upsert"}, "medium"),
        ("cloudflare_dns_bulk", {"mode": "exact"}, "high"),
        ("cloudflare_dns_bulk", {"max_changes": 101}, "high"),
        ("swarm_deploy", {"max_changes": 100}, "medium"),
        ("swarm_deploy", {"max_changes": 101}, "high"),
    ],
)
def test_what_deletes_the_unlisted_or_changes_very_much_is_of_high_risk(
    name: str, inputs: dict[str, Any], risk: str
) -> None:
    spec = load_runbook(RUNBOOKS / name)
    row = Runbook(name=name, risk=spec.risk, meta=spec.metadata, input_schema=spec.schema)  # pyright: ignore[reportCallIssue]
    assert risk_of(row, inputs) == risk
