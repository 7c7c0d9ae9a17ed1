"""The screen /connections: the list, the form of one connection, and deleting it. Tests are in `connection_probe`."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import ConnectionChange, NewConnection
from orch_app.kit.errors import Conflict, Invalid
from orch_app.kit.rest import etag
from orch_app.state.address import parameters
from orch_app.state.bursts import bursts
from orch_app.state.connections_view import NO_CONNECTION, NO_TYPE, faults_of, payload_of, read_connections, read_uses
from orch_app.state.guard import act, actor, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived

FILTERS = ("q", "sort", "cursor")


class ConnectionsState(Screen, rx.State):
    """Rows for the filters of the address. `panel`: "", `types` (what a new one is to be of), `form` or `delete`.

    Secrets pass through `save` and stay out. `kind` is the type of the connection in the form. `replacing` are
    the secret fields that somebody wants to type anew; `chosen` the answers of select fields. `saved_id` is what is to
    be tested because it was saved with "Save and test".
    """

    rows: list[dict[str, Any]] = []
    total: int = 0
    is_filtered: bool = False
    next_href: str = ""
    previous_href: str = ""
    types: list[dict[str, Any]] = []
    panel: str = ""
    kind: dict[str, Any] = NO_TYPE
    connection: dict[str, Any] = NO_CONNECTION
    fields: list[dict[str, Any]] = []
    uses: list[dict[str, Any]] = []
    faults: dict[str, str] = {}
    replacing: list[str] = []
    chosen: dict[str, str] = {}
    form_environment: str = "stage"
    saved_id: str = ""
    _tests_when_saved: bool = False

    @rx.event
    @guarded(Permission.CONNECTIONS_READ, page=True)
    async def load(self) -> None:
        """Read the list; `?new=1` asks for the type of a new one."""
        if await has_arrived(self):
            self.panel = ""
        await self._read()
        if parameters(self, "new")["new"] and not self.panel and actor().may(Permission.CONNECTIONS_WRITE):
            self.panel = "types"

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.CONNECTIONS_READ, page=True)
    async def follow(self) -> None:
        """Show what others add, change, test and remove as it happens; started by on_load only."""
        async for _ in bursts("connection.status", "host.status"):
            await recheck(self, Permission.CONNECTIONS_READ)
            async with self:
                await self._read()

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def open_new(self) -> None:
        """Ask of which type it is to be."""
        self.panel = "types"

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def choose_type(self, name: str) -> None:
        """Show the empty form of a type."""
        self._open_form({**NO_CONNECTION, "type": name[:100]}, await environment_of(self) or "stage")

    @rx.event
    @guarded(Permission.CONNECTIONS_READ)
    async def open(self, connection_id: str) -> None:
        """Show one connection with what uses it."""
        found = self._row(connection_id)
        self._open_form(found, found["environment"])
        self.uses = await ask(read_uses, connection_id) if found["used_by"] else []

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def ask_delete(self, connection_id: str) -> None:
        """Ask before removing one; what uses it is named instead when there is something."""
        self.connection, self.panel = self._row(connection_id), "delete"
        self.uses = await ask(read_uses, connection_id)

    @rx.event
    @guarded(Permission.CONNECTIONS_READ)
    async def close(self) -> Any:
        """Close whatever is open; an address that opened the form is left behind."""
        self.panel = ""
        return rx.redirect("/connections", replace=True) if parameters(self, "new")["new"] else None

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def choose_environment(self, environment: str) -> None:
        """The environment of a new connection; it cannot be changed later."""
        self.form_environment = "prod" if environment == "prod" else "stage"

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def choose(self, name: str, value: str) -> None:
        """The answer of a select field."""
        self.chosen = {**self.chosen, name[:100]: value[:200]}

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def replace_secret(self, name: str) -> None:
        """Show an empty field for a secret that has a value; saving it empty clears the value."""
        self.replacing = [*self.replacing, name[:100]]

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def test_when_saved(self, is_wanted: bool) -> None:  # noqa: FBT001 - which of two buttons was pressed
        """A test asks with what is stored: what was typed is saved first."""
        self._tests_when_saved, self.saved_id = is_wanted, ""

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def save(self, values: dict[str, Any]) -> Any:
        """Keep the connection of the form; faults are shown at their fields."""
        kept = [name for name in self.connection["set_at"] if name not in self.replacing]
        is_new = not self.connection["id"]
        payload = payload_of({**values, **self.chosen}, self.fields, kept=kept, is_new=is_new)
        try:
            saved = await self._save(str(values.get("name", "")).strip(), payload)
        except (ValidationError, Invalid, Conflict) as error:
            self.faults = faults_of(error)
            if not self.faults:
                raise
            return None
        self.panel, self.saved_id = "", saved if self._tests_when_saved else ""
        await self._read()
        leave = [rx.redirect("/connections", replace=True)] if parameters(self, "new")["new"] else []
        return [Notices.show_done("connection.saved"), *leave]

    @rx.event
    @guarded(Permission.CONNECTIONS_WRITE)
    async def delete(self) -> Any:
        """Remove the connection that was asked about."""
        await act(connections.delete, self.connection["id"])
        self.panel = ""
        await self._read()
        return Notices.show_done("connection.deleted")

    async def _save(self, name: str, payload: dict[str, Any]) -> str:
        """The id of what was saved."""
        if not self.connection["id"]:
            kind, environment = self.connection["type"], self.form_environment
            new = NewConnection(type=kind, name=name, environment=environment, payload=payload)  # pyright: ignore[reportArgumentType]
            return (await act(connections.create, new)).id
        seen = etag(self.connection["id"], self.connection["version"])
        change = ConnectionChange(name=name, payload=payload)
        return (await act(connections.update, self.connection["id"], change, if_match=seen)).id

    async def _read(self) -> None:
        asked = parameters(self, *FILTERS)
        for name, value in (await ask(read_connections, asked, await environment_of(self))).items():
            setattr(self, name, value)
        self.is_filtered = bool(asked["q"])
        self.phase = "ready" if self.rows or self.is_filtered or asked["cursor"] else "empty"

    def _row(self, connection_id: str) -> dict[str, Any]:
        return next((row for row in self.rows if row["id"] == connection_id), NO_CONNECTION)

    def _open_form(self, connection: dict[str, Any], environment: str) -> None:
        self.connection, self.panel = connection, "form"
        self.faults, self.replacing, self.uses = {}, [], []
        self.form_environment = environment
        self.kind = next((kind for kind in self.types if kind["name"] == connection["type"]), NO_TYPE)
        known = connection["values"]
        self.fields = [{**field, "value": known.get(field["name"], field["default"])} for field in self.kind["fields"]]
        self.chosen = {field["name"]: field["value"] for field in self.fields if field["kind"] == "enum"}
