"""The calendar side of the dashboard: today's date, a bar per day, a share of a hundred."""

import reflex as rx

from orch_app.components.local import UiComponent, ui_module

_LIBRARY = ui_module("days.jsx")


class Today(UiComponent):
    """`Today` of assets/ui/days.jsx."""

    library = _LIBRARY
    tag = "Today"


class DayBars(UiComponent):
    """`DayBars` of assets/ui/days.jsx."""

    library = _LIBRARY
    tag = "DayBars"
    days: rx.Var[list]


class Percent(UiComponent):
    """`Percent` of assets/ui/days.jsx."""

    library = _LIBRARY
    tag = "Percent"
    value: rx.Var[float | int]


def today() -> rx.Component:
    """Today's date in words, as the browser's clock has it."""
    return Today.create()


def day_bars(days: rx.Var[list]) -> rx.Component:
    """One bar for each `{day, total, failed}`, oldest first; the last one is today."""
    return DayBars.create(days=days)


def percent(value: rx.Var) -> rx.Component:
    """A share as the language writes it, with at most one decimal."""
    return Percent.create(value=value)
