"""A warm `./orch up`, from the command to `ready`."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figures import median, percentile
from bench.installation import ROOT, free_port


def bench_start(*, quick: bool = False) -> dict[str, Any]:
    """Seconds to `ready`, after one start that is not counted."""
    rounds = 3 if quick else 7
    with tempfile.TemporaryDirectory() as folder:
        times = [_start(Path(folder)) for _ in range(rounds + 1)][1:]
    return {
        "rounds": rounds,
        "ready_s_median": round(median(times), 2),
        "ready_s_min": round(min(times), 2),
        "ready_s_p95": round(percentile(times, 0.95), 2),
    }


def _start(data_dir: Path) -> float:
    argv = [str(ROOT / "orch"), "up", "--port", str(free_port()), "--data-dir", str(data_dir)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCH_")}
    begin = time.perf_counter()
    process = subprocess.Popen(argv, cwd=ROOT, env=kept, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("ready "):
            break
    took = time.perf_counter() - begin
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return took
