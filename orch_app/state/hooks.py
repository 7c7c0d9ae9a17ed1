"""The screen /webhooks: addresses that other systems may post to, what came to each, switching off and removing."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.hooks import service
from orch_app.domains.hooks.wire import HookChange
from orch_app.kit.errors import NotFound
from orch_app.kit.rest import etag
from orch_app.state.address import parameters
from orch_app.state.bursts import bursts
from orch_app.state.guard import act, ask, guarded, recheck
from orch_app.state.hooks_view import NO_HOOK, read_deliveries, read_hook, read_hooks
from orch_app.state.notices import Notices
from orch_app.state.screen import Screen
from orch_app.state.session import has_arrived

LOOK_S = 3.0
FILTERS = ("q", "cursor")


class HooksState(Screen, rx.State):
    """Rows for the filters of the address; `panel` says what is open about `one`: "", `detail` or `delete`.

    The secret of a webhook never comes here: the page has it made anew and told by REST, once.
    """

    rows: list[dict[str, Any]] = []
    total: int = 0
    is_filtered: bool = False
    next_href: str = ""
    previous_href: str = ""
    origin: str = ""
    panel: str = ""
    one: dict[str, Any] = NO_HOOK
    deliveries: list[dict[str, Any]] = []

    @rx.event
    @guarded(Permission.HOOKS_READ, page=True)
    async def load(self) -> None:
        """Read the list; `?open=` shows one of it. What is open stays so, but for who comes to the page."""
        if await has_arrived(self):
            self.panel = ""
        asked = parameters(self, "open")["open"]
        if asked and not self.panel:
            await self._pick(asked, "detail")
        await self._read()

    @rx.event(background=True, supersedes=True)
    @guarded(Permission.HOOKS_READ)
    async def follow(self) -> None:
        """Show what comes as it comes, at a quiet pace; started by on_load only."""
        async for _ in bursts(at_least_every_s=LOOK_S):
            await recheck(self, Permission.HOOKS_READ)
            async with self:
                await self._read()

    @rx.event
    @guarded(Permission.HOOKS_READ)
    async def open(self, hook_id: str) -> None:
        """Show one webhook with what came to it last."""
        self.one, self.panel = {**NO_HOOK, "id": hook_id}, "detail"
        await self._read()

    @rx.event
    @guarded(Permission.HOOKS_READ)
    async def reload(self) -> None:
        """Its secret was made anew by the page: show since when."""
        await self._read()

    @rx.event
    @guarded(Permission.HOOKS_READ)
    async def close(self) -> Any:
        """Show the list alone; an address that opened one is left behind."""
        self.panel = ""
        return rx.redirect("/webhooks", replace=True) if parameters(self, "open")["open"] else None

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def toggle(self, hook_id: str, is_on: bool) -> Any:  # noqa: FBT001 - what a switch sends
        """Let messages in, or none; whoever does it becomes the owner."""
        await act(service.update, hook_id, HookChange(is_enabled=is_on))
        await self._read()
        return Notices.show_done("hook.on" if is_on else "hook.off")

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def ask_delete(self, hook_id: str) -> None:
        """Ask before removing one."""
        await self._pick(hook_id, "delete")

    @rx.event
    @guarded(Permission.HOOKS_WRITE)
    async def delete(self) -> Any:
        """Remove the webhook that was asked about."""
        self.panel = ""
        await act(service.delete, self.one["id"], if_match=etag(self.one["id"], self.one["version"]))
        await self._read()
        return Notices.show_done("hook.deleted")

    async def _read(self) -> None:
        asked = parameters(self, *FILTERS)
        for name, value in (await ask(read_hooks, asked)).items():
            setattr(self, name, value)
        self.origin, self.is_filtered = str(self.router.url.origin), bool(asked["q"])
        self.phase = "ready" if self.rows or self.is_filtered or asked["cursor"] else "empty"
        if self.panel:
            await self._pick(self.one["id"], self.panel)
        self.deliveries = await ask(read_deliveries, self.one["id"]) if self.panel == "detail" else []

    async def _pick(self, hook_id: str, panel: str) -> None:
        """Open one; nothing is open about one that somebody has removed."""
        try:
            self.one, self.panel = await ask(read_hook, hook_id), panel
        except NotFound:
            self.one, self.panel = NO_HOOK, ""
