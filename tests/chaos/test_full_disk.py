"""Disks without one free byte: new work is refused, what was said is kept, and with room everything goes on."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from orch_app.domains.jobs import claims, service
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.log import store
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.writer import LogWriter
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Unavailable
from tests.chaos.disks import fill, small_disk
from tests.chaos.full_disk import fill_up
from tests.chaos.ledger import ledger_server
from tests.chaos.parts import synchronise
from tests.chaos.verdict import demand_kept
from tests.chaos.workers import ME
from tests.systems.product import bound_to, migrate_new

SEED = 20_261_122
LENGTHS_S = (3.0, 4.0)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("backend", "disks"), [("sqlite", ["data"]), ("postgres", ["data", "cluster"])])
def test_full_disks_refuse_new_work_and_lose_nothing_that_was_said(backend: str, disks: list[str]) -> None:
    verdict = fill_up(backend, SEED, len(disks), lengths_s=LENGTHS_S, every_s=3)
    demand_kept(verdict.promises, verdict.faults)
    assert verdict.promises
    assert [verdict.figures[f"fills of the disk of {name}"] for name in disks] == [1] * len(disks)


def number_of_jobs() -> int:
    with reading() as session:
        return session.exec(select(func.count(col(Job.id)))).one()


@pytest.fixture
def full_soon(tmp_path: Path) -> Iterator[Path]:
    """A data folder on a disk of its own, of 16 MiB, with a migrated database."""
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk(folder, 16), ledger_server() as ledger:
        migrate_new(folder, "")
        catalogue = ledger.write_runbook(tmp_path / "runbooks")
        with bound_to(folder, ORCH_RUNBOOKS_DIR=str(catalogue), ORCH_MIN_FREE_MB="0"):
            synchronise()
            yield folder


def launch() -> str:
    with unit_of_work() as session:
        return service.launch(session, ME, service.Order("effect")).id


def launch_many(count: int) -> None:
    for _ in range(count):
        launch()


def test_lines_that_come_while_the_disk_is_full_are_stored_when_there_is_room(full_soon: Path) -> None:
    job_id = launch()
    with unit_of_work() as session:
        held = claims.claim(session, job_id, "w", "w")
    assert isinstance(held, Claim)
    writer = LogWriter(held, 0, lambda: None)
    ballast = fill(full_soon)
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
