"""The screen /pipelines: definitions and runs, current as they move. Drawers are in states of their own."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.kit.wakeups import wakeups
from orch_app.state.address import parameters
from orch_app.state.guard import ask, guarded, recheck
from orch_app.state.pipelines_view import PARAMETERS, read_pipelines
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of

LOOK_S = 0.5


class PipelinesState(Screen, rx.State):
    """Definitions in `rows`, the newest runs in `runs`; `names` is what runs can be filtered by."""

    rows: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    names: list[str] = []
    is_filtered: bool = False

    @rx.event
    @guarded(Permission.PIPELINES_READ, page=True)
    async def load(self) -> None:
        """Read what the address asks for."""
        self._show(await ask(read_pipelines, parameters(self, *PARAMETERS), await environment_of(self)))
        self.phase = "ready" if self.rows or self.runs or self.is_filtered else "empty"

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.PIPELINES_READ, page=True)
    async def follow(self) -> None:
        """Keep both lists true while the page is open; ended when the tab leaves it."""
        with wakeups.subscribed("pipelines") as bell:
            while True:
                await bell.wait()
                await recheck(self, Permission.PIPELINES_READ)
                async with self:
                    asked, environment = parameters(self, *PARAMETERS), await environment_of(self)
                found = await ask(read_pipelines, asked, environment)
                async with self:
                    self._show(found)
                    if self.rows and self.phase == "empty":
                        self.phase = "ready"
                await asyncio.sleep(LOOK_S)

    def _show(self, found: dict[str, Any]) -> None:
        for name, value in found.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
