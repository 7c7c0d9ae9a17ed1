"""Does one process of ours live? Asked by containers every few seconds, so it neither imports nor starts the program.

Whether the others are well is another question: a process that is started again because the database is away helps
nobody, and a worker would lose its jobs.
"""

import os
import time
from pathlib import Path

from tools.launcher.address import Address, get
from tools.launcher.environment import ROOT
from tools.launcher.progress import say

PATIENCE_S = 5.0
ALIVE = "worker.alive"  # orch_app/kit/vitals.py writes it


def tell(part: str) -> int:
    """Say how the part of this machine is: exit code 0 when it lives, 1 with the reason when not."""
    why = web() if part == "web" else worker(Path(os.environ.get("ORCH_DATA_DIR") or ROOT / "var"))
    say(f"{part}: {why or 'lives'}")
    return 1 if why else 0


def web() -> str:
    """Why the web process does not live; empty when it does."""
    address = Address(os.environ.get("ORCH_HOST") or "127.0.0.1", int(os.environ.get("ORCH_PORT") or "8000"))
    is_ok, _ = get(address, "/health/web", PATIENCE_S)
    return "" if is_ok else f"no answer from {address.local_url}"


def worker(data_dir: Path) -> str:
    """Why no worker of this data folder lives; empty when one does."""
    try:
        good_until = float((data_dir / ALIVE).read_text("ascii"))
    except (OSError, ValueError):
        return "it has not said yet that it is ready"
    late_s = time.monotonic() - good_until
    return "" if late_s <= 0 else f"its sign of life is {late_s:.0f} s overdue"
