"""What the editor of a pipeline works with: the document, what its steps may name, and faults at their places."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.queries import list_connections, list_hosts
from orch_app.domains.inventory.wire import ConnectionsQuery, HostsQuery
from orch_app.domains.pipelines.definition import PipelineBody, no_inputs
from orch_app.domains.pipelines.queries import get_pipeline
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.form import form_model
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.domains.runbooks.yaml_source import MAX_BYTES, parse_yaml
from orch_app.kit.errors import BadRequest, Problem
from orch_app.kit.json_text import check_json
from orch_app.state.shape_faults import problems_of

AT_ONCE = 200
JSON_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})
SHAPES = {
    "string_pattern_mismatch": (
        "Use small letters, digits, - and _, beginning with a letter.",
        "Use letras minúsculas, dígitos, - e _, começando por uma letra.",
    ),
    "too_short": ("At least one step is needed.", "É preciso ao menos um passo."),
}
Shown = dict[str, Any]


def blank(runbooks: Sequence[Shown]) -> Shown:
    """The document that a new pipeline begins with: one step, of a runbook that changes nothing if there is one."""
    names = [one["name"] for one in sorted(runbooks, key=lambda one: one["mutates"])]
    step = {"id": "first", "runbook": names[0] if names else "", "needs": [], "join": "all"}
    around = {"inputs": {}, "hosts": [], "connections": {}, "environment": ""}
    around |= {"tags": [], "skipTags": [], "limit": ""}
    return {"name": "", "title": "", "description": "", "inputsSchema": no_inputs(), "steps": [step | around]}


def read_definition(session: Session, actor: Actor, pipeline_id: str) -> Shown:
    """A kept definition with its id and version.

    Raises:
        NotFound: there is none of that id.
    """
    row = get_pipeline(session, actor, pipeline_id)
    return {"id": row.id, "version": row.version, "document": row.document}


def read_catalogue(session: Session, actor: Actor) -> Shown:
    """The runbooks, hosts and connections that a step may name, as far as the actor may see them."""
    runbooks = [row for row in list_runbooks(session, actor) if not row.broken_reason and row.enabled]
    hosts = list_hosts(session, actor, HostsQuery(limit=AT_ONCE)).items
    return {
        "runbooks": [_runbook(row) for row in runbooks],
        "hosts": [{"value": row.id, "label": f"{row.name} ({row.environment})"} for row in hosts],
        "connections": _connections(session, actor),
    }


def to_text(document: Shown) -> str:
    """The document as YAML, in the order in which people read it."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def from_text(text: str) -> Shown:
    """The document that a YAML or JSON text holds, complete with defaults.

    Raises:
        BadRequest: it is no such text, or too large.
        ValidationError: it is no pipeline.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadRequest(f"At most {MAX_BYTES // 1024} KiB are taken.", "too_large")
    try:
        return checked(parse_yaml(text, "YAML")).document()
    except RunbookBroken as error:
        raise BadRequest(error.reason, "not_yaml") from error


def checked(document: Any) -> PipelineBody:
    """The definition in a document that did not come over REST, held to the same rules.

    Raises:
        RunbookBroken: there is something that is no JSON.
        BadRequest: it is nested too deeply.
        Invalid: some text cannot be stored.
        ValidationError: it is no pipeline.
    """
    check_json(to_json(document))
    return PipelineBody.model_validate(document)


def to_json(document: Any) -> bytes:
    """As JSON; what YAML knows and JSON does not, such as dates, is refused.

    Raises:
        RunbookBroken: there is something that is no JSON.
    """
    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise RunbookBroken(f"YAML: {error}") from error


def faults_of(error: ValidationError) -> list[Shown]:
    """What is wrong with the shape of a document, in both languages."""
    return shown(problems_of(error, SHAPES))


def shown(problems: Iterable[Problem]) -> list[Shown]:
    """Faults as the editor takes them."""
    return [
        {"pointer": fault.pointer, "detail": fault.detail, "detailPt": fault.detail_pt or fault.detail}
        for fault in problems
    ]


def _runbook(row: Runbook) -> Shown:
    fields = form_model(row.input_schema) if row.input_schema else []
    properties = row.input_schema.get("properties", {})
    return {
        "name": row.name,
        "title": row.title or row.name,
        "titlePt": row.title_pt or row.title or row.name,
        "target": row.meta.get("target", "localhost"),
        "mutates": bool(row.meta.get("mutates")),
        "slots": row.meta.get("connections", []),
        "playTags": row.meta.get("play_tags", []),
        "inputs": [
            {name: field[name] for name in ("name", "title", "titlePt", "required")}
            | {"type": _type_of(properties.get(field["name"], {}))}
            for field in fields
        ],
    }


def _type_of(schema: Shown) -> str:
    declared = schema.get("type")
    return declared if isinstance(declared, str) and declared in JSON_TYPES else ""


def _connections(session: Session, actor: Actor) -> list[Shown]:
    if not actor.may(Permission.CONNECTIONS_READ):
        return []
    rows = list_connections(session, actor, ConnectionsQuery(limit=AT_ONCE)).items
    return [{"value": row.id, "label": f"{row.name} ({row.environment})", "type": row.type} for row in rows]
