"""The catalogue over REST; running a runbook is a matter of jobs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.runbooks import favourites, queries, service
from orch_app.domains.runbooks.approval_policy import approvals_asked
from orch_app.domains.runbooks.choices import asking
from orch_app.domains.runbooks.choices.asking import Draft
from orch_app.domains.runbooks.form import form_model
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.rest import Answer, CamelModel, Reading, Transaction

router = APIRouter(prefix="/v1", tags=["runbooks"])


class RunbooksQuery(CamelModel):
    """Filters of the catalogue; `favourite` leaves the caller's favourites, or, when false, the others."""

    category: Annotated[str, Field(max_length=100)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    favourite: bool | None = None


class RunbookAnswer(Answer):
    """A runbook with the schema of its inputs. `favourite`: the caller put it first.

    `sourceId` is the source that it came from, and empty where it is of the product's own folder.
    """

    name: str
    title: str
    title_pt: str
    description: str
    description_pt: str
    category: str
    tags: list[str]
    version: str
    revision: str
    risk: str
    target: str
    mutates: bool
    enabled: bool
    broken_reason: str
    connections: list[dict[str, Any]]
    approval: dict[str, str]
    timeout_s: int
    input_schema: dict[str, Any] = Field(serialization_alias="schema")
    source_id: str
    synced_at: datetime
    favourite: bool


class RunbookDetail(RunbookAnswer):
    """The same with what its page shows."""

    readme: str
    output_schema: dict[str, Any]
    form: list[dict[str, Any]]
    meta: dict[str, Any]


class ChoicesBody(CamelModel):
    """The form as it is, and what was typed into the field."""

    inputs: dict[str, Any] = {}
    connections: dict[str, Annotated[str, Field(max_length=64)]] = {}
    environment: Literal["stage", "prod"] = "stage"
    q: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""


class ChoiceAnswer(Answer):
    """One value that may be chosen, what people call it, and a word more."""

    value: str | int
    label: str
    hint: str


class ChoicesAnswer(Answer):
    """What may be chosen. `truncated`: there is more; type to narrow it, or give a value that is not listed."""

    items: list[ChoiceAnswer]
    truncated: bool


class SyncAnswer(Answer):
    """What a synchronisation found."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    broken: list[str]


@router.get("/runbooks")
def list_runbooks(query: Annotated[RunbooksQuery, Query()], actor: SignedIn, session: Reading) -> list[RunbookAnswer]:
    """Every runbook, the broken ones with their reason."""
    found = queries.list_runbooks(session, actor, category=query.category, text=query.q)
    mine = favourites.names_of(session, actor)
    asked = [one for one in found if query.favourite is None or (one.name in mine) is query.favourite]
    return [RunbookAnswer(**_facts(runbook), favourite=runbook.name in mine) for runbook in asked]


@router.get("/runbooks/{name}")
def get_runbook(name: str, actor: SignedIn, session: Reading) -> RunbookDetail:
    """One runbook with its form and README."""
    runbook = queries.get_runbook(session, actor, name)
    return RunbookDetail(
        **_facts(runbook),
        favourite=name in favourites.names_of(session, actor),
        readme=runbook.readme,
        output_schema=runbook.output_schema,
        form=form_model(runbook.input_schema) if runbook.input_schema else [],
        meta=runbook.meta,
    )


@router.get("/runbooks/{name}/schema")
def get_runbook_schema(name: str, actor: SignedIn, session: Reading) -> dict[str, Any]:
    """The JSON Schema of a runbook's inputs."""
    return queries.get_runbook(session, actor, name).input_schema


@router.post("/runbooks/{name}/choices/{field:path}")
def list_choices(name: str, field: str, body: ChoicesBody, actor: SignedIn) -> ChoicesAnswer:
    """What may be chosen for a field of the form as it is filled in; `field` is its pointer without the first slash."""
    path = [part.replace("~1", "/").replace("~0", "~") for part in field.split("/")]
    found = asking.offer(actor, name, path, Draft(body.inputs, body.connections, body.environment), body.q)
    items = [ChoiceAnswer(value=choice.value, label=choice.label, hint=choice.hint) for choice in found.items]
    return ChoicesAnswer(items=items, truncated=found.truncated)


@router.put("/runbooks/{name}/favourite", status_code=204)
def add_favourite(name: str, actor: SignedIn, session: Transaction) -> None:
    """Make a runbook a favourite of the caller."""
    favourites.add(session, actor, name)


@router.delete("/runbooks/{name}/favourite", status_code=204)
def remove_favourite(name: str, actor: SignedIn, session: Transaction) -> None:
    """Take a runbook from the caller's favourites."""
    favourites.remove(session, actor, name)


@router.post("/runbooks/sync")
def sync_runbooks(actor: SignedIn, session: Transaction) -> SyncAnswer:
    """Read the runbooks folder again."""
    return SyncAnswer.model_validate(service.sync(session, actor))


def _facts(runbook: Runbook) -> dict[str, Any]:
    meta = runbook.meta
    return {
        "name": runbook.name,
        "title": runbook.title,
        "title_pt": runbook.title_pt,
        "description": runbook.description,
        "description_pt": runbook.description_pt,
        "category": runbook.category,
        "tags": meta.get("tags", []),
        "version": runbook.version,
        "revision": runbook.revision,
        "risk": runbook.risk,
        "target": meta.get("target", ""),
        "mutates": meta.get("mutates", False),
        "enabled": runbook.enabled and not runbook.broken_reason,
        "broken_reason": runbook.broken_reason,
        "connections": meta.get("connections", []),
        "approval": approvals_asked(runbook),
        "timeout_s": meta.get("timeout_s", 0),
        "input_schema": runbook.input_schema,
        "source_id": runbook.source_id,
        "synced_at": runbook.synced_at,
    }
