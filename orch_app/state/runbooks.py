"""The screen /runbooks: the catalogue with its filters, kept current while jobs run."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.runbooks import favourites, service
from orch_app.state.address import parameters
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.runbooks_view import FAVOURITES, Wanted, read_catalogue
from orch_app.state.screen import Screen


class RunbooksState(Screen, rx.State):
    """Rows of the catalogue; the filters are those of the address."""

    rows: list[dict[str, Any]] = []
    tabs_pt: list[dict[str, Any]] = []
    tabs_en: list[dict[str, Any]] = []
    total: int = 0
    broken: int = 0
    synced_at: str = ""
    is_starred: bool = False

    @rx.event
    @guarded(Permission.RUNBOOKS_READ, page=True)
    async def load(self) -> None:
        """Read the catalogue for the filters of the address."""
        self._show(await ask(read_catalogue, self._wanted()))

    @rx.event
    @guarded(Permission.RUNBOOKS_SYNC)
    async def sync(self) -> Any:
        """Read the runbooks folder again."""
        await act(service.sync)
        self._show(await ask(read_catalogue, self._wanted()))
        return Notices.show_done("runbooks.synced")

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def star(self, name: str, is_on: bool) -> None:  # noqa: FBT001 - what a button sends
        """Put a runbook first, or back in its place."""
        await act(favourites.add if is_on else favourites.remove, name)
        self._show(await ask(read_catalogue, self._wanted()))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.RUNBOOKS_READ)
    async def follow(self) -> None:
        """Show the runs of others as they come; started by the page, ended when the tab leaves it."""
        async for _ in bursts("job.status"):
            await recheck(self, Permission.RUNBOOKS_READ)
            found = await ask(read_catalogue, self._wanted())
            async with self:
                self._show(found)

    def _show(self, found: dict[str, Any]) -> None:
        for name, value in found.items():
            setattr(self, name, value)
        self.is_starred = self._wanted() == Wanted(FAVOURITES)
        self.phase = "ready" if self.total else "empty"

    def _wanted(self) -> Wanted:
        asked = parameters(self, "category", "q", "risk")
        return Wanted(asked["category"], asked["q"], asked["risk"])
