"""Small parts of the job screens: title of the tab, length against the usual one, filter of several values."""

import reflex as rx

from orch_app.components.local import (
    Event,
    EventHandler,
    Text,
    UiComponent,
    given,
    no_args,
    ui_module,
)

_LIBRARY = ui_module("jobs.jsx")


class DocumentTitle(UiComponent):
    """`DocumentTitle` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "DocumentTitle"
    text: rx.Var[str]


class DurationBar(UiComponent):
    """`DurationBar` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "DurationBar"
    seconds: rx.Var[float | None]
    since: rx.Var[str]
    typical: rx.Var[float | None]


class UrlChoices(UiComponent):
    """`UrlChoices` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "UrlChoices"
    param: rx.Var[str]
    label: rx.Var[str]
    options: rx.Var[list]


class SubmitKeys(UiComponent):
    """`SubmitKeys` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "SubmitKeys"
    on_submit: EventHandler[no_args]


class LineLink(UiComponent):
    """`LineLink` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "LineLink"
    seq: rx.Var[int]
    on_go: EventHandler[no_args]


class JobTimeline(UiComponent):
    """`JobTimeline` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "JobTimeline"
    steps: rx.Var[list]


class TimeLeft(UiComponent):
    """`TimeLeft` of assets/ui/jobs.jsx."""

    library = _LIBRARY
    tag = "TimeLeft"
    value: rx.Var[str]


def document_title(text: Text) -> rx.Component:
    """Sets the title of the browser's tab while the page is shown."""
    return DocumentTitle.create(text=text)


def duration_bar(seconds: rx.Var, since: rx.Var[str], typical: rx.Var) -> rx.Component:
    """A length in seconds and its share of the usual one, in the colour of a warning when it is far over.

    While `seconds` is None it counts from the moment `since`.
    """
    return DurationBar.create(seconds=seconds, since=since, typical=typical)


def url_choices(label: Text, param: str, options: rx.Var[list] | list) -> rx.Component:
    """Options of which several may be pressed, bound to one parameter of the address: `?status=ERROR,CANCELED`."""
    return UrlChoices.create(label=label, param=param, options=options)


def submit_keys(*children: rx.Component, on_submit: Event) -> rx.Component:
    """A form without implicit submission: only Ctrl+Enter, and whatever button stands elsewhere, sends it."""
    return SubmitKeys.create(*children, on_submit=on_submit)


def line_link(*children: rx.Component | Text, seq: rx.Var[int], on_go: Event = None) -> rx.Component:
    """A link to a line of the log on the same page."""
    return LineLink.create(*children, seq=seq, **given(on_go=on_go))


def time_left(iso: rx.Var[str]) -> rx.Component:
    """How long it is until a moment, ticking; past it, that it takes longer than usual."""
    return TimeLeft.create(value=iso)


def job_timeline(steps: rx.Var[list]) -> rx.Component:
    """The timeline of a job; a press on a task shows the line of the log on the same page that it begins with."""
    return JobTimeline.create(steps=steps)
