"""Tabs for tests: the states of one browser tab without a browser, and every handler that a websocket can call."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import reflex as rx
from reflex.event import EventHandler
from reflex.istate.data import RouterData

import orch_app.pages
import orch_app.state
from orch_app.domains.accounts.edge import TAB_HEADER
from orch_app.domains.accounts.sessions import key_of


@cache
def states() -> list[type[rx.State]]:
    """Every state class of the product, wherever it is defined, after importing whatever could define one."""
    for package in (orch_app.state, orch_app.pages):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return [state for state in _below(rx.State) if state.__module__.startswith("orch_app.")]


def handlers() -> dict[str, EventHandler]:
    """Every event handler of the product by `Class.name`; Reflex's own are not among them."""
    return {
        f"{state.__name__}.{name}": handler
        for state in states()
        for name, handler in state.event_handlers.items()
        if not is_of_reflex(handler)
    }


def is_of_reflex(handler: EventHandler) -> bool:
    """Whether Reflex itself brings this handler."""
    return handler.fn.__module__.partition(".")[0] in {"reflex", "reflex_base"}


def tab(state: type[rx.State], *, cookie: str = "", address: str = "/jobs?status=ERROR") -> Any:
    """This state in a new tab of a browser that shows `address` and sends this session cookie."""
    states()
    root = rx.State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    root.router = router_of(cookie, address)
    return root.get_substate(state.get_full_name().split("."))


def router_of(cookie: str, address: str) -> RouterData:
    """What a state knows of its tab: the address it shows, and its session as the event channel's door tells it."""
    headers = {"origin": "http://127.0.0.1:8000"} | ({TAB_HEADER: key_of(cookie) or "ended"} if cookie else {})
    return RouterData.from_router_data({"headers": headers, "ip": "192.0.2.7", "asPath": address})


def _below(state: type[Any]) -> Iterator[type[rx.State]]:
    for child in state.__subclasses__():
        yield child
        yield from _below(child)
