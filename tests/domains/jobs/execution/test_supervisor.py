"""Nothing a play has started outlives its worker, its end, or a cancel, at any isolation level."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from orch_app.domains.jobs.execution import IsolationLevel, supervisor
from tests.domains.jobs.execution.conftest import possible_levels

pytestmark = pytest.mark.integration

DEADLINE_S = 20

ESCAPE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", sys.argv[1]])
    os._exit(0)
open(sys.argv[2], "w").close()
time.sleep(600) if sys.argv[3] == "stay" else None
"""

WORKER = """
import dataclasses, sys, threading
from pathlib import Path
from uuid import uuid4
from orch_app.domains.jobs.execution import (
    JobFacts, IsolationLevel, PlainEngine, PlaySpec, WarmEngine, WarmServers, open_workspace, probe, run_play)
level, folder, runbook = IsolationLevel(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
report = dataclasses.replace(probe(), level=level)
engine = WarmEngine(WarmServers(folder / "warm")) if sys.argv[4] == "warm" else PlainEngine()
with open_workspace(folder, "job_1.1", runbook, level) as workspace:
    spec = PlaySpec(workspace, JobFacts("job_1", "x", "1.0.0", "apply", "stage"))
    run_play(spec, on_event=lambda batch: None, cancel=threading.Event(), report=report, engine=engine)
"""

BOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: {argv: [sleep, "%(seconds)s"]}
      async: 3000
      poll: 0
    - ansible.builtin.shell: "setsid -f sleep %(seconds)s; sleep %(seconds)s"
"""


def sleepers(seconds: str) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if words[:2] == [b"sleep", seconds.encode()]:
            found.append(int(entry.name))
    return found


@pytest.fixture
def seconds() -> str:
    """A time to sleep that no other process on this machine sleeps."""
    return str(10**6 + uuid4().int % 10**9)


def wait_until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.01)


class Supervised:
    """A supervisor with a play of our own, held by its lifeline."""

    def __init__(self, argv: list[str], *, grace_s: float = 0.5) -> None:
        self.lifeline, other = socket.socketpair()
        self.events, write = os.pipe()
        program = [sys.executable, "-I", "-S", "-E", supervisor.__file__, *argv]
        self.process = subprocess.Popen(program, stdin=other.fileno(), stdout=subprocess.DEVNULL)
        order = {"prefix": [], "grace_s": grace_s, "shielded": False}
        socket.send_fds(self.lifeline, [json.dumps(order).encode() + b"\n"], [write])
        other.close()
        os.close(write)

    def report(self) -> dict[str, object]:
        """Everything the supervisor has said, once it has ended."""
        self.process.wait(DEADLINE_S)
        told: dict[str, object] = {}
        with self.lifeline.makefile() as file:
            for line in file:
                told.update(json.loads(line))
        self.close()
        return told

    def close(self) -> None:
        self.lifeline.close()
        os.close(self.events)


def escaping(tmp_path: Path, seconds: str, then: str) -> list[str]:
    return [sys.executable, "-c", ESCAPE, seconds, str(tmp_path / "ready"), then]


def test_the_exit_code_and_the_cost_are_reported() -> None:
    told = Supervised(["/bin/sh", "-c", "exit 7"]).report()
    assert told["rc"] == 7
    assert told["forced"] is False
    assert isinstance(told["cpu_s"], float)


def test_death_by_a_signal_is_reported_as_a_shell_would() -> None:
    assert Supervised(["/bin/sh", "-c", "kill -9 $$"]).report()["rc"] == 128 + 9


def test_a_program_that_does_not_exist_is_an_error() -> None:
    assert Supervised(["/no/such/program"]).report()["rc"] == 127


def test_what_a_play_leaves_behind_ends_with_it(tmp_path: Path, seconds: str) -> None:
    assert Supervised(escaping(tmp_path, seconds, "leave")).report()["rc"] == 0
    assert not sleepers(seconds)


def test_a_polite_end_becomes_force_after_the_grace(tmp_path: Path, seconds: str) -> None:
    play = Supervised(escaping(tmp_path, seconds, "stay"))
    wait_until((tmp_path / "ready").exists)
    wait_until(lambda: sleepers(seconds))
    play.lifeline.send(b"T")
    assert play.report()["forced"] is True
    assert not sleepers(seconds)


def test_the_end_of_the_lifeline_ends_everything(tmp_path: Path, seconds: str) -> None:
    play = Supervised(escaping(tmp_path, seconds, "stay"), grace_s=600)
    wait_until(lambda: sleepers(seconds))
    play.close()
    play.process.wait(DEADLINE_S)
    assert not sleepers(seconds)


@pytest.mark.parametrize("engine", ["plain", "warm"])
@pytest.mark.parametrize("level", possible_levels())
def test_nothing_survives_a_killed_worker(tmp_path: Path, seconds: str, level: IsolationLevel, engine: str) -> None:
    runbook = tmp_path / "runbook"
    runbook.mkdir()
    (runbook / "playbook.yml").write_text(BOOK % {"seconds": seconds})
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, level, str(tmp_path / "data"), str(runbook), engine],
        cwd=Path(__file__).parents[4],
    )
    wait_until(lambda: len(sleepers(seconds)) == 3)
    worker.send_signal(signal.SIGKILL)
    worker.wait(DEADLINE_S)
    wait_until(lambda: not sleepers(seconds))
