"""A disk that is nearly full takes no new work."""

from pathlib import Path
from typing import NamedTuple

import pytest

from orch_app.kit import disk
from orch_app.kit.errors import Unavailable


class Usage(NamedTuple):
    """As `shutil.disk_usage` answers."""

    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free_mb", "is_refused"), [(199, True), (200, False), (100_000, False), (0, True)])
def test_new_work_is_refused_below_the_settings_minimum(
    empty: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, is_refused: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(1, 1, free_mb * disk.MIB + 5))
    try:
        disk.require_free_space()
        refusal = None
    except Unavailable as error:
        refusal = error
    assert (refusal is not None) is is_refused
    if refusal:
        assert (refusal.status, refusal.code) == (503, "disk_full")
        assert f"{free_mb} MiB" in refusal.detail


def test_it_is_the_disk_of_the_data_folder(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty.mkdir()
    looked: list[Path] = []
    monkeypatch.setattr("shutil.disk_usage", lambda path: looked.append(path) or Usage(1, 1, 5 * disk.MIB))
    assert disk.free_mb() == 5
    assert looked == [empty]


def test_the_real_disk_has_some_room(empty: Path) -> None:
    empty.mkdir()
    assert disk.free_mb() > 0
