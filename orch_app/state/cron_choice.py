"""When something happens, as a form asks for it: a rhythm with its particulars, or an expression; and its zone."""

from typing import Any

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.state.cron_view import NOTHING_SAID, RHYTHMS, WEEK, choice_of, expression_of, read_meaning
from orch_app.state.guard import ask, guarded

LONGEST = 100


class CronChoice(rx.State, mixin=True):
    """`said` is what the choice means; `cron_faults` are by field, in each language."""

    rhythm: str = "daily"
    minute: str = "0"
    time: str = "09:00"
    weekdays: list[str] = ["MON"]
    day: str = "1"
    cron: str = "0 9 * * *"
    timezone: str = "UTC"
    said: dict[str, Any] = NOTHING_SAID
    cron_faults: dict[str, str] = {}
    cron_faults_pt: dict[str, str] = {}

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def choose_rhythm(self, rhythm: str) -> None:
        """Every hour, day, week, month, or an expression, which begins with what was chosen before."""
        self.cron = self._expression()
        self.rhythm = rhythm if rhythm in RHYTHMS else "cron"
        await self._see()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def give_minute(self, minute: str) -> None:
        """The minute of every hour."""
        self.minute = minute[:2]
        await self._see()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def give_time(self, time: str) -> None:
        """The time of day."""
        self.time = time[:5]
        await self._see()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def toggle_weekday(self, weekday: str) -> None:
        """Add a day of the week, or take it away; the last one stays."""
        wanted = set(self.weekdays) ^ {weekday}
        self.weekdays = [day for day in WEEK if day in wanted] or self.weekdays
        await self._see()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def give_day(self, day: str) -> None:
        """The day of the month, `L` for the last one."""
        self.day = day[:2]
        await self._see()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def give_cron(self, cron: str) -> None:
        """The expression itself."""
        self.cron = cron[:LONGEST]
        await self._see()

    @rx.event
    @guarded(Permission.SCHEDULES_READ)
    async def give_timezone(self, timezone: str) -> None:
        """The zone whose clocks count."""
        self.timezone = timezone.strip()[:LONGEST]
        await self._see()

    def _expression(self) -> str:
        names = ("rhythm", "minute", "time", "weekdays", "day", "cron")
        return expression_of({name: getattr(self, name) for name in names})

    def _take(self, expression: str, timezone: str) -> None:
        for name, value in choice_of(expression).items():
            setattr(self, name, value)
        self.timezone = timezone

    async def _see(self) -> None:
        """Say what the choice means, once the zone is known; of a new form the browser tells it."""
        if not self.timezone:
            return
        found = await ask(read_meaning, self._expression(), self.timezone, self._watched_environment())
        self.said, self.cron_faults, self.cron_faults_pt = found["said"], found["faults"], found["faults_pt"]

    def _watched_environment(self) -> str:
        """The environment whose blackouts are told of; empty for none."""
        return ""
