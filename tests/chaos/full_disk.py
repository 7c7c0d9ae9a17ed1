"""Disks that are full to the last byte for seconds, while jobs run, people order and read."""

from functools import partial
from itertools import cycle
from pathlib import Path

from tests.chaos.disks import filled
from tests.chaos.ledger import Talk
from tests.chaos.load import AGAIN_S
from tests.chaos.parts import installation, synchronise
from tests.chaos.rows import rows_of
from tests.chaos.scene import Scene
from tests.chaos.verdict import Say, Verdict, hush
from tools.launcher.vitals import worker

LENGTHS_S = (3.0, 8.0)
TALK = Talk(times=6, lines=300)
LEAST_MB = 8


def fill_up(
    backend: str,
    seed: int,
    times: int,
    *,
    lengths_s: tuple[float, float] = LENGTHS_S,
    every_s: float = AGAIN_S,
    say: Say = hush,
) -> Verdict:
    """The disk of the data folder is filled so often, and with PostgreSQL that of the cluster in turn."""
    verdict = Verdict("disk", backend, seed, promises={"orders taken without room for them": 0})
    with installation(backend, on_small_disks=True, ORCH_LEASE_S="60", ORCH_MIN_FREE_MB=str(LEAST_MB)) as made:
        made.ledger.write_runbook(made.catalogue, name="chatty", talk=TALK)
        synchronise()
        with Scene(made, verdict, every_s=every_s) as scene:
            for _, (name, disk) in zip(range(times), cycle(made.disks.items()), strict=False):
                job = scene.order("chatty")
                scene.wait_until(partial(_is_talking, job), "it says something")
                _fill(scene, name, disk, scene.dice.uniform(*lengths_s))
                say(verdict)
            known = set(scene.load.promised)
            scene.goes_on()
            scene.settle()
            ends = dict(rows_of("SELECT id, status FROM jobs"))
            late = [job for key, job in scene.load.promised.items() if key not in known]
            verdict.promises["jobs after it that did not succeed"] = sum(ends[job] != "SUCCESS" for job in late)
            verdict.promises["requests without an answer"] = scene.load.unanswered
            verdict.refused(scene.load.refusals)
    return verdict


def _fill(scene: Scene, name: str, disk: Path, seconds: float) -> None:
    """What is asked for while there is no room is asked for again afterwards, and then has to be taken."""
    key = f"while-full-{len(scene.load.promised)}"
    with filled(disk):
        taken = scene.stand(seconds, meanwhile=lambda: scene.offer("effect", key))
        if sign := worker(scene.made.data):
            scene.verdict.faults.append(f"while the disk of {name} was full: the worker was given up, because {sign}")
    for server in scene.made.servers.values():
        server.start()  # a cluster without room for its journal ends by itself, and whatever looks after it starts it
    scene.order("effect", key)
    scene.verdict.slowest(f"slowest to go on after {name} (s)", scene.goes_on())
    scene.verdict.count(f"fills of the disk of {name}")
    if name == "data":
        scene.verdict.promises["orders taken without room for them"] += sum(taken)


def _is_talking(job: str) -> bool:
    return rows_of(f"SELECT last_seq FROM jobs WHERE id = '{job}'")[0][0] > TALK.lines
