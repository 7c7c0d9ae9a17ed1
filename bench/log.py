"""Log lag: lines written at a fixed rate, from the write to the line visible in Chromium.

This process plays the worker: it claims a job and writes through the product's LogWriter, so that the rate is exact.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from bench.figures import percentile
from bench.installation import EMAIL, PASSWORD, Installation, installation
from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs import claims, service
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.writer import LogWriter
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks import service as runbooks
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.settings import settings

LAG_SCRIPT = """() => {
  window.__lags = [];
  const look = () => {
    let newest = 0;
    for (const row of document.querySelectorAll('[role=log] .ln')) {
      const found = /at=(\\d{13})/.exec(row.textContent);
      if (found) newest = Math.max(newest, Number(found[1]));
    }
    if (newest && newest !== window.__newest) { window.__newest = newest; window.__lags.push(Date.now() - newest); }
    requestAnimationFrame(look);
  };
  look();
}"""
TICK_S = 0.05


def bench_log(*, quick: bool = False) -> dict[str, Any]:
    """p50 and p95 of the lag in milliseconds, lines the browser was not sent, and the web process's CPU share."""
    rate, seconds = 5_000, 3 if quick else 10
    with installation(worker=False) as made, _page(made) as page, _claimed(made) as (job_id, write, end):
        received = _numbers_received(page)
        page.goto(f"{made.url}/jobs/{job_id}?tab=logs")
        page.wait_for_selector("[role=log]", state="attached")
        page.evaluate(LAG_SCRIPT)
        before = _cpu(made.port)
        written = _write_at(rate, seconds, write)
        cpu = (_cpu(made.port) - before) / seconds
        page.wait_for_function(
            "n => document.querySelector('[role=log]').textContent.includes(`line ${n} `)", arg=written
        )
        lags = page.evaluate("() => window.__lags")
        end()
    return {
        "lines_per_s": rate,
        "seconds": seconds,
        "lines": written,
        "gaps": len(set(range(1, written + 1)) - received),
        "lag_p50_ms": percentile(lags, 0.5),
        "lag_p95_ms": percentile(lags, 0.95),
        "samples": len(lags),
        "web_cpu_pct": round(100 * cpu),
    }


def _numbers_received(page: Page) -> set[int]:
    """The numbers of the bench's lines in the frames of the page's websockets; grows while the page lives."""
    numbers: set[int] = set()

    def note(payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode(errors="replace")
        numbers.update(int(number) for number in re.findall(r"line (\d+) at=", text))

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    return numbers


def _write_at(rate: int, seconds: float, write: Any) -> int:
    """Write lines in ticks; a late tick writes what it owes."""
    begin, written = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        due = int(elapsed * rate) - written
        if due > 0:
            write(written + 1, due)
            written += due
        time.sleep(TICK_S)
    return written


@contextmanager
def _claimed(made: Installation) -> Iterator[tuple[str, Any, Any]]:
    """A job that this process runs: its id, a function that writes lines, and one that ends it."""
    os.environ.update(made.environment())  # this process becomes a worker of that installation
    settings.cache_clear()
    with unit_of_work() as session:
        runbooks.sync(session, COMMAND_LINE)
    with unit_of_work() as session:
        job_id = service.launch(session, COMMAND_LINE, service.Order("host_report")).id
    with unit_of_work() as session:
        held = claims.claim(session, job_id, "bench", "bench")
    assert held
    with unit_of_work() as session:
        claims.mark_started(session, held, "bench", "bench")
    writer = LogWriter(held, 0, on_lost=lambda: None)

    def write(first: int, count: int) -> None:
        stamp = f"at={time.time_ns() // 1_000_000}"
        tail = "x" * 60
        writer.add(
            [
                Line(seq, now(), "output", "web1", "bench", f"line {seq} {stamp} {tail}")
                for seq in range(first, first + count)
            ]
        )

    def end() -> None:
        writer.close()
        with unit_of_work() as session:
            claims.finish(session, held, Status.SUCCESS)

    yield job_id, write, end


@contextmanager
def _page(made: Installation) -> Iterator[Page]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{made.url}/login/")
        page.get_by_label("E-mail").fill(EMAIL)
        page.locator("input[type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dashboard**")
        yield page
        browser.close()


def _cpu(port: int) -> float:
    """CPU seconds used so far by the web process of this port and its children."""
    total = 0.0
    for process in psutil.process_iter():
        try:
            if str(port) in process.cmdline() and "granian" in " ".join(process.cmdline()):
                total += sum(sum(one.cpu_times()[:2]) for one in [process, *process.children(recursive=True)])
        except psutil.Error:
            continue
    return total
