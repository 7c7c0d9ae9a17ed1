"""Waiting for a job's end inside a request, for scripts that would otherwise poll."""

import asyncio

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.outlook import Outlook, look_ahead
from orch_app.domains.jobs.queries import JobDetail, get_detail
from orch_app.domains.jobs.states import is_terminal
from orch_app.kit.db import reading
from orch_app.kit.stopping import stopping
from orch_app.kit.wakeups import wakeups


async def wait_for_end(actor: Actor, job_id: str, wait_s: float) -> tuple[JobDetail, Outlook]:
    """The job when it has ended, or as it is after `wait_s` seconds or when this process is told to end."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    with wakeups.subscribed(f"job:{job_id}") as bell:
        while True:
            detail, outlook = await asyncio.to_thread(_look, actor, job_id)
            left = deadline - loop.time()
            if is_terminal(detail.job.status) or left <= 0 or stopping.is_set:
                return detail, outlook
            await bell.wait(min(left, 1.0))


def _look(actor: Actor, job_id: str) -> tuple[JobDetail, Outlook]:
    with reading() as session:
        detail = get_detail(session, actor, job_id)
        return detail, look_ahead(session, actor, detail.job)
