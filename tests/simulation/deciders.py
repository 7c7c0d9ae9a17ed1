"""People who approve, deny and cancel what waits for that, at once or late, whether they may or not."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import approvals, service
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import OrchError, Unavailable
from tests.simulation.store import ASKED, ASKED_AGAIN, ASKED_OTHERS, LOCKED, OPERATOR, OTHERS, PERSON, PLANNED, SHOWN

LOADS = (*[(ASKED,), (ASKED_AGAIN,), (ASKED_OTHERS,), (PLANNED,)] * 2, (ASKED_OTHERS, LOCKED), (ASKED, ASKED_OTHERS))
WHO = (PERSON, *OTHERS, *OTHERS, OPERATOR)
PATIENCE_MS = 25_000
"""Somewhat longer than a question is open, so that some answers come too late."""

ASKS_AGAIN_MS = 5_000
PLANS = ("", "", "", "", SHOWN, "a" * 64)


class Deciders:
    """The people of one world. Who gets no answer asks again, and hears perhaps that it has been decided."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._dice = world.dice

    def come(self, spawn: Callable[[str, Callable[[], None], int], object]) -> None:
        """Let some of them come, mostly one after the other, now and then in the same moment."""
        dice = self._dice
        soon = dice.randint(0, dice.choice((3_000, 10_000, PATIENCE_MS)))
        for number in range(dice.choice((0, 1, 2, 3, 3))):
            when = soon if dice.random() < 0.4 else dice.randint(0, PATIENCE_MS)
            spawn(f"decider{number}", self._decide, when)

    def _decide(self) -> None:
        job_id = self._choose()
        who: Actor = self._dice.choice(WHO)
        what = self._dice.choice((*[self._approve] * 5, self._deny, self._cancel, self._change))
        self._world.note(f"{who.name}: {what.__name__[1:]} {job_id}")
        while True:
            try:
                with unit_of_work() as session:
                    what(session, who, job_id)
            except Unavailable:
                self._world.hub.stop_here(ASKS_AGAIN_MS)
            except OrchError as error:
                self._world.note(f"refused: {error.detail}")
                return
            else:
                return

    def _choose(self) -> str:
        """A job, rather one that waits for people."""
        jobs = self._world.checker.jobs
        waiting = sorted(job_id for job_id, row in jobs.items() if row.phase == "awaiting_approval")
        return str(self._dice.choice(waiting if waiting and self._dice.random() < 0.8 else sorted(jobs)))

    def _approve(self, session: Session, who: Actor, job_id: str) -> None:
        approvals.approve(session, who, job_id, "yes", self._dice.choice(PLANS))

    def _deny(self, session: Session, who: Actor, job_id: str) -> None:
        approvals.deny(session, who, job_id, "no")

    def _cancel(self, session: Session, who: Actor, job_id: str) -> None:
        service.cancel(session, who, job_id)

    def _change(self, session: Session, *_: object) -> None:
        """Somebody syncs the catalogue, and the runbook is another."""
        asking = col(Runbook.name).in_([ASKED, ASKED_AGAIN, ASKED_OTHERS, PLANNED])
        session.exec(update(Runbook).where(asking).values(revision="changed"))
