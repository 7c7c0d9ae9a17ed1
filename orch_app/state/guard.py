"""The guard of every event handler: who asks, may they, and what is shown when something is refused.

Any public method of a state can be called by anyone over the websocket, so every handler carries `guarded`, and a test
walks them all. The actor is looked up again at each event, because the socket's headers are as old as the socket.
"""

import asyncio
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import quote

import reflex as rx
import structlog
from reflex.istate.proxy import StateProxy
from sqlmodel import Session

from orch_app.domains.access.actor import ANONYMOUS, Actor, require
from orch_app.domains.access.permissions import Permission, weakest_role
from orch_app.domains.accounts.edge import TAB_HEADER, actor_behind
from orch_app.domains.audit.service import record_denial
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Forbidden, OrchError, Unauthorized
from orch_app.kit.ids import new_id
from orch_app.state.address import asked_for
from orch_app.state.exposure import GUARD, H
from orch_app.state.notices import Notices

P = ParamSpec("P")
R = TypeVar("R")

_actor: ContextVar[Actor] = ContextVar("actor", default=ANONYMOUS)
_log = structlog.get_logger("events")


def actor() -> Actor:
    """Who asked for the event that is being handled."""
    return _actor.get()


async def visitor(state: Any) -> Actor:
    """Who looks at a page that anybody may see; nobody in particular is ANONYMOUS."""
    try:
        return await asyncio.to_thread(_identify, _session_key(state), state.router.session.client_ip)
    except Unauthorized:
        return ANONYMOUS


async def recheck(state: Any, permission: Permission) -> None:
    """Look the actor up again: for a handler that lives as long as its page, before each thing it shows.

    Raises:
        Unauthorized: the session ended.
        Forbidden: the permission was taken away.
    """
    _actor.set(await asyncio.to_thread(_identify, _session_key(state), state.router.session.client_ip))
    require(actor(), permission)


async def ask(read: Callable[Concatenate[Session, Actor, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a reading function of a domain with a session and the actor, outside the event loop."""
    return await asyncio.to_thread(_in, reading, read, args, kwargs)


async def act(write: Callable[Concatenate[Session, Actor, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a writing function of a domain in one unit of work, outside the event loop."""
    return await asyncio.to_thread(_in, unit_of_work, write, args, kwargs)


def _in(work: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with work() as session:
        return function(session, actor(), *args, **kwargs)


def guarded(permission: Permission, *, page: bool = False) -> Callable[[H], H]:
    """Let a handler run only for those with the permission.

    With `page` an error is what the page then shows (`phase` and `problem` of the screen); without, it is a notice.
    """

    def decorate(handler: H) -> H:
        @functools.wraps(handler)
        async def inner(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                _actor.set(await asyncio.to_thread(_identify, _session_key(self), self.router.session.client_ip))
                require(actor(), permission)
                result = handler(self, *args, **kwargs)
                result = await result if inspect.isawaitable(result) else result
            except OrchError as error:
                return await _refuse(self, error, handler.__qualname__, page=page)
            except Exception:  # noqa: BLE001 - Reflex would answer by eval, which our policy forbids: nothing would show
                _log.exception("event.failed", handler=handler.__qualname__)
                return await _refuse(self, unforeseen(), handler.__qualname__, page=page)
            if page and not isinstance(self, StateProxy):
                _assign(self, reading_of(self))
            return result

        setattr(inner, GUARD, permission)
        return cast("H", inner)

    return decorate


def unforeseen() -> OrchError:
    """A fault of ours, as people get to see it."""
    return OrchError("Something went wrong on our side. The log has the details.", "internal_error")


def _identify(session_key: str, ip: str) -> Actor:
    return actor_behind(session_key, ip=ip, request_id=new_id("evt"))


def _session_key(state: Any) -> str:
    """As the door of the event channel found it when the socket was opened; the cookie itself never comes here."""
    return str(state.router.headers.raw_headers.get(TAB_HEADER, ""))


async def _refuse(state: Any, error: OrchError, handler: str, *, page: bool) -> Any:
    """Show an error in the form its reader can use: the login, the page's own error, or a notice."""
    if isinstance(error, Unauthorized):
        ended = "&expired=1" if _session_key(state) else ""
        return rx.redirect(f"/login?next={quote(asked_for(state))}{ended}")
    if isinstance(error, Forbidden):
        await asyncio.to_thread(_audit_denial, actor(), error, handler)
    _log.info("event.refused", handler=handler, code=error.code, status=error.status)
    if not page:
        return Notices.show_problem(shown(error))
    phase = "forbidden" if isinstance(error, Forbidden) else "error"
    await _write(state, phase=phase, problem=shown(error), **reading_of(state))
    return None


def reading_of(state: Any) -> dict[str, Any]:
    """What a screen notes when it has been read, well or badly, for the address of its tab.

    Handlers that read in the background note it themselves.
    """
    return {"shown_at": asked_for(state), "loads": state.loads + 1}


def _audit_denial(who: Actor, error: Forbidden, where: str) -> None:
    with unit_of_work() as session:
        record_denial(session, who, error, where)


async def _write(state: Any, **values: Any) -> None:
    if isinstance(state, StateProxy):
        async with state:
            _assign(state, values)
    else:
        _assign(state, values)


def _assign(state: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(state, name, value)


def _role_for(permission: str) -> str:
    """The role that has what the actor lacks; empty when it is not the role that is in the way."""
    if permission not in set(Permission) or actor().may(Permission(permission)):
        return ""
    return weakest_role(Permission(permission)).value


def shown(error: OrchError) -> dict[str, Any]:
    """An error as screens get it: the code chooses the sentence in the reader's language, `detail` is the fallback."""
    return {
        "code": error.code,
        "title": error.title,
        "detail": error.detail,
        "requestId": actor().request_id,
        "permission": error.permission if isinstance(error, Forbidden) else "",
        "role": _role_for(error.permission) if isinstance(error, Forbidden) else "",
        "errors": [fault.to_wire() for fault in error.errors],
    }
