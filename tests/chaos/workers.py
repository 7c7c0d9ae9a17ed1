"""Real worker processes that can be killed and started again, and jobs that are launched around them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import is_terminal
from orch_app.domains.runbooks import service as runbooks
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import ROOT, settings

DEADLINE_S = 240.0
ME = Actor("user", "usr_chaos", "chaos", Role.ADMIN)


@dataclass
class Fleet:
    """The workers of one test."""

    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, count: int = 1, crash_at: str = "") -> None:
        """Start workers; they inherit the settings of this process, and kill themselves at the named place."""
        log = (settings().data_dir / "workers.log").open("ab")
        with log:
            for _ in range(count):
                argv = ["env", f"ORCH_CRASH_AT={crash_at}", sys.executable, "-m", "orch_app.cli", "worker"]
                self.workers.append(subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=log, stdout=log))

    def kill(self, index: int = 0) -> None:
        """SIGKILL: no handler runs."""
        worker = self.workers.pop(index)
        worker.kill()
        worker.wait()

    def stop(self) -> None:
        """SIGTERM to all, and wait."""
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            worker.wait(DEADLINE_S)
        self.workers.clear()

    def launch(self, count: int, runbook: str = "effect") -> list[str]:
        """Launch jobs of this runbook."""
        with unit_of_work() as session:
            return [service.launch(session, ME, service.Order(runbook)).id for _ in range(count)]

    def log(self) -> str:
        return (settings().data_dir / "workers.log").read_text("utf-8", "replace")


@contextmanager
def fleet_of() -> Iterator[Fleet]:
    install_bell(lambda _name, _payload: None, lambda: True)  # the sweep rings: a lost bell is part of the chaos
    with unit_of_work() as session:
        runbooks.sync(session, ME)
    fleet = Fleet()
    try:
        yield fleet
    finally:
        for worker in fleet.workers:
            worker.kill()
            worker.wait()


def jobs_of(ids: list[str]) -> list[Job]:
    with reading() as session:
        return [session.exec(select(Job).where(Job.id == job_id)).one() for job_id in ids]


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Look again until it is so; fails after a generous deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


def all_ended(ids: list[str]) -> bool:
    return all(is_terminal(job.status) for job in jobs_of(ids))


def descendants_of(marker: str) -> list[int]:
    """Processes whose command line names this text."""
    return [process.pid for process in psutil.process_iter() if marker in " ".join(_argv(process))]


def _argv(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
