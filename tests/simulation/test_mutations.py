"""The checker can fail: each rule of the product that is taken away is missed within few seeds."""

import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import bindparam
from sqlmodel import Session, and_, col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import approvals, claims, held, idempotency, locks, modes, run
from orch_app.domains.jobs.approvals import approve
from orch_app.domains.jobs.claims import claim_next
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Approval, Job
from orch_app.domains.jobs.states import Phase, Status
from orch_app.domains.runbooks.queries import get_runbook
from orch_app.domains.schedules import firing
from orch_app.domains.schedules.planning import Plan
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms, reading
from tests.simulation.runner import Failure, run_one, shrink, simulated
from tests.simulation.store import PERSON

MOST_SEEDS = 1_500
NO_FENCE = 10


def first_failure(known: int) -> Failure | None:
    """What a seed that is known to miss it says; when the stories have changed since, the first that does."""
    with simulated() as store:
        for seed in (known, *range(1, MOST_SEEDS + 1)):
            failure = run_one(store, seed)[1]
            if failure:
                return failure
    return None


def claim_whatever_it_is(session: Session, owner: str, worker: str) -> Claim | None:
    """Takes the first job there is from whoever has it."""
    job_id = session.exec(select(Job.id).order_by(col(Job.id)).limit(1)).first()
    if job_id is None:
        return None
    statement = update(Job).where(col(Job.id) == job_id).values(
        status=Status.RUNNING, phase=Phase.PREPARING, owner=owner, worker=worker, fence=Job.fence + 1,
        attempt=Job.attempt + 1, lease_until=now_ms() + held.lease_ms(), started=False,
    )  # fmt: skip
    fence = session.exec(statement.returning(col(Job.fence))).scalar_one()
    return Claim(job_id, owner, fence, worker)


def claim_what_awaits_approval(session: Session, owner: str, worker: str) -> Claim | None:
    """Looks at the status of a job, and not at its phase."""
    waits = (col(Job.status) == Status.PENDING, col(Job.phase) == Phase.AWAITING_APPROVAL)
    job_id = session.exec(update(Job).where(*waits).values(phase=Phase.QUEUED).returning(col(Job.id))).scalars().first()
    return claims.claim(session, job_id, owner, worker) if job_id else claim_next(session, owner, worker)


def approve_without_a_look(session: Session, actor: Actor, job_id: str, *more: str) -> None:
    """Says yes, also where another answer has been given."""
    approval = session.get(Approval, job_id)
    if approval is None or approval.state == "waiting":
        approve(session, actor, job_id, *more)
    else:
        approval.state, approval.decided_by, approval.decided_at = "approved", actor.user_id, now()


def look_once(read: Callable[[Session], object]) -> object:
    """Reads, and does not wait for a database that is away."""
    with reading() as session:
        return read(session)


WITHOUT_FENCE = and_(col(Job.id) == bindparam("held_job"), col(Job.status) == Status.RUNNING)


@pytest.fixture(autouse=True)
def _statements_are_written_anew() -> Iterator[None]:
    held.update_held.cache_clear()
    yield
    held.update_held.cache_clear()


@pytest.mark.parametrize(
    ("known", "where", "name", "instead", "says"),
    [
        (NO_FENCE, held, "IS_HELD", WITHOUT_FENCE, "and wrote over|lease of another"),
        (
            4,
            claims,
            "claim_next",
            claim_whatever_it_is,
            "fence without a claim|then changed|from SUCCESS|had its effects",
        ),
        (2, claims, "interrupt", lambda session, _, held: claims.give_back(session, held), "had begun and is queued"),
        (5, claims, "ring_waiting", lambda *_: 0, "not over"),
        (5, claims, "settle_expired", lambda _: [], "not over"),
        (1, claims, "record", lambda *_, **__: None, "the audit log has its end"),
        (6, idempotency, "begin", lambda *_: None, "one key made 2 jobs|NoResultFound"),
        (26, locks, "take", lambda *_: None, "runs without what it needs"),
        (26, locks, "let_go", lambda *_: None, "in the hands of nobody"),
        (78, run, "_until_it_answers", lambda act: act(), "interrupted by nothing more"),
        (774, run, "_look", look_once, "interrupted by nothing more"),
        (1412, firing, "plan", lambda due, *_: Plan((due[-1],), ()), "moments are over"),
        (15, firing, "_write", lambda *_, **__: None, "moments are over|started 0 times"),
        (179, claims, "claim_next", claim_what_awaits_approval, "claimed and nobody approved"),
        (319, approvals, "objection", lambda *_: None, "by somebody who may not|too late"),
        (
            84,
            approvals,
            "_require_unchanged",
            lambda session, job, _: get_runbook(session, PERSON, job.runbook_name),
            "not what would run",
        ),
        (36, modes, "require_preview", lambda *_: None, "no preview has shown"),
        (39, approvals, "approve", approve_without_a_look, "had its answer"),
        (95, approvals, "withdraw", lambda *_: None, "waits for people or does not"),
        (39, approvals, "end_overdue", lambda _: [], "not over"),
    ],
    ids=[
        "no fence",
        "any job",
        "again",
        "no ringing",
        "no settling",
        "no audit",
        "no keys",
        "no lock",
        "kept lock",
        "no insisting",
        "no second look",
        "missed moments",
        "no firings",
        "any phase",
        "anybody",
        "another runbook",
        "another plan",
        "a second answer",
        "no withdrawing",
        "no expiry",
    ],
)
def test_what_is_taken_away_is_missed(
    monkeypatch: pytest.MonkeyPatch, known: int, where: object, name: str, instead: object, says: str
) -> None:
    monkeypatch.setattr(where, name, instead)
    failure = first_failure(known)
    assert failure is not None
    assert re.search(says, failure.sentence)


def test_a_failing_seed_replays_exactly_and_is_told_with_fewer_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "IS_HELD", WITHOUT_FENCE)
    found = first_failure(NO_FENCE)
    assert found is not None
    with simulated() as store:
        again = run_one(store, found.seed)[1]
        shortest = shrink(store, found.seed)
    assert again == found
    assert shortest is not None
    told = [sum("FAULT" in line for line in failure.trace) for failure in (shortest, found)]
    assert told[0] <= told[1]
