"""On the page of a job: the connections it works with."""

import reflex as rx

from orch_app.state.job import JobState

CONNECTIONS = JobState.job["connections"].to(list[str])


def connections_used() -> rx.Component:
    """Each by its slot and its name; a dash where there is none to show."""
    listed = rx.foreach(CONNECTIONS, lambda one: rx.el.span(one, class_name="chip mono"))
    return rx.cond(CONNECTIONS.length() > 0, rx.el.span(listed, class_name="row wrap"), rx.el.span("—"))
