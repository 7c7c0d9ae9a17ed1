"""The screen /jobs/[id]: one job, its log as it is written, and what can be done about it."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import service
from orch_app.domains.jobs.log.feed import AT_ONCE, log_feed
from orch_app.domains.jobs.queries import get_job
from orch_app.domains.jobs.states import Status
from orch_app.kit.wakeups import wakeups
from orch_app.state.address import parameters
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.job_ahead_view import NOTHING
from orch_app.state.job_approval import ApprovalAnswer
from orch_app.state.job_approval_view import NO_PLAN
from orch_app.state.job_hosts_view import PAGE_SIZE, PARAMETERS, Asked, read_host
from orch_app.state.job_modes import ModeSteps
from orch_app.state.job_view import read_aside, read_job, repeat
from orch_app.state.notices import Notices

FLUSH_S = 0.05
LOOK_S = 0.5
RECHECK_LINES = 20
Shown = dict[str, Any]


class JobState(ApprovalAnswer, ModeSteps, rx.State):
    """One job. `batch` holds only the newest lines of its log; the log itself is in the browser and the database.

    `asks_to_repeat` is what waits for a name to be typed: `all` hosts, or those that `failed`.
    """

    steps: list[Shown] = []
    progress: Shown = {"done": 0, "total": 0, "listed": 0, "tone": "t", "isKnown": False}
    hosts: list[Shown] = []
    hosts_found: int = 0
    hosts_total: int = 0
    hosts_page: int = 1
    hosts_page_size: int = PAGE_SIZE
    comparison: Shown = {}
    host_counts: dict[str, int] = {}
    waiting: Shown = NOTHING
    locks: list[Shown] = []
    attempts: list[Shown] = []
    inputs: list[Shown] = []
    output: list[Shown] = []
    warnings: list[str] = []
    failure: Shown = {}
    levels: dict[str, int] = {}
    artifacts: list[Shown] = []
    plan_href: str = ""
    chain: list[Shown] = []
    audit: list[Shown] = []
    batch: Shown = {"start": 1, "lines": []}
    last_seq: int = 0
    url: str = ""
    open_host: str = ""
    open_artifact: Shown = {}
    asks_to_cancel: bool = False
    asks_to_repeat: str = ""
    host_results: list[Shown] = []

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def enter(self) -> None:
        """The page was opened: nothing of another job may be seen while this one is read."""
        if self.job.get("id") != job_in(self):
            self._forget()

    @rx.event
    @guarded(Permission.JOBS_READ, page=True)
    async def load(self) -> None:
        """Read the job that the address names."""
        await self._read()
        self.phase = "ready"

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ, page=True)
    async def follow(self) -> None:
        """Keep everything but the log true while the job is not over; ended when the tab leaves the page."""
        async with self:
            wanted, asked = job_in(self), self._asked()
        with wakeups.subscribed("jobs") as every_job, wakeups.subscribed(f"job:{wanted}") as this_job:
            is_over, bell = False, every_job
            while not is_over:
                await bell.wait()
                await recheck(self, Permission.JOBS_READ)
                found = await ask(read_job, wanted, asked)
                found["host_results"] = await ask(read_host, wanted, self.open_host)
                is_over = found["job"]["isOver"]
                bell = every_job if found["job"]["status"] == Status.PENDING else this_job  # its place in the queue
                aside = await ask(read_aside, wanted) if is_over else {}
                async with self:
                    self._show(found | aside)
                await asyncio.sleep(LOOK_S)

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.JOBS_READ, page=True)
    async def follow_log(self) -> None:
        """Hand the log on as it is written, only what is new; ended when the tab leaves the page."""
        async with self:
            wanted = job_in(self)
        flushed, job = 0, await ask(get_job, wanted)
        async for update in log_feed.follow(wanted, max(0, job.last_seq - AT_ONCE)):
            if flushed % RECHECK_LINES == 0:
                await recheck(self, Permission.JOBS_READ)
            flushed += 1
            lines = [line.to_wire() for line in update.lines]
            async with self:
                self.last_seq = max(self.last_seq, update.state.last_seq)
                if lines:
                    self.batch = {"start": lines[0]["seq"], "lines": lines}
            await asyncio.sleep(FLUSH_S)

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def show_host(self, name: str) -> None:
        """Open the drawer of a host; an empty name closes it."""
        self.open_host, self.host_results = name, await ask(read_host, self.job["id"], name)

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def show_artifact(self, name: str) -> None:
        """Open the drawer of a file; an empty name closes it."""
        self.open_artifact = next((file for file in self.artifacts if file["name"] == name), {})

    @rx.event
    @guarded(Permission.JOBS_CANCEL)
    async def ask_to_cancel(self, is_asking: bool) -> None:  # noqa: FBT001 - what the page sends
        """Open or close the question."""
        self.asks_to_cancel = is_asking

    @rx.event
    @guarded(Permission.JOBS_CANCEL)
    async def cancel(self) -> Any:
        """Stop the job; one that lingers after a cancel, by force."""
        self.asks_to_cancel = False
        await act(service.cancel, self.job["id"], force=bool(self.job.get("mayForce")))
        self._show(await ask(read_job, self.job["id"], self._asked()))
        return Notices.show_done("job.cancel_asked")

    @rx.event
    @guarded(Permission.JOBS_APPROVE)
    async def give_answer(self) -> Any:
        """Approve or deny the job that waits for it."""
        answer = await self._give()
        if not answer:
            return None
        await self._read()
        return Notices.show_done(f"approval.{answer}")

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def retry(self) -> Any:
        """Run the same again and open the new job; what is grave asks for its name first."""
        return await self._repeat("all", is_named=False)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def retry_failed(self) -> Any:
        """Run the same again on the hosts that failed and open the new job; what is grave asks for its name first."""
        return await self._repeat("failed", is_named=False)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def retry_named(self) -> Any:
        """Run again what was asked about: the name was typed."""
        return await self._repeat(self.asks_to_repeat, is_named=True) if self.asks_to_repeat else None

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def close_question(self) -> None:
        """Repeat nothing."""
        self.asks_to_repeat = ""

    async def _repeat(self, hosts: str, *, is_named: bool) -> Any:
        self.asks_to_repeat = hosts if self.job.get("isGrave") and not is_named else ""
        if self.asks_to_repeat:
            return None
        return rx.redirect(f"/jobs/{await act(repeat, self.job['id'], only_failed_hosts=hosts == 'failed')}")

    async def _read(self) -> None:
        wanted = job_in(self)
        self._show(await ask(read_job, wanted, self._asked()))
        self._show(await ask(read_aside, wanted))

    def _show(self, found: Shown) -> None:
        for name, value in found.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
        self.answer = self.answer if self.approval.get("isOpen") else ""  # somebody else was faster
        self.last_seq = max(self.last_seq, int(self.job.get("lastSeq", 0)))
        self.url = f"{self.router.url.origin}/jobs/{self.job.get('id', '')}"

    def _asked(self) -> Asked:
        return Asked.of(parameters(self, *PARAMETERS))

    def _forget(self) -> None:
        """Another job than before: nothing of the old one may be seen."""
        self.phase, self.job, self.failure, self.output, self.steps = "loading", {}, {}, [], []
        self.batch, self.last_seq = {"start": 1, "lines": []}, 0
        self.open_host, self.host_results, self.comparison, self.open_artifact = "", [], {}, {}
        self.asks_to_repeat, self.asks_to_follow, self.answer = "", "", ""
        self.approval, self.shown_plan, self.plan_href = {}, NO_PLAN, ""


def job_in(state: rx.State) -> str:
    """The id at the end of the page's path."""
    return str(state.router.url.path).rstrip("/").rpartition("/")[2]
