"""The order for a runbook as a form fills it in: environment, place, hosts, connections, inputs, tags and reason.

What is done with the order is the business of the screen that has the form: run it now, or keep it for later.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import host_limit, service
from orch_app.domains.jobs.play_tags import PlayTags
from orch_app.domains.runbooks.risks import raised
from orch_app.kit.errors import Problem
from orch_app.state import launch_view
from orch_app.state.guard import ask, guarded
from orch_app.state.screen import Screen

ENVIRONMENTS = launch_view.ENVIRONMENTS
LONGEST_REASON = 500
Shown = dict[str, Any]


class OrderForm(Screen, rx.State, mixin=True):
    """One order. `start` is what the form begins with.

    `blocks` says for each environment what is in the way, `needed` which role can run it there, `approvals` whose
    approval its job then waits for.
    `tags` are those whose tasks alone run, `skip_tags` those whose tasks do not. `limit` narrows the chosen hosts, or
    all of the environment where none is chosen; `limited` says how many it means now, -1 while it says nothing.
    `errors` are by pointer into the inputs, in each language; `faults` are about the order around them.
    """

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
    limit: str = ""
    limited: int = -1
    tags: list[str] = []
    skip_tags: list[str] = []
    connections: dict[str, list[Shown]] = {}
    chosen: dict[str, str] = {}
    reason: str = ""
    errors: dict[str, str] = {}
    errors_pt: dict[str, str] = {}
    faults: list[Shown] = []
    fault_count: int = 0
    blocks: dict[str, str] = {"stage": "", "prod": ""}
    approvals: dict[str, str] = {"stage": "", "prod": ""}
    needed: dict[str, str] = {"stage": "operator", "prod": "operator"}
    typical_s: float | None = None
    host_groups: list[Shown] = []
    workers: int = 0
    is_busy: bool = False
    _all_hosts: list[Shown] = []
    _inputs: Shown = {}

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
    async def fill_in(self, inputs: dict[str, Any]) -> None:
        """The whole form as it is now."""
        self._inputs = inputs
        self._weigh()

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
    async def choose_group(self, group: str) -> None:
        """Add every host of a group that a job can work on; where all of them are chosen, take them away."""
        self.host_ids = launch_view.with_group(self._all_hosts, self.host_ids, group)
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
    @guarded(Permission.HOSTS_READ)
    async def give_limit(self, limit: str) -> None:
        """Say by a pattern which hosts are meant when it is launched."""
        self.limit = limit[: host_limit.LONGEST]
        self._count_limited()

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def choose_tags(self, chosen: dict[str, Any]) -> None:
        """Say which tasks run, by the tags that the runbook offers."""
        offered = self.runbook.get("playTags", [])
        self.tags, self.skip_tags = (
            [tag for tag in offered if tag in chosen.get(name, [])] for name in ("only", "skip")
        )

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def choose_connection(self, slot: str, connection_id: str) -> None:
        """Fill a slot; the one that it is filled instead of is emptied."""
        instead = next((one["instead"] for one in self.slots if one["slot"] == slot and connection_id), "")
        rest = {name: value for name, value in self.chosen.items() if name not in {slot, instead}}
        self.chosen = {**rest, slot: connection_id} if connection_id else rest

    @rx.event
    @guarded(Permission.RUNBOOKS_READ)
    async def give_reason(self, reason: str) -> None:
        """Why the job is wanted; it goes into the audit log."""
        self.reason = reason[:LONGEST_REASON]

    async def _begin(self, form: Shown, before: Shown) -> None:
        """Start afresh with a runbook's empty form, filled in with what is known before."""
        self._show_faults(())
        empty = {"host_ids": [], "chosen": {}, "reason": "", "host_text": "", "limit": "", "tags": [], "skip_tags": []}
        for name, value in {**empty, **form, **before}.items():
            setattr(self, name, value)
        self._inputs = self.start
        self._weigh()
        await self._offer()
        only_hosts = self.runbook["target"] == "hosts"
        self.place = "hosts" if only_hosts or self.host_ids or self.limit else "localhost"

    async def _offer(self) -> None:
        with_hosts = self.runbook["target"] in launch_view.ON_HOSTS
        found = await ask(launch_view.read_choices, self.environment, self.slots, with_hosts=with_hosts)
        self._all_hosts, self.connections = found["hosts"], found["connections"]
        known = {host["id"] for host in self._all_hosts}
        self.host_ids = [host_id for host_id in self.host_ids if host_id in known]
        self.labels = launch_view.labels_of(self._all_hosts)
        wanted = {**launch_view.obvious(self.slots, self.connections), **self.chosen}
        self.chosen = {slot: str(wanted[slot]) for slot in self.connections if wanted.get(slot)}
        self._show_hosts()

    def _weigh(self) -> None:
        """Say what the inputs, as they are, mean: how risky the run is, and who has to approve it."""
        known = self.get_value("runbook")
        risk = raised(known.get("usualRisk", ""), known.get("graver", ()), self.get_value("_inputs"))
        if risk != known.get("risk", ""):
            self.runbook, self.approvals = {**known, "risk": risk}, known["waits"][risk]

    def _show_faults(self, faults: Sequence[Problem]) -> None:
        names = {field["name"] for field in self.fields}
        inputs, order = launch_view.split_faults(faults, names)
        self.errors, self.errors_pt = launch_view.sentences(inputs)
        self.faults = [launch_view.around(fault) for fault in order]
        self.fault_count = len(self.errors) + len(self.faults)

    def _show_hosts(self) -> None:
        self.host_groups = launch_view.groups_of(self._all_hosts, self.host_ids)
        self.hosts = launch_view.matching(self._all_hosts, self.host_text, self.host_ids)
        self._count_limited()

    def _count_limited(self) -> None:
        self.limited = launch_view.limited(self.limit, self._all_hosts, self.host_ids)

    def _wanted_hosts(self) -> list[str] | None:
        """What is chosen; None where it works on none, and where the limit alone says on which."""
        if not self._works_on_hosts() or (self.limit.strip() and not self.host_ids):
            return None
        return list(self.host_ids)

    def _works_on_hosts(self) -> bool:
        return self.runbook.get("target") in launch_view.ON_HOSTS and self.place == "hosts"

    def _order(self) -> service.Order:
        return service.Order(
            runbook=self.runbook["name"],
            inputs=self.get_value("_inputs"),
            host_ids=self._wanted_hosts(),
            environment=self.environment,
            connections=self.get_value("chosen"),
            request_reason=self.reason.strip(),
            tags=PlayTags.of(self.tags, self.skip_tags),
            limit=self.limit.strip() if self._works_on_hosts() else "",
        )
