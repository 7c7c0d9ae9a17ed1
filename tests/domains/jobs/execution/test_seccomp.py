"""The filter of system calls: what it refuses is refused in a real process, and what plays need goes through."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.execution import probe
from orch_app.domains.jobs.execution.isolation import enter, seccomp
from orch_app.domains.jobs.execution.isolation.seccomp import FilterRules, Internet, program, protected_processes

TRIES = """
import ctypes, errno, json, os, platform, signal, socket, subprocess, sys, threading
given = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
    ctypes.set_errno(0)
    got = libc.syscall(*[ctypes.c_long(word) for word in words])
    return errno.errorcode.get(ctypes.get_errno(), "0") if got < 0 else "done"
def family(number):
    try:
        socket.socket(number, socket.SOCK_DGRAM).close()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
def kind(name, protocol):
    try:
        socket.socket(2, name, protocol).close()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
def sent(pid):
    try:
        os.kill(pid, 0)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
thread = threading.Thread(target=int)
thread.start()
thread.join()
got = {name: call(*words) for name, words in given["calls"].items()}
got["families"] = {str(number): family(number) for number in (1, 2, 10, 16, 17, 38, 40)}
kinds = {"stream": (1, 0), "tcp": (1, 6), "datagram": (2, 0), "udp": (2, 17), "multipath": (1, 262), "other": (5, 132)}
got["kinds"] = {name: kind(*words) for name, words in kinds.items()}
got["signals"] = [sent(pid) for pid in given["pids"]]
got["children"] = subprocess.run(["sh", "-c", "echo $((6*7))"], capture_output=True, text=True).stdout.strip()
print(json.dumps(got))
"""

HERE = list(seccomp._ARCHITECTURES).index(os.uname().machine)
CALLS: dict[str, tuple[str, list[int]]] = {
    "ptrace": ("ptrace", [16, 1, 0, 0]),
    "unshare user": ("unshare", [0x10000000]),
    "clone user": ("clone", [0x10000000 | 17, 0, 0, 0, 0]),
    "clone3": ("clone3", [0, 0]),
    "mount": ("mount", [0, 0, 0, 0, 0]),
    "keyctl": ("keyctl", [0, -3, 0]),
    "bpf": ("bpf", [0, 0, 0]),
    "io_uring": ("io_uring_setup", [1, 0]),
    "userfaultfd": ("userfaultfd", [0]),
    "perf": ("perf_event_open", [0, 0, -1, -1, 0]),
    "typing for others": ("ioctl", [0, 0x5412, 0]),
}


def behind_filter(rules: FilterRules, *pids: int) -> dict[str, Any]:
    config = {
        "uid": None,
        "groups": [],
        "limits": {},
        "own_tasks": False,
        "landlock": None,
        "scoped": False,
        "tcp_ports": None,
        "guard": None,
        "filter": program(rules).hex(),
    }
    numbers = {**seccomp._REFUSED, **seccomp._JUDGED}
    calls = {name: [numbers[call][HERE], *words] for name, (call, words) in CALLS.items()}
    given = json.dumps({"calls": calls, "pids": pids})
    argv = [sys.executable, "-ISE", enter.__file__, json.dumps(config), sys.executable, "-c", TRIES, given]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_dangerous_calls_are_refused_and_ordinary_ones_are_not() -> None:
    got = behind_filter(FilterRules())
    assert {name: got[name] for name in CALLS} == dict.fromkeys(CALLS, "EPERM") | {"clone3": "ENOSYS"}
    assert got["children"] == "42"
    assert got["families"] == {
        "1": "done",
        "2": "done",
        "10": "done",
        "16": "done",
        "17": "EACCES",
        "38": "EACCES",
        "40": "EACCES",
    }


def test_a_job_without_network_cannot_make_a_socket_of_the_internet() -> None:
    got = behind_filter(FilterRules(internet=Internet.CLOSED))["families"]
    assert (got["1"], got["2"], got["10"], got["16"]) == ("done", "EACCES", "EACCES", "done")


def test_a_job_that_may_only_connect_makes_no_other_socket_of_the_internet() -> None:
    got = behind_filter(FilterRules(internet=Internet.STREAMS))["kinds"]
    streams = {"stream": "done", "tcp": "done", "multipath": "EPROTONOSUPPORT", "other": "EACCES"}
    assert got == {**streams, "datagram": "EACCES", "udp": "EACCES"}
    judged = behind_filter(FilterRules(internet=Internet.JUDGED))["kinds"]
    assert judged == {**streams, "datagram": "done", "udp": "done"}


def test_nobody_signals_what_is_protected() -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        tried = (os.getpid(), -os.getpid(), -1, other.pid)
        got = behind_filter(FilterRules(protected=protected_processes()), *tried)
        assert got["signals"] == ["EPERM", "EPERM", "EPERM", "done"]
    finally:
        other.kill()
        other.wait()


def test_a_program_for_another_processor_is_killed() -> None:
    other = next(name for name in seccomp._ARCHITECTURES if name != os.uname().machine)
    code = program(FilterRules(), other).hex()
    config = {"uid": None, "groups": [], "limits": {}, "own_tasks": False, "landlock": None, "scoped": False}
    argv = [
        sys.executable,
        "-ISE",
        enter.__file__,
        json.dumps({**config, "tcp_ports": None, "guard": None, "filter": code}),
        "true",
    ]
    assert subprocess.run(argv, check=False).returncode == -31


def test_this_processes_line_is_protected() -> None:
    assert protected_processes()[:2] == (os.getpid(), os.getppid())
    assert protected_processes()[-1] == 1


@pytest.mark.parametrize("internet", Internet)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_lands_inside_the_program_and_every_end_is_a_verdict(machine: str, internet: Internet) -> None:
    code = program(FilterRules(internet=internet, protected=(1, 2, 3)), machine)
    steps = [struct.unpack_from("HBBI", code, place) for place in range(0, len(code), 8)]
    for place, (kind, if_so, if_not, _) in enumerate(steps):
        assert place + 1 + max(if_so, if_not) < len(steps) or kind == 0x06
    assert steps[-1][0] == 0x06
    assert len(steps) < 4096


def test_the_probe_says_whether_calls_are_filtered() -> None:
    found = probe()
    assert found.filters == bool(program(FilterRules()))
    assert found.filters or any("filter of system calls" in note for note in found.notes)
    assert program(FilterRules(), "riscv64") == b""
    assert Path(enter.__file__).is_file()
