"""How a handler says who may call it: by a permission (see `guard`), or, marked here, anybody and why."""

from collections.abc import Callable
from typing import Any, TypeVar

GUARD = "orch_guard"
H = TypeVar("H", bound=Callable[..., Any])


def public(reason: str) -> Callable[[H], H]:
    """Mark a handler that anybody may call, and say why that does no harm."""

    def decorate(handler: H) -> H:
        setattr(handler, GUARD, reason)
        return handler

    return decorate
