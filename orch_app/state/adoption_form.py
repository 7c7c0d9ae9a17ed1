"""The drawer in which a plain playbook is made into a runbook, or it is said anew how."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.runbooks.form import form_model
from orch_app.domains.runbooks.inputs import check_inputs, with_defaults
from orch_app.domains.sources import adoptions
from orch_app.domains.sources.wire import AdoptionAnswer
from orch_app.kit.errors import Invalid, Problem
from orch_app.state import adoption_rows, adoption_view
from orch_app.state.guard import act, ask, guarded
from orch_app.state.launch_view import sentences
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import has_arrived
from orch_app.state.shape_faults import problems_of
from orch_app.state.sources import SourcesState

Shown = dict[str, Any]


class AdoptionFormState(Screen, rx.State):
    """One playbook. `runbook` is the name under which it is adopted already, empty for a new one.

    `keeps_inputs` says that its variables were described over REST, in more words than the form has.
    """

    is_open: bool = False
    playbook: str = ""
    runbook: str = ""
    keeps_inputs: bool = False
    fields: list[Shown] = []
    start: Shown = {}
    errors: dict[str, str] = {}
    errors_pt: dict[str, str] = {}
    fault_count: int = 0
    is_busy: bool = False
    _source_id: str = ""
    _values: Shown = {}

    @rx.event
    @guarded(Permission.ME)
    async def leave(self) -> None:
        """Whoever comes back to the page finds no form of the last visit."""
        if await has_arrived(self):
            self.is_open = False

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def open_new(self, source_id: str, playbook: str) -> None:
        """Show the form of a playbook that the source offers."""
        offered = (await self.get_state(SourcesState)).playbooks
        found = next((one for one in offered if one["path"] == playbook), None)
        if found:
            self.playbook, self.runbook = found["path"], ""
            self._begin(source_id, adoption_view.begun(found["path"], found["variables"]))

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def open_edit(self, source_id: str, runbook: str) -> None:
        """Show the form of a playbook that is adopted."""
        found = await ask(_adopted, source_id, runbook)
        if found:
            self.playbook, self.runbook = found.playbook, found.name
            self._begin(source_id, adoption_view.shown(found))

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def close(self) -> None:
        """Close the form."""
        self.is_open = False

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def fill_in(self, values: dict[str, Any]) -> None:
        """The whole form as it is now."""
        self._values = values

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def begin(self) -> None:
        """Show at once that it is being saved."""
        self.is_busy = True

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def save(self) -> Any:
        """Adopt the playbook and have its source fetched; what is refused is shown at its field."""
        self.is_busy = False
        if not self.is_open:
            return None
        schema = adoption_view.form_schema(with_variables=not self.keeps_inputs)
        checked = check_inputs(schema, self.get_value("_values"))
        rows = checked.values.get("variables", [])
        problems = [*checked.problems, *(() if checked.problems else adoption_rows.faults_in(rows))]
        if problems:
            self._show(problems)
            return None
        try:
            await self._save(checked.values)
        except ValidationError as error:
            self._show(problems_of(error))
            return None
        except Invalid as refused:
            self._show([_placed(fault) for fault in refused.errors])
            return None
        self.is_open = False
        return [Notices.show_done("source.adopted"), SourcesState.open(self._source_id)]

    async def _save(self, values: Shown) -> None:
        earlier = await ask(_adopted, self._source_id, self.runbook) if self.runbook else None
        body = adoption_view.body_of(values, self.playbook, earlier)
        await act(adoptions.put, self._source_id, self.runbook or values["name"], body)

    def _begin(self, source_id: str, start: Shown) -> None:
        self._source_id, self.keeps_inputs = source_id, "variables" not in start
        schema = adoption_view.form_schema(with_variables=not self.keeps_inputs)
        self.start = self._values = with_defaults(schema, start)
        self.fields = form_model(schema)
        if self.runbook:  # its name is what it is known by
            self.fields = [field for field in self.fields if field["name"] != "name"]
        self._show(())
        self.is_open, self.is_busy, self.phase = True, False, "ready"

    def _show(self, problems: Sequence[Problem]) -> None:
        self.errors, self.errors_pt = sentences(problems)
        self.fault_count = len(self.errors)


def _adopted(session: Session, actor: Actor, source_id: str, runbook: str) -> AdoptionAnswer | None:
    """How a playbook is adopted under this name; None when it is not."""
    rows = adoptions.of_source(session, actor, source_id)
    return next((AdoptionAnswer.model_validate(row) for row in rows if row.name == runbook), None)


def _placed(fault: Problem) -> Problem:
    """A fault of the schema is one of the rows that it was made of."""
    pointer = "/variables" if fault.pointer == "/schema" else fault.pointer
    return Problem(pointer, fault.code, fault.detail, fault.detail_pt)
