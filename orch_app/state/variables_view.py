"""Variables of hosts and groups as people read and write them: YAML, of which JSON is a part."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.yaml_source import MAX_BYTES, parse_yaml
from orch_app.kit.errors import Invalid, OrchError, Problem

PLACE = "/variables"


def variables_text(variables: Mapping[str, Any]) -> str:
    """The variables as YAML; nothing where there are none."""
    return yaml.safe_dump(dict(variables), sort_keys=False, allow_unicode=True, width=100) if variables else ""


def read_variables(text: str) -> dict[str, Any]:
    """What a person has written.

    Raises:
        Invalid: 422 at /variables, with line and column where it is no YAML.
    """
    if len(text) > MAX_BYTES:
        raise _refused("too_long", "This is too long.", "Isto é longo demais.")
    try:
        found = parse_yaml(text, "YAML")
    except RunbookBroken as error:
        raise _refused("not_yaml", error.reason, error.reason) from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _refused(
            "object", "Write names with their values, like port: 80.", "Escreva nomes e valores, como port: 80."
        )
    return _as_json(found)


def faults_in_variables(error: OrchError | ValidationError) -> list[dict[str, str]]:
    """Faults of variables, each with what it is about: a variable by its name, or nothing for all of them."""
    if isinstance(error, ValidationError):
        return []
    found = [(fault.pointer.split("/")[1:], fault) for fault in error.errors]
    return [
        {"about": ".".join(rest), "detail": fault.detail, "detailPt": fault.detail_pt or fault.detail}
        for (place, *rest), fault in found
        if place == PLACE[1:]
    ]


def _as_json(value: Any) -> Any:
    """Dates, and keys that are no text, become the text that they were written as."""
    if isinstance(value, dict):
        return {str(name): _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return str(value) if isinstance(value, date) else value


def _refused(code: str, detail: str, detail_pt: str) -> Invalid:
    return Invalid("The variables are not acceptable.", "validation", errors=(Problem(PLACE, code, detail, detail_pt),))
