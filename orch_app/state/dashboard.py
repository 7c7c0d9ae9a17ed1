"""The screen /dashboard: how things stand, live."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.state.bursts import bursts
from orch_app.state.dashboard_view import read_dashboard
from orch_app.state.guard import ask, guarded, recheck
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of


class DashboardState(Screen, rx.State):
    """Figures, what needs attention, workers, recent jobs, jobs per day; `steps` on a fresh installation."""

    kpis: dict[str, Any] = {}
    attention: list[dict[str, Any]] = []
    workers: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    recent: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []

    @rx.event
    @guarded(Permission.JOBS_READ, page=True)
    async def load(self) -> None:
        """Read the page for the environment of the switch."""
        self._show(await ask(read_dashboard, await environment_of(self)))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def follow(self) -> None:
        """Keep the page true while it is open; started by on_load only."""
        async for _ in bursts("job.status", "worker.status", "host.status", "connection.status"):
            await recheck(self, Permission.JOBS_READ)
            async with self:
                environment = await environment_of(self)
            found = await ask(read_dashboard, environment)
            async with self:
                self._show(found)

    def _show(self, found: dict[str, Any]) -> None:
        self.kpis, self.attention, self.workers = found["kpis"], found["attention"], found["workers"]
        self.parts = found["parts"]
        self.recent, self.days, self.steps = found["recent"], found["days"], found["steps"]
        self.phase = "empty" if found["is_fresh"] else "ready"
