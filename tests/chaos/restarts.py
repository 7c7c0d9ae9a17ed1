"""Workers and web told to stop, one after the other, and started again, while people order and read."""

import subprocess

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.workers import WorkerView
from orch_app.kit.db import reading, unit_of_work
from tests.chaos.load import AGAIN_S
from tests.chaos.parts import installation
from tests.chaos.scene import Scene
from tests.chaos.verdict import Say, Verdict, hush, rows_of

WORKERS = 2


def restart(backend: str, seed: int, *, times: int = 50, every_s: float = AGAIN_S, say: Say = hush) -> Verdict:
    """So many restarts: of the oldest worker, at once or after it was drained, and of web.

    Nobody is killed: a lease that a slow machine cannot renew in time would say something about the machine.
    """
    verdict = Verdict("restarts", backend, seed)
    ways = {"a worker": _worker, "a drained worker": _drained_worker, "web": _web}
    with (
        installation(backend, ORCH_LEASE_S="60", ORCH_GRACE_S="90") as made,
        Scene(made, verdict, workers=WORKERS, every_s=every_s) as scene,
    ):
        order: list[str] = []
        for _ in range(times):
            order = order or scene.dice.sample(sorted(ways), len(ways))
            way = order.pop()
            scene.wait_until(lambda: len(_alive()) >= WORKERS, "every worker is there")
            scene.wait_until(lambda: any(view.jobs for view in _alive()), "something runs")
            ways[way](scene)
            verdict.count(f"restarts of {way}")
            say(verdict)
        scene.goes_on()
        scene.settle()
        ends = rows_of("SELECT status, attempt FROM jobs")
    verdict.promises["jobs that did not succeed at once"] = sum(tuple(end) != ("SUCCESS", 1) for end in ends)
    return verdict


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
