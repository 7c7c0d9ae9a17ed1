"""The words after `./orch`, the sentences that refuse, and the small parts behind the commands."""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench.run import BENCHES
from orch_app.cli import app
from tests.systems import tiers
from tools.launcher import apt, checks, commands, test_tiers, up
from tools.launcher.progress import LineSplitter, Step, run
from tools.launcher.refusal import Failure, Refusal
from tools.launcher.rotation import RotatingLog

ROOT = Path(__file__).parents[2]
MISSING = apt.Tool("no-such-package", "no-such-program")


def up_options(**given_ones: object) -> argparse.Namespace:
    return argparse.Namespace(**({"host": None, "port": None, "data_dir": None, "workers": None} | given_ones))


def test_help_comes_without_any_set_up():
    shown = subprocess.run([ROOT / "orch", "--help"], capture_output=True, text=True, check=True)
    assert "./orch up" in shown.stdout


def test_the_launcher_needs_the_standard_library_only():
    code = "import sys, tools.launcher.commands, tools.launcher.up, tools.launcher.checks, tools.launcher.test_tiers"
    subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, '.'); {code}"], cwd=ROOT, check=True
    )


def test_a_refusal_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]):
    assert commands.main(["up", "--port", "http"]) == 2
    assert capsys.readouterr().err == "orch: http is not a port: give a number from 1 to 65535\n"


@pytest.mark.parametrize("number", ["0", "-1", "65"])
def test_a_worker_that_could_run_no_job_is_refused(number: str, capsys: pytest.CaptureFixture[str]):
    assert commands.main(["up", "--workers", number]) == 2
    told = f"orch: {number} is no number of jobs: give --workers a number from 1 to 64\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("migrat", "there is no command 'migrat'; did you mean migrate? `./orch --help` lists them"),
        ("--verbose", "there is no command '--verbose'. `./orch --help` lists them"),
    ],
)
def test_a_mistyped_command_is_refused_before_anything_is_installed(
    word: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(commands, "ensure", lambda _kind: pytest.fail("the environment was made"))
    assert commands.main([word]) == 2
    assert capsys.readouterr().err == f"orch: {told}\n"


def test_the_launcher_knows_every_command_of_the_program():
    assert set(typer.main.get_command(app).commands) == commands.OF_THE_PROGRAM  # pyright: ignore[reportAttributeAccessIssue]


def test_the_help_of_bench_names_all_of_them():
    ours = commands.HELP.partition("  bench ")[2].splitlines()[0]
    shown = CliRunner().invoke(app, ["bench", "--help"]).stdout
    assert [name for name in BENCHES if name not in ours.replace(",", "").split()] == []
    assert [name for name in BENCHES if name not in re.split(r"[\s,.│]+", shown)] == []


def test_pytest_gets_what_the_launcher_does_not_know():
    known = commands._test_options(["unit", "-k", "claims", "--full", "tests/kit"])
    assert (known.tier, known.full, known.pytest_args) == ("unit", True, ["-k", "claims", "tests/kit"])
    assert commands._test_options(["-x"]).tier == "all"


def test_the_whole_matrix_runs_only_when_asked_for():
    short = test_tiers.pytest_command(["unit", "e2e"], argparse.Namespace(full=False, pytest_args=["-x"]))
    assert (short[3:5], short[-1]) == (["-m", "(unit or e2e) and not full"], "-x")
    full = test_tiers.pytest_command(["e2e"], argparse.Namespace(full=True, pytest_args=[]))
    assert full[3:5] == ["-m", "(e2e)"]


def test_the_swarm_is_not_tried_without_root(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(test_tiers.os, "geteuid", lambda: 1000)
    assert "as root" in test_tiers._why_not("swarm")


def test_what_takes_the_whole_machine_has_a_run_of_its_own():
    assert test_tiers.rounds(["unit", "engine", "e2e", "swarm"]) == [["swarm"], ["engine"], ["unit", "e2e"]]
    assert test_tiers.rounds(["swarm"]) == [["swarm"]]
    whole = test_tiers.pytest_command(["swarm"], argparse.Namespace(full=False, pytest_args=["-x"]))
    assert "-n" not in whole
    assert whole[-2:] == ["tests/swarm", "-x"]
    part = test_tiers.pytest_command(
        ["swarm"], argparse.Namespace(full=False, pytest_args=["tests/swarm/test_nodes.py"])
    )
    assert "tests/swarm" not in part


@pytest.mark.parametrize("tier", sorted(test_tiers.FOLDERS))
def test_a_tier_with_folders_of_its_own_is_looked_for_there_only(tier: str):
    options = argparse.Namespace(full=False, pytest_args=["-x"])
    folders = [f"tests/{folder}".rstrip("/") for folder, of in tiers.FOLDERS.items() if of == tier]
    assert test_tiers.pytest_command([tier], options)[-len(folders) - 1 :] == [*folders, "-x"]
    assert not set(folders) & set(test_tiers.pytest_command(["unit", tier], options))


def test_a_run_without_such_a_test_fails_only_when_all_are():
    assert [test_tiers.together(codes) for codes in ([0, 5], [5, 0], [5, 5], [0, 1], [1, 5])] == [0, 0, 5, 1, 1]


def test_a_kernel_that_refuses_the_swarm_is_told_and_fails_no_other_tier(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    codes = {"swarm": test_tiers.KERNEL_REFUSES, "unit": 0}
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(test_tiers, "TIERS", ("unit", "swarm"))
    for name in ("ensure", "build_screens", "_why_not"):
        monkeypatch.setattr(test_tiers, name, lambda *_: "")
    monkeypatch.setattr(test_tiers, "pytest_command", lambda tiers, _options: ["sh", "-c", f"exit {codes[tiers[0]]}"])
    ran = {tier: test_tiers.run_tests(argparse.Namespace(tier=tier)) for tier in ("all", "unit", "swarm")}
    assert ran == {"all": 0, "unit": 0, "swarm": 2}
    assert capsys.readouterr().err.count("this kernel does not allow what Docker needs") == 2
    codes["unit"] = 1
    assert test_tiers.run_tests(argparse.Namespace(tier="all")) == 1


def test_what_a_tier_lacks_fails_the_run_in_ci(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(test_tiers, "ensure", lambda _kind: None)
    monkeypatch.setattr(test_tiers, "_why_not", lambda tier: "no root" if tier == "swarm" else "")
    with pytest.raises(Refusal, match="no root"):
        test_tiers.run_tests(argparse.Namespace(tier="all"))


def test_options_win_over_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ORCH_PORT", "9001")
    monkeypatch.setenv("ORCH_HOST", "127.0.0.2")
    monkeypatch.setenv("ORCH_DATA_DIR", str(tmp_path / "from-variable"))
    plan = up.make_plan(up_options(port="9002", workers=3))
    assert plan.address.url == "http://127.0.0.2:9002"
    assert plan.settings["ORCH_WORKER_SLOTS"] == "3"
    assert plan.data_dir == tmp_path / "from-variable"


def test_others_cannot_look_into_the_data_folder(tmp_path: Path):
    plan = up.make_plan(up_options(data_dir=str(tmp_path / "new")))
    assert plan.data_dir.stat().st_mode & 0o777 == 0o711
    assert (plan.data_dir / "queue.db").stat().st_mode & 0o777 == 0o600


def test_one_up_per_data_folder(tmp_path: Path):
    with up._sole_user(tmp_path), pytest.raises(Refusal, match=r"another \./orch up"), up._sole_user(tmp_path):
        pass
    with up._sole_user(tmp_path):
        pass


def test_what_is_missing_and_may_not_be_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(apt, "may_install", lambda: False)
    with pytest.raises(Refusal, match="the tests needs no-such-package: install with `apt install no-such-package`"):
        apt.provide([MISSING, MISSING, apt.Tool("bash", "bash")], "the tests")


def test_what_is_only_useful_is_never_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(apt, "may_install", lambda: False)
    apt.offer([MISSING], "comfort")


@given(st.lists(st.text(alphabet="ab \n", max_size=8)))
def test_lines_do_not_depend_on_how_they_were_cut(chunks: list[str]):
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk.encode())] + splitter.finish()
    assert lines == [line for text in "".join(chunks).split("\n") if (line := text.rstrip())]


def test_a_failing_program_shows_the_end_of_its_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code = "print('first'); print('last'); raise SystemExit(3)"
    with pytest.raises(Failure, match="exit code 3") as caught, Step("Trying") as step:
        run([sys.executable, "-c", code], step, env={}, cwd=tmp_path)
    assert caught.value.detail == "first\nlast"
    assert "Trying: failed" in capsys.readouterr().err


def test_a_log_never_grows_beyond_its_limit(tmp_path: Path):
    log = RotatingLog(tmp_path / "log" / "web.log", max_bytes=100, kept=2)
    for number in range(50):
        log.write(f"line number {number:03}")
    log.close()
    files = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert files == ["web.log", "web.log.1", "web.log.2"]
    assert all(path.stat().st_size < 120 for path in (tmp_path / "log").iterdir())


def test_a_lock_that_names_a_host_is_found():
    lock = {"packages": {"a": {"resolved": "https://host.example/a.tgz"}, "b": {"version": "1"}}}
    assert checks.lock_urls(json.dumps(lock)) == ["https://host.example/a.tgz"]


def test_folders_of_one_machine_are_found():
    user = "me"  # written whole, the path would be found in this file
    home = f"/Users/{user}/x"
    assert checks.strange_places(f"ok\npath = {home}\n".encode()) == [(2, f"path = {home}")]
    assert checks.strange_places(b"https://example.org/opening/hours and /srv/jarvis\n") == []
    assert checks.strange_places(b"\0binary " + home.encode()) == []


def test_the_table_names_what_failed():
    text = checks.table([("lint", checks.Result(is_ok=False), 1.5), ("types", checks.Result(is_ok=True), 10)])
    assert text.splitlines()[1].split() == ["lint", "FAILED", "1.5", "s"]
