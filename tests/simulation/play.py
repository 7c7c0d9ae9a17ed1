"""What stands in for a play and its files: it takes virtual time, says lines, and has its effects in the ledger.

Everything around it is the product's: claim, start, log writer, end. Reading the runbook, the workspace and the
artifacts are left out, because they touch no row that others compete for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import Session

from orch_app.domains.jobs import approvals, claims, conclusion, preparation, run, upkeep
from orch_app.domains.jobs.conclusion import Output, Results
from orch_app.domains.jobs.execution import Batch, IsolationLevel, LogLevel, LogLine, PlayOutcome, PlayStatus
from orch_app.domains.jobs.execution.spec import Reason
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.plans import Plan
from orch_app.domains.jobs.preparation import PreparationError
from orch_app.domains.jobs.snapshots import Taken
from orch_app.domains.jobs.states import Mode
from orch_app.domains.schedules import firing
from tests.simulation.store import PERSON

REPORT = SimpleNamespace(level=IsolationLevel.RLIMITS)
ENGINE = SimpleNamespace(name="simulated")
NOTHING_SPECIAL = Results(Output(document={}), Plan(), Taken())
KEPT = timedelta(days=30)


class Play:
    """The plays of one world."""

    def __init__(self, world: Any) -> None:
        self._world = world

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put the stand-ins where the product calls the execution."""
        for name, stand_in in {
            "open_workspace": self._open_workspace,
            "probe": lambda: REPORT,
            "engine": lambda: ENGINE,
            "run_play": self._run,
            "collect": lambda _, lines, *__, **___: [_ for _ in lines if False],
            "close_open_steps": lambda *_: None,
        }.items():
            patch.setattr(run, name, stand_in)
        patch.setattr(preparation, "read", self._read)
        patch.setattr(preparation, "check_revision", lambda _: None)
        patch.setattr(preparation, "hand_in", lambda *_: None)
        patch.setattr(preparation, "to_spec", lambda prepared, _: prepared)
        patch.setattr(conclusion, "look_at_results", lambda *_: NOTHING_SPECIAL)
        patch.setattr(claims, "purge_moment", _purge_moment)
        patch.setattr(firing, "actor_for", lambda *_: PERSON)
        patch.setattr(upkeep, "sign_of_life", lambda *_: None)
        patch.setattr(upkeep.workers, "beat", lambda *_: None)

    def _read(self, session: Session, held: Claim) -> Any:
        if self._world.strikes(0.03, "the job cannot be prepared"):
            raise PreparationError("it cannot be prepared")
        if self._world.is_asked:
            approvals.require_valid(session, session.get_one(Job, held.job_id))
        ((last_seq,),) = self._world.store.rows("SELECT last_seq FROM jobs WHERE id = ?", held.job_id)
        runbook = SimpleNamespace(path="runbook", output_schema={}, meta={})
        job = SimpleNamespace(id=held.job_id, input_json={}, expect_plan="", run_mode=Mode.APPLY)
        return SimpleNamespace(
            held=held,
            last_seq=last_seq,
            job=job,
            runbook=runbook,
            snapshot=None,
            given=None,
            targets=[],
            every_secret=list,
        )

    @contextmanager
    def _open_workspace(self, *_: object) -> Iterator[None]:
        """Copying the runbook and its secrets takes a while."""
        self._world.hub.stop_here(self._world.dice.choice((0, 0, 200, 2_000)))
        yield

    def _run(self, spec: Any, *, on_event: Callable[[Batch], None], cancel: Any, **more: Any) -> PlayOutcome:
        world, held = self._world, spec.held
        world.hub.stop_here()
        world.note(f"the play of {held.name} begins")
        world.effects.begin(held.job_id, held.fence)
        long_ms = world.dice.choice((300, 2_000, 5_000, 25_000))
        parts = world.dice.randint(1, 2)
        for part in range(parts):
            count = world.dice.randint(1, 3)
            on_event(Batch([_line(world, f"{held.name} {part}.{number}") for number in range(count)]))
            world.hub.stop_here(long_ms // parts + 1, cancel.is_set)
            if cancel.is_set():
                if not more["kill"].is_set():
                    world.hub.stop_here(world.dice.randint(1, 3_000))
                return _outcome(PlayStatus.CANCELED)
        world.effects.end(held.job_id, held.fence)
        world.note(f"the play of {held.name} has ended")
        return _outcome(PlayStatus.FAILED if world.dice.random() < 0.2 else PlayStatus.SUCCESSFUL)


def _line(world: Any, text: str) -> LogLine:
    return LogLine(world.hub.now / 1000, LogLevel.OUTPUT, "localhost", "", text)


def _outcome(status: PlayStatus) -> PlayOutcome:
    reason = {PlayStatus.FAILED: Reason.TASK_FAILED, PlayStatus.CANCELED: Reason.CANCELED}.get(status)
    return PlayOutcome(0, status, reason, 0.0, 0, IsolationLevel.RLIMITS, None, "simulated", {}, None)


def _purge_moment(_session: object, _runbook: str, _status: object, finished_at: datetime) -> datetime:
    return finished_at + KEPT
