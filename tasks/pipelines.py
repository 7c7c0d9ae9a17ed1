"""Runs of pipelines go on: done at once by whoever ended a job, not queued behind hundreds of other jobs."""

from orch_app.domains.pipelines.advance import advance_by_bell


def advance(run_id: str) -> None:
    """Bring the run to where its jobs allow."""
    advance_by_bell(run_id)
