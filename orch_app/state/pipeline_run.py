"""The screen /pipelines/[id]: one run, its graph as it moves, and its report."""

import asyncio
from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.pipelines import runs
from orch_app.kit.wakeups import wakeups
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.notices import Notices
from orch_app.state.pipeline_run_view import read_run
from orch_app.state.screen import Screen

LOOK_S = 0.3
Shown = dict[str, Any]


class PipelineRunState(Screen, rx.State):
    """One run: its facts, the steps of its graph, and the attempts of its report."""

    run: Shown = {}
    steps: list[Shown] = []
    report: list[Shown] = []
    inputs: list[Shown] = []
    outputs: list[Shown] = []
    asks_to_cancel: bool = False
    asks_to_resume: bool = False

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def enter(self) -> None:
        """The page was opened: nothing of another run may be seen while this one is read."""
        if self.run.get("id") != run_in(self):
            self.phase, self.run, self.steps, self.report, self.outputs = "loading", {}, [], [], []
            self.asks_to_resume = False

    @rx.event
    @guarded(Permission.PIPELINES_READ, page=True)
    async def load(self) -> None:
        """Read the run that the address names."""
        self._show(await ask(read_run, run_in(self)))
        self.phase = "ready"

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.PIPELINES_READ, page=True)
    async def follow(self) -> None:
        """Keep the page true, also when a run that was over is resumed; ended when the tab leaves the page."""
        async with self:
            wanted = run_in(self)
        with wakeups.subscribed("jobs") as bell:
            while True:
                await bell.wait()
                await recheck(self, Permission.PIPELINES_READ)
                found = await ask(read_run, wanted)
                async with self:
                    self._show(found)
                await asyncio.sleep(LOOK_S)

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def ask_to_cancel(self, is_asking: bool) -> None:  # noqa: FBT001 - what the page sends
        """Open or close the question."""
        self.asks_to_cancel = is_asking

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def cancel(self) -> Any:
        """Stop the run."""
        self.asks_to_cancel = False
        await act(runs.cancel, self.run["id"])
        self._show(await ask(read_run, self.run["id"]))
        return Notices.show_done("pipeline_run.cancel_asked")

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def resume(self) -> Any:
        """Do the failed steps and all that come after them again; what is grave asks for its name first."""
        if self.run.get("isGrave"):
            self.asks_to_resume = True
            return None
        return await self._resume()

    @rx.event
    @guarded(Permission.PIPELINES_RUN)
    async def resume_named(self) -> Any:
        """Resume what was asked about: the name was typed."""
        is_asked, self.asks_to_resume = self.asks_to_resume, False
        return await self._resume() if is_asked else None

    @rx.event
    @guarded(Permission.PIPELINES_READ)
    async def close_question(self) -> None:
        """Resume nothing."""
        self.asks_to_resume = False

    async def _resume(self) -> Any:
        await act(_resume, self.run["id"])
        self._show(await ask(read_run, self.run["id"]))
        return Notices.show_done("pipeline_run.resumed")

    def _show(self, found: Shown) -> None:
        for name, value in found.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def run_in(state: rx.State) -> str:
    """The id at the end of the page's path."""
    return str(state.router.url.path).rstrip("/").rpartition("/")[2]


def _resume(session: Session, actor: Actor, run_id: str) -> None:
    check_execute_limit(actor)
    runs.resume(session, actor, run_id)
