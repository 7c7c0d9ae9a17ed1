"""Runs of pipelines go on: done at once by whoever ended a job, not queued behind hundreds of other jobs."""

from orch_app.domains.pipelines.advance import advance as advance_run
from orch_app.kit.db import unit_of_work


def advance(run_id: str) -> None:
    """Bring the run to where its jobs allow. What goes wrong is for the doorbell to log: the sweep does it again."""
    with unit_of_work() as session:
        advance_run(session, run_id)
