"""/login: the way in."""

import reflex as rx

from orch_app.components.icon import icon
from orch_app.components.text import tr


def login_page() -> rx.Component:
    """The sign-in page."""
    return rx.el.main(rx.el.h1(tr("login.title")), icon("key"))
