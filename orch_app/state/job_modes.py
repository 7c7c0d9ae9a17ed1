"""On the page of a job: from its preview to its application, and back again."""

from typing import Any

import reflex as rx
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.jobs import previews, service
from orch_app.state.guard import act, guarded
from orch_app.state.screen import Screen

Shown = dict[str, Any]


class ModeSteps(Screen, rx.State, mixin=True):
    """What can follow `job`. `asks_to_follow` waits for a name to be typed: to `apply` a plan, or to `roll_back`."""

    job: Shown = {}
    asks_to_follow: str = ""

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def preview_again(self) -> Any:
        """Show in a job of its own what this one would do as things are now."""
        return await self._follow(_preview_again)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def apply_plan(self) -> Any:
        """Do exactly what was shown; what is grave, or puts something back, asks for its name first."""
        if self.job.get("isGrave") or self.job.get("isRollback"):
            self.asks_to_follow = "apply"
            return None
        return await self._follow(_apply)

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def roll_back(self) -> Any:
        """Show what putting back would do; where nothing can be shown, ask for the name and put it back."""
        if self.job.get("canPreview"):
            return await self._follow(_preview_rollback)
        self.asks_to_follow = "roll_back"
        return None

    @rx.event
    @guarded(Permission.RUNBOOKS_EXECUTE)
    async def follow_named(self) -> Any:
        """Do what was asked about: the name was typed."""
        asked, self.asks_to_follow = self.asks_to_follow, ""
        return await self._follow(_apply if asked == "apply" else _roll_back) if asked else None

    @rx.event
    @guarded(Permission.JOBS_READ)
    async def close_follow(self) -> None:
        """Do nothing of it."""
        self.asks_to_follow = ""

    async def _follow(self, step: Any) -> Any:
        """Launch the job that follows, and open its page."""
        return rx.redirect(f"/jobs/{await act(step, self.job['id'])}")


def _apply(session: Session, actor: Actor, job_id: str) -> str:
    check_execute_limit(actor)
    return previews.apply_plan(session, actor, job_id).id


def _preview_again(session: Session, actor: Actor, job_id: str) -> str:
    check_execute_limit(actor)
    return previews.preview_again(session, actor, job_id).id


def _preview_rollback(session: Session, actor: Actor, job_id: str) -> str:
    check_execute_limit(actor)
    return service.roll_back(session, actor, job_id, preview=True).id


def _roll_back(session: Session, actor: Actor, job_id: str) -> str:
    check_execute_limit(actor)
    return service.roll_back(session, actor, job_id, preview=False).id
