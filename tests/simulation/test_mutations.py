"""The checker can fail: each rule of the product that is taken away is missed within few seeds."""

import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import bindparam
from sqlmodel import Session, and_, col, select, update

from orch_app.domains.jobs import claims, held, idempotency, locks, run
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Phase, Status
from orch_app.domains.schedules import firing
from orch_app.domains.schedules.planning import Plan
from orch_app.kit.db import now_ms, reading
from tests.simulation.runner import Failure, run_one, shrink, simulated

MOST_SEEDS = 1_500
NO_FENCE = 123


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
            2,
            claims,
            "claim_next",
            claim_whatever_it_is,
            "fence without a claim|then changed|from SUCCESS|had its effects",
        ),
        (1, claims, "interrupt", lambda session, _, held: claims.give_back(session, held), "had begun and is queued"),
        (23, claims, "ring_waiting", lambda *_: 0, "not over"),
        (1, claims, "settle_expired", lambda _: [], "not over"),
        (1, claims, "record", lambda *_, **__: None, "the audit log has its end"),
        (4, idempotency, "begin", lambda *_: None, "one key made 2 jobs|NoResultFound"),
        (1, locks, "take", lambda *_: None, "runs without what it needs"),
        (1, locks, "let_go", lambda *_: None, "in the hands of nobody"),
        (96, run, "_until_it_answers", lambda act: act(), "interrupted by nothing more"),
        (171, run, "_look", look_once, "interrupted by nothing more"),
        (247, firing, "plan", lambda due, *_: Plan((due[-1],), ()), "moments are over"),
        (22, firing, "_write", lambda *_, **__: None, "moments are over|started 0 times"),
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
