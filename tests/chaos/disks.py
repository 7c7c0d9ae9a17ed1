"""Small disks in memory that can be filled to the last byte and emptied again."""

import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.systems.processes import program


@contextmanager
def small_disk(folder: Path, size_mb: int, owner: str | None = None) -> Iterator[Path]:
    """A disk of so many MiB mounted at the folder until the block ends."""
    options = f"size={size_mb}m"
    if owner:
        entry = pwd.getpwnam(owner)
        options += f",mode=0700,uid={entry.pw_uid},gid={entry.pw_gid}"
    subprocess.run([program("mount"), "-t", "tmpfs", "-o", options, "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run([program("umount"), "--lazy", folder], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not one byte is free on the folder's disk until the block ends."""
    ballast = fill(folder)
    try:
        yield
    finally:
        ballast.unlink()


def fill(folder: Path) -> Path:
    """Take every byte that is free; gives back the file that has to go for room."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast
