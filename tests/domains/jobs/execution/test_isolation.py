"""A play sees its own things and nothing else: a hostile program tries, and reports what it got."""

import json
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.execution import (
    IsolationLevel,
    IsolationRequest,
    IsolationUnavailable,
    Network,
    PlayStatus,
    Profile,
    probe,
)
from orch_app.domains.jobs.execution.isolation import JobView, job_uid, prepare_launch
from orch_app.domains.jobs.execution.isolation.launcher import _all_except
from orch_app.domains.jobs.execution.isolation.probe import check
from tests.domains.jobs.execution.conftest import Plays, possible_levels, report_at

pytestmark = pytest.mark.integration

CANARY = "the-canary-nobody-may-see"
STRONG = [level for level in possible_levels() if level is not IsolationLevel.RLIMITS]

HOSTILE = """
import ctypes, json, os, resource, socket, sys
given = json.loads(sys.argv[1])
def attempt(action):
    try: return str(action())[:2000]
    except BaseException as error: return "refused: " + type(error).__name__
def status(name):
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name + ":"))
libc = ctypes.CDLL(None, use_errno=True)
got = {path: attempt(lambda: open(path, errors="replace").read()) for path in given["read"]}
got |= {"list " + path: attempt(lambda: os.listdir(path)) for path in given["list"]}
got |= {"write " + path: attempt(lambda: open(os.path.join(path, "x"), "w").write("x")) for path in given["write"]}
got |= {
    "connect " + path: attempt(lambda: socket.socket(socket.AF_UNIX).connect(path) or "connected")
    for path in given.get("connect", ())
}
got["kill"] = attempt(lambda: os.kill(given["pid"], 0))
got["ptrace"] = libc.ptrace(16, given["pid"], 0, 0)
got["mount"] = libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
got["caps"], got["privileges"] = status("CapEff"), status("NoNewPrivs")
got["bounding"] = status("CapBnd")
got["uid"] = os.getuid()
got["pids"] = len([name for name in attempt(lambda: os.listdir("/proc")).split(",") if name.strip(" '").isdigit()])
got["interfaces"] = attempt(socket.if_nameindex)
got["core"] = resource.getrlimit(resource.RLIMIT_CORE)[1]
got["hostname"] = attempt(lambda: open("/etc/shells").read())
print(json.dumps(got))
"""

BOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "{{ inputs.program }}", "{{ inputs.given | to_json }}"]
        chdir: "{{ orch.artifacts_dir }}"
"""


class Prey:
    """A data folder as a worker has it, with a canary in everything a job must not read."""

    def __init__(self, plays: Plays) -> None:
        self.data = plays.folder / "data"
        self.key = self._plant("keys/master.key")
        self.database = self._plant("orch.db")
        self.other_job = self._plant("jobs-run/job_other.1/env/extravars")
        self.environ = f"/proc/{os.getpid()}/environ"

    def _plant(self, name: str) -> Path:
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
        return path

    def given(self, **more: Any) -> dict[str, Any]:
        return {
            "read": [str(self.key), str(self.database), str(self.other_job), self.environ, "/etc/shadow"],
            "list": [str(self.data), str(self.data / "jobs-run"), "/root", str(Path.cwd())],
            "write": ["/", "/etc", "/usr/local", str(self.data), str(Path.cwd())],
            "pid": os.getpid(),
            **more,
        }


@pytest.fixture(scope="module")
def prey(plays: Plays) -> Prey:
    return Prey(plays)


def attack(plays: Plays, level: IsolationLevel, given: dict[str, Any], request: IsolationRequest) -> dict[str, Any]:
    told = plays.run(BOOK, level=level, inputs={"program": HOSTILE, "given": given}, isolation=request)
    assert told.ended.status is PlayStatus.SUCCESSFUL, told.text
    assert told.ended.isolation is level
    return json.loads(next(line.message for line in told.lines if line.message.startswith('{"')))


@pytest.mark.parametrize("level", STRONG)
def test_a_hostile_play_gets_nothing(plays: Plays, prey: Prey, level: IsolationLevel) -> None:
    got = attack(plays, level, prey.given(), IsolationRequest())
    assert CANARY not in json.dumps(got)
    for what in (str(prey.key), str(prey.database), str(prey.other_job), prey.environ, "/etc/shadow"):
        assert got[what].startswith("refused"), what
    for folder in ("/", "/etc", "/usr/local", str(prey.data), str(Path.cwd())):
        assert got[f"write {folder}"].startswith("refused"), folder
    assert "jobs-run" not in got[f"list {Path.cwd()}"]
    assert "job_other.1" not in got[f"list {prey.data / 'jobs-run'}"]
    assert got["kill"].startswith("refused")
    assert (got["ptrace"], got["mount"]) == (-1, -1)
    assert int(got["caps"], 16) == 0
    assert got["privileges"] == "1"
    assert got["core"] == 0


class TestSandbox:
    """What only namespaces can do; needs a machine where bubblewrap works, as `./orch test` sees to."""

    def test_it_sees_no_process_of_the_host_and_no_network_when_none_is_asked_for(
        self, plays: Plays, prey: Prey
    ) -> None:
        request = IsolationRequest(network=Network.NONE, seat=2)
        got = attack(plays, IsolationLevel.BWRAP, prey.given(), request)
        assert 0 < got["pids"] < 20
        assert got["interfaces"] == "[(1, 'lo')]"
        assert got["uid"] == (61002 if os.geteuid() == 0 else os.geteuid())
        assert str(prey.data) not in got["list /root"]

    def test_a_socket_of_its_connections_is_in_reach_and_no_other_file_of_that_name(
        self, plays: Plays, prey: Prey, tmp_path: Path
    ) -> None:
        ours, theirs, none = (tmp_path / name for name in ("ours.sock", "theirs.sock", "none.sock"))
        with socket.socket(socket.AF_UNIX) as engine, socket.socket(socket.AF_UNIX) as other:
            for place, listening in ((ours, engine), (theirs, other)):
                listening.bind(str(place))
                listening.listen()
                place.chmod(0o660)
                if os.geteuid() == 0:
                    os.chown(place, 0, 61999)
            request = IsolationRequest(sockets=(ours, none, prey.key), network=Network.NONE)
            paths = [str(ours), str(theirs), str(none)]
            got = attack(plays, IsolationLevel.BWRAP, prey.given(connect=paths), request)
        assert [got[f"connect {path}"] for path in paths] == [
            "connected",
            "refused: FileNotFoundError",
            "refused: FileNotFoundError",
        ]
        assert got[str(prey.key)].startswith("refused")

    def test_the_declared_view_of_the_host_shows_processes_and_files_but_no_secret(
        self, plays: Plays, prey: Prey
    ) -> None:
        request = IsolationRequest(profile=Profile.HOST_VIEW, hidden=(prey.data, Path.cwd() / "var"))
        own = f"/proc/{os.getpid()}"
        got = attack(plays, IsolationLevel.BWRAP, prey.given(list=[own]), request)
        assert "cmdline" in got[f"list {own}"]
        assert "/bin/sh" in got["hostname"]
        assert CANARY not in json.dumps(got)
        for what in (str(prey.key), str(prey.database), str(prey.other_job), prey.environ, "/etc/shadow"):
            assert got[what].startswith("refused"), what
        for folder in ("/", "/etc", "/usr/local", str(Path.cwd())):
            assert got[f"write {folder}"].startswith("refused"), folder
        assert got["kill"].startswith("refused")
        assert got["ptrace"] == -1


def test_rights_are_gone_at_the_weakest_level(plays: Plays, prey: Prey) -> None:
    got = attack(plays, IsolationLevel.RLIMITS, prey.given(read=[], list=[], write=[]), IsolationRequest())
    assert int(got["caps"], 16) == 0
    assert int(got["bounding"], 16) == 0 or os.geteuid() != 0
    assert got["privileges"] == "1"


def test_a_job_is_refused_below_its_minimum(plays: Plays) -> None:
    request = IsolationRequest(minimum=IsolationLevel.BWRAP)
    with pytest.raises(IsolationUnavailable, match="bwrap is required, rlimits"):
        plays.run("- hosts: all\n", level=IsolationLevel.RLIMITS, isolation=request)


def test_a_job_without_network_is_refused_where_that_is_impossible(plays: Plays) -> None:
    request = IsolationRequest(network=Network.NONE)
    unfiltered = replace(report_at(IsolationLevel.LANDLOCK), filters=False)
    with pytest.raises(IsolationUnavailable, match="without network"):
        check(unfiltered, request)
    assert check(replace(unfiltered, filters=True), request) is IsolationLevel.LANDLOCK
    assert check(replace(unfiltered, level=IsolationLevel.BWRAP), request) is IsolationLevel.BWRAP


def test_without_a_sandbox_a_user_that_does_not_exist_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = IsolationRequest(uid=65534, seat=70_000)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    view = JobView((), (), (), Path("/x"), Path("/x"), Path("/x"))
    assert job_uid(IsolationLevel.BWRAP, request, view) == 135_534
    assert job_uid(IsolationLevel.RLIMITS, request, view) == 65534
    assert job_uid(IsolationLevel.RLIMITS, replace(request, uid=70_000), view) == 65534
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    assert job_uid(IsolationLevel.RLIMITS, request, replace(view, code=(locked / "python",))) is None


def test_the_probe_says_why_a_level_is_missing() -> None:
    found = probe()
    assert found.level in possible_levels()
    assert found.bwrap or any("bubblewrap" in note for note in found.notes)
    assert found.landlock_abi or any("Landlock" in note for note in found.notes)


def test_landlock_can_show_the_host_without_what_is_hidden(tmp_path: Path) -> None:
    hidden = tmp_path / "data"
    hidden.mkdir()
    (tmp_path / "beside").mkdir()
    shown = _all_except({hidden.resolve()})
    assert str(tmp_path / "beside") in shown
    assert str(hidden) not in shown
    assert not [path for path in shown if hidden.is_relative_to(path)]


def test_the_sandbox_command_line_holds_no_folder_of_the_worker(plays: Plays, tmp_path: Path) -> None:
    from orch_app.domains.jobs.execution import open_workspace

    runbook = plays.runbook("- hosts: all\n")
    with open_workspace(tmp_path / "data", "job_9.1", runbook, IsolationLevel.BWRAP) as workspace:
        report = replace(report_at(IsolationLevel.BWRAP), bwrap=Path("/usr/bin/bwrap"))
        argv = prepare_launch(report, IsolationRequest(), workspace.view()).prefix
    bound = {Path(argv[place + 1]) for place, word in enumerate(argv) if word in {"--bind", "--ro-bind"}}
    own = workspace.root
    assert not [path for path in bound if own.is_relative_to(path) or path.is_relative_to(workspace.runner)]
    assert own / "artifacts" in bound
    assert "--die-with-parent" in argv
    assert "--unshare-pid" in argv
