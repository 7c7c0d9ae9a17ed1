"""The screen /sources: where runbooks come from, having one fetched, trusting what came, and removing one."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.sources import adoptions, service, trusting
from orch_app.domains.sources.inventories import inventories
from orch_app.kit.rest import etag
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, actor, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import has_arrived
from orch_app.state.sources_view import (
    NO_EDITION,
    NO_SOURCE,
    read_detail,
    read_sources,
    show_difference,
    show_inventories,
)

LOOK_S = 3.0


class SourcesState(Screen, rx.State):
    """Rows of the list; `panel` says what is open about `source`: "", `detail`, `trust` or `delete`.

    `edition` is what is looked at of all that was fetched (`editions`), and `files` are those in which it differs from
    what is trusted. `playbooks` are the plain ones of what came last, `kept_inventories` those of what is trusted.
    """

    rows: list[dict[str, Any]] = []
    panel: str = ""
    source: dict[str, Any] = NO_SOURCE
    editions: list[dict[str, Any]] = []
    edition: dict[str, Any] = NO_EDITION
    playbooks: list[dict[str, Any]] = []
    kept_inventories: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    is_cut: bool = False

    @rx.event
    @guarded(Permission.SOURCES_READ, page=True)
    async def load(self) -> None:
        """Read the list; what is open stays so, but for who comes to the page."""
        if await has_arrived(self):
            self.panel = ""
        await self._read()

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.SOURCES_READ)
    async def follow(self) -> None:
        """Look again at a quiet pace: workers fetch meanwhile; started by on_load only."""
        async for _ in bursts(at_least_every_s=LOOK_S):
            await recheck(self, Permission.SOURCES_READ)
            found = await ask(read_sources)
            async with self:
                before = self.source["newestId"]
                self._show(found)
                if self.panel == "detail" and self.source["newestId"] != before:
                    await self._read_detail()
                    await self._show_first()

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def sync(self, source_id: str) -> Any:
        """Have a worker fetch a source."""
        await act(service.request_sync, source_id)
        await self._read()
        return Notices.show_done("source.sync_asked")

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def open(self, source_id: str) -> None:
        """Show one source: what came last, with what it would change."""
        self._pick(source_id, "detail")
        self.editions, self.playbooks = [], []
        if self.panel:
            await self._read_detail()
            await self._compare(self.source["newestId"])

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def look(self, edition_id: str) -> None:
        """Show what else was fetched of the source, with what it would change."""
        if self.panel:
            await self._compare(edition_id)

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
        await asyncio.to_thread(trusting.trust, actor(), self.source["id"], self.edition["id"])
        await self._read()
        return Notices.show_done("source.trusted")

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def ask_delete(self, source_id: str) -> None:
        """Ask before removing one."""
        self._pick(source_id, "delete")

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def delete(self) -> Any:
        """Remove the source that was asked about, as it was shown."""
        self.panel = ""
        await act(service.delete, self.source["id"], if_match=etag(self.source["id"], self.source["version"]))
        await self._read()
        return Notices.show_done("source.deleted")

    @rx.event
    @guarded(Permission.SOURCES_WRITE)
    async def disown(self, runbook: str) -> Any:
        """Let a playbook be no runbook any more, once what is fetched then is trusted."""
        await act(adoptions.remove, self.source["id"], runbook)
        await self._read_detail()
        return Notices.show_done("source.disowned")

    @rx.event
    @guarded(Permission.SOURCES_READ)
    async def close(self) -> None:
        """Show the list alone."""
        self.panel = ""

    async def _read(self) -> None:
        self._show(await ask(read_sources))

    async def _read_detail(self) -> None:
        found = await ask(read_detail, self.source["id"])
        self.editions, self.playbooks = found["editions"], found["playbooks"]

    async def _show_first(self) -> None:
        """What was fetched first is shown at once; later ones do not take the place of what somebody reads."""
        if not self.edition["id"]:
            await self._compare(self.source["newestId"])

    async def _compare(self, edition_id: str) -> None:
        self.edition = next((one for one in self.editions if one["id"] == edition_id), NO_EDITION)
        self.files, self.kept_inventories, self.is_cut = [], [], False
        if self.edition["id"]:
            found, _ = await asyncio.to_thread(trusting.compare, actor(), self.source["id"], edition_id)
            self.files, self.is_cut = show_difference(found), found.truncated
            places = await asyncio.to_thread(inventories, actor(), self.source["id"])
            self.kept_inventories = show_inventories(self.source, places)

    def _pick(self, source_id: str, panel: str) -> None:
        found = next((row for row in self.rows if row["id"] == source_id), None)
        self.source, self.panel = (found, panel) if found else (NO_SOURCE, "")

    def _show(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.phase = "ready" if rows else "empty"
        if self.panel:
            self._pick(self.source["id"], self.panel)
