"""Numbers and times in the reader's language; times age by themselves."""

import reflex as rx

from orch_app.components.local import UiComponent, given, ui_module

_LIBRARY = ui_module("values.jsx")
Seconds = rx.Var | float | None


class RelativeTime(UiComponent):
    """`RelativeTime` of assets/ui/values.jsx."""

    library = _LIBRARY
    tag = "RelativeTime"
    value: rx.Var[str]


class SinceMounted(UiComponent):
    """`SinceMounted` of assets/ui/values.jsx."""

    library = _LIBRARY
    tag = "SinceMounted"


class ClockTime(UiComponent):
    """`ClockTime` of assets/ui/values.jsx."""

    library = _LIBRARY
    tag = "ClockTime"
    value: rx.Var[str]


class Duration(UiComponent):
    """`Duration` of assets/ui/values.jsx."""

    library = _LIBRARY
    tag = "Duration"
    seconds: rx.Var[float | int | None]
    since: rx.Var[str]


class NumberText(UiComponent):
    """`NumberText` of assets/ui/values.jsx."""

    library = _LIBRARY
    tag = "NumberText"
    value: rx.Var[float | int]
    digits: rx.Var[int]


class FileSize(UiComponent):
    """`FileSize` of assets/ui/values.jsx."""

    library = _LIBRARY
    tag = "FileSize"
    value: rx.Var[int]


def time_since_mounted() -> rx.Component:
    """How long ago this part of the page appeared: "há 8 s"."""
    return SinceMounted.create()


def relative_time(iso: rx.Var[str] | str, class_name: str = "") -> rx.Component:
    """ "2 min ago", ticking; the absolute time on hover and after a tap. An empty text draws a dash."""
    return RelativeTime.create(value=iso, class_name=class_name)


def clock_time(iso: rx.Var[str] | str, class_name: str = "") -> rx.Component:
    """Time of day to the second, with the date when it is another day."""
    return ClockTime.create(value=iso, class_name=class_name)


def duration(seconds: Seconds = None, since: rx.Var[str] | str = "", class_name: str = "") -> rx.Component:
    """A length in seconds; while `seconds` is None it counts from the moment `since`."""
    named = {} if seconds is None else {"seconds": seconds}
    return Duration.create(class_name=class_name, **named, **given(since=since))


def number(value: rx.Var | float, digits: int = 0) -> rx.Component:
    """A number as the language writes it, with at most `digits` decimals."""
    return NumberText.create(value=value, digits=digits)


def file_size(size: rx.Var[int] | int) -> rx.Component:
    """A size in bytes as B, kB, MB, GB."""
    return FileSize.create(value=size)
