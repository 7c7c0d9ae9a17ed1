"""The screen /schedules: the list, the drawer of one schedule, pausing, starting at once and removing."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.schedules import service
from orch_app.kit.errors import Conflict
from orch_app.state.address import parameters
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, actor, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.schedules_view import NO_SCHEDULE, read_history, read_schedules
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived

FILTERS = ("q", "status", "runbook", "cursor")
MOVES = ("schedule.status", "schedule.missed", "job.status")
LONGEST_REASON = 500


class SchedulesState(Screen, rx.State):
    """Rows for the filters of the address. `panel` says what is open: "", `detail`, `delete`, `grave` or `override`."""

    rows: list[dict[str, Any]] = []
    total: int = 0
    is_filtered: bool = False
    next_href: str = ""
    previous_href: str = ""
    panel: str = ""
    one: dict[str, Any] = NO_SCHEDULE
    history: list[dict[str, Any]] = []
    override_reason: str = ""

    @rx.event
    @guarded(Permission.SCHEDULES_READ, page=True)
    async def load(self) -> None:
        """Read the list; `?open=` shows one of it."""
        if await has_arrived(self):
            self.panel = ""
        await self._read()
        asked = parameters(self, "open")["open"]
        if asked and not self.panel:
            self._pick(asked, "detail")
            await self._read_history()

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.SCHEDULES_READ)
    async def follow(self) -> None:
        """Show what is fired, missed and changed as it comes; started by on_load only."""
        async for _ in bursts(*MOVES):
            await recheck(self, Permission.SCHEDULES_READ)
            async with self:
                await self._read()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def open_detail(self, schedule_id: str) -> None:
        """Show one schedule of the list with its history."""
        self._pick(schedule_id, "detail")
        await self._read_history()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def close(self) -> Any:
        """Close whatever is open; an address that opened it is left behind."""
        self.panel, self.override_reason = "", ""
        return rx.redirect("/schedules", replace=True) if parameters(self, "open")["open"] else None

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def toggle(self, schedule_id: str, is_on: bool) -> Any:  # noqa: FBT001 - what a switch sends
        """Let a schedule be due, or pause it."""
        await act(service.resume if is_on else service.pause, schedule_id)
        await self._read()
        return Notices.show_done("schedule.resumed" if is_on else "schedule.paused")

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def run_now(self, schedule_id: str) -> Any:
        """Start its job at once, or ask first for the name of its runbook; see `_start` for blackouts."""
        if any(row["isGrave"] for row in self.rows if row["id"] == schedule_id):
            self._pick(schedule_id, "grave")
            return None
        return await self._start(schedule_id)

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def run_named(self) -> Any:
        """Start the job that was asked about: the name was typed."""
        is_asked, self.panel = self.panel == "grave", ""
        return await self._start(self.one["id"]) if is_asked else None

    async def _start(self, schedule_id: str) -> Any:
        """Start its job; in a blackout an admin is asked for a reason."""
        check_execute_limit(actor())
        try:
            fired = await act(service.run_now, schedule_id)
        except Conflict as refused:
            if refused.code != "blackout" or not actor().may(Permission.SETTINGS_WRITE):
                raise
            self._pick(schedule_id, "override")
            return None
        return rx.redirect(f"/jobs/{fired.job_id}")

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def give_override(self, reason: str) -> None:
        """Why the blackout shall not hold this once."""
        self.override_reason = reason[:LONGEST_REASON]

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def run_all_the_same(self) -> Any:
        """Start its job in a blackout, with the reason that was given."""
        if not self.override_reason.strip():
            return None
        check_execute_limit(actor())
        fired = await act(service.run_now, self.one["id"], override_reason=self.override_reason)
        self.panel, self.override_reason = "", ""
        return rx.redirect(f"/jobs/{fired.job_id}")

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def ask_delete(self, schedule_id: str) -> None:
        """Ask before removing one schedule."""
        self._pick(schedule_id, "delete")

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def delete(self) -> Any:
        """Remove the schedule that was asked about."""
        await act(service.delete, self.one["id"])
        self.panel = ""
        await self._read()
        return Notices.show_done("schedule.deleted")

    async def _read(self) -> None:
        asked = parameters(self, *FILTERS)
        for name, value in (await ask(read_schedules, asked, await environment_of(self))).items():
            setattr(self, name, value)
        self.is_filtered = any(asked[name] for name in ("q", "status", "runbook"))
        self.phase = "ready" if self.rows or self.is_filtered or asked["cursor"] else "empty"
        if self.panel:
            self._pick(self.one["id"], self.panel)
            await self._read_history()

    async def _read_history(self) -> None:
        self.history = await ask(read_history, self.one["id"]) if self.panel == "detail" else []

    def _pick(self, schedule_id: str, panel: str) -> None:
        found = next((row for row in self.rows if row["id"] == schedule_id), None)
        self.one, self.panel = (found, panel) if found else (NO_SCHEDULE, "")
