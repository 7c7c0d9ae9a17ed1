"""The web process without its screens: REST, wiring and edge as in the product, and no build to wait for."""

from starlette.types import ASGIApp

from orch_app import api
from orch_app.kit.logging import set_up_logging
from orch_app.wiring import wire


def web() -> ASGIApp:
    """What the server runs."""
    set_up_logging("web")
    wire()
    return api.wrap(api.build())
