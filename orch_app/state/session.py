"""The frame around every page: who is signed in, the environment looked at, live counts, the bell and the search."""

from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.kit.clock import now
from orch_app.state import session_view
from orch_app.state.bursts import bursts
from orch_app.state.cron_view import zone_of
from orch_app.state.exposure import public
from orch_app.state.guard import actor, ask, guarded, recheck

ENVIRONMENTS = ("stage", "prod")
LONGEST_SEARCH = 100


class ShellState(rx.State):
    """What the shell shows. `may` holds every permission name with whether it is granted.

    `arrivals` grows when the tab comes to another address, and not when its socket only reconnects.
    """

    environment: str = rx.LocalStorage("all", name="orch_environment")  # noqa: TID251 - a filter, which is no secret
    zone: str = rx.LocalStorage("UTC", name="orch_zone")  # noqa: TID251 - a time zone, which is no secret
    bell_seen: str = rx.LocalStorage("", name="orch_bell_seen")  # noqa: TID251 - a moment, which is no secret
    user: dict[str, str] = {"id": "", "name": "", "email": "", "role": "", "initials": "", "language": "", "theme": ""}
    may: dict[str, bool] = {}
    workers: int = 0
    counts: dict[str, int] = {}
    bell: list[dict[str, Any]] = []
    unread: int = 0
    items: list[dict[str, Any]] = []
    url: str = ""
    arrivals: int = 0

    @rx.event
    @guarded(Permission.ME)
    async def enter(self) -> None:
        """Read what the frame shows; every page's on_load begins with it."""
        if self.url != str(self.router.url):
            self.url, self.arrivals = str(self.router.url), self.arrivals + 1
        self.user = await ask(session_view.read_me)
        self.may = session_view.granted(actor())
        self._show(await ask(session_view.read_pulse, chosen(self.environment)))
        self.items = await ask(session_view.find_everywhere, "")

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.ME)
    async def follow(self) -> None:
        """Keep the counts and the bell true while the page is open; started by on_load only."""
        async for _ in bursts("job.status", "worker.status"):
            await recheck(self, Permission.ME)
            pulse = await ask(session_view.read_pulse, chosen(self.environment))
            async with self:
                self._show(pulse)

    @rx.event
    @public("chooses what the caller's own tab shows")
    async def choose_environment(self, environment: str) -> None:
        """Show `all` environments, or only `stage` or `prod`, on every page of this browser."""
        self.environment = environment if environment in ENVIRONMENTS else "all"

    @rx.event
    @public("writes to the caller's own tab")
    async def see_bell(self) -> None:
        """The bell was opened: nothing in it is new any more."""
        self.bell_seen = now().isoformat()
        self.unread = 0

    @rx.event
    @guarded(Permission.ME)
    async def search(self, text: str) -> None:
        """Look for runbooks, hosts and jobs; the browser filters what it has got meanwhile."""
        self.items = await ask(session_view.find_everywhere, text.strip()[:LONGEST_SEARCH])

    def _show(self, pulse: dict[str, Any]) -> None:
        self.workers, self.counts, self.bell = pulse["workers"], pulse["counts"], pulse["bell"]
        self.unread = sum(item["at"] > self.bell_seen for item in self.bell)


def chosen(environment: str) -> str:
    """The environment to filter by, empty for all; the browser may hold any text."""
    return environment if environment in ENVIRONMENTS else ""


async def environment_of(state: rx.State) -> str:
    """What the environment switch of this tab says: `stage`, `prod`, or empty for all."""
    return chosen((await state.get_state(ShellState)).environment)


async def calendar_of(state: rx.State) -> ZoneInfo:
    """The time zone of the reader's clock, as boot.js keeps it; the browser may hold any text."""
    return zone_of((await state.get_state(ShellState)).zone) or ZoneInfo("UTC")


async def has_arrived(state: Any) -> bool:
    """Whether the tab came to the page's address since this was asked last; `state.arrival` remembers.

    States outlive the page: what was open when somebody left must not be open when he or she comes back.
    """
    arrivals = (await state.get_state(ShellState)).arrivals
    if state.arrival == arrivals:
        return False
    state.arrival = arrivals
    return True
