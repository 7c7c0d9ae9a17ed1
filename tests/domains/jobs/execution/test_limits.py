"""A job as a whole has limits; each ends it with a reason of its own, and what ended for another reason keeps that."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.execution import IsolationRequest, LogLevel, PlayStatus, Reason
from orch_app.domains.jobs.execution.isolation import Limits
from orch_app.domains.jobs.execution.supervisor import Watch, descendants
from tests.domains.jobs.execution.conftest import Plays, Told

pytestmark = pytest.mark.integration

BOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Waste
      ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "{{ inputs.program }}"]
        chdir: "{{ orch.artifacts_dir }}"
"""

HOARD = "import time\nkept = []\nwhile True:\n    kept.append(b'x' * (8 << 20))\n    time.sleep(0.02)\n"
HOARD_AT_ONCE = "kept = []\nwhile True:\n    kept.append(b'x' * (64 << 20))\n"
SHARED_OUT = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        kept = b'x' * (60 << 20)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        time.sleep(0.05)
"""
ONE_FILE = "import time\nwith open('big', 'wb') as file:\n    while True:\n        file.write(b'x' * (1 << 20))\n"
MANY_FILES = """
for number in range(1000):
    with open(f'part-{number}', 'wb') as file:
        file.write(b'x' * (1 << 20))
import time; time.sleep(60)
"""
NAMELESS = """
import os, time
kept = []
for number in range(100):
    kept.append(open('ghost', 'wb', buffering=0))
    os.unlink('ghost')
    kept[-1].write(b'x' * (1 << 20))
time.sleep(60)
"""


def waste(plays: Plays, program: str, **limits: int) -> Told:
    request = IsolationRequest(limits=Limits(**limits))
    return plays.run(BOOK, inputs={"program": program}, isolation=request)


@pytest.mark.parametrize(
    ("program", "limits", "reason", "words"),
    [
        (HOARD, {"memory_mb": 256}, Reason.MEMORY_LIMIT, "256 MiB are allowed"),
        (HOARD_AT_ONCE, {"memory_mb": 256}, Reason.MEMORY_LIMIT, "256 MiB are allowed"),
        (SHARED_OUT, {"memory_mb": 256}, Reason.MEMORY_LIMIT, "256 MiB are allowed"),
        (BOMB, {"processes": 64}, Reason.PROCESS_LIMIT, "64 are allowed"),
        (ONE_FILE, {"file_mb": 32}, Reason.DISK_LIMIT, "(a file: 32)"),
        (MANY_FILES, {"disk_mb": 64}, Reason.DISK_LIMIT, "64 MiB are allowed"),
        (NAMELESS, {"disk_mb": 32}, Reason.DISK_LIMIT, "32 MiB are allowed"),
    ],
    ids=["memory", "memory at once", "memory of many", "processes", "one file", "many files", "nameless files"],
)
def test_each_limit_ends_the_job_with_its_own_reason(
    plays: Plays, program: str, limits: dict[str, int], reason: Reason, words: str
) -> None:
    told = waste(plays, program, **limits)
    assert (told.ended.status, told.ended.reason) == (PlayStatus.KILLED, reason), told.text
    assert words in told.ended.limit
    assert told.lines[-1].level is LogLevel.ERROR
    assert told.lines[-1].message == told.ended.limit


def test_a_play_that_fails_below_its_limits_failed_by_itself(plays: Plays) -> None:
    told = waste(plays, "raise SystemExit(3)", memory_mb=512)
    assert (told.ended.status, told.ended.reason, told.ended.limit) == (PlayStatus.FAILED, Reason.TASK_FAILED, "")


def test_memory_that_processes_share_counts_once(plays: Plays) -> None:
    program = (
        "import os, time\nkept = b'x' * (150 << 20)\nchildren = []\nfor _ in range(8):\n    pid = os.fork()\n"
        "    if pid == 0:\n        time.sleep(2); os._exit(0)\n    children.append(pid)\n"
        "for pid in children:\n    os.waitpid(pid, 0)\n"
    )
    assert waste(plays, program, memory_mb=512).ended.status is PlayStatus.SUCCESSFUL


def test_a_flood_of_lines_is_ended_and_does_not_fill_the_reader(plays: Plays, tmp_path: Path) -> None:
    """The reader is a process of its own here, so that its memory can be seen: `getrusage` would tell ours, too."""
    done = subprocess.run(
        [sys.executable, "-c", FLOODED, str(tmp_path), plays.engine.name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    got: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert got["reason"] == "output_limit"
    assert got["rss_mb"] < 300


FLOODED = """
import json, sys, threading
from pathlib import Path
from orch_app.domains.jobs.execution import (
    IsolationRequest, JobFacts, Limits, PlainEngine, PlaySpec, WarmEngine, WarmServers, open_workspace, probe, run_play)
folder = Path(sys.argv[1])
book = '''
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "{{ lookup('flood') }}"}
'''
plugin = '''
import os
from ansible.plugins.lookup import LookupBase
class LookupModule(LookupBase):
    def run(self, terms, variables=None, **words):
        out = int(os.environ["ORCH_EVENTS_FD"])
        chunk = b"line of a flood, one of very many\\\\n" * 5000
        for _ in range(1000):
            left = chunk
            while left:
                left = left[os.write(out, left):]
        return ["done"]
'''
runbook = folder / "book"
(runbook / "lookup_plugins").mkdir(parents=True)
(runbook / "playbook.yml").write_text(book)
(runbook / "lookup_plugins" / "flood.py").write_text(plugin)
engine = WarmEngine(WarmServers(folder / "warm")) if sys.argv[2] == "warm" else PlainEngine()
with open_workspace(folder, "job_1.1", runbook, probe().level) as workspace:
    facts = JobFacts("job_1", "x", "1.0.0", "apply", "stage")
    spec = PlaySpec(workspace, facts, isolation=IsolationRequest(limits=Limits(log_mb=24)))
    ended = run_play(spec, on_event=lambda batch: None, cancel=threading.Event(), engine=engine)
most = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"reason": ended.reason, "rss_mb": int(most.split()[1]) >> 10}))
"""


class TestWatch:
    """The watch itself, over processes and files of this test."""

    LIMITS = {"memory_kb": 1 << 30, "processes": 1000, "disk_kb": 1 << 30, "file_kb": 1 << 30, "folders": []}

    def test_it_finds_nothing_while_all_limits_hold(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"x" * 10)
        watch = Watch({**self.LIMITS, "folders": [str(tmp_path)]})
        assert not watch.look([os.getpid(), *descendants(os.getpid())])
        watch.look_back(100)
        assert watch.exceeded is None

    def test_it_takes_a_very_deep_folder_for_too_much(self, tmp_path: Path) -> None:
        here = os.open(tmp_path, os.O_RDONLY)
        for _ in range(20):
            os.mkdir("d" * 250, dir_fd=here)
            here, gone = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
            os.close(gone)
        os.close(here)
        watch = Watch({**self.LIMITS, "folders": [str(tmp_path)]})
        assert watch.look([])
        assert watch.exceeded is not None
        assert watch.exceeded[0] == "disk_limit"

    def test_it_takes_a_peak_that_it_did_not_see_from_the_kernels_account(self) -> None:
        watch = Watch({**self.LIMITS, "memory_kb": 1000})
        watch.look_back(1200)
        assert watch.exceeded == ("memory_limit", 1200)

    def test_a_process_that_is_gone_uses_nothing(self) -> None:
        assert not Watch(self.LIMITS).look([2**22 - 1])
