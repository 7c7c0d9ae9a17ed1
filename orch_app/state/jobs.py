"""The screen /jobs: a page of the list, filtered by the address, kept current without moving a row."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import bulk
from orch_app.state.address import address, parameters
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.jobs_view import PAGE_SIZE, PARAMETERS, Wanted, carry_out, read_changes, read_page
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of


class JobsState(Screen, rx.State):
    """Rows of the page; `fresh` counts the jobs that are newer than the page."""

    rows: list[dict[str, Any]] = []
    runbooks: list[str] = []
    users: list[str] = []
    hosts: list[str] = []
    total: int = 0
    page: int = 1
    page_size: int = PAGE_SIZE
    fresh: int = 0
    newest_id: str = ""
    is_filtered: bool = False
    is_dead: bool = False
    csv_href: str = ""

    @rx.event
    @guarded(Permission.JOBS_READ, page=True)
    async def load(self) -> None:
        """Read the page that the address asks for."""
        found = await ask(read_page, await self._wanted())
        for name, value in found.items():
            setattr(self, name, value)
        self.phase = "ready" if self.rows or self.is_filtered or self.page > 1 else "empty"

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def follow(self) -> None:
        """Bring the shown rows up to date as jobs move, and count the new ones; ended when the tab leaves the page."""
        async for _ in bursts("job.status"):
            await recheck(self, Permission.JOBS_READ)
            async with self:
                wanted, shown, newest = await self._wanted(), [row["id"] for row in self.rows], self.newest_id
            found = await ask(read_changes, wanted, shown, newest)
            async with self:
                if [row["id"] for row in self.rows] == shown:
                    self.rows, self.fresh = found["rows"], found["fresh"]

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def show_fresh(self) -> Any:
        """Show the newest jobs: the first page with the same filters."""
        asked = {name: value for name, value in parameters(self, *PARAMETERS).items() if name != "page"}
        if parameters(self, "page")["page"]:
            return rx.redirect(address("/jobs", asked))
        return JobsState.load

    @rx.event
    @guarded(Permission.JOBS_CANCEL)
    async def cancel_chosen(self, job_ids: list[str]) -> Any:
        """Stop these jobs; what is refused is told apart."""
        return await self._carry_out("cancel", job_ids)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def repeat_chosen(self, job_ids: list[str]) -> Any:
        """Run these jobs again."""
        return await self._carry_out("retry", job_ids)

    @rx.event
    @guarded(Permission.JOBS_DELETE)
    async def delete_chosen(self, job_ids: list[str]) -> Any:
        """Remove these jobs with their logs and files; a page that is left empty gives way to the first."""
        told = await self._carry_out("delete", job_ids)
        is_emptied = self.page > 1 and len(job_ids) >= len(self.rows)
        return [*told[:-1], JobsState.show_fresh] if is_emptied else told

    async def _carry_out(self, action: bulk.BulkAction, job_ids: list[str]) -> list[Any]:
        found = await act(carry_out, bulk.BulkOrder(action, [str(job_id) for job_id in job_ids]))
        done = [Notices.show_count(f"job.bulk_{action}", found["done"])] if found["done"] else []
        return [*done, *(Notices.show_problem(problem) for problem in found["problems"]), JobsState.load]

    async def _wanted(self) -> Wanted:
        return Wanted.of(parameters(self, *PARAMETERS), await environment_of(self))
