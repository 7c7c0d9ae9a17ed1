"""The dialog that tries a connection: one of type ssh on a chosen host, every other by asking its system."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import probes
from orch_app.domains.inventory.probes import ProbeResult
from orch_app.integrations.identity import Identity
from orch_app.state.asking import AskingDialog, answer_of
from orch_app.state.connections import ConnectionsState
from orch_app.state.connections_view import NO_CONNECTION, read_testable
from orch_app.state.guard import actor, ask, guarded
from orch_app.state.hosts_view import said_of


class ConnectionProbeState(AskingDialog, rx.State):
    """`step`: "" closed, `choose`, `trying`, `done`, `failed` (the test could not be made)."""

    connection: dict[str, Any] = NO_CONNECTION
    hosts: list[dict[str, str]] = []
    host_id: str = ""
    result: dict[str, Any] = {}

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def open(self, connection_id: str) -> Any:
        """Ask on which host to try; a system is asked at once."""
        listed = await self.get_state(ConnectionsState)
        self.connection = next((row for row in listed.rows if row["id"] == connection_id), NO_CONNECTION)
        is_login = self.connection["type"] == "ssh"
        self.hosts = await ask(read_testable, connection_id) if is_login else []
        self.host_id = self.hosts[0]["value"] if self.hosts else ""
        self.result, listed.panel = {}, ""
        self.step = "choose" if is_login else "trying"
        return None if is_login else ConnectionProbeState.probe

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def open_saved(self) -> Any:
        """After a form was sent: try what it saved, if that was wanted and nothing was wrong with it."""
        listed = await self.get_state(ConnectionsState)
        saved, listed.saved_id = listed.saved_id, ""
        return ConnectionProbeState.open(saved) if saved else None

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def choose(self, host_id: str) -> None:
        """The host to log in to; empty for none."""
        self.host_id = host_id

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def start(self) -> Any:
        """Begin the test."""
        self.step = "trying"
        return ConnectionProbeState.probe

    @rx.event(background=True)
    @guarded(Permission.CONNECTIONS_USE)
    async def probe(self) -> None:
        """Log in once, outside the tab's lock: a machine that does not answer takes its time."""
        found = await answer_of(self, probes.probe_connection, actor(), self.connection["id"], self.host_id or None)
        if found is None:
            return
        async with self:
            self._show(found)

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def close(self) -> Any:
        """Close the dialog; the list shows the outcome."""
        self.step = ""
        return ConnectionsState.load

    def _show(self, found: ProbeResult) -> None:
        if not self.step:
            return
        told = found.identity or Identity("")
        is_login = self.connection["type"] == "ssh"
        self.result = {
            "ok": found.is_ok,
            "is_login": is_login,
            "code": "complete" if is_login and found.is_ok and not self.host_id else found.code,
            "identity": told.who,
            "granted": list(told.granted),
            "missing": list(told.missing),
            "said": said_of(found.detail_code, found.detail),
            "ms": found.duration_ms,
            "fingerprint": found.facts.get("fingerprint", ""),
            "keys": [{"line": key.line, "fingerprint": key.fingerprint} for key in found.jump_keys + found.host_keys],
        }
        self.step = "done"
