"""Presets in the run drawer: chosen to fill the form, kept from what it holds, renamed, overwritten and removed."""

from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.runbooks import presets
from orch_app.domains.runbooks.models import RunbookPreset
from orch_app.domains.runbooks.queries import get_runbook
from orch_app.i18n import text
from orch_app.kit.errors import Conflict, Invalid
from orch_app.state.guard import act, ask, guarded
from orch_app.state.notices import Notices
from orch_app.state.order_form import OrderForm

STEPS = ("save", "overwrite", "rename", "delete")
Shown = dict[str, Any]
NO_PRESET: Shown = {"id": "", "name": "", "isShared": False, "mayChange": False}


class PresetChoice(OrderForm, rx.State, mixin=True):
    """The order form with presets. `preset` is the chosen one; `preset_step` is what is being done with it."""

    presets: list[Shown] = []
    preset_options: list[Shown] = []
    preset_options_pt: list[Shown] = []
    preset: Shown = NO_PRESET
    preset_step: str = ""
    preset_name: str = ""
    preset_is_shared: bool = False
    preset_fault: dict[str, str] = {"en": "", "pt": ""}

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def choose_preset(self, preset_id: str) -> None:
        """Fill the form with a preset and show what the schema of today objects to; without one, begin afresh."""
        found = await ask(_fitted, self.runbook["name"], preset_id)
        self.start = found.values
        self._inputs = self.start
        self._weigh()
        self._show_faults(found.problems)
        self._pick(preset_id)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def begin_preset(self, step: str) -> None:
        """Ask for a name, or whether it shall be so; an empty step asks nothing any more."""
        self.preset_step = step if step in STEPS else ""
        self.preset_name = self.preset["name"] if step == "rename" else ""
        self.preset_is_shared = False
        self.preset_fault = {"en": "", "pt": ""}

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def name_preset(self, name: str) -> None:
        """What it shall be called."""
        self.preset_name = name[: presets.LONGEST_NAME]

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def share_preset(self, is_on: bool) -> None:  # noqa: FBT001 - what a checkbox sends
        """Whether everybody shall see it."""
        self.preset_is_shared = is_on

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def finish_preset(self) -> Any:
        """Do what was asked; a name that cannot be taken is told at its field."""
        try:
            preset_id = await act(_carry_out, self.preset_step, self._asked())
        except (Invalid, Conflict) as refused:
            if not refused.errors or refused.errors[0].pointer != "/name":
                raise
            fault = refused.errors[0]
            self.preset_fault = {"en": fault.detail, "pt": fault.detail_pt or fault.detail}
            return None
        told = "preset.deleted" if self.preset_step == "delete" else "preset.saved"
        self.preset_step = ""
        await self._read_presets()
        self._pick(preset_id)
        return Notices.show_done(told)

    async def _read_presets(self) -> None:
        self.presets = await ask(_read, self.runbook["name"])
        self.preset_options, self.preset_options_pt = (_options(self.presets, each) for each in ("en", "pt-BR"))

    def _pick(self, preset_id: str) -> None:
        self.preset = next((one for one in self.presets if one["id"] == preset_id), NO_PRESET)
        self.preset_step = ""

    def _asked(self) -> Shown:
        inputs = self.get_value("_inputs")
        named = {"name": self.preset_name, "shared": self.preset_is_shared, "inputs": inputs}
        return named | {"id": self.preset["id"], "runbook": self.runbook["name"]}


def _read(session: Session, actor: Actor, runbook: str) -> list[Shown]:
    return [_show(actor, row) for row in presets.list_presets(session, actor, runbook)]


def _show(actor: Actor, row: RunbookPreset) -> Shown:
    may_change = presets.may_change(actor, row)
    return {"id": row.id, "name": row.name, "isShared": row.is_shared, "mayChange": may_change}


def _options(found: list[Shown], language: str) -> list[Shown]:
    return [
        {
            "value": one["id"],
            "label": text(language, "presets.shared_mark", name=one["name"]) if one["isShared"] else one["name"],
        }
        for one in found
    ]


def _fitted(session: Session, actor: Actor, runbook: str, preset_id: str) -> presets.Fitted:
    """The values of a preset for the form as it is now; of none, how the form begins."""
    inputs = presets.get_preset(session, actor, runbook, preset_id).input_json if preset_id else {}
    found = presets.fitted(get_runbook(session, actor, runbook), inputs)
    return found if preset_id else presets.Fitted(found.values, ())


def _carry_out(session: Session, actor: Actor, step: str, asked: Shown) -> str:
    """The id of the preset that is chosen afterwards; empty when there is none."""
    runbook = asked["runbook"]
    kept = presets.without_secrets(get_runbook(session, actor, runbook), asked["inputs"])
    if step == "save":
        return presets.create(session, actor, runbook, asked["name"], kept, shared=asked["shared"]).id
    if step == "delete":
        presets.delete(session, actor, runbook, asked["id"])
        return ""
    change: Shown = {"inputs": kept} if step == "overwrite" else {"name": asked["name"]}
    return presets.change(session, actor, runbook, asked["id"], **change).id
