"""The screen /dashboard: how things stand, live. Engines are asked beside it: nobody waits for one that is slow."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.sights import look
from orch_app.kit.errors import OrchError
from orch_app.state.address import parameters
from orch_app.state.bursts import bursts
from orch_app.state.dashboard_view import NOT_COUNTED, USUAL_SPAN, Wanted, count_containers, read_dashboard
from orch_app.state.guard import actor, ask, guarded, recheck
from orch_app.state.screen import Screen
from orch_app.state.session import calendar_of, environment_of

MOVES = ("job.status", "worker.status", "host.status", "connection.status", "schedule.status")
COUNT_S = 10.0


class DashboardState(Screen, rx.State):
    """Figures, what needs attention, workers, jobs of late, per day and to come; `steps` on a fresh installation.

    `containers` are the counts of those on all engines, once the engines have answered.
    """

    kpis: dict[str, Any] = {}
    containers: dict[str, Any] = NOT_COUNTED
    attention: list[dict[str, Any]] = []
    workers: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    recent: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    span: int = USUAL_SPAN
    scheduled: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []

    @rx.event
    @guarded(Permission.JOBS_READ, page=True)
    async def load(self) -> None:
        """Read the page for the environment of the switch and the days of the address."""
        self._show(await ask(read_dashboard, await self._wanted()))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def follow(self) -> None:
        """Keep the page true while it is open; started by on_load only."""
        async for _ in bursts(*MOVES):
            await recheck(self, Permission.JOBS_READ)
            async with self:
                wanted = await self._wanted()
            found = await ask(read_dashboard, wanted)
            async with self:
                self._show(found)

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def watch_containers(self) -> None:
        """Keep the counts of containers true; started by on_load only."""
        while True:
            await self._count_containers()
            await asyncio.sleep(COUNT_S)
            await recheck(self, Permission.JOBS_READ)

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def count_containers(self) -> None:
        """Count the containers of another environment."""
        await self._count_containers()

    async def _count_containers(self) -> None:
        """Count them once, for those who may see them; what cannot be counted is not told."""
        if not actor().may(Permission.CONNECTIONS_USE):
            return
        async with self:
            environment = await environment_of(self)
        try:
            counted = count_containers(await asyncio.to_thread(look, actor(), environment))
        except OrchError:
            counted = NOT_COUNTED
        async with self:
            if counted != self.containers:
                self.containers = counted

    def _show(self, found: dict[str, Any]) -> None:
        self.kpis, self.attention, self.workers = found["kpis"], found["attention"], found["workers"]
        self.parts = found["parts"]
        self.recent, self.steps, self.scheduled = found["recent"], found["steps"], found["scheduled"]
        self.days, self.span = found["days"], found["span"]
        self.phase = "empty" if found["is_fresh"] else "ready"

    async def _wanted(self) -> Wanted:
        asked = parameters(self, "days")["days"]
        return Wanted.of(asked, await environment_of(self), await calendar_of(self))
