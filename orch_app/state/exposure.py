"""How a handler says who may call it: by a permission (see `guard`), or, marked here, anybody and why."""

from collections.abc import Callable
from typing import Any

GUARD = "orch_guard"
Handler = Callable[..., Any]


def public(reason: str) -> Callable[[Handler], Handler]:
    """Mark a handler that anybody may call, and say why that does no harm."""

    def decorate(handler: Handler) -> Handler:
        setattr(handler, GUARD, reason)
        return handler

    return decorate
