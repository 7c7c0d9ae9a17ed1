"""The dialog that reads a host's key, shows its fingerprint, and pins it when a person has compared it."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import hosts, probes
from orch_app.domains.inventory.probes import Scan
from orch_app.state.asking import AskingDialog, answer_of
from orch_app.state.guard import actor, guarded
from orch_app.state.hosts import HostsState
from orch_app.state.hosts_view import NO_HOST, show_keys
from orch_app.state.notices import Notices


class HostKeysState(AskingDialog, rx.State):
    """`step`: "" closed, `asking`, `new` (nothing pinned), `same`, `changed`, `failed`, `pinning`."""

    host: dict[str, Any] = NO_HOST
    keys: list[dict[str, str]] = []
    picked: str = ""

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def open(self, host_id: str) -> Any:
        """Open the dialog and ask the host for its keys."""
        listed = await self.get_state(HostsState)
        self.host = next((row for row in listed.rows if row["id"] == host_id), NO_HOST)
        self.step, self.keys, self.picked, listed.panel = "asking", [], "", ""
        return HostKeysState.scan

    @rx.event(background=True)
    @guarded(Permission.HOSTS_WRITE)
    async def scan(self) -> None:
        """Read the keys that the host shows; nothing is pinned by this."""
        found = await answer_of(self, probes.scan_key, actor(), self.host["id"])
        if found is None:
            return
        async with self:
            self._show(found)

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def pick(self, fingerprint: str) -> None:
        """Look at another one of the keys that the host showed."""
        self.picked = fingerprint

    @rx.event
    @guarded(Permission.HOSTS_WRITE)
    async def confirm(self) -> Any:
        """The fingerprint was compared: pin it."""
        self.step = "pinning"
        return HostKeysState.pin

    @rx.event(background=True)
    @guarded(Permission.HOSTS_WRITE)
    async def pin(self) -> Any:
        """Ask the host once more and pin the compared key if it still shows it."""
        if await answer_of(self, probes.scan_and_pin, actor(), self.host["id"], self.picked) is None:
            return None
        async with self:
            self.step = ""
        return [Notices.show_done("host.pinned"), HostsState.load]

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def close(self) -> Any:
        """Close the dialog; the list shows what the scan found out."""
        self.step = ""
        return HostsState.load

    def _show(self, scan: Scan) -> None:
        if not self.step:
            return
        self.keys = show_keys(scan.keys)
        pinned = hosts.pinned_fingerprint(scan.host) or ""
        self.picked = pinned if scan.matches_pinned else self.keys[0]["value"]
        self.step = "new" if scan.matches_pinned is None else "same" if scan.matches_pinned else "changed"
