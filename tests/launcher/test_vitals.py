"""What a container asks of its process: it lives or not, whatever befell the others, and the reason in one line."""

import os
import time
from pathlib import Path

import pytest

from orch_app.kit import vitals as worker_side
from orch_app.kit.settings import settings
from tests.launcher.test_address import answering, free_address
from tests.systems.product import bound_to
from tools.launcher import commands, vitals


def test_web_lives_when_it_answers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, "{}") as address:
        monkeypatch.setenv("ORCH_HOST", address.host)
        monkeypatch.setenv("ORCH_PORT", str(address.port))
        assert commands.main(["health", "web"]) == 0
    assert capsys.readouterr().err == "web: lives\n"


def test_web_does_not_live_when_nothing_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = free_address()
    monkeypatch.setenv("ORCH_HOST", address.host)
    monkeypatch.setenv("ORCH_PORT", str(address.port))
    assert commands.main(["health", "web"]) == 1
    assert capsys.readouterr().err == f"web: no answer from {address.local_url}\n"


def test_a_worker_lives_as_long_as_its_sign_of_life_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vitals.worker(tmp_path) == "it has not said yet that it is ready"
    with bound_to(tmp_path):
        worker_side.sign_of_life()
    assert vitals.worker(tmp_path) == ""
    assert worker_side.NAME == vitals.ALIVE
    now = time.monotonic()
    monkeypatch.setattr(vitals.time, "monotonic", lambda: now + 100)
    assert vitals.worker(tmp_path) == "its sign of life is 70 s overdue"


def test_a_worker_on_a_full_disk_goes_on(tmp_path: Path) -> None:
    with bound_to(tmp_path):
        (settings().data_dir / worker_side.NAME).mkdir()
        worker_side.sign_of_life()
    assert vitals.worker(tmp_path) == "it has not said yet that it is ready"


def test_a_new_sign_of_life_needs_no_room_that_a_full_disk_might_not_give_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags: list[int] = []
    original = os.open
    with bound_to(tmp_path):
        worker_side.sign_of_life()
        monkeypatch.setattr(
            worker_side.os, "open", lambda path, how, mode: flags.append(how) or original(path, how, mode)
        )
        worker_side.sign_of_life()
    assert [how & os.O_TRUNC for how in flags] == [0]
    assert vitals.worker(tmp_path) == ""
