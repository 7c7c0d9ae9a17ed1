"""Running a job: what a worker does from the bell to the last row. The queue's task calls `run_job`, nothing else."""

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import structlog
from sqlmodel import Session

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.inventory import hosts
from orch_app.domains.jobs import claims, conclusion, handover, preparation, snapshots
from orch_app.domains.jobs.conclusion import Results, Verdict
from orch_app.domains.jobs.engines import engine
from orch_app.domains.jobs.errors import CanceledInTimeError, LostClaimError, PreparationError
from orch_app.domains.jobs.execution import (
    ArtifactInfo,
    ArtifactsRefused,
    HostRefused,
    InputsRefused,
    IsolationUnavailable,
    LogLevel,
    PlayOutcome,
    Workspace,
    WorkspaceError,
    collect,
    open_workspace,
    probe,
    run_play,
    sweep_leftovers,
)
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.keeping import Kept, put_all
from orch_app.domains.jobs.log import store
from orch_app.domains.jobs.log.writer import LogWriter
from orch_app.domains.jobs.models import JobArtifact
from orch_app.domains.jobs.preparation import Prepared
from orch_app.domains.jobs.recorder import Recorder
from orch_app.domains.jobs.slots import Running, slots
from orch_app.domains.jobs.states import Phase, Reason, Status
from orch_app.domains.jobs.steps import close_open_steps, last_position
from orch_app.kit import disk
from orch_app.kit.clock import now
from orch_app.kit.crash import crash_point
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import OrchError, Unavailable
from orch_app.kit.keyring import KeyringError
from orch_app.kit.settings import settings

RETRY_S = 1.0
HAND_ON_S = 0.5
NOT_STARTABLE = (PreparationError, OrchError, KeyringError, HostRefused, InputsRefused, WorkspaceError)
T = TypeVar("T")
_log = structlog.get_logger("jobs")


def run_job(rung_for: str) -> None:
    """Run the first job of the line that can start, to its end; the one that was rung for is mostly that one.

    A repeated, replayed or late call runs what waits all the same, or does nothing. A worker that takes no more jobs,
    or has no room for one, hands the bell on: without it another would find the job at its next sweep only.
    """
    if not slots.takes_jobs or disk.is_full():
        with unit_of_work() as session:
            claims.ring(session, rung_for)
        threading.Event().wait(HAND_ON_S)  # alone it would hear its own bell again at once, as fast as it can
        return
    with unit_of_work() as session:
        held = claims.claim_next(session, slots.worker_id, slots.worker_name)
    if held is None:
        return
    crash_point("claim.after_commit")
    running = slots.take(held)
    try:
        _run(running)
    except LostClaimError:
        _log.warning("job.claim_lost", job=held.job_id, fence=held.fence)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was: to wait for the lease to end would hide it
        _log.exception("job.broke_off", job=held.job_id)
        _break_off(held, error)
    finally:
        slots.free(running)


def leave_running() -> None:
    """Settle the jobs that would not end in time, as the sweep would once their leases are over.

    From here on nothing more is written about them; their plays end with this process.
    """
    for running in slots.all():
        running.lose()
        with unit_of_work() as session:
            claims.settle_own(session, running.held)
        _log.warning("job.left_running", job=running.held.job_id)


def isolation_level() -> str:
    """The best isolation that this machine gives to jobs."""
    return probe().level.value


def sweep_workspaces() -> None:
    """Remove what jobs of an earlier life of this machine left: their folders and secrets."""
    alive = [one.held.name for one in slots.all()]
    removed = sweep_leftovers(settings().data_dir, alive)
    if removed:
        _log.info("workspaces.swept", removed=len(removed))


def _run(running: Running) -> None:
    held = running.held
    try:
        with unit_of_work() as session:
            prepared = preparation.read(session, held)
        folder = preparation.check_revision(prepared)
        with open_workspace(settings().data_dir, held.name, folder, probe().level) as workspace:
            preparation.hand_in(prepared, workspace)
            _Run(running, prepared, workspace).to_the_end()
    except CanceledInTimeError:
        _insist(lambda session: claims.finish(session, held, Status.CANCELED, reason=Reason.CANCELED))
    except IsolationUnavailable as error:
        _refuse(held, Reason.ISOLATION_UNAVAILABLE, str(error))
    except NOT_STARTABLE as error:
        if isinstance(error, Unavailable):
            raise
        _refuse(held, Reason.PREPARATION_FAILED, _sentence(error))


def _refuse(held: Claim, reason: Reason, detail: str) -> None:
    """End a job that could not be started, with the reason as its only line."""

    def end(session: Session) -> None:
        claims.finish(session, held, Status.ERROR, reason=reason, reason_detail=detail)

    after = _look(lambda session: store.last_seq(session, held.job_id))
    writer = LogWriter(held, after, on_lost=lambda: None)
    Recorder(writer).say(LogLevel.ERROR, detail)
    writer.close()
    _insist(end)


def _break_off(held: Claim, error: Exception) -> None:
    """End a job in which the worker itself failed; what the error says beyond its kind may be a secret."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    detail = f"The worker met an error that it did not expect ({said}). What had been done stays done."
    with contextlib.suppress(LostClaimError):
        _refuse(held, Reason.INTERNAL_ERROR, detail)


def _sentence(error: Exception) -> str:
    faults = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in getattr(error, "errors", ()))
    return f"{getattr(error, 'detail', '') or error} {faults}".strip()


class _Run:
    """One run of one job in its workspace."""

    def __init__(self, running: Running, prepared: Prepared, workspace: Workspace) -> None:
        self._running = running
        self._held = running.held
        self._prepared = prepared
        self._workspace = workspace
        self._spec = preparation.to_spec(prepared, workspace)
        self._secrets = self._spec.every_secret()

    def to_the_end(self) -> None:
        """Play, look at what came out, keep the files, write the end."""
        outcome = self._play()
        if self._running.is_lost:
            raise LostClaimError(self._held.job_id)
        job, runbook = self._prepared.job, self._prepared.runbook
        promise = snapshots.Promise.of(runbook.meta)
        results = conclusion.look_at_results(self._workspace, job, runbook.output_schema, self._secrets, promise)
        verdict = conclusion.conclude(self._running, outcome, results, job, promise)
        self._finalize()
        kept = self._keep(results)
        crash_point("finish.before_commit")
        _insist(lambda session: self._finish(session, outcome, results, verdict, kept))
        crash_point("finish.after_commit")
        _log.info("job.finished", job=self._held.job_id, status=verdict.status.value, reason=verdict.reason)

    def _play(self) -> PlayOutcome:
        level = probe().level.value
        _insist(lambda session: claims.mark_started(session, self._held, level, engine().name))
        crash_point("start.after_commit")
        writer = LogWriter(self._held, self._prepared.last_seq, self._running.lose)
        try:
            running, recorder = self._running, self._recorder(writer)
            return run_play(self._spec, on_event=recorder.take, cancel=running.stop, kill=running.kill, engine=engine())
        finally:
            writer.close()

    def _recorder(self, writer: LogWriter) -> Recorder:
        """Whoever reads the log of a second attempt sees where it begins."""
        attempt = self._held.attempt
        if attempt == 1:
            return Recorder(writer)
        recorder = Recorder(writer, attempt, _look(lambda session: last_position(session, self._held.job_id)))
        recorder.say(LogLevel.INFO, f"Attempt {attempt} begins.")
        return recorder

    def _finalize(self, detail: str = "") -> None:
        _insist(lambda session: claims.set_phase(session, self._held, Phase.FINALIZING, detail))

    def _keep(self, results: Results) -> Kept:
        """Collect the files and put them into the store; a job whose files cannot be kept still ends, and says why."""
        try:
            files = _look(lambda session: self._collect(session, results))
        except (ArtifactsRefused, OSError) as error:
            _log.warning("job.artifacts_failed", job=self._held.job_id, error=str(error))
            return Kept((), f"Its files were not kept: {error}")
        return put_all(self._running, self._workspace, files, self._finalize)

    def _collect(self, session: Session, results: Results) -> list[ArtifactInfo]:
        lines = (_ndjson(line.to_wire()) for line in store.read_all(session, self._held.job_id))
        return collect(self._workspace, lines, results.files, self._secrets, withheld=(snapshots.SNAPSHOT,))

    def _finish(self, session: Session, outcome: PlayOutcome, results: Results, verdict: Verdict, kept: Kept) -> None:
        job_id = self._held.job_id
        for file in kept.files:
            session.merge(
                JobArtifact(job_id=job_id, name=file.name, size=file.size, sha256=file.sha256, created_at=now())
            )
        close_open_steps(session, job_id, verdict.status, now())
        self._note_hosts(session, outcome)
        verdict = self._hand_over(session, results, verdict)
        claims.finish(
            session,
            self._held,
            verdict.status,
            reason=verdict.reason,
            reason_detail=verdict.detail or kept.fault,
            counts_json=verdict.counts,
            output_json=results.output.document,
            **_marks(results, kept),
            isolation=outcome.isolation.value,
            engine=outcome.engine,
        )

    def _hand_over(self, session: Session, results: Results, verdict: Verdict) -> Verdict:
        """Let the inventory take over what the output hands over; where it refuses, the job has not done all."""
        actor, prepared = worker_actor(self._held.worker), self._prepared
        is_good, document = verdict.status is Status.SUCCESS, results.output.document
        fault = handover.take_over(session, actor, prepared.job, prepared.runbook, document, is_good=is_good)
        if not fault:
            return verdict
        if verdict.status is Status.SUCCESS:
            return replace(verdict, status=Status.ERROR, reason=Reason.HOST_NOT_REGISTERED, detail=fault)
        return replace(verdict, detail=f"{verdict.detail} {fault}".strip())

    def _note_hosts(self, session: Session, outcome: PlayOutcome) -> None:
        for target in self._prepared.targets:
            counts = outcome.hosts.get(target.name)
            if counts:
                lost = bool(counts.get("unreachable"))
                said = hosts.UNREACHABLE_IN_JOB if lost else hosts.NOTHING
                actor = worker_actor(self._held.worker)
                hosts.set_status(session, actor, target.host_id, "unreachable" if lost else "ok", said)


def _marks(results: Results, kept: Kept) -> dict[str, str]:
    """The plan and the snapshot by which a job is found again; only what the store has can be put back."""
    is_kept = any(file.name == snapshots.SNAPSHOT for file in kept.files)
    return {
        "plan_sha256": results.plan.sha256,
        "snapshot_ref": snapshots.SNAPSHOT if is_kept else "",
        "snapshot_target": results.plan.target if is_kept else "",
    }


def _ndjson(item: dict[str, object]) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()


def _look(read: Callable[[Session], T]) -> T:
    """Read in a transaction, until it answers."""

    def once() -> T:
        with reading() as session:
            return read(session)

    return _until_it_answers(once)


def _insist(write: Callable[[Session], T]) -> T:
    """Write in a unit of work, until it is written."""

    def once() -> T:
        with unit_of_work() as session:
            return write(session)

    return _until_it_answers(once)


def _until_it_answers(act: Callable[[], T]) -> T:
    """Act again and again while the database is away: the play cannot be repeated for it."""
    while True:
        try:
            return act()
        except Unavailable as error:
            _log.warning("job.database_away", detail=error.detail)
            threading.Event().wait(RETRY_S)
