"""How risky one run is: as its runbook, or more where its inputs are among those that the runbook calls graver."""

from collections.abc import Iterable, Mapping
from typing import Any

from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.schema_rules import followed

LEVELS = ("low", "medium", "high")
"""From the least to the most."""

Rule = Mapping[str, Any]


def risk_of(runbook: Runbook, inputs: Mapping[str, Any]) -> str:
    """The risk of a run of this runbook with these inputs, and its defaults for the others."""
    rules, schema = rules_of(runbook), runbook.input_schema or {}
    names = {rule["input"] for rule in rules}
    asked = {name: inputs.get(name, _default(schema, name)) for name in names}
    return raised(runbook.risk, rules, asked)


def rules_of(runbook: Runbook) -> list[Rule]:
    """What makes a run of it riskier, see `graver` in runbook.yaml."""
    return runbook.meta.get("graver", [])


def raised(risk: str, rules: Iterable[Rule], inputs: Mapping[str, Any]) -> str:
    """The highest of a risk and those of the rules that hold; a runbook that never was whole has none."""
    found = [risk, *(rule["risk"] for rule in rules if _holds(rule, inputs.get(rule["input"])))]
    return max(found, key=LEVELS.index) if risk in LEVELS else risk


def _default(schema: Mapping[str, Any], name: str) -> Any:
    return followed(schema, schema.get("properties", {}).get(name, {})).get("default")


def _holds(rule: Rule, value: Any) -> bool:
    if "is" in rule:
        return any(type(value) is type(one) and value == one for one in rule["is"])
    return isinstance(value, int | float) and not isinstance(value, bool) and value > rule["above"]
