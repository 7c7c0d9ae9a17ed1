"""What must hold after every step: read from the committed rows, past the product, and compared with before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orch_app.domains.jobs.states import MAX_ATTEMPTS, is_terminal
from tests.simulation.approvals import Approvals
from tests.simulation.schedules import Schedules
from tests.simulation.store import Store

JOBS = """SELECT id, status, phase, fence, attempt, owner, lease_until, started, last_seq, reason, finished_at,
 on_worker_loss, cancel_requested_at FROM jobs"""
FORWARD = {
    "PENDING": {"PENDING", "RUNNING", "CANCELED", "ERROR"},
    "RUNNING": {"RUNNING", "PENDING", "SUCCESS", "ERROR", "CANCELED"},
}
SETTLED = ("status", "phase", "fence", "attempt", "last_seq", "reason", "finished_at", "started")


ANY_NEED = "SELECT 1 FROM job_needs UNION ALL SELECT 1 FROM job_locks LIMIT 1"
LOCKS = {
    "a lock is in the hands of nobody who runs": """SELECT l.name, l.job_id, l.fence FROM job_locks l LEFT JOIN jobs j
 ON j.id = l.job_id AND j.fence = l.fence AND j.owner = l.owner AND j.status = 'RUNNING' WHERE j.id IS NULL""",
    "a job runs without what it needs": """SELECT n.name, n.job_id FROM job_needs n JOIN jobs j ON j.id = n.job_id
 WHERE j.status = 'RUNNING' AND n.kind IN ('lock', 'limit') AND NOT EXISTS (SELECT 1 FROM job_locks l
 WHERE l.job_id = n.job_id AND l.kind = n.kind AND l.name = n.name)""",
    "more run than may": """SELECT n.name, count(*), max(n.capacity) FROM job_needs n JOIN jobs j ON j.id = n.job_id
 WHERE j.status = 'RUNNING' AND n.kind IN ('lock', 'limit') GROUP BY n.kind, n.name
 HAVING count(*) > max(n.capacity)""",
}


class Violation(Exception):
    """Something that must never be so, in one sentence."""


class Row(NamedTuple):
    """One job as committed."""

    id: str
    status: str
    phase: str
    fence: int
    attempt: int
    owner: str | None
    lease_until: int | None
    started: bool
    last_seq: int
    reason: str
    finished_at: str | None
    on_worker_loss: str
    cancel_requested_at: str | None


class Step(NamedTuple):
    """Who acted since the last look: as holder of which claim, or as which chore, and the database's clock then."""

    who: str
    held: Any
    owner: str
    db_ms: int


@dataclass
class Effects:
    """The ledger outside the product: which runs of a job began to have effects and came to their end."""

    begun: dict[str, list[int]] = field(default_factory=dict)
    ended: dict[str, list[int]] = field(default_factory=dict)
    is_new: bool = False
    told_to_stop: set[str] = field(default_factory=set)

    def begin(self, job_id: str, fence: int) -> None:
        self.is_new = True
        if job_id in self.told_to_stop:
            raise Violation(f"{job_id} was cancelled before its play began, and then it began")
        self.begun.setdefault(job_id, []).append(fence)

    def end(self, job_id: str, fence: int) -> None:
        self.ended.setdefault(job_id, []).append(fence)


class Checker:
    """Holds what was true a step ago."""

    def __init__(self, store: Store, effects: Effects) -> None:
        self._store = store
        self._effects = effects
        self._changes = -1
        self._log: dict[str, list[str]] = {}
        self.jobs: dict[str, Row] = {}
        self.schedules = Schedules(store, _require)
        self._approvals = Approvals(store, _require)

    def look(self, last: Callable[[], Step]) -> None:
        """Compare with the step before; `last` tells of the one since then, where that matters.

        Raises:
            Violation: an invariant is broken.
        """
        if self._effects.is_new:
            self._effects.is_new = False
            self._check_effects()
        changes = self._store.raw.total_changes
        if changes == self._changes:
            return
        self._changes = changes
        step = last()
        before, self.jobs = self.jobs, {row[0]: Row._make(row) for row in self._store.rows(JOBS)}
        for job_id, old in before.items():
            new = self.jobs.get(job_id)
            _require(new is not None, f"{job_id} is gone")
            if new is not None and new != old:
                _check_move(old, new)
                _check_author(old, new, step)
                if new.cancel_requested_at and not old.cancel_requested_at and not old.started:
                    self._effects.told_to_stop.add(job_id)
        self._check_log()
        self._check_locks()
        self.schedules.look()
        self._approvals.look()

    def _check_effects(self) -> None:
        for job_id, runs in self._effects.begun.items():
            row = self.jobs[job_id]
            most = MAX_ATTEMPTS if row.on_worker_loss == "retry" else 1
            _require(len(runs) <= most, f"{job_id} had its effects {len(runs)} times, in the runs {runs}")
            _require(len(set(runs)) == len(runs), f"{job_id} had its effects twice in one run: {runs}")

    def _check_log(self) -> None:
        """Lines are numbered without a gap up to the job's last number, and one that was seen never changes."""
        for job_id, row in self.jobs.items():
            known = self._log.setdefault(job_id, [])
            if row.last_seq != len(known):
                found = self._store.rows("SELECT seq, message FROM job_logs WHERE job_id = ? ORDER BY seq", job_id)
                numbers = [seq for seq, _ in found]
                _require(
                    numbers == list(range(1, row.last_seq + 1)),
                    f"{job_id} says its last line is {row.last_seq}, and has the lines {numbers}",
                )
                messages = [message for _, message in found]
                _require(messages[: len(known)] == known, f"{job_id}: lines that were acknowledged have changed")
                known[:] = messages

    def _check_locks(self) -> None:
        """Whoever runs holds what it needs, nobody else holds it, and nobody holds anything that does not run."""
        if not self._store.rows(ANY_NEED):
            return
        for sentence, query in LOCKS.items():
            found = self._store.rows(query)
            _require(not found, f"{sentence}: {found}")

    def at_the_end(self) -> None:
        """What must hold once everything is over.

        Raises:
            Violation: an invariant is broken.
        """
        for job_id, row in self.jobs.items():
            _require(is_terminal(row.status), f"{job_id} has not ended: {row}")
            self._check_audit(row)
            stray = self._store.rows("SELECT count(*) FROM job_logs WHERE job_id = ?", job_id)[0][0]
            _require(stray == row.last_seq, f"{job_id} has {stray} lines, and its last number is {row.last_seq}")
            if row.status == "SUCCESS":
                _require(row.fence in self._effects.ended.get(job_id, []), f"{job_id} succeeded and had no effects")
        self._approvals.at_the_end()

    def _check_audit(self, row: Row) -> None:
        query = "SELECT action, count(*) FROM audit_log WHERE target_id = ? GROUP BY action"
        told: dict[str, int] = dict(self._store.rows(query, row.id))
        _require(
            told.get("job.executed") == 1, f"{row.id} is launched {told.get('job.executed')} times in the audit log"
        )
        by_worker = row.status != "CANCELED" or row.fence > 0
        ends = told.get("job.finished", 0)
        if ends != 1 and (by_worker or ends > 1) and not (row.status == "CANCELED" and told.get("job.canceled")):
            raise Violation(f"{row.id}: the audit log has its end {ends} times ({row.status})")
        interrupted = int(row.reason == "interrupted")
        _require(told.get("job.interrupted", 0) <= 1, f"{row.id}: interrupted twice in the audit log")
        _require(interrupted or not told.get("job.interrupted"), f"{row.id}: the audit log says interrupted")
        asked = told.get("job.canceled", 0) > 0
        _require(
            asked or not row.cancel_requested_at, f"{row.id} was cancelled and the audit log does not know by whom"
        )


def _check_move(old: Row, new: Row) -> None:
    if is_terminal(old.status):
        changed = [name for name in SETTLED if getattr(old, name) != getattr(new, name)]
        _require(not changed, f"{old.id} had ended as {old.status}, and then changed: {changed} -> {new}")
        return
    _require(new.status in FORWARD[old.status], f"{old.id} went from {old.status} to {new.status}")
    _require(new.fence >= old.fence, f"{old.id}: its fence went from {old.fence} to {new.fence}")
    if new.fence != old.fence:
        claimed = (old.status, new.status, new.fence) == ("PENDING", "RUNNING", old.fence + 1)
        _require(claimed, f"{old.id}: a new fence without a claim: {old} -> {new}")
    if (old.status, new.status) == ("RUNNING", "PENDING"):
        again = not old.started or old.on_worker_loss == "retry"
        _require(again, f"{old.id} had begun and is queued again")
    _require(new.last_seq >= old.last_seq, f"{old.id}: its log went back from {old.last_seq} to {new.last_seq}")
    _require(not (old.phase == "killing" and new.phase in {"running", "canceling"}), f"{old.id}: forgot to be killed")


def _check_author(old: Row, new: Row, step: Step) -> None:
    """A stale fence writes nothing, and only a lease that is over may be settled by somebody else."""
    held = step.held
    if old.status == new.status == "PENDING":  # whoever frees a lock says to those who wait for it where they stand
        return
    if held is not None and new.fence == old.fence:
        its = (old.id, old.owner, old.fence, old.status) == (held.job_id, held.owner, held.fence, "RUNNING")
        _require(its, f"{step.who} holds {held.job_id} with fence {held.fence}, and wrote over {old} -> {new}")
    elif step.who.endswith("/heartbeat"):
        _require(old.owner == step.owner, f"{step.who} renewed the lease of another worker: {old}")
    elif step.who.endswith("/sweep"):
        over = old.status == "RUNNING" and old.lease_until is not None and old.lease_until < step.db_ms
        unanswered = old.phase == "awaiting_approval" and new.reason == "approval_expired"
        _require(over or unanswered, f"{step.who} settled a job whose lease lives: {old}")


def _require(holds: object, sentence: str) -> None:
    if not holds:
        raise Violation(sentence)
