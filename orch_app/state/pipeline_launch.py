"""Starting a pipeline, open while the address has `?run=<pipeline id>`."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.pipelines import runs
from orch_app.domains.pipelines.queries import get_pipeline
from orch_app.domains.runbooks.form import form_model
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.kit.errors import Invalid, Problem
from orch_app.state.address import parameters
from orch_app.state.guard import act, ask, guarded
from orch_app.state.launch_view import sentences
from orch_app.state.pipelines_view import grave_places
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of

LONGEST_REASON = 500


class PipelineLaunchState(Screen, rx.State):
    """One order for a pipeline. `errors` are by pointer into the inputs, in each language.

    `grave_in` are the environments in which it runs something of high risk in production: its name is asked for.
    """

    is_open: bool = False
    is_busy: bool = False
    asks_for_name: bool = False
    grave_in: list[str] = []
    name: str = ""
    pipeline_id: str = ""
    title: str = ""
    description: str = ""
    steps: str = ""
    fields: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    environment: str = "stage"
    reason: str = ""
    errors: dict[str, str] = {}
    errors_pt: dict[str, str] = {}
    _inputs: dict[str, Any] = {}

    @rx.event
    @guarded(Permission.PIPELINES_READ, page=True)
    async def open(self) -> None:
        """Show the drawer when the address names a pipeline."""
        wanted = parameters(self, "run")["run"]
        if not wanted or (self.is_open and wanted == self.pipeline_id):
            self.is_open = bool(wanted)
            return
        self.is_open, self.is_busy, self.phase, self.pipeline_id = True, False, "loading", wanted
        for name, value in (await ask(read_order_form, wanted)).items():
            setattr(self, name, value)
        self._inputs, self.reason, self.asks_for_name = self.start, "", False
        self.environment = await environment_of(self) or "stage"
        self._show_faults(())
        self.phase = "ready"

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def close(self) -> Any:
        """Take the drawer out of the address."""
        self.is_open = False
        return rx.redirect("/pipelines", replace=True)

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def choose_environment(self, environment: str) -> None:
        """Where the steps run that name no environment of their own."""
        self.environment = "prod" if environment == "prod" else "stage"

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def fill_in(self, inputs: dict[str, Any]) -> None:
        """The whole form as it is now."""
        self._inputs = inputs

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def give_reason(self, reason: str) -> None:
        """Why the run is wanted; it goes into the audit log."""
        self.reason = reason[:LONGEST_REASON]

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def begin(self) -> None:
        """Show at once that the order is being sent."""
        self.is_busy = True

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def run(self) -> Any:
        """Start the run and open its page, or ask first for the name; refused inputs are shown at their fields."""
        self.is_busy = False
        if not self.is_open or self.phase != "ready":
            return None
        if self.environment in self.grave_in:
            self.asks_for_name = True
            return None
        return await self._send()

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def run_named(self) -> Any:
        """Start the run: the name was typed."""
        is_asked, self.asks_for_name = self.asks_for_name, False
        return await self._send() if is_asked else None

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def close_question(self) -> None:
        """Back to the form, as it was."""
        self.asks_for_name = False

    async def _send(self) -> Any:
        order = runs.RunOrder(self.pipeline_id, self.get_value("_inputs"), self.environment, self.reason.strip())
        try:
            run_id = await act(_start, order)
        except Invalid as refused:
            self._show_faults(refused.errors)
            return None
        self.is_open = False
        return rx.redirect(f"/pipelines/{run_id}")

    def _show_faults(self, faults: Sequence[Problem]) -> None:
        self.errors, self.errors_pt = sentences(faults)


def read_order_form(session: Session, actor: Actor, pipeline_id: str) -> dict[str, Any]:
    """The form of a pipeline's inputs.

    Raises:
        NotFound: there is no such pipeline.
    """
    row = get_pipeline(session, actor, pipeline_id)
    fields = form_model(row.document["inputsSchema"])
    return {
        "name": row.name,
        "title": row.title or row.name,
        "grave_in": grave_places(row.document, list_runbooks(session, actor)),
        "description": row.description,
        "steps": " → ".join(step["id"] for step in row.document["steps"]),
        "fields": fields,
        "start": {field["name"]: field["default"] for field in fields if "default" in field},
    }


def _start(session: Session, actor: Actor, order: runs.RunOrder) -> str:
    check_execute_limit(actor)
    return runs.start(session, actor, order).id
