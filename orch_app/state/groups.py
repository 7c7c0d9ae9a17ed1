"""The groups on /hosts: the list, the drawer of one, its form, and deleting it."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import groups
from orch_app.domains.inventory.group_wire import GroupChange, NewGroup
from orch_app.kit.errors import Conflict, Invalid
from orch_app.kit.rest import etag
from orch_app.state.bursts import bursts
from orch_app.state.groups_view import NO_GROUP, faults_of, matching, read_group, read_groups, read_offer
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.hosts import HostsState
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived
from orch_app.state.variables_view import read_variables

LONGEST = 200
LOOK_S = 3.0
FIELDS = ("name", "hosts", "children", "variables")


class GroupsState(Screen, rx.State):
    """Rows of the environment whose name has `text`. `panel` says what is open: "", `detail`, `form` or `delete`.

    The form's hosts and groups are ticked one by one; its name and variables leave with it.
    """

    rows: list[dict[str, Any]] = []
    total: int = 0
    text: str = ""
    panel: str = ""
    group: dict[str, Any] = NO_GROUP
    environment: str = "stage"
    host_ids: list[str] = []
    host_text: str = ""
    hosts: list[dict[str, Any]] = []
    children: list[str] = []
    offered: list[str] = []
    faults: list[dict[str, Any]] = []
    _all_hosts: list[dict[str, Any]] = []

    @rx.var
    def faults_at(self) -> dict[str, list[dict[str, Any]]]:
        """The faults by the field that they are of."""
        return {place: [fault for fault in self.faults if fault["place"] == place] for place in FIELDS}

    @rx.event
    @guarded(Permission.HOSTS_READ, page=True)
    async def load(self) -> None:
        """Read the list."""
        if await has_arrived(self):
            self.panel, self.text = "", ""
        await self._read()

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.HOSTS_READ)
    async def follow(self) -> None:
        """Look again at a quiet pace: others and imports change groups; started by on_load only."""
        async for _ in bursts("host.status", at_least_every_s=LOOK_S):
            await recheck(self, Permission.HOSTS_READ)
            async with self:
                await self._read()

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def find(self, text: str) -> None:
        """Show the groups whose name has the text."""
        self.text = text[:LONGEST]
        await self._read()

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def open_detail(self, group_id: str) -> None:
        """Show one group."""
        self.group, self.panel = await ask(read_group, group_id), "detail"

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def open_new(self) -> None:
        """Show the empty form."""
        await self._open_form(NO_GROUP | {"environment": await environment_of(self) or "stage"})

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def open_edit(self, group_id: str) -> None:
        """Show the form of one group."""
        await self._open_form(await ask(read_group, group_id))

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def ask_delete(self, group_id: str) -> None:
        """Ask before removing one group."""
        self.group, self.panel = await ask(read_group, group_id), "delete"

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def close(self) -> None:
        """Close whatever is open."""
        self.panel = ""

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def choose_environment(self, environment: str) -> None:
        """The form is about a group of this environment; hosts and groups of another one cannot be in it."""
        self.environment = "prod" if environment == "prod" else "stage"
        self.host_ids, self.children, self.host_text = [], [], ""
        await self._offer()

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def find_hosts(self, text: str) -> None:
        """Show the hosts that mention the text."""
        self.host_text = text[:LONGEST]
        self._show_hosts()

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def choose_host(self, host_id: str, is_chosen: bool) -> None:  # noqa: FBT001 - what a checkbox sends
        """Put a host into the group, or take it out."""
        rest = [known for known in self.host_ids if known != host_id]
        self.host_ids = [*rest, host_id] if is_chosen else rest
        self._show_hosts()

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def choose_child(self, name: str) -> None:
        """Put a group into this one, or take it out."""
        rest = [known for known in self.children if known != name]
        self.children = rest if name in self.children else [*rest, name]

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def save(self, values: dict[str, Any]) -> Any:
        """Add or change the group of the form; faults are shown at their fields."""
        hosts, children = self.get_value("host_ids"), self.get_value("children")
        try:
            variables = read_variables(str(values.get("variables", "")))
            fields = {"name": str(values.get("name", "")).strip(), "variables": variables}
            saved = await self._saved({**fields, "hosts": hosts, "children": children})
        except (ValidationError, Invalid, Conflict) as error:
            self.faults = faults_of(error, self._names(hosts))
            if not self.faults:
                raise
            return None
        await self._read()
        self.group, self.panel = await ask(read_group, saved), "detail"
        return [Notices.show_done("group.saved"), HostsState.load]

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def delete(self) -> Any:
        """Remove the group that was asked about."""
        await act(groups.delete, self.group["id"])
        self.panel = ""
        await self._read()
        return [Notices.show_done("group.deleted"), HostsState.load]

    async def _saved(self, fields: dict[str, Any]) -> str:
        if not self.group["id"]:
            return (await act(groups.create, NewGroup(environment=self.environment, **fields))).id  # pyright: ignore[reportArgumentType]
        seen = etag(self.group["id"], self.group["version"])
        return (await act(groups.update, self.group["id"], GroupChange(**fields), if_match=seen)).id

    async def _read(self) -> None:
        found = await ask(read_groups, await environment_of(self), self.text)
        self.rows, self.total = found["rows"], found["total"]
        self.phase = "ready" if self.rows or self.text else "empty"

    async def _open_form(self, group: dict[str, Any]) -> None:
        self.group, self.environment, self.panel, self.faults = group, group["environment"], "form", []
        self.host_ids, self.children, self.host_text = group["hosts"], group["children"], ""
        await self._offer()

    async def _offer(self) -> None:
        found = await ask(read_offer, self.environment)
        self._all_hosts = found["hosts"]
        self.offered = [name for name in found["groups"] if name != self.group["name"]]
        self._show_hosts()

    def _show_hosts(self) -> None:
        self.hosts = matching(self._all_hosts, self.host_text, self.host_ids)

    def _names(self, host_ids: list[str]) -> list[str]:
        known = {host["id"]: host["name"] for host in self._all_hosts}
        return [known.get(host_id, host_id) for host_id in host_ids]
