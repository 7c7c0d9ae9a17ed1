"""Reading the kernel's and the system's small files, where a missing one is an answer and not a fault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator


def read(path: str, default: str = "") -> str:
    """The file's text, or the default where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return default


def entries(path: str) -> Iterator[Path]:
    """What stands in the folder; nothing where it is gone or closed to us."""
    try:
        yield from Path(path).iterdir()
    except OSError:
        return


def link(path: Path) -> str:
    """Where a symbolic link points; empty where that cannot be read."""
    try:
        return os.readlink(path)
    except OSError:
        return ""
