"""The screen /containers: what runs on all engines, problems first, kept current without moving a row.

Engines take their time to answer: everything is asked outside of the tab's lock.
"""

import asyncio
import json
from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import Verdict
from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.inspections import Source, inspect_container
from orch_app.domains.containers.sights import Sight, look, told_at
from orch_app.domains.jobs.verdicts import verdict_on
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.kit.clock import now
from orch_app.kit.errors import OrchError
from orch_app.state.address import address, asked_for, parameters
from orch_app.state.containers_view import (
    NOT_LOOKED,
    PAGE_SIZE,
    PARAMETERS,
    Wanted,
    kept_in_place,
    order_of,
    read_closer,
    read_detail,
    read_list,
)
from orch_app.state.guard import actor, ask, guarded, reading_of, recheck
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived

REFRESH_S = 3.0
# By tabs; the last word of a runbook is what it does.
RUNBOOKS = {
    "containers": ("container_restart", "container_stop", "container_remove"),
    "stacks": ("stack_restart",),
}
ENVIRONMENTS = ("stage", "prod")


class ContainersState(Screen, rx.State):
    """Rows of one page of one tab. `moved` says that a new reading would show other rows, or in another order.

    `orders` are the runbooks that the reader may ask for, by environment. `detail` is what the drawer is about.
    `_came_at` is when the list was come to, in seconds since 1970. It `_is_settled` when all of it was told after that:
    from then on its rows stay in their places.
    """

    tab: str = "containers"
    rows: list[dict[str, Any]] = []
    total: int = 0
    problems: int = 0
    page: int = 1
    page_size: int = PAGE_SIZE
    counts: dict[str, int] = {}
    endpoints: list[dict[str, str]] = []
    stacks: list[str] = []
    nodes: list[str] = []
    faults: list[dict[str, str]] = []
    is_narrowed: bool = False
    only_problems: bool = False
    read_at: str = ""
    moved: bool = False
    orders: dict[str, list[str]] = {name: [] for name in ENVIRONMENTS}
    detail: dict[str, Any] = {}
    _came_at: float = 0.0
    _is_settled: bool = False

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.CONNECTIONS_USE, page=True)
    async def load(self) -> None:
        """Read the page that the address asks for."""
        orders = await ask(allowed_orders)
        async with self:
            self.detail = {} if await has_arrived(self) else self.detail
            self._came_at = now().timestamp()
        sights, wanted = await self._looked()
        async with self:
            self._show({**read_list(sights, wanted), "orders": orders, "moved": False})
            self._is_settled = told_at(sights).timestamp() >= self._came_at
            self._show(reading_of(self))

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.CONNECTIONS_USE, page=True)
    async def follow(self) -> None:
        """Bring what is shown up to date every few seconds; started by on_load only."""
        while True:
            await asyncio.sleep(REFRESH_S)
            await recheck(self, Permission.CONNECTIONS_USE)
            await self._refresh()

    @rx.event(background=True)
    @guarded(Permission.CONNECTIONS_USE)
    async def open(self, key: str) -> None:
        """Show one thing of the tab in the drawer, and of a container what a close look tells."""
        sights, wanted = await self._looked()
        found = read_detail(sights, wanted.tab, key)
        async with self:
            self.detail = found
        if found and wanted.tab == "containers" and not found["isStale"]:
            await self._look_closely(found)

    @rx.event
    @guarded(Permission.CONNECTIONS_USE)
    async def close(self) -> None:
        """Close the drawer."""
        self.detail = {}

    @rx.event(background=True)
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def order(self, runbook: str, key: str) -> Any:
        """Lead to the form of the runbook that does this to a container or a stack, filled in; nothing is done yet."""
        tab = next((tab for tab, names in RUNBOOKS.items() if runbook in names), "")
        sights, _ = await self._looked()
        found = read_detail(sights, tab, key) if tab else {}
        if not found or not found["takesOrders"] or runbook not in self.orders[found["environment"]]:
            return None
        written = {name: json.dumps(value) for name, value in order_of(tab, found).items()}
        asked = {"run": runbook, "environment": found["environment"], **written}
        return rx.redirect(address("/runbooks", asked))

    async def _looked(self) -> tuple[list[Sight], Wanted]:
        """What is seen of the environment of the switch, and what the address wants of it."""
        async with self:
            environment, asked = await environment_of(self), parameters(self, *PARAMETERS)
        return await asyncio.to_thread(look, actor(), environment), Wanted.of(asked)

    async def _look_closely(self, found: dict[str, Any]) -> None:
        source = Source(found["endpoint"], found["id"], found["node"])
        try:
            closer = read_closer(await asyncio.to_thread(inspect_container, actor(), source))
        except OrchError as error:
            closer = {"trouble": error.code}
        async with self:
            if self.detail.get("key") == found["key"]:
                self.detail = {**self.detail, **closer}

    async def _refresh(self) -> None:
        sights, wanted = await self._looked()
        found = read_list(sights, wanted)
        async with self:
            if self.shown_at != asked_for(self):
                return  # the page is being read for another address
            # What is shown first may be a minute old: until all was told anew nobody has begun to read.
            kept = kept_in_place(self.rows, found["rows"], sights, wanted) if self._is_settled else {"moved": False}
            self._show(found | kept)
            self._is_settled = told_at(sights).timestamp() >= self._came_at
            if self.detail:
                closer = {name: self.detail[name] for name in NOT_LOOKED}
                found = read_detail(sights, wanted.tab, self.detail["key"])
                self._show({"detail": found | closer if found else self.detail})

    def _show(self, found: dict[str, Any]) -> None:
        for name, value in found.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
        self.phase = "ready" if self.endpoints else "empty"


def allowed_orders(session: Session, actor: Actor) -> dict[str, list[str]]:
    """The runbooks for containers and stacks that the actor may ask for, alone or with an approval, by environment."""
    if not actor.may(Permission.RUNBOOKS_EXECUTE):
        return {place: [] for place in ENVIRONMENTS}
    names = {name for group in RUNBOOKS.values() for name in group}
    books = [book for book in list_runbooks(session, actor) if book.name in names]
    return {
        place: [book.name for book in books if verdict_on(session, actor, book, place) is not Verdict.DENY]
        for place in ENVIRONMENTS
    }
