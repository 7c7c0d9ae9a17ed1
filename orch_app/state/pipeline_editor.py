"""The editor of a pipeline, open while the address has `?edit=<id>` or `?edit=new`."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from orch_app.domains.access.permissions import Permission
from orch_app.domains.pipelines import service
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.kit.errors import BadRequest, Conflict, Invalid
from orch_app.kit.rest import etag
from orch_app.state import pipeline_editor_view as view
from orch_app.state.address import parameters
from orch_app.state.guard import act, ask, guarded
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen

NEW = "new"


class PipelineEditorState(Screen, rx.State):
    """One draft. `document` is what the editor begins with at each `revision`; `_edited` is what it has become."""

    is_open: bool = False
    asks_to_delete: bool = False
    pipeline_id: str = ""
    name: str = ""
    document: dict[str, Any] = {}
    revision: int = 0
    catalogue: dict[str, Any] = {"runbooks": [], "hosts": [], "connections": []}
    faults: list[dict[str, Any]] = []
    text: str = ""
    text_fault: str = ""
    text_fault_pt: str = ""
    _version: int = 0
    _edited: dict[str, Any] = {}

    @rx.event
    @guarded(Permission.PIPELINES_READ, page=True)
    async def open(self) -> None:
        """Show the editor when the address names a pipeline."""
        wanted = parameters(self, "edit")["edit"]
        if not wanted or (self.is_open and wanted == (self.pipeline_id or NEW)):
            self.is_open = bool(wanted)
            return
        self.is_open, self.phase, self.asks_to_delete = True, "loading", False
        self.catalogue = await ask(view.read_catalogue)
        blank: dict[str, Any] = {"id": "", "version": 0, "document": view.blank(self.catalogue["runbooks"])}
        found = blank if wanted == NEW else await ask(view.read_definition, wanted)
        self.pipeline_id, self._version = found["id"], found["version"]
        self.name = found["document"]["name"]
        self._begin_with(found["document"])
        self.phase = "ready"

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def close(self) -> Any:
        """Leave the editor; what was not saved is gone."""
        self.is_open = False
        return rx.redirect("/pipelines", replace=True)

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def change(self, document: dict[str, Any]) -> None:
        """The whole draft as it is now."""
        self._edited = document

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def write_text(self, document: dict[str, Any]) -> None:
        """Show the draft as YAML."""
        self._edited = document
        self.text, self.text_fault, self.text_fault_pt = view.to_text(document), "", ""

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def take_text(self, text: str) -> None:
        """Make the text the draft, if it is a pipeline."""
        try:
            self._begin_with(view.from_text(text))
        except (BadRequest, Invalid) as error:
            self.text_fault = self.text_fault_pt = error.detail
        except ValidationError as error:
            first = view.faults_of(error)[0]
            place = first["pointer"] or "/"
            self.text_fault, self.text_fault_pt = f"{place}: {first['detail']}", f"{place}: {first['detailPt']}"

    @rx.event
    @guarded(Permission.PIPELINES_WRITE)
    async def save(self) -> Any:
        """Keep the draft; what could not run is shown at its step."""
        try:
            await self._save(view.checked(self.get_value("_edited")))
        except ValidationError as error:
            self.faults = view.faults_of(error)
            return None
        except (Invalid, Conflict) as error:
            self.faults = view.shown(error.errors)
            if not self.faults:
                raise
            return None
        self.is_open = False
        return [Notices.show_done("pipeline.saved"), rx.redirect("/pipelines", replace=True)]

    @rx.event
    @guarded(Permission.PIPELINES_WRITE)
    async def ask_delete(self, is_asking: bool) -> None:  # noqa: FBT001 - what the page sends
        """Open or close the question."""
        self.asks_to_delete = is_asking

    @rx.event
    @guarded(Permission.PIPELINES_WRITE)
    async def delete(self) -> Any:
        """Remove the definition; its runs stay."""
        self.asks_to_delete = self.is_open = False
        await act(service.delete, self.pipeline_id)
        return [Notices.show_done("pipeline.deleted"), rx.redirect("/pipelines", replace=True)]

    async def _save(self, body: PipelineBody) -> None:
        if self.pipeline_id:
            seen = etag(self.pipeline_id, self._version)
            await act(service.update, self.pipeline_id, body, if_match=seen)
        else:
            await act(service.create, body)

    def _begin_with(self, document: dict[str, Any]) -> None:
        self.document = self._edited = document
        self.revision += 1
        self.faults, self.text_fault, self.text_fault_pt = [], "", ""
