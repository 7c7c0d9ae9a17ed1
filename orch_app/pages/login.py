"""/login: the way in."""

import reflex as rx

from orch_app.components.login import entrance, login_form


def login_page() -> rx.Component:
    """Hero and the sign-in card; its states live in the browser: only a REST call can set the session cookie."""
    return entrance(login_form())
