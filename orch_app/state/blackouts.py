"""The blackouts of /schedules: the list, and for admins the form and removing one."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from orch_app.domains.access.permissions import Permission
from orch_app.domains.schedules import blackouts
from orch_app.domains.schedules.wire import BlackoutChange, NewBlackout
from orch_app.kit.errors import Conflict, Invalid
from orch_app.kit.rest import etag
from orch_app.state import launch_view
from orch_app.state.cron_choice import CronChoice
from orch_app.state.guard import act, ask, guarded
from orch_app.state.notices import Notices
from orch_app.state.schedules import SchedulesState
from orch_app.state.schedules_view import NO_BLACKOUT, faults_in, moment_in, moment_of, read_blackouts, text_of
from orch_app.state.screen import Screen
from orch_app.state.session import environment_of, has_arrived

AROUND = ("name", "cron", "timezone", "startsAt", "endsAt", "durationMin")
START = "0 18 * * FRI"
LONGEST = 100
LONGEST_HOURS = 6


class BlackoutsState(CronChoice, Screen, rx.State):
    """`panel`: "", `form` or `delete`. `kind` is `once` or `again`; `hours` is how long each recurring one lasts."""

    rows: list[dict[str, Any]] = []
    panel: str = ""
    one: dict[str, Any] = NO_BLACKOUT
    name: str = ""
    environment: str = "prod"
    kind: str = "once"
    starts: str = ""
    ends: str = ""
    hours: str = "12"
    faults: dict[str, str] = {}
    faults_pt: dict[str, str] = {}

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def load(self) -> None:
        """Read the list."""
        if await has_arrived(self):
            self.panel = ""
        await self._read()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def close(self) -> None:
        """Close whatever is open."""
        self.panel = ""

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def open_new(self) -> None:
        """Show the empty form."""
        await self._open(NO_BLACKOUT | {"environment": await environment_of(self) or "prod"})

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def open_edit(self, blackout_id: str) -> None:
        """Show the form of one."""
        found = next((row for row in self.rows if row["id"] == blackout_id), None)
        if found:
            await self._open(found)

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def ask_delete(self, blackout_id: str) -> None:
        """Ask before removing one."""
        found = next((row for row in self.rows if row["id"] == blackout_id), None)
        self.one, self.panel = (found, "delete") if found else (NO_BLACKOUT, "")

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def delete(self) -> Any:
        """Remove the one that was asked about."""
        await act(blackouts.delete, self.one["id"])
        return await self._done("blackout.deleted")

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def give_name(self, name: str) -> None:
        """What it is called."""
        self.name = name[:LONGEST]

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def choose_environment(self, environment: str) -> None:
        """Whose schedules it holds."""
        self.environment = "prod" if environment == "prod" else "stage"

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def choose_kind(self, kind: str) -> None:
        """Once, or again and again."""
        self.kind = "once" if kind == "once" else "again"
        self.faults, self.faults_pt = {}, {}

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def give_start(self, starts: str) -> None:
        """When it begins, in the zone."""
        self.starts = starts[:20]

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def give_end(self, ends: str) -> None:
        """When it ends, in the zone."""
        self.ends = ends[:20]

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def give_hours(self, hours: str) -> None:
        """How long each recurring one lasts, in hours."""
        self.hours = hours[:LONGEST_HOURS]

    @rx.event
    @guarded(Permission.SETTINGS_WRITE)
    async def save(self) -> Any:
        """Keep it; what is refused is shown at its field."""
        if self.panel != "form":
            return None
        try:
            await self._save()
        except (ValidationError, ValueError):
            self._show(Invalid("", errors=(launch_view.NO_DATE if self.name.strip() else launch_view.NO_NAME,)))
            return None
        except (Invalid, Conflict) as refused:
            if not refused.errors:
                raise
            self._show(refused)
            return None
        return await self._done("blackout.saved")

    async def _save(self) -> None:
        is_once = self.kind == "once"
        given: dict[str, Any] = {
            "name": self.name.strip(),
            "timezone": self.timezone,
            "starts_at": moment_of(self.starts, self.timezone) if is_once else None,
            "ends_at": moment_of(self.ends, self.timezone) if is_once else None,
            "cron": "" if is_once else self._expression(),
            "duration_min": 0 if is_once else round(float(self.hours.replace(",", ".")) * 60),
        }
        if not self.one["id"]:
            environment: Any = self.environment
            await act(blackouts.create, NewBlackout(environment=environment, **given))
            return
        seen = etag(self.one["id"], self.one["version"])
        await act(blackouts.update, self.one["id"], BlackoutChange(**given), if_match=seen)

    async def _open(self, row: dict[str, Any]) -> None:
        is_new = not row["id"]
        self.one, self.panel, self.name, self.environment = row, "form", row["name"], row["environment"]
        self.kind = "again" if row["cron"] else "once"
        self.hours = f"{(row['minutes'] or 60) / 60:g}"
        self.faults, self.faults_pt = {}, {}
        self._take(row["cron"] or START, "" if is_new else row["timezone"])
        self.starts, self.ends = (text_of(moment_in(row[name]), self.timezone) for name in ("startsAt", "endsAt"))
        await self._see()

    async def _done(self, what: str) -> Any:
        self.panel = ""
        await self._read()
        return [Notices.show_done(what), SchedulesState.load]

    async def _read(self) -> None:
        self.rows = await ask(read_blackouts, await environment_of(self))

    def _show(self, error: Invalid | Conflict) -> None:
        self.faults, self.faults_pt = faults_in(error, AROUND)
