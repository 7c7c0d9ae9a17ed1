"""Putting a job's files into the store of artifacts when its play is over."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.execution import ArtifactInfo, Workspace
from orch_app.domains.jobs.file_keys import key_of
from orch_app.domains.jobs.slots import Running
from orch_app.domains.jobs.states import Reason
from orch_app.integrations.object_store import open_store
from orch_app.kit.errors import Unavailable

RETRY_S = 1.0
WAITS = "The store of artifacts does not answer. The job ends once its files are there."
GAVE_UP = "Its files were not kept: the store of artifacts did not answer."
_log = structlog.get_logger("jobs")


@dataclass(frozen=True)
class Kept:
    """The files that the store has, and why it has none, if so."""

    files: Sequence[ArtifactInfo] = ()
    fault: str = ""


def put_all(
    running: Running, workspace: Workspace, files: Sequence[ArtifactInfo], on_wait: Callable[[str], None]
) -> Kept:
    """Put what was collected into the store, again and again while it is away: the play cannot be repeated for it.

    `on_wait` is told once why the job does not end. The waiting is over when the worker has to stop, or when somebody
    cancels the job meanwhile.

    Raises:
        LostClaimError: the claim was lost meanwhile.
    """
    held, was_told, has_said = running.held, running.stop.is_set(), False
    while True:
        try:
            open_store().put({key_of(held.job_id, held.fence, one.name): workspace.kept / one.name for one in files})
            return Kept(files)
        except Unavailable:
            _log.warning("job.store_away", job=held.job_id)
        if running.is_lost:
            raise LostClaimError(held.job_id)
        if running.why is Reason.INTERRUPTED or running.kill.is_set() or running.stop.is_set() is not was_told:
            return Kept((), GAVE_UP)
        if not has_said:
            on_wait(WAITS)
            has_said = True
        threading.Event().wait(RETRY_S)
