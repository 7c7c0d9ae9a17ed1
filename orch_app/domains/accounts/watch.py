"""Connections that stay open: is the login behind each still the one it was? One look for all of them, again and again.

A request is checked when it comes; a websocket or a stream would otherwise go on for as long as its caller likes.
"""

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select, union_all

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.identities import remembered
from orch_app.domains.accounts.models import BrowserSession, RefreshToken, RoleRow, User, UserRole
from orch_app.kit.clock import now
from orch_app.kit.db import reading
from orch_app.kit.errors import Unavailable

LOOK_S = 2.0


@dataclass(frozen=True)
class Ending:
    """Why a connection is closed: the code of the websocket's closing frame, and the reason in a word."""

    code: int
    reason: str


SIGNED_OUT = Ending(4401, "unauthorized")
ROLE_CHANGED = Ending(4403, "role_changed")


class Watch:
    """All callers of this process whose connections are open."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[Ending], Actor] = {}
        self._task: asyncio.Task[None] | None = None

    async def ending_of(self, actor: Actor) -> Ending:
        """Wait, perhaps for ever, until the actor is signed out, disabled, expired, or has another role."""
        ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._waiting[ending] = actor
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_looking())
        try:
            return await ending
        finally:
            del self._waiting[ending]

    async def _keep_looking(self) -> None:
        while self._waiting:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(Unavailable):  # nobody is sent away because the database is
                await self._look()

    async def _look(self) -> None:
        asked = dict(self._waiting)
        roles = await asyncio.to_thread(_roles, {actor.session_id or "" for actor in asked.values()})
        for ending, actor in asked.items():
            role = roles.get(actor.session_id or "")
            if role != actor.role and not ending.done():
                remembered.forget(actor.user_id or "")
                ending.set_result(ROLE_CHANGED if role else SIGNED_OUT)


def _roles(login_ids: Collection[str]) -> dict[str, Role]:
    """The role behind each browser session or token family that is alive."""
    with reading() as session:
        return {login_id: Role(name) for login_id, name in _alive(session, login_ids)}


def _alive(session: Session, login_ids: Collection[str]) -> list[tuple[str, str]]:
    sessions = select(BrowserSession.id, RoleRow.name).where(
        col(BrowserSession.id).in_(login_ids),
        col(BrowserSession.revoked_at).is_(None),
        BrowserSession.expires_at > now(),
        BrowserSession.user_id == User.id,
    )
    families = select(RefreshToken.family_id, RoleRow.name).where(
        col(RefreshToken.family_id).in_(login_ids),
        col(RefreshToken.revoked_at).is_(None),
        RefreshToken.expires_at > now(),
        RefreshToken.user_id == User.id,
    )
    has_role = (User.status == "active") & (UserRole.user_id == User.id) & (UserRole.role_id == RoleRow.id)
    rows = session.execute(union_all(sessions.where(has_role), families.where(has_role)))
    return [(login_id, name) for login_id, name in rows]


watch = Watch()
