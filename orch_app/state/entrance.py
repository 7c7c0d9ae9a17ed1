"""The ways in: `/` leads on, `/login` and `/setup` lead away those who have no business there."""

import asyncio
from typing import Any

import reflex as rx

from orch_app.domains.access.actor import ANONYMOUS
from orch_app.domains.accounts import queries
from orch_app.kit.db import reading
from orch_app.state.exposure import public
from orch_app.state.guard import visitor


class EntranceState(rx.State):
    """Holds nothing: sessions are cookies, and their forms talk to the REST routes."""

    @rx.event
    @public("leads to a page that everybody may ask for")
    async def at_home(self) -> Any:
        """`/`: to the dashboard, or to where one signs in."""
        return rx.redirect("/dashboard" if await visitor(self) != ANONYMOUS else await _way_in(), replace=True)

    @rx.event
    @public("leads to a page that everybody may ask for")
    async def at_login(self) -> Any:
        """`/login`: away from it while there is no user yet."""
        way_in = await _way_in()
        return rx.redirect(way_in, replace=True) if way_in != "/login" else None

    @rx.event
    @public("leads to a page that everybody may ask for")
    async def at_setup(self) -> Any:
        """`/setup`: away from it once there is a user."""
        way_in = await _way_in()
        return rx.redirect(way_in, replace=True) if way_in != "/setup" else None


async def _way_in() -> str:
    return "/login" if await asyncio.to_thread(_is_set_up) else "/setup"


def _is_set_up() -> bool:
    with reading() as session:
        return queries.is_set_up(session)
