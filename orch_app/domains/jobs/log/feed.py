"""Following a job live: one reader per job and process, however many people watch.

The reader looks in the database when a wake-up says so, keeps the newest lines in memory and lets every follower know.
A follower that is further behind reads from the database itself. SSE, websocket and the browser all go through here.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select

from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.reader import lines_after
from orch_app.domains.jobs.log.store import page
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import is_terminal
from orch_app.kit.db import carry_out, reading
from orch_app.kit.errors import Unavailable
from orch_app.kit.wakeups import wakeups

AT_ONCE = 2_000
KEPT_LINES = 10_000
PACE_S = 0.05
FEW_LINES = 50
QUIET_PACE_S = 0.01
"""While few lines come, the next look follows sooner: a job's end is told within moments."""

_TOLD: Any = (Job.status, Job.phase, Job.reason, Job.last_seq, Job.log_archived)
_STATE = select(*_TOLD).where(col(Job.id) == bindparam("of_job"))


@dataclass(frozen=True)
class JobState:
    """What a follower is told about the job beside its lines."""

    status: str = ""
    phase: str = ""
    reason: str = ""
    last_seq: int = 0

    @property
    def is_over(self) -> bool:
        """Whether no line and no status can follow."""
        return is_terminal(self.status)


@dataclass(frozen=True)
class Update:
    """The lines after the follower's place, and the job's state when they were read."""

    lines: Sequence[Line]
    state: JobState


@dataclass
class _Tail:
    """The newest lines of one job and those who wait for more."""

    lines: deque[Line] = field(default_factory=lambda: deque[Line](maxlen=KEPT_LINES))
    last_seq: int = 0
    state: JobState = field(default_factory=JobState)
    version: int = 0
    followers: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    task: asyncio.Task[None] | None = None


class LogFeed:
    """All jobs that somebody in this process follows."""

    def __init__(self) -> None:
        self._tails: dict[str, _Tail] = {}

    async def follow(self, job_id: str, after_seq: int = 0) -> AsyncIterator[Update]:
        """Updates until the job is over; the last one carries its final status and every line is delivered before."""
        tail = await self._join(job_id, after_seq)
        seen_state: JobState | None = None
        try:
            while True:
                version = tail.version
                lines = await self._lines(tail, job_id, after_seq)
                behind = bool(lines) and lines[-1].seq < tail.last_seq
                state = seen_state if behind and seen_state else tail.state
                if lines or state != seen_state:
                    after_seq = lines[-1].seq if lines else after_seq
                    seen_state = state
                    yield Update(lines, state)
                if state.is_over and after_seq >= state.last_seq:
                    return
                if not behind:
                    await self._wait(tail, version)
        finally:
            self._leave(job_id, tail)

    async def _join(self, job_id: str, after_seq: int) -> _Tail:
        tail = self._tails.setdefault(job_id, _Tail())
        tail.followers += 1
        if tail.task is None:
            await self._read(tail, job_id, start=after_seq)
            if tail.task is None:
                tail.task = asyncio.create_task(self._keep_reading(tail, job_id))
        return tail

    def _leave(self, job_id: str, tail: _Tail) -> None:
        tail.followers -= 1
        if tail.followers == 0:
            if tail.task:
                tail.task.cancel()
            if self._tails.get(job_id) is tail:
                del self._tails[job_id]

    async def _keep_reading(self, tail: _Tail, job_id: str) -> None:
        with wakeups.subscribed(f"job:{job_id}") as bell:
            while not (tail.state.is_over and tail.last_seq >= tail.state.last_seq):
                count = 0
                with contextlib.suppress(Unavailable):  # the followers wait; the next look may succeed
                    count = await self._read(tail, job_id, start=tail.last_seq)
                await asyncio.sleep(PACE_S if count > FEW_LINES else QUIET_PACE_S)
                if tail.last_seq >= tail.state.last_seq and not tail.state.is_over:
                    await bell.wait()

    async def _read(self, tail: _Tail, job_id: str, start: int) -> int:
        """Read what is new, tell the followers, and return the number of lines found."""
        lines, state = await asyncio.to_thread(_look, job_id, max(start, tail.last_seq))
        if lines or state != tail.state:
            fresh = [line for line in lines if line.seq > tail.last_seq]
            tail.lines.extend(fresh)
            tail.last_seq = fresh[-1].seq if fresh else max(tail.last_seq, min(start, state.last_seq))
            tail.state = state
            tail.version += 1
            async with tail.changed:
                tail.changed.notify_all()
        return len(lines)

    async def _lines(self, tail: _Tail, job_id: str, after_seq: int) -> Sequence[Line]:
        if after_seq >= tail.last_seq:
            return []
        if tail.lines and tail.lines[0].seq <= after_seq + 1:
            skip = after_seq + 1 - tail.lines[0].seq
            return [tail.lines[n] for n in range(skip, min(skip + AT_ONCE, len(tail.lines)))]
        lines, _ = await asyncio.to_thread(_look, job_id, after_seq)
        return lines

    async def _wait(self, tail: _Tail, version: int) -> None:
        async with tail.changed:
            await tail.changed.wait_for(lambda: tail.version != version)


def _look(job_id: str, after_seq: int) -> tuple[Sequence[Line], JobState]:
    """One look at the database: the status first, so that it is never newer than the lines read after it."""
    with reading() as session:
        found = carry_out(session, _STATE, of_job=job_id).first()
        if found is None:
            return [], JobState(status="CANCELED", phase="done", reason="purged")
        state = JobState(found.status, found.phase, found.reason, found.last_seq)
        if found.log_archived:
            job = session.get(Job, job_id)
            return lines_after(session, job, after_seq, AT_ONCE) if job else [], state
        return page(session, job_id, after_seq, AT_ONCE), state


log_feed = LogFeed()
