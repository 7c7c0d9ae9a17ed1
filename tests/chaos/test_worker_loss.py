"""A worker that is killed takes what it runs along, one that is told to stop finishes it: what each leaves behind."""

import pytest

from orch_app.domains.jobs.states import Status
from orch_app.kit.settings import settings
from tests.chaos.ledger import Ledger
from tests.chaos.parts import synchronise
from tests.chaos.workers import Fleet, all_ended, descendants_of, jobs_of, wait_for


@pytest.mark.long
def test_jobs_wait_for_a_worker_die_with_it_when_it_is_killed_and_are_finished_when_it_is_told_to_stop(
    fleet: Fleet, ledger: Ledger
) -> None:
    ledger.write_runbook(settings().runbooks_dir, name="slow", takes_s=60)
    synchronise()
    waiting = fleet.launch(3, "slow")
    fleet.start()
    wait_for(lambda: all(ledger.effects(job) for job in waiting), f"they have begun\n{fleet.log()[-3000:]}")
    fleet.kill()
    wait_for(lambda: not any(descendants_of(job) for job in waiting), "no process of theirs is left")
    fleet.start()
    wait_for(lambda: all_ended(waiting), "they are settled")
    assert {job.reason for job in jobs_of(waiting)} == {"interrupted"}
    assert [ledger.effects(job, "end") for job in waiting] == [0] * 3
    wait_for(lambda: not list((settings().data_dir / "jobs-run").glob("job_*")), "their folders are gone")
    running = fleet.launch(3)
    wait_for(lambda: all(ledger.effects(job) for job in running), "others have begun")
    fleet.stop()
    assert [(job.status, job.attempt) for job in jobs_of(running)] == [(Status.SUCCESS, 1)] * 3
    assert [ledger.effects(job) for job in (*waiting, *running)] == [1] * 6
