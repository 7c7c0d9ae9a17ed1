"""What most scenarios share: processes that run, people who order and read meanwhile, and the end of it all."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Self

import httpx

from tests.chaos.ledger import AGAIN
from tests.chaos.load import AGAIN_S, Load
from tests.chaos.parts import PATIENCE_S, Installation, Parts, left_over
from tests.chaos.rows import open_jobs
from tests.chaos.verdict import Verdict, look

AT_ONCE = 4
LOOK_S = 0.1
PAUSE_S = 0.2
EVEN = {"effect": 2, AGAIN: 1}


class Scene:
    """Web, workers and load. Use as a context: it begins when the first job has begun, and ends with nothing left."""

    def __init__(
        self,
        made: Installation,
        verdict: Verdict,
        *,
        workers: int = 1,
        mix: Mapping[str, int] = EVEN,
        every_s: float = AGAIN_S,
    ) -> None:
        """`every_s` are the seconds between two orders, of which four at most are open at a time."""
        self.made = made
        self.verdict = verdict
        self.dice = random.Random(verdict.seed)
        self.parts = Parts(made.data, random.Random(verdict.seed), Counter(), workers)
        self.parts.is_calm = True
        self.load = Load(self.parts.url, AT_ONCE, verdict.seed, mix, every_s)
        self.ends: dict[str, tuple[str, str]] = {}
        """Status and reason of the jobs that are not to succeed."""
        self._client = httpx.Client(base_url=self.parts.url, timeout=60)
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.push(self)
            self.parts.look_after()
            self.load.start()
            self.wait_until(lambda: self.made.ledger.counts, "the first job has begun")
            stack.pop_all()
        self.load.unanswered = 0  # before web listened nobody could be answered
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.load.stop(give_up=kind is not None)
        self._client.close()
        self.parts.stop()
        left, ended = left_over(self.made.data), self.parts.ended_by_themselves
        self.verdict.promises |= {"processes left over": len(left), "processes that ended by themselves": len(ended)}
        self.verdict.faults += left + ended
        self.verdict.figures["seconds"] = round(time.monotonic() - self._began)

    def wait_until(self, condition: Callable[[], object], what: str) -> float:
        """How many seconds it took; after a generous deadline it is a fault that it is not so."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() > began + PATIENCE_S:
                self.verdict.faults.append(f"still not: {what}\n{self.parts.log('worker')}")
                break
            self.parts.look_after()
            time.sleep(LOOK_S)
        return time.monotonic() - began

    def stand(self, seconds: float, meanwhile: Callable[[], bool] = lambda: False) -> list[bool]:
        """Let so many seconds pass; gives back what was done meanwhile, a few times a second."""
        done: list[bool] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.parts.look_after()
            done.append(meanwhile())
            time.sleep(min(PAUSE_S, max(until - time.monotonic(), 0)))
        return done

    def offer(self, runbook: str, key: str) -> bool:
        """Order once with this key: whether it was taken. What is neither taken nor put off is a fault."""
        answer = self.load.ask(self._client, "POST", f"/v1/runbooks/{runbook}/execute", key, json={})
        if answer is not None:
            self.load.promised[key] = answer["jobId"]
        return answer is not None

    def order(self, runbook: str, key: str = "") -> str:
        """Order until it is taken: the job."""
        key = key or f"scene-{len(self.load.promised)}"
        self.wait_until(lambda: self.offer(runbook, key), f"{key} is taken")
        return self.load.promised[key]

    def ask(self, method: str, path: str) -> Any:
        """The answer; None while there is none to be had."""
        return self.load.ask(self._client, method, path)

    def goes_on(self) -> float:
        """Seconds until another order is answered and another job is seen to end."""
        promised, ended = len(self.load.promised), len(self.load.ended)
        return self.wait_until(
            lambda: len(self.load.promised) > promised and len(self.load.ended) > ended, "it goes on by itself"
        )

    def ends_of(self, job: str) -> tuple[str, str]:
        """The status and reason that this job should end with."""
        return self.ends.get(job, ("SUCCESS", ""))

    def settle(self) -> None:
        """Order nothing more, wait for every end, and judge."""
        self.load.stop_ordering()
        self.wait_until(lambda: not self.load.is_busy and not open_jobs(), "every job has ended")
        self.verdict.take(look(self.load, self.made.ledger), self.load.lines_seen)
