"""The benches by name."""

from collections.abc import Callable
from typing import Any

from bench.api import bench_api
from bench.dns import bench_dns
from bench.fleet import bench_fleet
from bench.job import bench_job, bench_job_grown
from bench.log import bench_log
from bench.start import bench_start
from bench.throughput import bench_throughput, bench_throughput_grown

Figures = dict[str, Any]
BENCHES: dict[str, Callable[..., Figures]] = {
    "api": bench_api,
    "dns": bench_dns,
    "fleet": bench_fleet,
    "job": bench_job,
    "job-grown": bench_job_grown,
    "log": bench_log,
    "start": bench_start,
    "throughput": bench_throughput,
    "throughput-grown": bench_throughput_grown,
}


def run_bench(name: str, *, quick: bool = False) -> Figures:
    """Measure, and give the figures by name."""
    return BENCHES[name](quick=quick)
