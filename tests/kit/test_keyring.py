"""The master key is made once, whoever comes first."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orch_app.kit.keyring import read_or_create


def test_processes_that_start_at_the_same_moment_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: read_or_create(path).key_id, range(64)))
    assert len(set(made)) == 1
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
