"""The screen /hosts: the list, the drawer of one host, its form, and deleting it. Keys are in `host_keys`."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.wire import HostChange, NewHost
from orch_app.kit.errors import Conflict, Invalid
from orch_app.kit.rest import etag
from orch_app.state.address import parameters
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, actor, ask, guarded, recheck
from orch_app.state.hosts_view import NO_HOST, NO_VARIABLES, faults_of, host_fields, read_host_variables, read_hosts
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived
from orch_app.state.variables_view import faults_in_variables

FILTERS = ("q", "status", "group", "connection", "sort", "cursor")


class HostsState(Screen, rx.State):
    """Rows for the filters of the address. `panel` says what is open: "", `detail`, `form` or `delete`."""

    rows: list[dict[str, Any]] = []
    total: int = 0
    is_filtered: bool = False
    next_href: str = ""
    previous_href: str = ""
    connections: list[dict[str, str]] = []
    groups: list[str] = []
    panel: str = ""
    host: dict[str, Any] = NO_HOST
    variables: str = ""
    is_trusted_text: bool = False
    faults: dict[str, str] = {}
    variable_faults: list[dict[str, str]] = []
    form_environment: str = "stage"
    form_connection: str = ""

    @rx.var
    def choices(self) -> list[dict[str, str]]:
        """Connections of the environment that the form is about."""
        return [option for option in self.connections if option["environment"] == self.form_environment]

    @rx.event
    @guarded(Permission.HOSTS_READ, page=True)
    async def load(self) -> Any:
        """Read the list; `?new=1` opens the form."""
        if await has_arrived(self):
            self.panel = ""
        await self._read()
        if parameters(self, "new")["new"] and self.panel == "" and actor().may(Permission.HOSTS_WRITE):
            self._open_form(NO_HOST, await environment_of(self) or "stage")

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.HOSTS_READ)
    async def follow(self) -> None:
        """Show changes of status as they come; started by on_load only."""
        async for _ in bursts("host.status"):
            await recheck(self, Permission.HOSTS_READ)
            async with self:
                await self._read()

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def open_detail(self, host_id: str) -> None:
        """Show one host of the list."""
        await self._pick(host_id, "detail")

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def open_new(self) -> None:
        """Show the empty form."""
        self._open_form(NO_HOST, await environment_of(self) or "stage")

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def open_edit(self, host_id: str) -> None:
        """Show the form of one host."""
        await self._pick(host_id, "form")
        self._open_form(self.host, self.host["environment"])

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def ask_delete(self, host_id: str) -> None:
        """Ask before removing one host."""
        await self._pick(host_id, "delete")

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def close(self) -> Any:
        """Close whatever is open; an address that opened the form is left behind."""
        self.panel = ""
        return rx.redirect("/hosts", replace=True) if parameters(self, "new")["new"] else None

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def choose_environment(self, environment: str) -> None:
        """The form is about a host of this environment; a connection of another one cannot be its."""
        self.form_environment = "prod" if environment == "prod" else "stage"
        self.form_connection = ""

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def choose_connection(self, connection_id: str) -> None:
        """The connection in the form."""
        self.form_connection = connection_id

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def save(self, values: dict[str, Any]) -> Any:
        """Add or change the host of the form; faults are shown at their fields."""
        try:
            saved = await self._saved(host_fields(values, self.form_connection))
        except (ValidationError, Invalid, Conflict) as error:
            self.faults, self.variable_faults = faults_of(error), faults_in_variables(error)
            if not self.faults:
                raise
            return None
        await self._read()
        await self._pick(saved, "detail")
        leave = [rx.redirect("/hosts", replace=True)] if parameters(self, "new")["new"] else []
        return [Notices.show_done("host.saved"), *leave]

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def delete(self) -> Any:
        """Remove the host that was asked about."""
        await act(hosts.delete, self.host["id"])
        self.panel = ""
        await self._read()
        return Notices.show_done("host.deleted")

    async def _saved(self, fields: dict[str, Any]) -> str:
        if not self.host["id"]:
            new = NewHost(**fields, environment=self.form_environment)  # pyright: ignore[reportArgumentType]
            return (await act(hosts.create, new)).id
        seen = etag(self.host["id"], self.host["version"])
        return (await act(hosts.update, self.host["id"], HostChange(**fields), if_match=seen)).id

    async def _read(self) -> None:
        asked = parameters(self, *FILTERS)
        for name, value in (await ask(read_hosts, asked, await environment_of(self))).items():
            setattr(self, name, value)
        self.is_filtered = any(asked[name] for name in ("q", "status", "group", "connection"))
        self.phase = "ready" if self.rows or self.is_filtered or asked["cursor"] else "empty"

    async def _pick(self, host_id: str, panel: str) -> None:
        found = next((row for row in self.rows if row["id"] == host_id), None)
        self.host, self.panel = (found, panel) if found else (NO_HOST, "")
        told = await ask(read_host_variables, host_id) if found else NO_VARIABLES
        self.variables, self.is_trusted_text = told["variables"], told["is_trusted_text"]

    def _open_form(self, host: dict[str, Any], environment: str) -> None:
        self.host, self.faults, self.variable_faults, self.panel = host, {}, [], "form"
        if not host["id"]:
            self.variables, self.is_trusted_text = "", False
        self.form_environment, self.form_connection = environment, host["connection_id"]
