"""A job from the POST to the terminal status seen by a reader, against plain `ansible-playbook`, interleaved."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.figures import median, ms
from bench.installation import installation
from bench.plays import write_runbook

SIZES = (1, 20)


def bench_job(*, quick: bool = False) -> dict[str, Any]:
    """Median wall times and the median of the ratios product/plain, pair by pair."""
    rounds = 5 if quick else 15
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        playbooks = {size: write_runbook(root, size) for size in SIZES}
        with installation(ORCH_RUNBOOKS_DIR=str(root)) as made, made.client() as client:
            for size in SIZES:
                pairs = [(_product(client, size), _plain(playbooks[size])) for _ in range(rounds + 1)][1:]
                figures |= {
                    f"tasks_{size}_product_ms": ms(median([product for product, _ in pairs])),
                    f"tasks_{size}_plain_ms": ms(median([plain for _, plain in pairs])),
                    f"tasks_{size}_ratio": round(median([product / plain for product, plain in pairs]), 2),
                }
    return figures | {"rounds": rounds}


def _product(client: httpx.Client, size: int) -> float:
    begin = time.perf_counter()
    job_id = client.post(f"/v1/runbooks/debug_{size}/execute", json={}).raise_for_status().json()["jobId"]
    with client.stream("GET", f"/v1/jobs/{job_id}/logs/stream") as stream:
        for line in stream.iter_lines():
            if line == "event: end":
                break
    return time.perf_counter() - begin


def _plain(playbook: Path) -> float:
    program = Path(sys.executable).with_name("ansible-playbook")
    begin = time.perf_counter()
    subprocess.run([program, "-i", "localhost,", "-c", "local", playbook], check=True, capture_output=True)
    return time.perf_counter() - begin
