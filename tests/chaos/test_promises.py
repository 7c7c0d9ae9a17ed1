"""Cancels at any moment, and a full disk, for real."""

import random
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs import claims, service
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.log import store
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.writer import LogWriter
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks import service as runbooks
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Unavailable
from orch_app.kit.settings import settings
from tests.chaos.ledger import Ledger, ledger_server
from tests.chaos.workers import ME, Fleet, all_ended, descendants_of, jobs_of, wait_for
from tests.systems.processes import program
from tests.systems.product import bound_to, migrate_new

SEED = 20261121
CANCELS = 6
BROOD = """
- name: Leave processes behind
  hosts: localhost
  gather_facts: false
  tasks:
    - name: One that has left its family
      ansible.builtin.command:
        argv:
          - "{{ ansible_playbook_python }}"
          - -c
          - "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0);
             os.closerange(0, 3); time.sleep(1000)"
          - "{{ orch.job_id }}"
    - name: One in the background
      ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "import time; time.sleep(1000)", "{{ orch.job_id }}"]
      async: 1000
      poll: 0
    - name: And one that is waited for
      ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "import time; time.sleep(1000)", "{{ orch.job_id }}"]
"""


def has_more_than(job: str, most: int) -> bool:
    return len(descendants_of(job)) > most


def test_what_is_cancelled_at_any_moment_has_stopped_with_all_it_has_started(fleet: Fleet, ledger: Ledger) -> None:
    dice = random.Random(SEED)
    folder = ledger.write_runbook(settings().runbooks_dir, name="brood") / "brood"
    (folder / "playbook.yml").write_text(BROOD.lstrip(), "utf-8")
    with unit_of_work() as session:
        runbooks.sync(session, ME)
    jobs = fleet.launch(CANCELS, "brood")
    fleet.start()
    pause = threading.Event()
    for number, job in enumerate(jobs):
        if number % 3:  # some before they begin, some with one process, some with more
            wait_for(partial(has_more_than, job, number % 3), "its processes live")
        pause.wait(dice.random())
        with unit_of_work() as session:
            service.cancel(session, ME, job)
    wait_for(lambda: all_ended(jobs), f"all have ended\n{fleet.log()[-2000:]}")
    assert [descendants_of(job) for job in jobs] == [[]] * CANCELS
    assert [job.status for job in jobs_of(jobs)] == ["CANCELED"] * CANCELS


def number_of_jobs() -> int:
    with reading() as session:
        return session.exec(select(func.count(col(Job.id)))).one()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A data folder on a disk of its own, of 16 MiB, with a migrated database."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run([program("mount"), "-t", "tmpfs", "-o", "size=16m", "none", folder], check=True)
    try:
        migrate_new(folder, "")
        with ledger_server() as ledger:
            catalogue = ledger.write_runbook(tmp_path / "runbooks")
            with bound_to(folder, ORCH_RUNBOOKS_DIR=str(catalogue), ORCH_MIN_FREE_MB="0"):
                with unit_of_work() as session:
                    runbooks.sync(session, COMMAND_LINE)
                yield folder
    finally:
        subprocess.run([program("umount"), folder], check=True)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def launch() -> str:
    with unit_of_work() as session:
        return service.launch(session, ME, service.Order("effect")).id


def launch_many(count: int) -> None:
    for _ in range(count):
        launch()


def test_a_full_disk_refuses_new_work_and_loses_nothing_that_was_said(small_disk: Path) -> None:
    job_id = launch()
    with unit_of_work() as session:
        held = claims.claim(session, job_id, "w", "w")
    assert isinstance(held, Claim)
    writer = LogWriter(held, 0, lambda: None)
    ballast = fill(small_disk)
    with pytest.raises(Unavailable):
        launch_many(50)
    at = datetime.now(UTC)
    for first in range(1, 5_001, 100):
        writer.add([Line(n, at, "info", "", "", f"line {n} " + "x" * 100) for n in range(first, first + 100)])
    threading.Event().wait(1)
    before = number_of_jobs()
    ballast.unlink()
    writer.close()
    with reading() as session:
        lines = [line.message.split(" x")[0] for line in store.read_all(session, job_id)]
    assert lines == [f"line {n}" for n in range(1, 5_001)]
    launch()
    assert number_of_jobs() == before + 1
