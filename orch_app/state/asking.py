"""A dialog that asks a machine something: the answer takes its time, so it is waited for outside of the tab's lock."""

import asyncio
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import reflex as rx

from orch_app.domains.access.permissions import Permission
from orch_app.kit.errors import OrchError
from orch_app.state.guard import guarded, shown
from orch_app.state.session import has_arrived

P = ParamSpec("P")
R = TypeVar("R")


class AskingDialog(rx.State, mixin=True):
    """`step` is "" while the dialog is closed, and `failed` with a `problem` when the machine could not be asked."""

    step: str = ""
    problem: dict[str, Any] = {}
    arrival: int = 0

    @rx.event
    @guarded(Permission.ME)
    async def leave(self) -> None:
        """Whoever comes back to the page finds no dialog of the last visit."""
        if await has_arrived(self):
            self.step = ""


async def answer_of(dialog: Any, ask: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
    """What the machine answered; None when it could not be asked, which the dialog then shows."""
    try:
        return await asyncio.to_thread(ask, *args, **kwargs)
    except OrchError as error:
        async with dialog:
            dialog.step, dialog.problem = "failed", shown(error)
        return None
