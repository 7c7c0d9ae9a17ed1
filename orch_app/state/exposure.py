"""How a handler says who may call it: by a permission (see `guard`), or, marked here, anybody and why."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, get_origin

from reflex_base.registry import RegistrationContext

GUARD = "orch_guard"
H = TypeVar("H", bound=Callable[..., Any])


def public(reason: str) -> Callable[[H], H]:
    """Mark a handler that anybody may call, and say why that does no harm."""

    def decorate(handler: H) -> H:
        setattr(handler, GUARD, reason)
        return handler

    return decorate


def accepts(name: str, payload: Mapping[str, Any]) -> bool:
    """Whether a tab may send this event: our own with exactly their arguments, and those that Reflex cannot do without.

    Who may is another question, which the guard answers.
    """
    arguments = _arguments().get(name)
    if arguments is None:
        return name in _of_reflex()
    return arguments.keys() == payload.keys() and all(isinstance(payload[key], arguments[key]) for key in arguments)


@cache
def _arguments() -> dict[str, dict[str, type]]:
    """Of each of our handlers by its full name, the arguments and their types."""
    return {
        name: _types_of(known.handler.fn)
        for name, known in RegistrationContext.get().event_handlers.items()
        if hasattr(known.handler.fn, GUARD)
    }


@cache
def _of_reflex() -> frozenset[str]:
    """Reflex's own handlers, without `setvar`, which sets variables by name and which no page of ours uses."""
    known = RegistrationContext.get().event_handlers
    return frozenset(name for name in known if name not in _arguments() and not name.endswith(".setvar"))


def _types_of(handler: Callable[..., Any]) -> dict[str, type]:
    arguments = [*inspect.signature(inspect.unwrap(handler)).parameters.values()][1:]
    return {each.name: get_origin(each.annotation) or each.annotation for each in arguments}
