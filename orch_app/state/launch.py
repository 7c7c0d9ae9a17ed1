"""The run drawer: an order for one runbook, filled in, checked and sent."""

import asyncio
from dataclasses import replace
from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import is_grave
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.jobs import service
from orch_app.domains.jobs.states import Mode
from orch_app.domains.runbooks.choices.asking import Draft, look_up
from orch_app.kit.errors import Invalid
from orch_app.state import launch_view
from orch_app.state.address import parameters
from orch_app.state.guard import act, actor, ask, guarded
from orch_app.state.notices import Notices
from orch_app.state.presets import PresetChoice
from orch_app.state.runbooks_view import Wanted
from orch_app.state.session import environment_of

_CURL_DEPS: list[str | rx.Var[Any]] = [
    "is_open",
    "runbook",
    "environment",
    "place",
    "host_ids",
    "chosen",
    "reason",
    "limit",
    "tags",
    "skip_tags",
    "_inputs",
    "priority",
]
PRIORITIES = ("10", "5", "0", "-5", "-10")
Shown = dict[str, Any]


class LaunchState(PresetChoice, rx.State):
    """The order that the drawer is about; it is open while the address names a runbook.

    `asks_for_name` says that the order is acceptable, and waits for the name of what is to run in production.
    """

    is_open: bool = False
    asks_for_name: bool = False
    priority: int = 0
    shows_curl: bool = False

    @rx.var(auto_deps=False, deps=_CURL_DEPS)
    def curl(self) -> str:
        """The order as a call of the REST API."""
        if not self.is_open or not self.runbook:
            return ""
        return launch_view.curl_of(str(self.router.url.origin), self.runbook["name"], self._body())

    @rx.var(auto_deps=False, deps=_CURL_DEPS)
    def link(self) -> str:
        """The address that opens the drawer filled in as it is now."""
        if not self.is_open or not self.runbook:
            return ""
        return launch_view.link_of(str(self.router.url.origin), self._body(), self.runbook["name"])

    @rx.event
    @guarded(Permission.RUNBOOKS_READ, page=True)
    async def open(self) -> None:
        """Show the drawer when the address names a runbook.

        `host`, `from` (a job), or `environment`, `hosts`, `limit`, `connections`, `inputs`, tags of a link fill it in.
        """
        asked = parameters(self, "run", "host", "from", "environment", "show")
        if not asked["run"]:
            self.is_open = False
            return
        if self.is_open and self.runbook.get("name") == asked["run"]:
            return
        self.is_open, self.phase = True, "loading"
        await self._fill(asked)
        self.phase = "ready"

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def close(self) -> Any:
        """Take the drawer out of the address; the catalogue stays as it was filtered."""
        self.is_open = False
        asked = parameters(self, "category", "q", "risk")
        return rx.redirect(Wanted(asked["category"], asked["q"], asked["risk"]).link(), replace=True)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def begin(self) -> None:
        """Show at once that the order is being sent."""
        self.is_busy = True

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def send(self) -> Any:
        """What the first button does: show what would change where the runbook can, else run it."""
        return await self._check_and_send(Mode.PREVIEW if self.runbook.get("hasPreview") else Mode.APPLY)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def run(self) -> Any:
        """Run it, without a preview where there could be one."""
        return await self._check_and_send(Mode.APPLY)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def run_named(self) -> Any:
        """Send the order: the name was typed."""
        if not self.asks_for_name:
            return None
        self.asks_for_name = False
        return await self._send(replace(self._order(), priority=self.priority), is_named=True)

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def close_question(self) -> None:
        """Back to the form, as it was."""
        self.asks_for_name = False

    async def _check_and_send(self, mode: Mode) -> Any:
        """Send the order, or ask first for the name; what is refused is shown at its field, a job's page is opened.

        A preview changes nothing: no name is asked for.
        """
        self.is_busy = False
        if not self.is_open or self.phase != "ready":
            return None
        order = replace(self._order(), priority=self.priority, mode=mode)
        if order.host_ids == []:
            self._show_faults((launch_view.NO_HOST,))
            return None
        return await self._send(order, is_named=mode is Mode.PREVIEW)

    async def _send(self, order: service.Order, *, is_named: bool) -> Any:
        """Launch; what asks for a name is only checked until it has it."""
        draft = Draft(order.inputs, order.connections, order.environment)
        await asyncio.to_thread(look_up, actor(), order.runbook, draft)
        try:
            if not is_named and is_grave(self.runbook["risk"], order.environment):
                await ask(service.check, order)
                self._show_faults(())
                self.asks_for_name = True
                return None
            job_id, is_new = await act(_launch, order)
        except Invalid as refused:
            self._show_faults(refused.errors)
            return None
        self.is_open = False
        page = rx.redirect(f"/jobs/{job_id}")
        return page if is_new else [Notices.show_done("job.joined"), page]

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def choose_priority(self, priority: str) -> None:
        """Stand before or behind others in the queue; who may is asked when the order is sent."""
        if priority in PRIORITIES:
            self.priority = int(priority)

    async def _fill(self, asked: dict[str, str]) -> None:
        form = await ask(launch_view.read_form, asked["run"])
        again = await ask(launch_view.read_again, asked["from"]) if asked["from"] else {}
        environment = await environment_of(self)
        before: Shown = {"environment": environment} if environment else {}
        long = parameters(self, *launch_view.LONG, longest=launch_view.LONGEST_INPUTS)
        again |= launch_view.linked(asked | long)
        self.shows_curl, self.priority, self.asks_for_name = asked["show"] == "curl", 0, False
        if asked["host"]:
            again |= {"environment": await ask(launch_view.environment_of_host, asked["host"])}
            again |= {"host_ids": [asked["host"]]}
        if "start" in again:
            again["start"] = form["start"] | again["start"]
        await self._begin(form, before | again)
        await self._read_presets()
        self._pick("")

    def _body(self) -> Shown:
        """The order as the REST API takes it."""
        order = self._order()
        more: Shown = {"hosts": order.host_ids, "connections": order.connections, "requestReason": order.request_reason}
        more |= {"tags": list(order.tags.only), "skipTags": list(order.tags.skip), "limit": order.limit}
        more["priority"] = self.priority
        body: Shown = {"environment": order.environment, "inputs": order.inputs}
        return body | {name: value for name, value in more.items() if value}


def _launch(session: Session, who: Actor, order: service.Order) -> tuple[str, bool]:
    """The id of the job that answers the order, and whether it is a new one."""
    check_execute_limit(who)
    found = service.launch_or_join(session, who, order)
    return found.job.id, found.is_new
