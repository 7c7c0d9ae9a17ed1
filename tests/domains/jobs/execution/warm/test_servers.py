"""Warm servers come and go; what happens to a play then, and that it never depends on them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest

from orch_app.domains.jobs.execution import IsolationLevel, PlayStatus, Reason, WarmEngine, WarmServers, supervisor
from orch_app.domains.jobs.execution.isolation import launcher
from orch_app.domains.jobs.execution.warm import servers
from tests.domains.jobs.execution.conftest import Plays, Told, possible_levels
from tests.domains.jobs.execution.test_supervisor import sleepers, wait_until

HELLO = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: hello}\n"
SLEEP = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: "setsid -f sleep {seconds}; while [ ! -e {go} ]; do sleep 0.1; done"
"""
MakePlays = Callable[..., tuple[Plays, WarmServers]]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[MakePlays]:
    """`fresh(jobs=2)`: plays with warm servers of their own."""
    made: list[WarmServers] = []

    def make(**limits: int) -> tuple[Plays, WarmServers]:
        made.append(WarmServers(tmp_path / "warm", **limits))
        return Plays(tmp_path, WarmEngine(made[-1])), made[-1]

    yield make
    for one in made:
        one.close()


def in_background(plays: Plays, book: str, level: IsolationLevel) -> tuple[threading.Thread, list[Told]]:
    told: list[Told] = []
    thread = threading.Thread(target=lambda: told.append(plays.run(book, level=level)))
    thread.start()
    return thread, told


def supervisors(server: int) -> list[int]:
    return supervisor.children(server)


def test_a_play_is_forked_from_a_server_that_stays(fresh: MakePlays) -> None:
    plays, warm = fresh()
    first = plays.run(HELLO).ended
    server = warm.pids()
    second = plays.run(HELLO).ended
    assert (first.engine, second.engine) == ("warm", "warm")
    assert warm.pids() == server


def test_a_server_is_replaced_after_its_share_of_jobs(fresh: MakePlays) -> None:
    plays, warm = fresh(jobs=2)
    seen = [(plays.run(HELLO).ended.engine, warm.pids()[0]) for _ in range(3)]
    assert [engine for engine, _ in seen] == ["warm"] * 3
    assert seen[0][1] == seen[1][1] != seen[2][1]


def test_a_server_that_has_grown_is_replaced(fresh: MakePlays) -> None:
    plays, warm = fresh(max_rss_mb=1)
    plays.run(HELLO)
    before = warm.pids()
    assert plays.run(HELLO).ended.engine == "warm"
    assert warm.pids() != before


def test_a_dead_server_is_replaced(fresh: MakePlays) -> None:
    plays, warm = fresh()
    plays.run(HELLO)
    (server,) = warm.pids()
    os.kill(server, signal.SIGKILL)
    assert plays.run(HELLO).ended.engine == "warm"
    assert warm.pids() != [server]


def test_a_server_that_stands_still_is_ended_and_replaced(fresh: MakePlays) -> None:
    plays, warm = fresh()
    with patch.object(servers, "_ANSWER_S", 0.5):
        plays.run(HELLO)
        (server,) = warm.pids()
        os.kill(server, signal.SIGSTOP)
        assert plays.run(HELLO).ended.engine == "warm"
    assert warm.pids() != [server]
    wait_until(lambda: not Path(f"/proc/{server}/cmdline").read_bytes())  # ended; the next job reaps it


def test_every_configuration_has_its_own_server_and_few_are_kept(fresh: MakePlays) -> None:
    plays, warm = fresh(count=2)
    secret = HELLO.replace("hello", "'{{ inputs.word }}'")
    open_play = plays.run(secret, inputs={"word": "visible-word"})
    hidden = plays.run(secret, inputs={"word": "visible-word"}, environment={"ANSIBLE_NO_LOG": "1"})
    free = plays.run(HELLO, strategy="free")
    assert "visible-word" in open_play.text
    assert "visible-word" not in hidden.text
    assert [told.ended.engine for told in (open_play, hidden, free)] == ["warm"] * 3
    assert len(warm.pids()) == 2


@pytest.mark.parametrize("level", possible_levels())
def test_a_play_goes_on_without_its_server(fresh: MakePlays, tmp_path: Path, level: IsolationLevel) -> None:
    plays, warm = fresh()
    seconds = str(10**6 + uuid4().int % 10**9)
    book = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: {argv: [sleep, '2.%s']}\n"
    thread, told = in_background(plays, book % seconds, level)
    wait_until(lambda: sleepers("2." + seconds))
    os.kill(warm.pids()[0], signal.SIGKILL)
    thread.join()
    assert told[0].ended.status is PlayStatus.SUCCESSFUL, told[0].text
    assert plays.run(HELLO, level=level).ended.engine == "warm"


@pytest.mark.parametrize("level", possible_levels())
def test_a_killed_supervisor_takes_its_play_along(fresh: MakePlays, level: IsolationLevel) -> None:
    plays, warm = fresh()
    seconds = str(10**6 + uuid4().int % 10**9)
    book = SLEEP.format(seconds=seconds, go="/no/such/file")
    thread, told = in_background(plays, book, level)
    wait_until(lambda: sleepers(seconds))
    os.kill(supervisors(warm.pids()[0])[0], signal.SIGKILL)
    thread.join()
    assert (told[0].ended.status, told[0].ended.reason) == (PlayStatus.KILLED, Reason.INTERRUPTED)
    wait_until(lambda: not sleepers(seconds))


def test_without_a_server_a_plain_process_runs_the_play_and_the_log_says_so(fresh: MakePlays, tmp_path: Path) -> None:
    plays, _ = fresh()
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)\n")
    with patch.object(servers, "_PROGRAM", broken):
        told = plays.run(HELLO)
    assert (told.ended.engine, told.ended.status) == ("plain", PlayStatus.SUCCESSFUL)
    assert "a plain process does: the fork-server did not start" in told.text


def test_a_sandbox_that_cannot_be_made_is_refused_before_the_play(fresh: MakePlays) -> None:
    plays, _ = fresh()
    real = launcher._sandbox

    def impossible(*given: Any, own_net: bool) -> launcher.Sandbox:
        made = real(*given, own_net=own_net)
        return {**made, "steps": [*made["steps"], ("read", "/no/such/place", "/no/such/place")]}

    with patch.object(launcher, "_sandbox", impossible):
        told = plays.run(HELLO, level=IsolationLevel.BWRAP)
    assert told.ended.engine == "plain"
    assert "No such file or directory" in told.text
    assert told.text.count("hello") == 1


def test_a_server_ends_with_its_worker(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from orch_app.domains.jobs.execution.warm import Profile, WarmServers\n"
        "warm = WarmServers(Path(sys.argv[1]))\nwarm.warm_up(Profile('[defaults]\\n'))\n"
        "print(warm.pids()[0], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    server = int(ended.stdout)
    wait_until(lambda: not Path(f"/proc/{server}").exists())
