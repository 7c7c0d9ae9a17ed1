"""The run drawer: an order for one runbook, filled in, checked and sent."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.jobs import service
from orch_app.kit.errors import Invalid, Problem
from orch_app.state import launch_view
from orch_app.state.address import parameters
from orch_app.state.guard import act, ask, guarded
from orch_app.state.runbooks_view import Wanted
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of

ENVIRONMENTS = launch_view.ENVIRONMENTS
LONGEST_REASON = 500
_CURL_DEPS: list[str | rx.Var[Any]] = [
    "is_open",
    "runbook",
    "environment",
    "place",
    "host_ids",
    "chosen",
    "reason",
    "_inputs",
]
Shown = dict[str, Any]


class LaunchState(Screen, rx.State):
    """One order. `start` is what the form begins with; `blocks` says for each environment what is in the way.

    `errors` are by pointer into the inputs, in each language; `faults` are about the order around them.
    """

    is_open: bool = False
    runbook: Shown = {}
    fields: list[Shown] = []
    readme: dict[str, str] = {"en": "", "pt": ""}
    slots: list[Shown] = []
    start: Shown = {}
    environment: str = "stage"
    place: str = "localhost"
    hosts: list[Shown] = []
    host_ids: list[str] = []
    host_text: str = ""
    labels: list[str] = []
    connections: dict[str, list[Shown]] = {}
    chosen: dict[str, str] = {}
    reason: str = ""
    errors: dict[str, str] = {}
    errors_pt: dict[str, str] = {}
    faults: list[Shown] = []
    fault_count: int = 0
    blocks: dict[str, str] = {"stage": "", "prod": ""}
    typical_s: float | None = None
    workers: int = 0
    is_busy: bool = False
    shows_curl: bool = False
    _all_hosts: list[Shown] = []
    _inputs: Shown = {}

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

        `host`, `from` (a job), or `environment`, `hosts` and `inputs` of a copied link fill it in beforehand.
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
    @guarded(Permission.RUNBOOKS_READ)
    async def choose_environment(self, environment: str) -> None:
        """Order for another environment: its hosts and connections are others, so nothing stays chosen."""
        if environment in ENVIRONMENTS and environment != self.environment:
            self.environment, self.host_ids, self.chosen = environment, [], {}
            self._show_faults(())
            await self._offer()

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def choose_place(self, place: str) -> None:
        """Run on this machine, or on hosts, where the runbook can do both."""
        self.place = "hosts" if place == "hosts" else "localhost"
        self._show_faults(())

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def fill_in(self, inputs: Shown) -> None:
        """The whole form as it is now."""
        self._inputs = inputs

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def find_hosts(self, text: str) -> None:
        """Show the hosts that mention the text or carry the label; the same label again takes it away."""
        self.host_text = "" if text == self.host_text and "=" in text else text
        self._show_hosts()

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def choose_host(self, host_id: str, is_chosen: bool) -> None:  # noqa: FBT001 - what a checkbox sends
        """Add a host, or take it away."""
        rest = [known for known in self.host_ids if known != host_id]
        self.host_ids = [*rest, host_id] if is_chosen else rest
        self._show_hosts()

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def choose_shown(self) -> None:
        """Add every host in sight that a job can work on."""
        usable = [host["id"] for host in self.hosts if not host["fault"]]
        self.host_ids = [*self.host_ids, *(host_id for host_id in usable if host_id not in self.host_ids)]
        self._show_hosts()

    @rx.event
    @guarded(Permission.HOSTS_READ)
    async def choose_none(self) -> None:
        """Take every host away."""
        self.host_ids = []
        self._show_hosts()

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def choose_connection(self, slot: str, connection_id: str) -> None:
        """Fill a slot."""
        rest = {name: value for name, value in self.chosen.items() if name != slot}
        self.chosen = {**rest, slot: connection_id} if connection_id else rest

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def give_reason(self, reason: str) -> None:
        """Why the job is wanted; it goes into the audit log."""
        self.reason = reason[:LONGEST_REASON]

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def begin(self) -> None:
        """Show at once that the order is being sent."""
        self.is_busy = True

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def run(self) -> Any:
        """Send the order; what is refused is shown at its field, a job's page is opened."""
        self.is_busy = False
        if not self.is_open or self.phase != "ready":
            return None
        order = self._order()
        if order.host_ids == []:
            self._show_faults((launch_view.NO_HOST,))
            return None
        try:
            job = await act(_launch, order)
        except Invalid as refused:
            self._show_faults(refused.errors)
            return None
        self.is_open = False
        return rx.redirect(f"/jobs/{job}")

    async def _fill(self, asked: dict[str, str]) -> None:
        form = await ask(launch_view.read_form, asked["run"])
        again = await ask(launch_view.read_again, asked["from"]) if asked["from"] else {}
        environment = await environment_of(self)
        long = parameters(self, "inputs", "hosts", longest=launch_view.LONGEST_INPUTS)
        again |= launch_view.linked(asked | long)
        self.shows_curl = asked["show"] == "curl"
        self._show_faults(())
        before = {"host_ids": [], "chosen": {}, "reason": "", "host_text": ""}
        here = {"environment": environment} if environment else {}
        for name, value in {**before, **form, **here, **again}.items():
            setattr(self, name, value)
        self._inputs = self.start
        if asked["host"]:
            self.environment, self.host_ids = await ask(launch_view.environment_of_host, asked["host"]), [asked["host"]]
        await self._offer()
        only_hosts = self.runbook["target"] == "hosts"
        self.place = "hosts" if only_hosts or self.host_ids else "localhost"

    async def _offer(self) -> None:
        with_hosts = self.runbook["target"] in launch_view.ON_HOSTS
        found = await ask(launch_view.read_choices, self.environment, self.slots, with_hosts=with_hosts)
        self._all_hosts, self.connections = found["hosts"], found["connections"]
        known = {host["id"] for host in self._all_hosts}
        self.host_ids = [host_id for host_id in self.host_ids if host_id in known]
        self.labels = launch_view.labels_of(self._all_hosts)
        only = {slot: options[0]["value"] for slot, options in self.connections.items() if len(options) == 1}
        self.chosen = {**only, **self.chosen}
        self._show_hosts()

    def _show_faults(self, faults: Sequence[Problem]) -> None:
        names = {field["name"] for field in self.fields}
        inputs, order = launch_view.split_faults(faults, names)
        self.errors, self.errors_pt = launch_view.sentences(inputs)
        self.faults = [launch_view.around(fault) for fault in order]
        self.fault_count = len(self.errors) + len(self.faults)

    def _show_hosts(self) -> None:
        self.hosts = launch_view.matching(self._all_hosts, self.host_text, self.host_ids)

    def _wanted_hosts(self) -> list[str] | None:
        works_on_hosts = self.runbook.get("target") in launch_view.ON_HOSTS and self.place == "hosts"
        return list(self.host_ids) if works_on_hosts else None

    def _body(self) -> Shown:
        """The order as the REST API takes it."""
        order = self._order()
        more = {"hosts": order.host_ids, "connections": order.connections, "requestReason": order.request_reason}
        body: Shown = {"environment": order.environment, "inputs": order.inputs}
        return body | {name: value for name, value in more.items() if value}

    def _order(self) -> service.Order:
        return service.Order(
            runbook=self.runbook["name"],
            inputs=self.get_value("_inputs"),
            host_ids=self._wanted_hosts(),
            environment=self.environment,
            connections=self.get_value("chosen"),
            request_reason=self.reason.strip(),
        )


def _launch(session: Session, actor: Actor, order: service.Order) -> str:
    check_execute_limit(actor)
    return service.launch(session, actor, order).id
