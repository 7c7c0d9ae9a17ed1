"""A failure stands in the output as soon as it has happened."""

import subprocess
import sys
from pathlib import Path

from orch_app.kit.settings import ROOT

TESTS = """
def test_one():
    assert 1 + 1 == 3, "sums"

def test_another():
    pass
"""


def test_what_fails_is_named_before_the_end_with_the_first_line_of_its_reason(tmp_path: Path) -> None:
    (tmp_path / "test_sums.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure as pytest_configure\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    ran = subprocess.run(
        [*command, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"CI": "true", "PYTHONPATH": str(ROOT), "ORCH_DATA_DIR": str(tmp_path)},
    )
    before_the_end = ran.stdout.partition("= FAILURES =")[0]
    assert "FAILED test_sums.py::test_one (call): AssertionError: sums" in before_the_end, ran.stdout + ran.stderr
    assert "test_another" not in before_the_end
