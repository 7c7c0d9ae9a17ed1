"""Approvals in the simulation: what must hold of each question, read from the committed rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.simulation.store import CATALOGUE, OTHERS, PERSON, Store

MAY = {
    "required": {PERSON.user_id, *(other.user_id for other in OTHERS)},
    "required_other_person": {other.user_id for other in OTHERS},
}
NEEDING = "SELECT id, runbook_name FROM jobs WHERE run_mode <> 'preview' ORDER BY id"
QUESTIONS = """SELECT a.job_id, a.state, a.wanted, a.bound_to, a.plan_sha256, a.decided_by, a.decided_at, a.expires_at,
 j.status, j.phase, j.reason, j.fence, j.expect_plan, j.run_mode || ':' || j.order_sha256,
 EXISTS (SELECT 1 FROM runbooks r WHERE r.name = j.runbook_name AND r.revision = j.runbook_revision),
 a.plan_sha256 = '' OR EXISTS (SELECT 1 FROM jobs p WHERE p.plan_sha256 = a.plan_sha256
 AND (p.runbook_name, p.run_mode, p.status) = (j.runbook_name, 'preview', 'SUCCESS'))
 FROM approvals a JOIN jobs j ON j.id = a.job_id"""
TOLD = """SELECT action, count(*) FROM audit_log WHERE target_id = ? AND action LIKE 'job.approv%'
 OR target_id = ? AND action = 'job.denied' GROUP BY action"""
REFUSED = {"denied": "approval_denied", "expired": "approval_expired", "withdrawn": "canceled"}
ANSWERS = {"approved": "job.approved", "denied": "job.denied", "expired": "job.approval_expired"}


class Question(NamedTuple):
    """One approval as committed, with what it is about."""

    job_id: str
    state: str
    wanted: str
    bound_to: str
    plan: str
    decided_by: str | None
    decided_at: str | None
    expires_at: str
    status: str
    phase: str
    reason: str
    fence: int
    job_plan: str
    order: str
    is_same: bool
    is_shown: bool

    @property
    def answer(self) -> tuple[Any, ...]:
        """What never changes any more once it is there."""
        return self.state, self.wanted, self.bound_to, self.plan, self.decided_by, self.decided_at, self.expires_at


class Approvals:
    """Every job of a runbook that asks has one question, answered once; it is claimed only after a yes that counts."""

    def __init__(self, store: Store, require: Callable[[object, str], None]) -> None:
        self._store = store
        self._require = require
        self._asked: dict[str, str] | None = None
        self._before: dict[str, Question] = {}

    def look(self) -> None:
        """After every step; who has to be asked for is known from the first, by what the runbooks declare.

        Raises:
            Violation: a job was claimed without an approval that counts, or an answer is none or came twice.
        """
        if self._asked is None:
            wanted = {name: meta["approval"]["stage"] for name, meta in CATALOGUE.items() if "approval" in meta}
            jobs = self._store.rows(NEEDING)
            self._asked = {job_id: wanted[runbook] for job_id, runbook in jobs if runbook in wanted}
        if not self._asked:
            return
        found = {row[0]: Question._make(row) for row in self._store.rows(QUESTIONS)}
        for job_id, wanted in self._asked.items():
            self._require(job_id in found, f"{job_id} needs an approval, and nobody is asked")
            self._require(found[job_id].wanted == wanted, f"{job_id} asks for {found[job_id].wanted}, not for {wanted}")
            if found[job_id] != self._before.get(job_id):
                self._check(self._before.get(job_id), found[job_id])
        self._before = found

    def _check(self, before: Question | None, now: Question) -> None:
        is_open = now.state == "waiting"
        self._require(now.fence == 0 or now.state == "approved", f"{now.job_id} was claimed and nobody approved it")
        self._require(
            is_open == (now.phase == "awaiting_approval"), f"{now.job_id} waits for people or does not: {now}"
        )
        if before and before.state != "waiting":
            self._require(
                before.answer == now.answer, f"{now.job_id} had its answer, and then another: {before} -> {now}"
            )
        elif now.state == "approved":
            self._check_yes(now)
        elif not is_open:
            ended = (now.status, now.reason, now.fence) == ("CANCELED", REFUSED[now.state], 0)
            self._require(ended, f"{now.job_id} is {now.state}, and goes on: {now}")
            is_void = now.state != "expired" or not now.is_same or str(now.decided_at) >= now.expires_at
            self._require(is_void, f"{now.job_id} has expired before its time: {now}")

    def _check_yes(self, now: Question) -> None:
        self._require(now.decided_by in MAY[now.wanted], f"{now.job_id} was approved by somebody who may not: {now}")
        self._require(str(now.decided_at) < now.expires_at, f"{now.job_id} was approved too late: {now}")
        is_what_runs = now.is_same and (now.bound_to, now.plan) == (now.order, now.job_plan)
        self._require(is_what_runs, f"{now.job_id} was approved, and is not what would run: {now}")
        self._require(now.is_shown, f"{now.job_id} was approved with a plan that no preview has shown: {now}")

    def at_the_end(self) -> None:
        """What the audit log must say once everything is over.

        Raises:
            Violation: an answer is missing there, or there are more.
        """
        for job_id, question in self._before.items():
            self._require(question.state != "waiting", f"{job_id} still waits for an answer")
            told = dict(self._store.rows(TOLD, job_id, job_id))
            answer = ANSWERS.get(question.state)
            due = {"job.approval_requested": 1} | ({answer: 1} if answer else {})
            self._require(told == due, f"{job_id} is {question.state}, and the audit log says {told}")
