"""/: nothing of its own; it leads to the dashboard or to the way in."""

import reflex as rx

from orch_app.components.icon import icon
from orch_app.components.text import tr


def home_page() -> rx.Component:
    """What is seen for the moment until the server has answered."""
    return rx.el.main(
        rx.el.h1(tr("product.name"), class_name="sr"),
        rx.el.div(
            icon("running", 24, class_name="spin"), rx.el.span(tr("state.loading"), class_name="sr"), role="status"
        ),
        class_name="lone",
    )
