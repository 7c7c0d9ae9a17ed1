"""When something happens, for any state with `CronChoice`: a rhythm or an expression, in words, and the next runs."""

from typing import Any

import reflex as rx

from orch_app.components.fields import segmented, select_field, text_field
from orch_app.components.icon import icon
from orch_app.components.schedule import zone_field, zoned_time
from orch_app.components.text import tr
from orch_app.components.values import relative_time
from orch_app.pages.spoken import spoken, spoken_of

RHYTHMS = ("hourly", "daily", "weekly", "monthly", "cron")
WEEK = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
DAYS = 28  # what every month has; further ones are expressions


def cron_editor(state: Any, label: rx.Var[str]) -> rx.Component:
    """The choice, its zone, what it says in words and the next five moments."""
    options = [{"value": rhythm, "label": tr(f"schedules.rhythm.{rhythm}")} for rhythm in RHYTHMS]
    return rx.el.div(
        segmented(label, value=state.rhythm, options=options, on_change=state.choose_rhythm, full=True),
        rx.el.div(
            _particulars(state),
            zone_field(
                tr("schedules.timezone"),
                value=state.timezone,
                on_change=state.give_timezone,
                error=_fault(state, "timezone"),
            ),
            class_name="f2",
        ),
        rx.cond(state.rhythm == "weekly", _weekdays(state)),
        _meaning(state),
        class_name="stack",
    )


def next_runs(runs: rx.Var, zone: rx.Var[str]) -> rx.Component:
    """Moments to come as a list; what a blackout will hold says so."""

    def one(run: rx.Var) -> rx.Component:
        held = run["blackout"].to(str)
        return rx.el.li(
            rx.cond(held != "", icon("lock", 14), icon("clock", 14)),
            zoned_time(run["at"].to(str), zone, "grow"),
            rx.cond(
                held != "",
                rx.el.span(tr("schedules.held_by", name=held), class_name="warn"),
                relative_time(run["at"].to(str), "sec"),
            ),
        )

    return rx.el.ol(
        rx.foreach(runs.to(list[dict]), one),
        class_name="moments",
        custom_attrs={"aria-label": tr("schedules.next_runs")},
    )


def _particulars(state: Any) -> rx.Component:
    minute = text_field(
        tr("schedules.minute"),
        value=state.minute,
        on_change=state.give_minute,
        input_mode="numeric",
        max_length=2,
        error=_fault(state, "cron"),
    )
    raw = text_field(
        tr("schedules.expression"),
        value=state.cron,
        on_change=state.give_cron,
        code=True,
        hint=tr("schedules.expression_hint"),
        max_length=100,
        error=_fault(state, "cron"),
    )
    time = text_field(
        tr("schedules.time"), value=state.time, on_change=state.give_time, type="time", error=_fault(state, "cron")
    )
    days = [{"value": str(day), "label": str(day)} for day in range(1, DAYS + 1)]
    monthly = rx.el.div(
        select_field(
            tr("schedules.day"),
            options=[*days, {"value": "L", "label": tr("schedules.last_day")}],
            value=state.day,
            on_change=state.give_day,
        ),
        time,
        class_name="f2",
    )
    return rx.match(state.rhythm, ("hourly", minute), ("monthly", monthly), ("cron", raw), time)


def _weekdays(state: Any) -> rx.Component:
    def one(day: str) -> rx.Component:
        return rx.el.button(
            tr(f"schedules.day.{day.lower()}"),
            type="button",
            class_name="lab",
            on_click=state.toggle_weekday(day),
            custom_attrs={
                "aria-pressed": state.weekdays.contains(day),
                "aria-label": tr(f"cron.day.{day.lower()}"),
            },
        )

    return rx.el.div(
        *(one(day) for day in WEEK),
        class_name="wdays",
        role="group",
        custom_attrs={"aria-label": tr("schedules.weekdays")},
    )


def _meaning(state: Any) -> rx.Component:
    words = spoken(state.said, "sentence")
    return rx.el.div(
        rx.el.p(icon("calendar", 16), rx.el.b(words), class_name="row", role="status"),
        next_runs(state.said["runs"], state.timezone),
        class_name=rx.cond(state.said["sentence"].to(str) != "", "meaning", "meaning empty"),
    )


def _fault(state: Any, name: str) -> rx.Var[str]:
    english, portuguese = state.cron_faults[name].to(str), state.cron_faults_pt[name].to(str)
    return rx.cond(state.cron_faults.contains(name), spoken_of(english, portuguese), "")
