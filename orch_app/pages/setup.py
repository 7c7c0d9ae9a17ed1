"""/setup: the first administrator, with the one-time token that the terminal printed."""

import reflex as rx

from orch_app.components.login import entrance, setup_form


def setup_page() -> rx.Component:
    """Hero and the set-up card; the token stays in the address fragment, which no server ever sees."""
    return entrance(setup_form())
