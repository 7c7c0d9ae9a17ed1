"""The drawer in which a schedule is made or changed: the form of the order, and when it is placed."""

from typing import Any

import reflex as rx
from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.schedules import queries, service
from orch_app.domains.schedules.planning import MissedPolicy
from orch_app.domains.schedules.wire import NewSchedule, ScheduleChange
from orch_app.kit.errors import Conflict, Invalid
from orch_app.kit.rest import etag
from orch_app.state import launch_view
from orch_app.state.address import parameters
from orch_app.state.cron_choice import CronChoice
from orch_app.state.guard import act, ask, guarded
from orch_app.state.notices import Notices
from orch_app.state.order_form import OrderForm
from orch_app.state.schedules import SchedulesState
from orch_app.state.schedules_view import faults_in, moment_of, read_runbooks, text_of
from orch_app.state.session import ShellState, environment_of, has_arrived

AROUND = ("name", "cron", "timezone", "startsAt", "endsAt", "overrideReason")
LONGEST = 100
START = "0 9 * * *"
Shown = dict[str, Any]


class ScheduleFormState(OrderForm, CronChoice, rx.State):
    """`schedule_id` is empty for a new one; without a runbook the form asks for that first."""

    is_open: bool = False
    schedule_id: str = ""
    version: int = 0
    name: str = ""
    runbooks: list[dict[str, str]] = []
    runbooks_pt: list[dict[str, str]] = []
    policy: str = "skip"
    starts: str = ""
    ends: str = ""
    override_reason: str = ""
    when_faults: dict[str, str] = {}
    when_faults_pt: dict[str, str] = {}

    @rx.event
    @guarded(Permission.SCHEDULES_READ, page=True)
    async def open(self) -> None:
        """Show the form when the address says `new` (a runbook's name, or 1); `from` is a job to take over."""
        asked, is_arrival = parameters(self, "new", "from"), await has_arrived(self)
        if asked["new"] and (is_arrival or not self.is_open):
            await self._open_new("" if asked["new"] == "1" else asked["new"], asked["from"])
        elif is_arrival:
            self.is_open = False

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def open_new(self) -> None:
        """Show the empty form."""
        await self._open_new("", "")

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def open_edit(self, schedule_id: str) -> None:
        """Show the form of a schedule."""
        await self._clear(schedule_id)
        stored = await ask(_read_stored, schedule_id)
        form = await ask(launch_view.read_form, stored["runbook"])
        await self._begin(form, stored["order"])
        for name, value in stored["form"].items():
            setattr(self, name, value)
        self._take(stored["cron"], stored["timezone"])
        await self._see()
        self.phase = "ready"

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def close(self) -> Any:
        """Close the form; an address that opened it is left behind."""
        self.is_open = False
        return rx.redirect("/schedules", replace=True) if parameters(self, "new")["new"] else None

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def choose_runbook(self, runbook: str) -> None:
        """The runbook that is to run; the form becomes that of its inputs."""
        if runbook:
            await self._order_of(runbook, "")

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def give_name(self, name: str) -> None:
        """What the schedule is called."""
        self.name = name[:LONGEST]

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def choose_policy(self, policy: str) -> None:
        """What happens when nobody could start it in time."""
        self.policy = policy if policy in set(MissedPolicy) else MissedPolicy.SKIP.value

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def give_start(self, starts: str) -> None:
        """The moment before which nothing is due, in the schedule's zone."""
        self.starts = starts[:20]

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def give_end(self, ends: str) -> None:
        """The moment from which nothing is due any more, in the schedule's zone."""
        self.ends = ends[:20]

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def give_override(self, reason: str) -> None:
        """Why blackouts shall not hold it."""
        self.override_reason = reason[:500]

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def begin(self) -> None:
        """Show at once that it is being saved."""
        self.is_busy = True

    @rx.event
    @guarded(Permission.SCHEDULES_WRITE)
    async def save(self) -> Any:
        """Keep the schedule; what is refused is shown at its field."""
        self.is_busy = False
        if not self.is_open or not self.runbook:
            return None
        self._show_when(Invalid(""))
        order = self._order()
        if order.host_ids == []:
            self._show_faults((launch_view.NO_HOST,))
            return None
        try:
            await self._save(order)
        except (ValidationError, ValueError):
            self._show_when(
                Invalid("", errors=(launch_view.NO_NAME if not self.name.strip() else launch_view.NO_DATE,))
            )
            return None
        except (Invalid, Conflict) as refused:
            if not refused.errors:
                raise
            self._show_when(refused)
            return None
        self.is_open = False
        leave = [rx.redirect("/schedules", replace=True)] if parameters(self, "new")["new"] else []
        return [Notices.show_done("schedule.saved"), SchedulesState.load, *leave]

    async def _save(self, order: Any) -> None:
        given: Shown = {
            "name": self.name.strip(),
            "environment": order.environment,
            "cron": self._expression(),
            "timezone": self.timezone,
            "inputs": order.inputs,
            "hosts": order.host_ids,
            "connections": order.connections,
            "tags": list(order.tags.only),
            "skip_tags": list(order.tags.skip),
            "limit": order.limit,
            "request_reason": order.request_reason,
            "missed_policy": self.policy,
            "starts_at": moment_of(self.starts, self.timezone),
            "ends_at": moment_of(self.ends, self.timezone),
            "override_reason": self.override_reason.strip(),
        }
        if not self.schedule_id:
            await act(service.create, NewSchedule(runbook=order.runbook, **given))
            return
        seen = etag(self.schedule_id, self.version)
        await act(service.update, self.schedule_id, ScheduleChange(**given), if_match=seen)

    async def _open_new(self, runbook: str, job_id: str) -> None:
        await self._clear("")
        self.runbooks, self.runbooks_pt = await ask(read_runbooks)
        self._take(START, "")
        if runbook:
            await self._order_of(runbook, job_id)
        self.phase = "ready"

    async def _order_of(self, runbook: str, job_id: str) -> None:
        form = await ask(launch_view.read_form, runbook)
        again = await ask(launch_view.read_again, job_id) if job_id else {}
        environment = await environment_of(self)
        await self._begin(form, ({"environment": environment} if environment else {}) | again)
        if not self.name:
            language = (await self.get_state(ShellState)).user["language"]
            self.name = self.runbook["title" if language == "en" else "titlePt"]

    async def _clear(self, schedule_id: str) -> None:
        self.is_open, self.phase, self.is_busy, self.schedule_id, self.version = True, "loading", False, schedule_id, 0
        self.runbook, self.fields, self.slots, self.name, self.policy = {}, [], [], "", MissedPolicy.SKIP.value
        self.starts = self.ends = self.override_reason = ""
        self.when_faults, self.when_faults_pt = {}, {}
        self._show_faults(())

    async def _offer(self) -> None:
        await super()._offer()
        await self._see()

    def _show_when(self, error: Invalid | Conflict) -> None:
        """Show faults at their fields: those of when and how it is called here, the others in the order's form."""
        self.when_faults, self.when_faults_pt = faults_in(error, AROUND)
        rest = [fault for fault in error.errors if fault.pointer.strip("/") not in AROUND]
        self._show_faults(rest)
        self.fault_count += len(self.when_faults)

    def _watched_environment(self) -> str:
        return self.environment


def _read_stored(session: Session, actor: Actor, schedule_id: str) -> Shown:
    row = queries.get_schedule(session, actor, schedule_id)
    return {
        "runbook": row.runbook_name,
        "cron": row.cron,
        "timezone": row.timezone,
        "order": {
            "start": row.input_json,
            "environment": row.environment,
            "host_ids": row.host_ids or [],
            "chosen": row.connection_ids,
            "reason": row.request_reason,
            "tags": row.tags,
            "skip_tags": row.skip_tags,
            "limit": row.host_limit,
        },
        "form": {
            "version": row.version,
            "name": row.name,
            "policy": row.missed_policy,
            "starts": text_of(row.starts_at, row.timezone),
            "ends": text_of(row.ends_at, row.timezone),
            "override_reason": row.override_reason,
        },
    }
