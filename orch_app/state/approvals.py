"""The screen /approvals: what waits for the reader's yes or no, or for anybody's."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.state.address import parameters
from orch_app.state.approvals_view import PARAMETERS, Wanted, read_list
from orch_app.state.bursts import bursts
from orch_app.state.guard import ask, guarded, recheck
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of


class ApprovalsState(Screen, rx.State):
    """Rows of the page; `is_everybodys` says that they are not only what waits for the reader."""

    rows: list[dict[str, Any]] = []
    is_everybodys: bool = False
    next_href: str = ""
    previous_href: str = ""

    @rx.event
    @guarded(Permission.JOBS_READ, page=True)
    async def load(self) -> None:
        """Read the page that the address asks for."""
        self._show(await ask(read_list, await self._wanted()))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def follow(self) -> None:
        """Let rows come and go as people ask and decide; ended when the tab leaves the page."""
        async for _ in bursts("job.status"):
            await recheck(self, Permission.JOBS_READ)
            async with self:
                wanted = await self._wanted()
            found = await ask(read_list, wanted)
            async with self:
                self._show(found)

    async def _wanted(self) -> Wanted:
        return Wanted.of(parameters(self, *PARAMETERS), await environment_of(self))

    def _show(self, found: dict[str, Any]) -> None:
        for name, value in found.items():
            setattr(self, name, value)
        self.phase = "ready" if self.rows else "empty"
