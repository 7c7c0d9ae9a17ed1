"""The supervisor with real processes: they are watched, started again, and never outlive `up`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.launcher import supervise
from tools.launcher.supervise import Part, Supervisor

PATIENCE_S = 60
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys, time; c = subprocess.Popen(['sleep', '600']); print(c.pid, flush=True); time.sleep(600)"
)


@contextmanager
def supervised(tmp_path: Path, *codes: str) -> Iterator[tuple[Supervisor, list[str]]]:
    said: list[str] = []
    parts = [Part(f"part{number}", [sys.executable, "-c", code], os.environ) for number, code in enumerate(codes)]
    supervisor = Supervisor(parts, folder=tmp_path, logs=tmp_path / "log", say=said.append)
    supervisor.start()
    try:
        yield supervisor, said
    finally:
        supervisor.stop(lambda: True)


def turn_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        supervisor.turn(0.05)


def exists(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected by its parent has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def number_in(text: str) -> int:
    return int(text.rpartition("|")[2])


def test_what_a_part_prints_is_passed_on_and_kept(tmp_path: Path):
    with supervised(tmp_path, "print('one'); print('  inside'); import time; time.sleep(600)") as (supervisor, said):
        turn_until(supervisor, lambda: "inside" in (tmp_path / "log/part0.log").read_text())
        assert said == ["part0 | one"]


def test_a_part_that_dies_is_started_again_and_up_says_how_it_ended(tmp_path: Path):
    with supervised(tmp_path, "print('up', flush=True); raise SystemExit(7)") as (supervisor, said):
        turn_until(supervisor, lambda: said.count("part0 | up") == 3)
    ends = [line for line in said if "exit code 7" in line]
    assert "0.5 s" in ends[0]
    assert "in 1 s" in ends[1]


def test_a_killed_part_takes_its_children_along(tmp_path: Path):
    with supervised(tmp_path, PARENT) as (supervisor, said):
        turn_until(supervisor, lambda: bool(said))
        child = number_in(said[0])
        process = supervisor.parts[0].process
        assert process
        process.kill()
        turn_until(supervisor, lambda: any("SIGKILL" in line for line in said))
        turn_until(supervisor, lambda: not exists(child))


REFUSES = f"print('no such folder', flush=True); raise SystemExit({supervise.EXIT_REFUSED})"


def test_a_part_that_cannot_start_is_not_started_again(tmp_path: Path):
    with supervised(tmp_path, REFUSES) as (supervisor, said):
        turn_until(supervisor, lambda: supervisor.refused is not None)
        assert supervisor.parts[0].due is None
        assert said == ["part0 | no such folder"]


def test_a_part_that_refuses_after_all_were_ready_is_started_again(tmp_path: Path):
    with supervised(tmp_path, REFUSES) as (supervisor, said):
        supervisor.has_been_ready = True
        turn_until(supervisor, lambda: said.count("part0 | no such folder") == 2)
        assert supervisor.refused is None
        assert any("starting it again" in line for line in said)


def test_a_part_that_does_not_end_is_killed(tmp_path: Path):
    with supervised(tmp_path, STUBBORN) as (supervisor, said):
        turn_until(supervisor, lambda: bool(said))
        process = supervisor.parts[0].process
        assert process
        supervisor.stop(lambda: True)
        assert process.returncode == -signal.SIGKILL
        assert any("did not end in time" in line for line in said)


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path):
    code = f"""
import os, sys
from functools import partial
from pathlib import Path
from tools.launcher.supervise import Part, Supervisor
folder = Path({str(tmp_path)!r})
child = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
part = Part("part", [sys.executable, "-c", child], os.environ)
supervisor = Supervisor([part], folder=folder, logs=folder, say=partial(print, flush=True))
supervisor.start()
while True:
    supervisor.turn(0.1)
"""
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = number_in(process.stdout.readline())
        assert exists(child)
        process.kill()
    deadline = time.monotonic() + PATIENCE_S
    while exists(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_pause_grows_to_its_limit_and_no_further(tmp_path: Path):
    part = Part("part", [], {})
    pauses = []
    for _ in range(9):
        pauses.append(part.pause_s)
        part.lengthen()
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_ends_are_told_in_words():
    assert supervise.describe(3) == "ended with exit code 3"
    assert supervise.describe(-9) == "was ended by SIGKILL"
    assert supervise.describe(-99) == "was ended by signal 99"
