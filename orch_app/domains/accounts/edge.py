"""Who is asking, at the edge: the access token or the browser's cookie of a request or websocket becomes an Actor."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts import limits, sessions, tokens
from orch_app.domains.accounts.identities import Identity
from orch_app.domains.accounts.open_connections import open_connections
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Forbidden, Unauthorized
from orch_app.kit.origins import SAFE_METHODS, is_from_own_page

TAB_HEADER = "x-orch-tab"  # set by our own door of the event channel, with the key of the tab's session; see `api.tabs`
_SCHEME = "bearer "


def signed_in(connection: HTTPConnection) -> Actor:
    """The actor of this request or websocket: `Authorization: Bearer <access token>`, or the cookie `orch_session`.

    Raises:
        Unauthorized: neither, or no longer valid.
        Forbidden: a cookie came with a change or a websocket that no page of ours has sent.
        TooMany: the user, or the address from which nobody valid calls, has called too often.
    """
    authorization = connection.headers.get("authorization", "")
    with_token = authorization.lower().startswith(_SCHEME)
    try:
        identity = _of_token(authorization[len(_SCHEME) :].strip()) if with_token else _of_cookie(connection)
    except Unauthorized:
        limits.take_call(connection, "address", limits.network_of(address(connection)))
        raise
    limits.take_call(connection, "user", identity.user_id)
    actor = identity.actor(ip=address(connection), request_id=_id(connection))
    connection.state.actor = actor
    return actor


SignedIn = Annotated[Actor, Depends(signed_in)]


async def staying(connection: HTTPConnection, actor: SignedIn) -> AsyncIterator[Actor]:
    """The actor of a websocket or stream, which counts among those of the login and the address until it ends.

    Raises:
        TooMany: the login or the address keeps as many open as it may.
    """
    with open_connections.one_more(actor.session_id or "", address(connection)):
        yield actor


Staying = Annotated[Actor, Depends(staying, scope="request")]


def anybody(connection: HTTPConnection) -> sessions.Client:
    """For routes that are open to everybody: counts the call by address, and says who speaks from where.

    Raises:
        TooMany: the address has called too often.
    """
    limits.take_call(connection, "address", limits.network_of(address(connection)))
    return client_of(connection)


Anybody = Annotated[sessions.Client, Depends(anybody)]


def actor_behind(key: str, *, ip: str = "", request_id: str = "") -> Actor:
    """The actor behind the key of a browser session (`sessions.key_of`); also notes that the session is in use.

    Raises:
        Unauthorized: the session is not, or no longer, valid.
    """
    return _of_key(key).actor(ip=ip, request_id=request_id)


def address(connection: HTTPConnection) -> str:
    """The caller's address; behind a trusted proxy the one that the proxy saw (`kit.web_edge` puts it there)."""
    return connection.client.host if connection.client else ""


def client_of(connection: HTTPConnection) -> sessions.Client:
    """From where somebody speaks, as it is kept with sessions and tokens."""
    return sessions.Client(address(connection), connection.headers.get("user-agent", ""), _id(connection))


def require_own_page(connection: HTTPConnection) -> None:
    """Let a request pass only if a page of ours has sent it; for everything that reads or sets the cookie.

    Raises:
        Forbidden: another page sent it, or nobody says who.
    """
    if not is_from_own_page(connection.headers):
        raise Forbidden("This did not come from a page of this installation.", "foreign_origin", permission="origin")


def _of_token(access_token: str) -> Identity:
    with reading() as session:
        return tokens.identity_of(session, access_token)


def _of_cookie(connection: HTTPConnection) -> Identity:
    raw_cookie = connection.cookies.get(sessions.COOKIE)
    if not raw_cookie:
        raise Unauthorized("Sign in to do this.", "unauthorized")
    if connection.scope["type"] == "websocket" or connection.scope["method"] not in SAFE_METHODS:
        require_own_page(connection)
    return _of_key(sessions.key_of(raw_cookie))


def _of_key(key: str) -> Identity:
    with reading() as session:
        identity = sessions.identity_behind(session, key)
    if sessions.is_touch_due(identity):
        with unit_of_work() as session:
            sessions.touch(session, identity)
    return identity


def _id(connection: HTTPConnection) -> str:
    return str(getattr(connection.state, "request_id", ""))
