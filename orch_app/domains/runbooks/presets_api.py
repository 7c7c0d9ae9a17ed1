"""Presets over REST: values for a runbook's form, kept by name."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.runbooks import presets, queries
from orch_app.domains.runbooks.models import Runbook, RunbookPreset
from orch_app.kit.rest import Answer, CamelModel, Reading, Transaction

router = APIRouter(prefix="/v1", tags=["runbooks"])

Name = Annotated[str, Field(min_length=1, max_length=presets.LONGEST_NAME)]


class NewPreset(CamelModel):
    """Values to keep by a name. Only admins share them with everybody."""

    name: Name
    inputs: dict[str, Any]
    shared: bool = False


class PresetChange(CamelModel):
    """Another name, other values, or both."""

    name: Name | None = None
    inputs: dict[str, Any] | None = None


class PresetAnswer(Answer):
    """A preset. `faults` is what is wrong with its values by the schema of today; `mine`: the caller may change it."""

    id: str
    runbook: str
    name: str
    inputs: dict[str, Any]
    shared: bool
    mine: bool
    owner: str
    created_at: datetime
    updated_at: datetime
    faults: list[dict[str, str]]


class PresetList(Answer):
    """The presets of a runbook."""

    items: list[PresetAnswer]


@router.get("/runbooks/{name}/presets")
def list_presets(name: str, actor: SignedIn, session: Reading) -> PresetList:
    """The caller's own presets of a runbook and the shared ones."""
    runbook = queries.get_runbook(session, actor, name)
    found = presets.list_presets(session, actor, name)
    return PresetList(items=[_to_answer(actor, runbook, row) for row in found])


@router.post("/runbooks/{name}/presets", status_code=201)
def create_preset(name: str, body: NewPreset, actor: SignedIn, session: Transaction) -> PresetAnswer:
    """Keep values for a runbook's form by a name."""
    row = presets.create(session, actor, name, body.name, body.inputs, shared=body.shared)
    return _to_answer(actor, queries.get_runbook(session, actor, name), row)


@router.patch("/runbooks/{name}/presets/{preset_id}")
def change_preset(name: str, preset_id: str, body: PresetChange, actor: SignedIn, session: Transaction) -> PresetAnswer:
    """Give a preset another name or other values."""
    row = presets.change(session, actor, name, preset_id, name=body.name, inputs=body.inputs)
    return _to_answer(actor, queries.get_runbook(session, actor, name), row)


@router.delete("/runbooks/{name}/presets/{preset_id}", status_code=204)
def delete_preset(name: str, preset_id: str, actor: SignedIn, session: Transaction) -> None:
    """Forget a preset."""
    presets.delete(session, actor, name, preset_id)


def _to_answer(actor: Actor, runbook: Runbook, row: RunbookPreset) -> PresetAnswer:
    return PresetAnswer(
        id=row.id,
        runbook=row.runbook_name,
        name=row.name,
        inputs=row.input_json,
        shared=row.is_shared,
        mine=presets.may_change(actor, row),
        owner=row.owner_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        faults=[fault.to_wire() for fault in presets.fitted(runbook, row.input_json).problems],
    )
