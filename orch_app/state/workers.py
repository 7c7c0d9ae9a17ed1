"""The screen /workers: who is there, what runs where, and draining one."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import workers
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.workers_view import NO_WORKER, read_workers

BEAT_S = 5.0


class WorkersState(Screen, rx.State):
    """Rows of the list; `panel` says what is asked about `worker`: "", `drain` or `resume`."""

    rows: list[dict[str, Any]] = []
    alive: int = 0
    slots: int = 0
    busy: int = 0
    panel: str = ""
    worker: dict[str, Any] = NO_WORKER

    @rx.event
    @guarded(Permission.JOBS_READ, page=True)
    async def load(self) -> None:
        """Read the list."""
        self.panel = ""
        self._show(await ask(read_workers))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ)
    async def follow(self) -> None:
        """Show changes as they come, and signs of life at their pace; started by on_load only."""
        async for _ in bursts("worker.status", "job.status", at_least_every_s=BEAT_S):
            await recheck(self, Permission.JOBS_READ)
            found = await ask(read_workers)
            async with self:
                self._show(found)

    @rx.event
    @guarded(Permission.WORKERS_WRITE)
    async def ask_drain(self, worker_id: str) -> None:
        """Ask before a worker is drained."""
        self._pick(worker_id, "drain")

    @rx.event
    @guarded(Permission.WORKERS_WRITE)
    async def ask_resume(self, worker_id: str) -> None:
        """Ask before a worker takes jobs again."""
        self._pick(worker_id, "resume")

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def close(self) -> None:
        """Ask nothing more."""
        self.panel = ""

    @rx.event
    @guarded(Permission.WORKERS_WRITE)
    async def drain(self) -> Any:
        """Let the worker that was asked about take no more jobs."""
        return await self._tell(workers.drain, "worker.drained")

    @rx.event
    @guarded(Permission.WORKERS_WRITE)
    async def resume(self) -> Any:
        """Let it take jobs again."""
        return await self._tell(workers.resume, "worker.resumed")

    async def _tell(self, order: Any, notice: str) -> Any:
        self.panel = ""
        await act(order, self.worker["id"])
        self._show(await ask(read_workers))
        return Notices.show_done(notice)

    def _pick(self, worker_id: str, panel: str) -> None:
        found = next((row for row in self.rows if row["id"] == worker_id), None)
        self.worker, self.panel = (found, panel) if found else (NO_WORKER, "")

    def _show(self, found: dict[str, Any]) -> None:
        for name, value in found.items():
            setattr(self, name, value)
        self.phase = "ready" if self.rows else "empty"
