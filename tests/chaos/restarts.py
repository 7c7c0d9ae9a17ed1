"""Workers and web told to stop, one after the other, and started again, while people order and read."""

import subprocess

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.workers import WorkerView
from orch_app.kit.db import reading, unit_of_work
from tests.chaos.rows import rows_of
from tests.chaos.scene import Scene
from tests.chaos.verdict import Say, hush

WORKERS = 2


def restart(scene: Scene, times: int, *, say: Say = hush) -> None:
    """So many restarts: of the oldest worker, at once or after it was drained, and of web."""
    ways = {"a worker": _worker, "a drained worker": _drained_worker, "web": _web}
    order: list[str] = []
    for _ in range(times):
        order = order or scene.dice.sample(sorted(ways), len(ways))
        way = order.pop()
        scene.wait_until(lambda: len(_alive()) >= WORKERS, "every worker is there")
        scene.wait_until(lambda: any(view.jobs for view in _alive()), "something runs")
        ways[way](scene)
        scene.verdict.count(f"restarts of {way}")
        say(scene.verdict)
    scene.goes_on()
    touched = set(scene.load.promised.values())
    scene.wait_until(lambda: touched <= scene.load.ended, "what a restart could have cut off has ended")
    ends = {row[0]: (row[1], row[2]) for row in rows_of("SELECT id, status, attempt FROM jobs")}
    scene.verdict.promises["jobs that did not succeed at once"] = sum(ends[job] != ("SUCCESS", 1) for job in touched)


def _worker(scene: Scene) -> None:
    """SIGTERM to the oldest: it finishes what it runs within its grace time."""
    _stop(scene, scene.parts.workers[0])


def _drained_worker(scene: Scene) -> None:
    """The same after it was drained, as an operator does it."""
    oldest = f"-{scene.parts.workers[0].pid}"
    (worker,) = [view.worker.id for view in _alive() if view.worker.name.endswith(oldest)]
    with unit_of_work() as session:
        workers.drain(session, COMMAND_LINE, worker)
    scene.wait_until(
        lambda: all(view.state == "drained" for view in _alive() if view.worker.id == worker), "it is idle"
    )
    _worker(scene)


def _web(scene: Scene) -> None:
    assert scene.parts.web is not None
    _stop(scene, scene.parts.web)


def _stop(scene: Scene, process: "subprocess.Popen[bytes]") -> None:
    scene.parts.tell_to_end(process)
    scene.wait_until(lambda: process.poll() is not None, "it has stopped")
    if process.returncode:
        scene.verdict.faults.append(f"stopped with {process.returncode}: {process.args}")


def _alive() -> list[WorkerView]:
    with reading() as session:
        return workers.find(session, COMMAND_LINE, "")
