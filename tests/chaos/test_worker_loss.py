"""Workers that are killed in the middle: every job ends, no effect happens twice, nothing is left behind."""

import random

from orch_app.domains.jobs.states import Status
from orch_app.kit.settings import settings
from tests.chaos.ledger import Ledger
from tests.chaos.workers import Fleet, all_ended, descendants_of, jobs_of, wait_for

SEED = 20261121


def test_killed_workers_lose_no_job_and_double_no_effect(fleet: Fleet, ledger: Ledger) -> None:
    dice = random.Random(SEED)
    jobs = fleet.launch(8)
    fleet.start(2)
    for _ in range(3):
        before = sum(ledger.counts.values())
        goal = before + dice.randint(1, 3)
        wait_for(lambda goal=goal: sum(ledger.counts.values()) >= goal or all_ended(jobs), "some effects happened")
        fleet.kill(dice.randrange(len(fleet.workers)))
        fleet.start()
    wait_for(lambda: all_ended(jobs), f"all jobs ended\n{fleet.log()[-3000:]}")
    assert [ledger.effects(job) for job in jobs if ledger.effects(job) > 1] == []
    for job in jobs_of(jobs):
        assert job.status in {Status.SUCCESS, Status.ERROR}
        if job.status == Status.SUCCESS:
            assert (ledger.effects(job.id), ledger.effects(job.id, "end")) == (1, 1)
        else:
            assert job.reason == "interrupted"


def test_what_a_killed_worker_ran_dies_with_it_and_its_folder_is_swept(fleet: Fleet, ledger: Ledger) -> None:
    (job,) = fleet.launch(1)
    fleet.start()
    wait_for(lambda: ledger.effects(job), "the play has begun")
    fleet.kill()
    wait_for(lambda: not descendants_of(job), "no process of the job is left")
    fleet.start()
    wait_for(lambda: all_ended([job]), "the job is settled")
    assert jobs_of([job])[0].reason == "interrupted"
    assert ledger.effects(job, "end") == 0
    wait_for(lambda: not list((settings().data_dir / "jobs-run").glob("job_*")), "its folder is gone")


def test_a_worker_that_is_told_to_stop_finishes_what_it_runs(fleet: Fleet, ledger: Ledger) -> None:
    jobs = fleet.launch(3)
    fleet.start()
    wait_for(lambda: sum(ledger.effects(job) for job in jobs) == 3, "all plays have begun")
    fleet.stop()
    assert [job.status for job in jobs_of(jobs)] == [Status.SUCCESS] * 3


def test_jobs_launched_while_no_worker_lives_run_when_one_comes(fleet: Fleet, ledger: Ledger) -> None:
    jobs = fleet.launch(4)
    fleet.start()
    wait_for(lambda: all_ended(jobs), "all jobs ended")
    assert [ledger.effects(job) for job in jobs] == [1] * 4
