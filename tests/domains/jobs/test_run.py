"""Running a job for real, from the bell to the last row, whatever becomes of its play."""

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlmodel import Session, col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims, engines, preparation, run, service
from orch_app.domains.jobs.execution import IsolationLevel, open_workspace, probe, runner
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.log import store
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.run import leave_running, run_job
from orch_app.domains.jobs.slots import slots
from orch_app.domains.jobs.states import Reason
from orch_app.domains.jobs.upkeep import Upkeep
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.errors import Unavailable
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import ROOT, settings
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.rows import place_of
from tests.domains.jobs.trials import (
    GOOD,
    WRITE,
    Trials,
    acts_on,
    files_of,
    fresh,
    lines_of,
    ran,
    results_of,
    steps_of,
    text_of,
)

pytestmark = pytest.mark.integration  # every play is a real one
DEADLINE_S = 120.0
LONG = """
    - name: Wait for the end of time
      ansible.builtin.command: sleep 1000
      changed_when: false
"""
FAILING = """
    - name: Look for trouble
      ansible.builtin.fail:
        msg: there is trouble
"""


@contextmanager
def running(job: Job) -> Iterator[threading.Thread]:
    """The job runs in a thread, and its play has begun; the thread has ended behind the block."""
    thread = threading.Thread(target=run_job, args=(job.id,))
    thread.start()
    try:
        wait_until(lambda: "TASK [" in text_of(job), thread)
        yield thread
    finally:
        slots.end_all(Reason.INTERRUPTED)
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def wait_until(is_so: Callable[[], bool], thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE_S / 0.05)):
        if is_so():
            return
        assert thread.is_alive(), "the job ended before it was expected to"
        pause.wait(0.05)
    pytest.fail("it did not come so far in time")


def ending(job: Job) -> tuple[str, str, str]:
    return job.status, job.phase, job.reason


def left_behind() -> list[Path]:
    """Private folders of jobs that nobody has removed."""
    return [path for path in (settings().data_dir / "jobs").glob("*") if path.is_dir()]


def test_a_job_says_which_engine_ran_it(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = trials.ran(GOOD)
    monkeypatch.setenv("ORCH_ENGINE", "warm")
    settings.cache_clear()
    engines.close()
    warm = ran(launched(trials.actor, "trial"))
    assert [(job.status, job.engine) for job in (plain, warm)] == [("SUCCESS", "plain"), ("SUCCESS", "warm")]


def test_a_job_that_succeeds_leaves_everything_that_its_page_shows(trials: Trials) -> None:
    job = trials.ran(GOOD)
    assert ending(job) == ("SUCCESS", "done", "")
    assert job.output_json is not None
    assert (job.output_json["job_id"], job.output_json["words"]) == (job.id, ["done"])
    assert job.counts_json == {"ok": 1, "changed": 0, "failed": 0, "unreachable": 0, "skipped": 0}
    assert job.isolation in {"bwrap", "landlock", "rlimits"}
    assert (job.engine, job.attempt, job.lease_until, job.started) == ("plain", 1, None, True)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.created_at <= job.started_at <= job.finished_at
    assert job.purge_after is not None
    assert job.purge_after > job.finished_at
    assert acts_on(job) == ["job.executed", "job.finished"]
    assert [(step.kind, step.name, step.status) for step in steps_of(job)] == [
        ("play", "Trial", "SUCCESS"),
        ("task", "Write the output", "SUCCESS"),
    ]
    assert [(found.host, found.status, found.changed) for found in results_of(job)] == [("localhost", "ok", False)]
    assert slots.all() == []
    assert left_behind() == []
    check_lines_and_files(job)
    check_that_repeated_and_late_messages_do_nothing(job)


def check_lines_and_files(job: Job) -> None:
    """Numbers without a gap, and files that are what the rows say."""
    assert [line.seq for line in lines_of(job)] == list(range(1, job.last_seq + 1))
    assert job.last_seq > 3
    folder = place_of(job)
    assert {"output.json", "logs.ndjson", "artifacts.tar.gz"} <= set(files_of(job))
    for name, row in files_of(job).items():
        content = (folder / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (row.size, row.sha256)


def check_that_repeated_and_late_messages_do_nothing(job: Job) -> None:
    again = ran(job)
    assert (again.fence, again.attempt, again.finished_at) == (job.fence, job.attempt, job.finished_at)
    assert acts_on(job) == ["job.executed", "job.finished"]
    run_job("job_00000000000000000000000000")


@pytest.mark.parametrize("why", ["is_draining", "is_paused"])
def test_a_worker_that_takes_nothing_more_hands_the_bell_on(
    sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    job = sqlite_trials.launch(GOOD)
    rung: list[dict[str, str]] = []
    install_bell(lambda _name, payload: rung.append(payload), lambda: True)
    monkeypatch.setattr(slots, why, True)
    assert ending(ran(job)) == ("PENDING", "queued", "")
    assert rung == [{"job_id": job.id}]


def test_where_there_is_no_room_for_a_job_it_waits_instead_of_failing(
    sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = sqlite_trials.launch(GOOD)
    rung: list[dict[str, str]] = []
    install_bell(lambda _name, payload: rung.append(payload), lambda: True)
    with monkeypatch.context() as full:
        full.setattr("orch_app.kit.disk.free_mb", lambda: 1)
        assert ending(ran(job)) == ("PENDING", "queued", "")
    assert rung == [{"job_id": job.id}]
    assert ran(job).status == "SUCCESS"


def test_what_runs_is_what_was_launched_to_the_byte(trials: Trials) -> None:
    job = trials.launch(GOOD)
    book = trials.folder / "trial" / "playbook.yml"
    book.write_text(book.read_text() + "\n# one more line\n")
    ended = ran(job)
    assert ending(ended) == ("ERROR", "done", "preparation_failed")
    assert "changed after the launch" in ended.reason_detail
    assert [(line.level, line.message) for line in lines_of(job)] == [("error", ended.reason_detail)]
    assert (ended.started, steps_of(job), files_of(job)) == (False, [], {})
    assert acts_on(job) == ["job.executed", "job.finished"]


def test_a_runbook_that_is_gone_is_said_to_be_gone(sqlite_trials: Trials, admin: Actor) -> None:
    first, second = sqlite_trials.launch(GOOD), launched(admin, "trial")
    shutil.rmtree(sqlite_trials.folder / "trial")
    assert ending(ran(first)) == ("ERROR", "done", "preparation_failed")
    sync_runbooks(admin)
    assert "gone or broken since the job was launched" in ran(second).reason_detail


@pytest.mark.parametrize(
    ("tasks", "detail"),
    [
        (WRITE % "{'words': ['a', 5]}", "output.json /words/1"),
        ("    - ansible.builtin.debug:\n        msg: nothing written\n", "wrote no output.json"),
    ],
)
def test_an_output_that_is_not_what_the_runbook_promised_is_an_error(
    sqlite_trials: Trials, tasks: str, detail: str
) -> None:
    job = sqlite_trials.ran(tasks)
    assert ending(job) == ("ERROR", "done", "output_invalid")
    assert detail in job.reason_detail
    assert job.output_json is None
    assert "logs.ndjson" in files_of(job)
    assert ("output.json" in files_of(job)) is ("orch_output" in tasks), "what does not hold is kept to be looked at"


def test_a_runbook_without_an_output_schema_need_not_write_an_output(sqlite_trials: Trials, admin: Actor) -> None:
    folder = sqlite_trials.write("trial", "    - ansible.builtin.debug:\n        msg: nothing written\n")
    (folder / "output.schema.json").unlink()
    sync_runbooks(admin)
    job = ran(launched(admin, "trial"))
    assert (ending(job), job.output_json) == (("SUCCESS", "done", ""), None)
    assert "output.json" not in files_of(job)


def test_the_first_failing_task_is_the_reason(sqlite_trials: Trials) -> None:
    job = sqlite_trials.ran(FAILING + GOOD)
    assert ending(job) == ("ERROR", "done", "task_failed")
    assert job.reason_detail == "Look for trouble on localhost: there is trouble"
    assert job.counts_json["failed"] == 1
    assert [step.status for step in steps_of(job)] == ["ERROR", "ERROR"]
    results = [(result.host, result.status, result.message) for result in results_of(job)]
    assert results == [("localhost", "failed", "there is trouble")]


def test_the_runbooks_own_words_for_a_failure_weigh_more(sqlite_trials: Trials) -> None:
    own = WRITE % "{'failure': {'code': 'no_licence', 'message': 'the licence is over'}}"
    job = sqlite_trials.ran(own)
    assert (ending(job), job.reason_detail) == (("ERROR", "done", "no_licence"), "the licence is over")
    assert job.output_json is not None


def test_a_play_that_takes_too_long_is_ended(sqlite_trials: Trials) -> None:
    job = sqlite_trials.ran(LONG, timeout_s=3)
    assert ending(job) == ("ERROR", "done", "timeout")
    assert "logs.ndjson" in files_of(job)
    assert left_behind() == []


def test_a_playbook_that_cannot_be_played_is_an_error_of_its_own(sqlite_trials: Trials) -> None:
    job = sqlite_trials.ran("    - name: Nonsense\n      no_such_module_at_all:\n        a: 1\n")
    assert job.status == "ERROR"
    assert job.reason in {"playbook_error", "task_failed"}
    assert "no_such_module_at_all" in text_of(job)


@pytest.mark.parametrize(
    ("here", "says"),
    [
        ({"level": IsolationLevel.LANDLOCK, "bwrap": None}, "bwrap is required, landlock is what can be had"),
        ({"level": IsolationLevel.BWRAP, "guards": False}, "lets system calls wait"),
    ],
)
def test_a_job_that_demands_more_isolation_than_its_worker_has_never_begins(
    sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch, here: dict[str, Any], says: str
) -> None:
    monkeypatch.setenv("ORCH_MIN_ISOLATION_STAGE", "bwrap")
    settings.cache_clear()
    report = replace(probe(), **here)
    with patch.object(run, "probe", lambda: report), patch.object(runner, "probe", lambda: report):
        job = sqlite_trials.ran(GOOD, network="egress", default_environment="stage")
    assert (job.status, job.reason, job.environment) == ("ERROR", "isolation_unavailable", "stage")
    assert says in job.reason_detail
    assert [line.message for line in lines_of(job)] == [job.reason_detail]
    assert steps_of(job) == []
    for language in ("en", "pt-BR"):  # what the job page says above that sentence
        words = json.loads((ROOT / "orch_app" / "i18n" / f"{language}.json").read_text("utf-8"))
        assert words[f"reason.{job.reason}"]


def test_a_job_that_is_cancelled_while_it_is_prepared_never_begins(
    sqlite_trials: Trials, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, check_revision = sqlite_trials.launch(GOOD), preparation.check_revision

    def cancel_meanwhile(prepared: preparation.Prepared) -> Path:
        with unit_of_work() as session:
            service.cancel(session, operator, job.id)
        return check_revision(prepared)

    monkeypatch.setattr(preparation, "check_revision", cancel_meanwhile)
    run_job(job.id)
    assert (ending(fresh(job.id)), fresh(job.id).started) == (("CANCELED", "done", "canceled"), False)
    assert (acts_on(job), text_of(job)) == (["job.executed", "job.canceled", "job.finished"], "")
    assert left_behind() == []


def test_a_database_that_is_away_while_the_files_are_collected_interrupts_nothing(
    sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all, asked = store.read_all, list[str]()

    def away_once(session: Session, job_id: str) -> Iterator[Line]:
        asked.append(job_id)
        if len(asked) == 1:
            raise Unavailable("away", "database_unavailable")
        return read_all(session, job_id)

    monkeypatch.setattr(store, "read_all", away_once)
    monkeypatch.setattr(run, "RETRY_S", 0.01)
    job = sqlite_trials.ran(GOOD)
    assert (ending(job), len(asked), "logs.ndjson" in files_of(job)) == (("SUCCESS", "done", ""), 2, True)


def test_a_running_job_is_cancelled_in_the_middle(trials: Trials, operator: Actor) -> None:
    job = trials.launch(LONG)
    with running(job) as thread:
        with unit_of_work() as session:
            service.cancel(session, operator, job.id)
        Upkeep(slots).look_for_cancels()
        thread.join(DEADLINE_S)
    ended = fresh(job.id)
    assert (ending(ended), ended.canceled_by) == (("CANCELED", "done", "canceled"), "olga")
    assert acts_on(job) == ["job.executed", "job.canceled", "job.finished"]
    assert {step.status for step in steps_of(ended)} <= {"CANCELED", "SUCCESS"}
    assert "logs.ndjson" in files_of(ended)
    assert left_behind() == []


def test_a_worker_that_has_to_leave_marks_its_jobs_interrupted(sqlite_trials: Trials) -> None:
    job = sqlite_trials.launch(LONG)
    with running(job) as thread:
        slots.end_all(Reason.INTERRUPTED)
        thread.join(DEADLINE_S)
    ended = fresh(job.id)
    assert ending(ended) == ("ERROR", "done", "interrupted")
    assert "had been done stays done" in ended.reason_detail


@pytest.mark.parametrize(("choice", "expected"), [("interrupt", "ERROR"), ("retry", "PENDING")])
def test_a_worker_that_cannot_wait_for_a_play_settles_its_job_at_once(
    sqlite_trials: Trials, choice: str, expected: str
) -> None:
    job = sqlite_trials.launch(LONG, on_worker_loss=choice)
    with running(job) as thread:
        leave_running()
        assert fresh(job.id).status == expected
        thread.join(DEADLINE_S)
    left = fresh(job.id)
    assert (left.status, left.reason) == (expected, "interrupted" if expected == "ERROR" else "")
    assert files_of(job) == {}, "what ended meanwhile is no longer this worker's to keep"


def test_who_lost_the_claim_ends_the_play_and_writes_nothing_more(trials: Trials) -> None:
    job = trials.launch(LONG, on_worker_loss="retry")
    with running(job) as thread:
        another = take_over(job)
        Upkeep(slots).beat()
        thread.join(DEADLINE_S)
    left = fresh(job.id)
    assert (left.status, left.owner, left.fence, left.finished_at) == ("RUNNING", "w2", another.fence, None)
    assert (files_of(job), acts_on(job)) == ({}, ["job.executed"])
    assert not place_of(job).parent.exists()
    assert left_behind() == []


def take_over(job: Job) -> Claim:
    """What happens when the lease is over: the job is queued again, and another worker takes it."""
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job.id).values(lease_until=now_ms() - 1))
    with unit_of_work() as session:
        assert claims.settle_expired(session) == [job.id]
        held = claims.claim(session, job.id, "w2", "w2")
    assert held is not None
    return held


def test_jobs_of_one_worker_run_side_by_side_and_do_not_mix(sqlite_trials: Trials, admin: Actor) -> None:
    sqlite_trials.write("trial", GOOD)
    jobs = [launched(admin, "trial") for _ in range(3)]
    threads = [threading.Thread(target=run_job, args=(job.id,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    with reading() as session:
        found = session.exec(select(Job).order_by(col(Job.number))).all()
    assert [job.status for job in found] == ["SUCCESS"] * 3
    assert {job.id: len(steps_of(job)) for job in found} == {job.id: 2 for job in jobs}


def test_jobs_that_run_together_run_as_users_of_their_own(sqlite_trials: Trials) -> None:
    waiting = sqlite_trials.launch(GOOD)
    runbook = sqlite_trials.folder / "trial"
    with open_workspace(settings().data_dir, "job_other.1", runbook, probe().level) as other:
        job = ran(waiting)
    assert other.seat == 0
    expected = f"as user {settings().job_uid + 1}" if os.geteuid() == 0 else "as the worker's user"
    assert expected in text_of(job)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/the/secret/place"), "No space left on device"),
        (ValueError("secret"), "ValueError"),
    ],
)
def test_an_error_that_nobody_expected_ends_the_job_at_once_and_says_its_kind_only(
    sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    job = sqlite_trials.launch(WRITE)
    monkeypatch.setattr(run, "run_play", broken)
    run_job(job.id)
    ended = fresh(job.id)
    assert (ended.status, ended.reason) == ("ERROR", "internal_error")
    assert f"({said})" in ended.reason_detail
    assert ended.reason_detail in text_of(job)
    assert "secret" not in text_of(job)
    assert slots.all() == []
