"""How a plain playbook is made into a runbook, as a form of a few fields: from an adoption to the form, and back."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from orch_app.domains.runbooks.approval_policy import ENVIRONMENTS, NONE, STRENGTH
from orch_app.domains.sources.wire import AdoptionAnswer, AdoptionBody
from orch_app.i18n import text
from orch_app.state.adoption_rows import LONGEST_VALUE, TYPES, is_plain, rows_of, schema_of

Shown = dict[str, Any]
NAME = "^[a-z][a-z0-9_-]{1,62}$"
VARIABLE = "^[A-Za-z_][A-Za-z0-9_]{0,99}$"
TAG = "^[A-Za-z0-9_][A-Za-z0-9_.-]*$"
MINUTE_S = 60
_CLOSED: Shown = {"type": "object", "additionalProperties": False}


def form_schema(*, with_variables: bool) -> Shown:
    """The form's own rules, as a runbook has them, with its words in both languages.

    Without variables it is the form of an adoption whose schema says more than rows can.
    """
    properties: Shown = {
        "name": _said("name", type="string", maxLength=63, pattern=NAME),
        "title": _said("title", type="string", minLength=1, maxLength=120),
        "titlePt": _said("title_pt", type="string", minLength=1, maxLength=120),
        "target": _choice("target", ("hosts", "both", "localhost"), "hosts"),
        "risk": _choice("risk", ("low", "medium", "high"), "high"),
        "mutates": _said("mutates", type="boolean", default=True),
        "approvalProd": _approval("prod"),
        "approvalStage": _approval("stage"),
        "network": _choice("network", ("none", "egress"), "none"),
        "timeoutMin": _said("timeout", type="integer", minimum=1, maximum=1440, default=60, **{"x-unit": "min"}),
        "category": _said("category", type="string", pattern="^[a-z][a-z0-9_-]{1,31}$", default="playbooks"),
        "playTags": _said(
            "tags", type="array", maxItems=50, uniqueItems=True, items={"type": "string", "pattern": TAG}
        ),
        "description": _said("description", type="string", maxLength=2000, **{"x-widget": "textarea"}),
        "descriptionPt": _said("description_pt", type="string", maxLength=2000, **{"x-widget": "textarea"}),
    }
    rows = {"variables": _variables()} if with_variables else {}
    return _CLOSED | {"required": ["name", "title", "titlePt"], "properties": properties | rows}


def begun(playbook: str, variables: Sequence[str]) -> Shown:
    """What the form of a playbook begins with: names taken from the file's, and a row for each variable it names."""
    stem = PurePosixPath(playbook).stem
    title = re.sub(r"[-_]+", " ", stem).strip().capitalize() or stem
    rows = [{"name": name, "kind": "text", "required": False} for name in variables if re.fullmatch(VARIABLE, name)]
    return {"name": _name_of(stem), "title": title, "titlePt": title, "variables": rows}


def shown(adoption: AdoptionAnswer) -> Shown:
    """What the form of an adopted playbook begins with."""
    meta = adoption.meta
    same = ("title", "target", "risk", "mutates", "network", "category", "description")
    values = {name: meta[name] for name in same} | {
        "name": adoption.name,
        "titlePt": meta["title_pt"],
        "descriptionPt": meta["description_pt"],
        "timeoutMin": max(1, meta["timeout_s"] // MINUTE_S),
        "playTags": meta.get("play_tags", []),
        **{f"approval{name.title()}": asked for name, asked in meta.get("approval", {}).items()},
    }
    return values | ({"variables": rows_of(adoption.input_schema)} if is_plain(adoption.input_schema) else {})


def body_of(values: Mapping[str, Any], playbook: str, earlier: AdoptionAnswer | None) -> AdoptionBody:
    """What the form says, as the domain takes it; what it has no field for stays as it was `earlier`.

    Raises:
        ValidationError: it cannot be said like this.
    """
    own = {"name", "timeoutMin", "variables", "approvalProd", "approvalStage"}
    said = {name: value for name, value in values.items() if name not in own}
    kept = earlier.input_schema if earlier and not is_plain(earlier.input_schema) else None
    schema = schema_of(values.get("variables", [])) if kept is None else kept
    approval = {name: values.get(f"approval{name.title()}", "none") for name in ENVIRONMENTS}
    more: Shown = {
        "playbook": playbook,
        "timeoutS": values["timeoutMin"] * MINUTE_S,
        "schema": schema,
        "approval": approval,
    }
    return AdoptionBody.model_validate(said | more | ({"version": earlier.meta["version"]} if earlier else {}))


def _name_of(stem: str) -> str:
    """A name that a runbook may have: `Deploy Site` becomes deploy_site."""
    name = re.sub(r"[^a-z0-9_-]+", "_", stem.lower()).strip("_-")
    return name if re.fullmatch(NAME, name) else f"run_{name}"[:63].rstrip("_-")


def _variables() -> Shown:
    shown_for_choices = {"x-show-when": {"kind": ["choice"]}}
    row = {
        "name": _said("variable.name", type="string", pattern=VARIABLE),
        "kind": _choice("variable.kind", tuple(TYPES), "text"),
        "default": _said("variable.default", type="string", maxLength=LONGEST_VALUE),
        "required": _said("variable.required", type="boolean", default=False),
        "options": _said("variable.options", type="string", maxLength=LONGEST_VALUE, **shown_for_choices),
        "title": _said("variable.title", type="string", maxLength=120),
        "titlePt": _said("variable.title_pt", type="string", maxLength=120),
    }
    items = _CLOSED | _said("variable", required=["name"], properties=row)
    columns = {"x-columns": ["name", "kind", "default", "required"]}
    return _said("variables", type="array", maxItems=100, items=items, **columns)


def _choice(name: str, values: Sequence[str], default: str) -> Shown:
    def labels(language: str) -> dict[str, str]:
        return {value: text(language, f"adoption.{name}.{value}") for value in values}

    words = {"x-labels": labels("en"), "x-labels-pt": labels("pt-BR")}
    return _said(name, enum=list(values), default=default, **words)


def _approval(environment: str) -> Shown:
    def labels(language: str) -> dict[str, str]:
        return {value: text(language, f"adoption.approval.{value}") for value in STRENGTH}

    words = {"x-labels": labels("en"), "x-labels-pt": labels("pt-BR")}
    return _said(f"approval_{environment}", enum=list(STRENGTH), default=NONE, **words)


def _said(name: str, **rules: Any) -> Shown:
    """A field with its words: a title, and a line of help where the catalogue has one."""
    key = f"adoption.{name}"
    hint = f"{key}.hint"
    words = {"title": text("en", key), "x-title-pt": text("pt-BR", key)}
    helps = {"x-help": text("en", hint), "x-help-pt": text("pt-BR", hint)}
    return words | (helps if helps["x-help"] != hint else {}) | rules
