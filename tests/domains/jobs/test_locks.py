"""Locks, limits and rates on both back ends: all or nothing, first come first, and nothing is ever held for nobody."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims, locks, service
from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job, JobLock, JobNeed, JobStart
from orch_app.domains.jobs.slots import Slots
from orch_app.domains.jobs.states import Status
from orch_app.domains.jobs.upkeep import Upkeep
from orch_app.kit.db import now_ms, reading, unit_of_work
from tests.domains.jobs.rules import (
    asked,
    declare,
    due,
    finish,
    fresh,
    held_names,
    ids,
    let_time_pass,
    listen,
    lose,
    next_one,
    start,
    taken,
    taken_ids,
)

pytestmark = pytest.mark.usefixtures("catalogue")
DAY_MS = 24 * 3_600_000
LOCKS = ["host:{{targets.host}}"]


def state(job: Job) -> tuple[str, str]:
    found = fresh(job)
    return found.status, found.phase


def test_a_job_takes_its_locks_with_the_claim_and_frees_them_with_its_end(operator: Actor) -> None:
    declare(locks=LOCKS)
    job = asked(operator, "b", "a")
    assert fresh(job).lock_names == ["host:a", "host:b"]
    assert held_names() == []
    held = taken()
    assert held_names() == ["host:a", "host:b"]
    with reading() as session:
        assert {(lock.owner, lock.fence) for lock in session.exec(select(JobLock))} == {("w1", held.fence)}
    finish(held)
    assert held_names() == []
    with reading() as session:
        assert session.exec(select(JobNeed)).all() == []
    assert fresh(job).lock_names == ["host:a", "host:b"], "what it held is still told"


def test_a_job_whose_lock_is_held_waits_says_so_and_the_next_one_goes_ahead(operator: Actor) -> None:
    declare(locks=LOCKS)
    first, second, free = asked(operator, "a"), asked(operator, "a"), asked(operator, "b")
    assert taken().job_id == first.id
    assert state(second) == ("PENDING", "waiting_lock")
    assert taken().job_id == free.id
    assert next_one() is None
    assert state(second) == ("PENDING", "waiting_lock")


def test_a_job_that_finds_its_lock_held_says_so_from_the_launch_on(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    taken()
    assert asked(operator, "a").phase == "waiting_lock"
    assert asked(operator, "b").phase == "queued"


def test_a_lock_that_becomes_free_rings_for_the_one_who_waits(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    held = taken()
    waiting, other = asked(operator, "a"), asked(operator, "b")
    rung = listen()
    finish(held)
    assert rung == [waiting.id]
    assert state(waiting) == ("PENDING", "queued")
    assert taken_ids(2) == ids(waiting, other)


def test_locks_are_taken_all_or_none(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    held = taken()
    both = asked(operator, "a", "b")
    assert next_one() is None
    assert held_names() == ["host:a"]
    finish(held)
    assert taken().job_id == both.id
    assert held_names() == ["host:a", "host:b"]


def test_younger_jobs_do_not_starve_an_older_one_that_needs_more(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    holder = taken()
    older, younger, unrelated = asked(operator, "a", "b"), asked(operator, "b"), asked(operator, "c")
    assert taken().job_id == unrelated.id
    assert next_one() is None, "b is free, and the older job is first in the line for it"
    finish(holder)
    held = taken()
    assert held.job_id == older.id
    assert next_one() is None
    finish(held)
    assert taken().job_id == younger.id


def test_when_the_one_ahead_is_cancelled_those_behind_are_rung_for(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    taken()
    older, younger = asked(operator, "a", "b"), asked(operator, "b")
    rung = listen()
    with unit_of_work() as session:
        service.cancel(session, operator, older.id)
    assert rung == [younger.id]
    assert taken().job_id == younger.id


@pytest.mark.parametrize("is_started", [False, True])
def test_the_locks_of_a_dead_worker_go_with_its_lease(operator: Actor, *, is_started: bool) -> None:
    declare(locks=LOCKS, on_worker_loss="interrupt")
    asked(operator, "a")
    held = taken()
    if is_started:
        start(held)
    waiting = asked(operator, "a")
    assert next_one() is None
    rung = listen()
    lose(held)
    assert waiting.id in rung
    assert held_names() == []
    assert taken_ids(1) == ids(waiting), "the one given back comes behind the one that waited"


def test_a_worker_that_lost_its_claim_frees_nothing_of_the_next(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    stale = taken("zombie")
    lose(stale)
    current = taken("w2")
    with pytest.raises(LostClaimError):
        finish(stale)
    assert held_names() == ["host:a"]
    with reading() as session:
        assert session.exec(select(JobLock.fence)).one() == current.fence


def test_the_sweep_removes_a_lock_that_belongs_to_no_claim(operator: Actor) -> None:
    declare(locks=LOCKS)
    job = asked(operator, "a")
    with unit_of_work() as session:
        session.add(JobLock(kind="lock", name="host:a", job_id=job.id, owner="ghost", fence=7, taken_at=0))
    assert next_one() is None
    with unit_of_work() as session:
        assert locks.heal(session) == 1
    assert taken().job_id == job.id
    with unit_of_work() as session:
        assert locks.heal(session) == 0


def test_the_table_itself_refuses_a_second_holder(operator: Actor) -> None:
    declare(locks=LOCKS)
    job = asked(operator, "a")
    taken()
    with pytest.raises(IntegrityError), unit_of_work() as session:
        session.add(JobLock(kind="lock", name="host:a", slot=0, job_id=job.id, owner="x", fence=1, taken_at=0))


def test_a_limit_lets_so_many_run_at_once_and_the_rest_wait(operator: Actor) -> None:
    declare(concurrency={"limit": 2, "key": "", "on_full": "queue"})
    jobs = [asked(operator) for _ in range(4)]
    held = [taken(), taken()]
    assert next_one() is None
    assert [state(job) for job in jobs[2:]] == [("PENDING", "waiting_limit")] * 2
    rung = listen()
    finish(held[0])
    assert rung == [jobs[2].id]
    assert taken().job_id == jobs[2].id
    assert next_one() is None


def test_a_limit_is_counted_per_key(operator: Actor) -> None:
    declare(concurrency={"limit": 1, "key": "{{targets.host}}", "on_full": "queue"})
    asked(operator, "a")
    second, other = asked(operator, "a"), asked(operator, "b")
    taken()
    assert taken().job_id == other.id
    assert next_one() is None
    assert state(second) == ("PENDING", "waiting_limit")


def test_jobs_that_wait_for_a_lock_keep_no_place_within_a_limit(operator: Actor) -> None:
    declare(locks=LOCKS, concurrency={"limit": 2, "key": "", "on_full": "queue"})
    for _ in range(5):
        asked(operator, "a")
    taken()
    free = asked(operator, "b")
    assert taken().job_id == free.id


@pytest.mark.parametrize(("on_full", "status"), [("cancel", Status.CANCELED), ("fail", Status.ERROR)])
def test_a_job_that_does_not_wait_for_a_limit_ends_with_its_reason(
    operator: Actor, on_full: str, status: Status
) -> None:
    declare(concurrency={"limit": 1, "key": "", "on_full": on_full})
    asked(operator)
    taken()
    late = asked(operator)
    assert next_one() is None
    ended = fresh(late)
    assert (ended.status, ended.phase, ended.reason) == (status, "done", "limit_reached")
    assert ended.finished_at is not None
    with reading() as session:
        assert session.exec(select(JobNeed).where(JobNeed.job_id == late.id)).all() == []


def test_it_does_not_wait_for_a_free_slot_either(operator: Actor) -> None:
    declare(concurrency={"limit": 1, "key": "", "on_full": "fail"})
    asked(operator)
    taken()
    late = asked(operator)
    Upkeep(Slots()).sweep()
    assert (fresh(late).status, fresh(late).reason) == (Status.ERROR, "limit_reached")


def test_a_clock_that_was_ahead_keeps_nobody_waiting_once_it_is_right_again(operator: Actor) -> None:
    declare(rate={"limit": 1, "per_s": 60, "key": ""})
    asked(operator)
    finish(taken())
    with unit_of_work() as session:
        session.exec(update(JobStart).values(at_ms=JobStart.at_ms + 365 * DAY_MS))
    late, put_off = asked(operator), asked(operator)
    assert taken().job_id == late.id
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == put_off.id).values(not_before=now_ms() + 365 * DAY_MS))
        session.exec(delete(JobStart))
        locks.heal(session)
    assert due() == 1
    assert taken().job_id == put_off.id


def test_a_rate_lets_so_many_start_in_a_window_and_tells_the_others_when(operator: Actor) -> None:
    declare(rate={"limit": 2, "per_s": 60, "key": ""})
    jobs = [asked(operator) for _ in range(4)]
    assert taken_ids(2) == ids(*jobs[:2])
    assert next_one() is None
    for job in jobs[2:]:
        assert state(job) == ("PENDING", "waiting_limit")
        assert fresh(job).not_before is not None
    rung = listen()
    assert due() == 0
    let_time_pass(61_000)
    assert due() == 2
    assert rung == ids(*jobs[2:])
    assert due() == 0, "each is rung for once"
    assert taken_ids(2) == ids(*jobs[2:])


def test_a_rate_is_counted_for_every_key_of_the_job(operator: Actor) -> None:
    declare(rate={"limit": 1, "per_s": 60, "key": "{{targets.host}}"})
    asked(operator, "a", "b")
    taken()
    late, other = asked(operator, "b", "c"), asked(operator, "c")
    assert taken().job_id == other.id
    assert next_one() is None
    assert fresh(late).not_before is not None


def test_a_start_out_of_the_window_counts_no_more_and_is_forgotten_after_a_day(operator: Actor) -> None:
    declare(rate={"limit": 1, "per_s": 60, "key": ""})
    finish_one(operator)
    let_time_pass(61_000)
    finish_one(operator)
    with reading() as session:
        assert len(session.exec(select(JobStart)).all()) == 2
    let_time_pass(25 * 3600 * 1000)
    with unit_of_work() as session:
        locks.heal(session)
    with reading() as session:
        assert session.exec(select(JobStart)).all() == []


def finish_one(actor: Actor) -> None:
    asked(actor)
    finish(taken())


def test_what_cannot_start_yet_is_not_rung_for_by_the_sweep(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    held = taken()
    waiting = asked(operator, "a")
    rung = listen()
    with unit_of_work() as session:
        assert claims.ring_waiting(session, 0) == 0
    finish(held)
    with unit_of_work() as session:
        assert claims.ring_waiting(session, 0) == 1
    assert rung == ids(waiting, waiting)


def test_no_two_of_many_claims_at_once_hold_the_same_lock(operator: Actor) -> None:
    declare(locks=LOCKS, concurrency={"limit": 3, "key": "", "on_full": "queue"})
    wanted = ["a", "b", "ab", "c", "a", "bc", "d", "ca", "b", "d"]
    jobs = [asked(operator, *hosts) for hosts in wanted]
    problems: list[str] = []
    together(6, lambda name: work_until_nothing_is_left(name, problems))
    assert problems == []
    assert [state(job)[0] for job in jobs] == ["SUCCESS"] * len(jobs)
    assert held_names() == []


def work_until_nothing_is_left(name: str, problems: list[str]) -> None:
    """Claim and finish; between the two nobody else may hold what this claim holds."""
    for _ in range(200):
        held = next_one(name)
        if held:
            problems.extend(found_wrong(held))
            finish(held)
        elif not left_to_do():
            return


def left_to_do() -> int:
    with reading() as session:
        return len(session.exec(select(Job.id).where(col(Job.status).in_(["PENDING", "RUNNING"]))).all())


def found_wrong(held: Claim) -> list[str]:
    with reading() as session:
        rows = session.exec(select(JobLock)).all()
        names = session.exec(select(Job.lock_names).where(Job.id == held.job_id)).one()
    mine = {row.name for row in rows if row.job_id == held.job_id and row.kind == "lock"}
    at_once = len([row for row in rows if row.kind == "limit"])
    missing = [] if mine == set(names) else [f"{held.job_id} holds {mine}, not {names}"]
    return missing + ([f"{at_once} at once"] if at_once > 3 else [])


def together(count: int, act: Callable[[str], None]) -> None:
    threads = [threading.Thread(target=act, args=(f"w{n}",)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_claim_out_of_turn_gets_no_lock_that_another_holds(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    taken()
    second = asked(operator, "a")
    with unit_of_work() as session:
        assert claims.claim(session, second.id, "w2", "w2") is None
