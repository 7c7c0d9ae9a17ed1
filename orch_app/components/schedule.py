"""When something happens: moments in a zone of their own, and the choice of a zone."""

import reflex as rx

from orch_app.components.local import Event, EventHandler, Text, UiComponent, given, one_text, ui_module

_LIBRARY = ui_module("schedule.jsx")


class ZonedTime(UiComponent):
    """`ZonedTime` of assets/ui/schedule.jsx."""

    library = _LIBRARY
    tag = "ZonedTime"
    value: rx.Var[str]
    zone: rx.Var[str]


class ZoneField(UiComponent):
    """`ZoneField` of assets/ui/schedule.jsx."""

    library = _LIBRARY
    tag = "ZoneField"
    label: rx.Var[str]
    value: rx.Var[str]
    hint: rx.Var[str]
    error: rx.Var[str]
    disabled: rx.Var[bool]
    on_change: EventHandler[one_text]


def zoned_time(iso: Text, zone: Text, class_name: str = "") -> rx.Component:
    """Weekday, date and time as the clocks of the zone show them, with the zone's short name."""
    return ZonedTime.create(value=iso, zone=zone, class_name=class_name)


def zone_field(label: Text, *, value: Text, on_change: Event, **props: object) -> rx.Component:
    """A time zone by name, with the browser's list; while the value is empty the browser's own zone is told.

    Props: `hint, error, disabled`.
    """
    return ZoneField.create(label=label, value=value, on_change=on_change, **given(**props))
