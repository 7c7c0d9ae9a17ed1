"""Composition root of the web process: screens, REST and what surrounds them, in one ASGI application."""

import reflex as rx

from orch_app import api
from orch_app.components.look import look
from orch_app.kit.logging import set_up_logging
from orch_app.kit.stopping import stopping
from orch_app.pages import register
from orch_app.wiring import wire

set_up_logging("web")
wire()

app = rx.App(**look(), api_transformer=[api.build(), api.wrap])
register(app)
app.register_lifespan_task(stopping.heed_signals)
