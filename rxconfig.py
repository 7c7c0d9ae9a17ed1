"""What Reflex is told: one process, one origin, no telemetry, no Radix theme."""

import reflex as rx

from orch_app.kit.settings import settings

_MODES = rx.constants.StateManagerMode

config = rx.Config(
    app_name="orch_app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode="dark",
    state_manager_mode=_MODES.REDIS if settings().redis_url else _MODES.MEMORY,
    redis_url=settings().redis_url or None,
    cors_allowed_origins=settings().origins,
    disable_plugins=[rx.plugins.SitemapPlugin],
)
