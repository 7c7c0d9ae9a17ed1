"""The screen /logs: the logs of the chosen containers, together and live.

What is chosen stands in the address. Who loses the connection goes on after the last line that came; who comes to the
page begins with the last lines of each log.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.sights import Sight, look
from orch_app.domains.containers.tails import REFUSED, Heard, Tails, follow_together
from orch_app.kit.ids import new_id
from orch_app.state.address import parameters
from orch_app.state.container_logs_view import (
    LONGEST_CHOICE,
    Wanted,
    choices_of,
    show_lines,
    show_sources,
    silent_of,
    tree_of,
    wanted_of,
)
from orch_app.state.guard import actor, guarded, reading_of, recheck
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived

FLUSH_S = 0.1
LOOK_S = 3.0
Shown = dict[str, Any]


@dataclass
class _Hearing:
    """What one stream hears: which logs, by which names and colours.

    Which containers there are is looked up beside the listening: an engine that is slow to answer holds no line up.
    """

    tails: Tails
    hues: dict[str, int]
    names: dict[str, str] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    looking: asyncio.Task[list[Sight]] | None = None
    looked_at: float = -LOOK_S

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again."""
        return self.looking is None and time.monotonic() - self.looked_at >= LOOK_S

    def look(self, environment: str) -> None:
        """Begin to look which containers there are."""
        self.looking = asyncio.create_task(asyncio.to_thread(look, actor(), environment))

    def seen(self) -> list[Sight] | None:
        """What was seen, once; None while nothing new is."""
        if self.looking is None or not self.looking.done():
            return None
        done, self.looking, self.looked_at = self.looking, None, time.monotonic()
        return done.result()

    def turn_to(self, wanted: list[Wanted]) -> None:
        """Hear these and no others."""
        self.wanted = wanted
        self.names |= {name: said for one in wanted for name, said in one.names.items()}
        self.tails.follow({one.key: one.source for one in wanted})

    def close(self) -> None:
        """Look no more."""
        if self.looking is not None:
            self.looking.cancel()


class ContainerLogsState(Screen, rx.State):
    """`batch` holds only the newest lines; the browser keeps the rest. Another `stream` begins from nothing.

    `sources` are the logs that are meant: `interrupted` of them cannot be heard at the moment, `left_out` are
    too many. `silent` are chosen endpoints that do not answer. `_marks` are the moments up to which each container was
    heard, `_hues` their colours.
    """

    tree: list[Shown] = []
    chosen: list[str] = []
    sources: list[Shown] = []
    interrupted: int = 0
    left_out: int = 0
    silent: list[str] = []
    stream: str = ""
    batch: Shown = {"start": 1, "lines": []}
    last_seq: int = 0
    _marks: dict[str, int] = {}
    _hues: dict[str, int] = {}

    @rx.event
    @guarded(Permission.ME)
    async def enter(self) -> None:
        """Whoever comes to the page, or chooses others, begins anew; who only lost the connection does not."""
        if await has_arrived(self) or not self.stream:
            self._begin()
        self.chosen = choices_of(parameters(self, "source", longest=LONGEST_CHOICE)["source"])

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.CONNECTIONS_USE, page=True)
    async def load(self) -> None:
        """Show what there is to choose from, for another environment too."""
        await self._load()

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.CONNECTIONS_USE, page=True)
    async def follow(self) -> None:
        """Show what there is, then hand lines on as they come, also of new containers; ended with the visit."""
        await self._load()
        while True:
            with follow_together(actor(), self._marks) as tails, closing(_Hearing(tails, dict(self._hues))) as hearing:
                await self._follow_stream(self.stream, hearing)

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def begin_again(self) -> None:
        """The browser lacks the first lines: the page was loaded anew."""
        self._begin()

    async def _load(self) -> None:
        sights = await asyncio.to_thread(look, actor(), await self._environment())
        async with self:
            self._show(sights)
            for name, value in reading_of(self).items():
                setattr(self, name, value)

    async def _follow_stream(self, stream: str, hearing: _Hearing) -> None:
        """Until another stream begins."""
        while self.stream == stream:
            if hearing.is_due:
                await recheck(self, Permission.CONNECTIONS_USE)
                hearing.look(await self._environment())
            sights = hearing.seen()
            if sights is not None:
                hearing.turn_to(wanted_of(sights, list(self.chosen), hearing.wanted))
                async with self:
                    self._show(sights)
            await self._hand_on(stream, hearing)
            await asyncio.sleep(FLUSH_S)

    async def _hand_on(self, stream: str, hearing: _Hearing) -> None:
        """What has come since, if anything has."""
        lines, troubles = hearing.tails.take(), hearing.tails.troubles
        sources = show_sources(hearing.wanted, hearing.hues, troubles)
        if not lines and sources == self.sources:
            return
        async with self:
            if self.stream == stream:
                self._show_sources(sources)
                self._tell(lines, hearing)

    def _show_sources(self, sources: list[Shown]) -> None:
        if sources != self.sources:
            self.sources = sources
            self.left_out = sum(source["trouble"] == REFUSED for source in sources)
            self.interrupted = sum(bool(source["trouble"]) for source in sources) - self.left_out

    def _tell(self, lines: Sequence[Heard], hearing: _Hearing) -> None:
        if not lines:
            return
        shown = show_lines(lines, self.last_seq + 1, hearing.names, hearing.hues)
        self.batch = {"start": self.last_seq + 1, "lines": shown}
        self.last_seq += len(shown)
        self._marks, self._hues = hearing.tails.marks, dict(hearing.hues)

    async def _environment(self) -> str:
        async with self:
            return await environment_of(self)

    def _show(self, sights: Sequence[Sight]) -> None:
        for name, value in (("tree", tree_of(sights)), ("silent", silent_of(sights, self.chosen))):
            if getattr(self, name) != value:
                setattr(self, name, value)
        self.phase = "ready" if sights else "empty"

    def _begin(self) -> None:
        """Another stream: nothing of the old one may be seen."""
        self.stream = new_id("str")
        self.batch, self.last_seq = {"start": 1, "lines": []}, 0
        self.sources, self.interrupted, self.left_out = [], 0, 0
        self._marks, self._hues = {}, {}
