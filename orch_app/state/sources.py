"""The screen /sources: where runbooks come from, fetching one, and trusting what came."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.sources import service, trusting
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, actor, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.sources_view import NO_SOURCE, read_sources, show_difference

LOOK_S = 3.0


class SourcesState(Screen, rx.State):
    """Rows of the list; `panel` says what is open about `source`: "", `difference` or `trust`.

    `files` are those that differ between what is trusted and what came last.
    """

    rows: list[dict[str, Any]] = []
    panel: str = ""
    source: dict[str, Any] = NO_SOURCE
    files: list[dict[str, Any]] = []
    is_cut: bool = False

    @rx.event
    @guarded(Permission.SOURCES_READ, page=True)
    async def load(self) -> None:
        """Read the list."""
        self.panel = ""
        self._show(await ask(read_sources))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.SOURCES_READ)
    async def follow(self) -> None:
        """Look again at a quiet pace: workers fetch meanwhile; started by on_load only."""
        async for _ in bursts(at_least_every_s=LOOK_S):
            await recheck(self, Permission.SOURCES_READ)
            found = await ask(read_sources)
            async with self:
                self._show(found)

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def sync(self, source_id: str) -> Any:
        """Have a worker fetch a source."""
        await act(service.request_sync, source_id)
        self._show(await ask(read_sources))
        return Notices.show_done("source.sync_asked")

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def look(self, source_id: str) -> None:
        """Open what came last, with what it would change."""
        self.source = next((row for row in self.rows if row["id"] == source_id), NO_SOURCE)
        self.files, self.is_cut = [], False
        if self.source["newestId"]:
            found, _ = await asyncio.to_thread(trusting.compare, actor(), source_id, self.source["newestId"])
            self.files, self.is_cut = show_difference(found), found.truncated
        self.panel = "difference" if self.source["id"] else ""

    @rx.event
    @guarded(Permission.SOURCES_TRUST)
    async def ask_trust(self) -> None:
        """Ask before what was looked at is trusted."""
        self.panel = "trust"

    @rx.event
    @guarded(Permission.SOURCES_TRUST)
    async def trust(self) -> Any:
        """Trust the edition that was looked at, whatever has come since."""
        self.panel = ""
        await asyncio.to_thread(trusting.trust, actor(), self.source["id"], self.source["newestId"])
        self._show(await ask(read_sources))
        return Notices.show_done("source.trusted")

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def close(self) -> None:
        """Show the list alone."""
        self.panel = ""

    def _show(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.phase = "ready" if rows else "empty"
