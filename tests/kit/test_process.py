"""Programs are run without a shell, without our environment, and never longer or louder than allowed."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from orch_app.kit.errors import Unavailable
from orch_app.kit.process import ENVIRONMENT, Finished, run


def python(code: str, *arguments: str, timeout_s: float = 60, stdin: bytes = b"", **limits: Any) -> Finished:
    return run([sys.executable, "-c", code, *arguments], timeout_s=timeout_s, stdin=stdin, **limits)


def test_output_code_and_input_pass_through() -> None:
    finished = python(
        "import sys; d=sys.stdin.read(); print(d*2); print('oops', file=sys.stderr); sys.exit(3)", stdin=b"ab"
    )

    assert (finished.code, finished.text, finished.error_text) == (3, "abab\n", "oops\n")
    assert not finished.is_ok
    assert not finished.timed_out


def test_arguments_reach_the_program_as_they_are() -> None:
    hostile = ["$(id)", "`id`", "; id", "a b", "'", '"', "*", "--", "\n", "&&", "|", "é"]
    finished = python("import sys, json; print(json.dumps(sys.argv[1:]))", *hostile)

    assert json.loads(finished.text) == hostile


def test_nothing_of_our_environment_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_DATABASE_URL", "postgresql://secret")
    finished = python("import os, json; print(json.dumps(dict(os.environ)))", environment={"EXTRA": "1"})

    assert json.loads(finished.text) == {**ENVIRONMENT, "EXTRA": "1"}


def test_it_starts_in_the_root_folder_and_in_a_session_of_its_own() -> None:
    finished = python("import os; print(os.getcwd(), os.getsid(0) == os.getpid())")
    assert finished.text.split() == ["/", "True"]


def test_a_program_that_takes_too_long_is_killed_with_its_children() -> None:
    code = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    finished = python(code, timeout_s=10)

    assert finished.timed_out
    assert finished.code < 0
    assert is_gone(int(finished.text))


def test_a_child_left_behind_does_not_hold_us_and_is_killed() -> None:
    code = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid)"
    finished = python(code)

    assert finished.is_ok
    assert is_gone(int(finished.text))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_that_says_too_much_is_killed(stream: str) -> None:
    finished = python(f"import sys\nwhile True: sys.{stream}.write('x' * 65536)", max_bytes=1000)

    assert finished.too_much
    assert not finished.is_ok
    assert len(finished.stdout) + len(finished.stderr) == 1000


def test_output_as_long_as_the_limit_is_fine() -> None:
    finished = python("print('x' * 999)", max_bytes=1000)
    assert finished.is_ok
    assert len(finished.stdout) == 1000


def test_a_program_that_does_not_read_its_input_is_no_error() -> None:
    assert python("pass", stdin=b"x" * 5_000_000).is_ok


def test_much_input_and_output_at_once_do_not_block_each_other() -> None:
    text = b"0123456789" * 50_000
    finished = python("import sys; sys.stdout.write(sys.stdin.read())", stdin=text)
    assert finished.stdout == text


def test_a_missing_program_is_named_in_one_sentence() -> None:
    with pytest.raises(Unavailable, match="no-such-program cannot be started"):
        run(["no-such-program", "--secret"], timeout_s=5)


def test_no_descriptor_of_ours_is_inherited() -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    finished = python("import os; print(sorted(os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))")
    os.close(read)
    os.close(write)
    assert finished.text.split()[-1] == "4"  # three streams and the listing itself


def is_gone(pid: int) -> bool:
    """Whether the process has ended; a killed orphan waits a moment for whoever reaps it."""
    status = Path("/proc", str(pid), "status")
    for _ in range(600):
        if not status.exists() or "\nState:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False
