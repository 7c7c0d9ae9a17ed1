"""Composition root of the web process."""

import reflex as rx

from orch_app.components.look import look
from orch_app.pages.login import login_page

app = rx.App(**look())
app.add_page(login_page, route="/login", title="JARVIS")
