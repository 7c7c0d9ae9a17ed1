"""Runs of pipelines go on: done at once by whoever ended a job, not queued behind hundreds of other jobs."""

import structlog

from orch_app.domains.pipelines.advance import advance as advance_run
from orch_app.kit.db import unit_of_work

_log = structlog.get_logger("pipelines")


def advance(run_id: str) -> None:
    """Bring the run to where its jobs allow. Whatever goes wrong is logged: the sweep does it again."""
    try:
        with unit_of_work() as session:
            advance_run(session, run_id)
    except Exception:  # noqa: BLE001 - the commit that rang is done; its caller must not hear of what came after
        _log.exception("pipelines.advance_failed", run=run_id)
