"""Claim, lease and fence on both back ends."""

import threading

import pytest
from sqlmodel import col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims, queries, service
from orch_app.domains.jobs.errors import CanceledInTimeError, LostClaimError
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import MAX_ATTEMPTS, Status
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.queue import install_bell
from tests.domains.jobs.orders import launched
from tests.systems.people import later

pytestmark = pytest.mark.usefixtures("catalogue")


def take(job_id: str, worker: str = "w1") -> Claim | None:
    with unit_of_work() as session:
        return claims.claim(session, job_id, worker, worker)


def taken(job_id: str, worker: str = "w1") -> Claim:
    held = take(job_id, worker)
    assert held is not None
    return held


def started(job_id: str) -> Claim:
    held = taken(job_id)
    with unit_of_work() as session:
        claims.mark_started(session, held, "bwrap", "plain")
    return held


def expire(job_id: str) -> None:
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job_id).values(lease_until=now_ms() - 1))


def say_what_a_lost_worker_means(job_id: str, choice: str) -> None:
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job_id).values(on_worker_loss=choice))


def settle() -> list[str]:
    with unit_of_work() as session:
        return claims.settle_expired(session)


def fresh(job_id: str) -> Job:
    with reading() as session:
        return session.exec(select(Job).where(Job.id == job_id)).one()


def test_only_one_of_many_workers_claims_a_job(admin: Actor) -> None:
    job = launched(admin)
    found: list[Claim | None] = []
    threads = [threading.Thread(target=lambda n=n: found.append(take(job.id, f"w{n}"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in found if one]) == 1
    assert fresh(job.id).attempt == 1


def test_a_repeated_message_claims_nothing(admin: Actor) -> None:
    job = launched(admin)
    assert take(job.id) is not None
    assert take(job.id) is None


def test_a_claim_of_an_unknown_job_is_nothing() -> None:
    assert take("job_00000000000000000000000000") is None


def test_a_job_that_was_not_started_is_queued_again_and_rung(admin: Actor) -> None:
    job = launched(admin)
    taken(job.id)
    expire(job.id)
    rung: list[dict[str, str]] = []
    install_bell(lambda _name, payload: rung.append(payload), lambda: True)
    assert settle() == [job.id]
    assert fresh(job.id).status == Status.PENDING
    assert rung == [{"job_id": job.id}]


def test_a_job_that_was_started_is_interrupted(admin: Actor) -> None:
    job = launched(admin)
    say_what_a_lost_worker_means(job.id, "interrupt")
    started(job.id)
    expire(job.id)
    settle()
    ended = fresh(job.id)
    assert (ended.status, ended.reason) == (Status.ERROR, "interrupted")
    assert ended.finished_at is not None


def test_a_job_that_may_run_twice_is_queued_again_until_its_attempts_are_used_up(admin: Actor) -> None:
    job = launched(admin)
    say_what_a_lost_worker_means(job.id, "retry")
    for _ in range(MAX_ATTEMPTS):
        started(job.id)
        expire(job.id)
        settle()
    ended = fresh(job.id)
    assert (ended.status, ended.reason) == (Status.ERROR, "too_many_attempts")


def test_a_living_lease_is_left_alone(admin: Actor) -> None:
    job = launched(admin)
    started(job.id)
    assert settle() == []
    assert fresh(job.id).status == Status.RUNNING


def test_a_worker_that_lost_its_claim_writes_nothing(admin: Actor) -> None:
    job = launched(admin)
    stale = taken(job.id, "zombie")
    expire(job.id)
    settle()
    current = taken(job.id, "w2")
    for act in (
        lambda session: claims.mark_started(session, stale, "bwrap", "plain"),
        lambda session: claims.finish(session, stale, Status.SUCCESS),
    ):
        with pytest.raises(LostClaimError), unit_of_work() as session:
            act(session)
    after = fresh(job.id)
    assert (after.owner, after.fence, after.status) == ("w2", current.fence, Status.RUNNING)


def test_extending_tells_what_is_lost_and_what_was_cancelled(admin: Actor) -> None:
    kept, cancelled, lost = launched(admin), launched(admin), launched(admin)
    held = [started(kept.id), started(cancelled.id), started(lost.id)]
    with unit_of_work() as session:
        service.cancel(session, admin, cancelled.id)
    expire(lost.id)
    settle()
    with unit_of_work() as session:
        alive = claims.extend(session, held)
    assert alive == {kept.id: False, cancelled.id: True}


def test_a_cancelled_job_whose_worker_died_ends_cancelled(admin: Actor) -> None:
    job = launched(admin)
    started(job.id)
    with unit_of_work() as session:
        service.cancel(session, admin, job.id)
    expire(job.id)
    settle()
    assert fresh(job.id).status == Status.CANCELED


@pytest.mark.parametrize("force", [False, True])
def test_a_job_that_was_cancelled_before_its_play_began_does_not_begin(admin: Actor, force: bool) -> None:
    job = launched(admin)
    held = taken(job.id)
    with unit_of_work() as session:
        service.cancel(session, admin, job.id, force=force)
    with pytest.raises(CanceledInTimeError), unit_of_work() as session:
        claims.mark_started(session, held, "bwrap", "plain")
    assert (fresh(job.id).started, fresh(job.id).phase) == (False, "killing" if force else "canceling")


def test_jobs_that_wait_too_long_are_rung_again(admin: Actor) -> None:
    job = launched(admin)
    rung: list[dict[str, str]] = []
    install_bell(lambda _name, payload: rung.append(payload), lambda: True)
    with unit_of_work() as session:
        assert claims.ring_waiting(session, 60) == 0
        assert claims.ring_waiting(session, 0) == 1
    assert rung == [{"job_id": job.id}]


def test_a_job_queued_by_a_clock_that_was_ahead_is_rung_all_the_same(admin: Actor) -> None:
    with later(hours=1):
        launched(admin)
    with unit_of_work() as session:
        assert claims.ring_waiting(session, 30) == 1


def test_waiting_jobs_are_rung_for_first_come_first_and_one_given_back_comes_last(admin: Actor) -> None:
    jobs = [launched(admin) for _ in range(4)]
    with unit_of_work() as session:
        session.exec(update(Job).values(queued_at=jobs[0].queued_at))
    held = taken(jobs[1].id)
    with unit_of_work() as session:
        claims.give_back(session, held)
    rung: list[str] = []
    install_bell(lambda _name, payload: rung.append(payload["job_id"]), lambda: True)
    with unit_of_work() as session:
        claims.ring_waiting(session, 0)
    assert rung == [jobs[index].id for index in (0, 2, 3, 1)]
    with reading() as session:
        assert [queries.queue_position(session, fresh(job.id)) for job in jobs] == [1, 4, 2, 3]
