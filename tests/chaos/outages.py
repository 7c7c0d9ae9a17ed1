"""The database or Redis goes away for seconds while people order and read and jobs run, and comes back.

SQLite has no server that could stop: there another process holds the database, or the queue's, for itself.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from typing import Self

import httpx

from tests.chaos.load import fault_of
from tests.chaos.locks import EVERYTHING, WRITER, held
from tests.chaos.parts import Installation
from tests.chaos.scene import Scene
from tests.chaos.servers import Server
from tests.chaos.verdict import Say, hush

LENGTHS_S = (5.0, 20.0)
PATHS = ("/health", "/v1/jobs", "/v1/runbooks", "/v1/hosts", "/v1/connections", "/v1/workers")
Outage = Callable[[], AbstractContextManager[None]]


def take_away(scene: Scene, times: int, *, lengths_s: tuple[float, float] = LENGTHS_S, say: Say = hush) -> None:
    """So many outages, each of a length that the seed chooses. None may end a job."""
    verdict, before = scene.verdict, scene.load.unanswered
    with Visitor(scene) as visitor:
        for name, outage in _program(scene.made, scene.dice, times):
            with outage():
                scene.stand(scene.dice.uniform(*lengths_s))
            verdict.slowest(f"slowest to go on after {name} (s)", scene.goes_on())
            verdict.count(f"outages of {name}")
            say(verdict)
    verdict.refused(scene.load.refusals + visitor.refusals)
    verdict.promises["requests without an answer"] = scene.load.unanswered - before + visitor.unanswered
    verdict.faults += visitor.faults


def _program(made: Installation, dice: random.Random, times: int) -> Iterator[tuple[str, Outage]]:
    """Each kind of outage in turn, in an order that the dice choose anew every round."""
    kinds = _kinds(made)
    for number in range(times):
        if number % len(kinds) == 0:
            dice.shuffle(kinds)
        yield kinds[number % len(kinds)]


def _kinds(made: Installation) -> list[tuple[str, Outage]]:
    if made.servers:
        database, queue = made.servers["postmaster"], made.servers["redis"]
        return [
            ("the database", partial(away, database)),
            ("Redis", partial(away, queue)),
            ("both", partial(away, database, queue)),
        ]
    database, queue = made.data / "orch.db", made.data / "queue.db"
    return [
        ("the database for writers", partial(held, database, WRITER)),
        ("the database", partial(held, database, EVERYTHING)),
        ("the queue", partial(held, queue, EVERYTHING)),
    ]


@contextmanager
def away(*servers: Server) -> Iterator[None]:
    """These servers are dead until the block ends."""
    with ExitStack() as stack:
        for server in servers:
            server.kill()
            stack.callback(server.start)
        yield


@dataclass
class Visitor:
    """Looks at one address after the other all the time. Use as a context."""

    scene: Scene
    unanswered: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=self._look_around)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _look_around(self) -> None:
        with httpx.Client(base_url=self.scene.parts.url, timeout=60) as client:
            while not self._stop.is_set():
                for path in PATHS:
                    self._look_at(client, path)
                self._stop.wait(0.2)

    def _look_at(self, client: httpx.Client, path: str) -> None:
        try:
            answer = client.get(path, headers={"Authorization": f"Bearer {self.scene.load.token}"})
        except httpx.TransportError as error:
            self.unanswered += 1
            self.faults.append(f"GET {path}: {error!r}")
            return
        if answer.status_code < 300 or (path == "/health" and answer.status_code == 503):
            return
        if fault := fault_of(answer):
            self.faults.append(f"GET {path}: {fault}")
        else:
            self.refusals[answer.json()["code"]] += 1
