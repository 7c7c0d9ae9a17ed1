"""What takes long to make and never changes by itself is kept between runs: base system, packages.

In `ORCH_TEST_CACHE`, else `jarvis-tests` in the user's cache folder. Each thing is named by the digest of what it was
made from, so that a change makes a new one; the older ones are removed.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def folder() -> Path:
    """The cache folder, made if need be."""
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("ORCH_TEST_CACHE") or users / "jarvis-tests")
    path.mkdir(parents=True, exist_ok=True)
    return path


def kept(name: str, made_from: str, make: Callable[[Path], None]) -> Path:
    """The thing `name` made from this; `make` writes it into the path it is given, which then gets its name at once."""
    path = folder() / f"{name}-{hashlib.sha256(made_from.encode()).hexdigest()[:16]}"
    if path.exists():
        return path
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder()))
    try:
        make(draft / "new")
        (draft / "new").rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    for other in folder().glob(f"{name}-*"):
        if other != path:
            _remove(other)
    return path


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
