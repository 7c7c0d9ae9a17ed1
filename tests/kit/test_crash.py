"""A crash point does nothing unless the setting names it, and then no handler runs."""

import signal
import subprocess
import sys

import pytest

from orch_app.kit.settings import ROOT

PROGRAM = """
from orch_app.kit.crash import crash_point
try:
    crash_point("here")
finally:
    print("went on")
"""


@pytest.mark.parametrize(("named", "code", "said"), [("", 0, "went on"), ("there", 0, "went on"), ("here", -9, "")])
def test_a_process_dies_where_the_setting_says_and_nowhere_else(named: str, code: int, said: str) -> None:
    argv = ["env", f"ORCH_CRASH_AT={named}", sys.executable, "-c", PROGRAM]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (code, said)
    assert -code in {0, signal.SIGKILL}
