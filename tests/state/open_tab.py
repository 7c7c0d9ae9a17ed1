"""A whole tab of somebody who is signed in: its states together, and events sent to them one after the other."""

from typing import Any, TypeVar

import reflex as rx

from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import sessions
from orch_app.domains.accounts.sessions import Client
from orch_app.kit.db import unit_of_work
from tests.state.tabs import router_of, tab
from tests.systems.people import add_user

S = TypeVar("S", bound=rx.State)


class OpenTab:
    """One tab; `send` runs a handler with its guard, as an event over the websocket would."""

    def __init__(self, cookie: str = "", path: str = "/") -> None:
        self.cookie = cookie
        self.root: Any = tab(rx.State, cookie=cookie, address=path)
        self.go(path)

    def go(self, path: str) -> None:
        """Show another address."""
        self.root.router = router_of(self.cookie, path)

    def state(self, kind: type[S]) -> S:
        """The tab's instance of a state."""
        return self.root.get_substate(kind.get_full_name().split("."))

    async def send(self, handler: Any, *args: Any) -> Any:
        """Run `SomeState.handler`; gives back what it returns: further events, or nothing."""
        owner = self.root.get_substate(handler.state_full_name.split("."))
        return await handler.fn(owner, *args)


def signed_in(role: Role, path: str = "/", *, email: str = "") -> OpenTab:
    """A tab of a new user with this role."""
    person = add_user(role, email)
    with unit_of_work() as session:
        started = sessions.create(session, person.user_id or "", Client(), remember=False)
    return OpenTab(started.cookie, path)


def urls_of(events: Any) -> list[str]:
    """Where the returned events lead."""
    listed = events if isinstance(events, list) else [events]
    given = [argument for event in listed for argument in getattr(event, "args", ())]
    return [str(value._var_value) for name, value in given if str(name) == "path"]
