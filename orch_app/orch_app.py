"""Composition root of the web process: screens, REST and what surrounds them, in one ASGI application."""

import reflex as rx
from starlette.types import ASGIApp

from orch_app import api
from orch_app.components.look import look
from orch_app.kit.logging import set_up_logging
from orch_app.kit.stopping import stopping
from orch_app.pages import register
from orch_app.state import faults
from orch_app.state.exposure import accepts
from orch_app.wiring import wire

set_up_logging("web")
wire()

app = rx.App(
    **look(),
    api_transformer=api.build(),
    frontend_exception_handler=faults.of_browser,
    backend_exception_handler=faults.of_ours,
)
register(app)
app.register_lifespan_task(stopping.heed_signals)


def web() -> ASGIApp:
    """What the server runs: nothing answers, not even a file of the screens, but through what `api.wrap` adds."""
    return api.wrap(app(), accepts)
