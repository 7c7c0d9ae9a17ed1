"""Live pages read again when something they show has changed: many changes at once are one reading."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from orch_app.domains.jobs.activity import activity

PACE_S = 0.3


async def bursts(*kinds: str, at_least_every_s: float | None = None) -> AsyncIterator[None]:
    """One turn for each burst of changes of these kinds (`job.status`, `host.status` ...: see `Event`).

    With `at_least_every_s` a turn comes after so many quiet seconds, too: for what changes without an event.
    """
    stirred = asyncio.Event()
    listener = asyncio.create_task(_hear(stirred, kinds))
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stirred.wait(), at_least_every_s)
            stirred.clear()
            yield
            await asyncio.sleep(PACE_S)
    finally:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener


async def _hear(stirred: asyncio.Event, kinds: tuple[str, ...]) -> None:
    async for event in activity.listen():
        if event.type in kinds:
            stirred.set()
