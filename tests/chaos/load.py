"""People and scripts while everything dies: orders with Idempotency-Keys, asked again until answered, and readers."""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.ledger import AGAIN

PASSWORD = "a chaos is no secret 42"
EMAIL = "chaos@example.org"
AGAIN_S = 0.2
NOT_YET = {503}
TERMINAL = {"SUCCESS", "ERROR", "CANCELED"}


@dataclass
class Load:
    """What was promised: the job, or run of a pipeline, that each key was told, and the lines that readers have seen.

    `mix` says how often what is ordered; `places` where that is done, for what is no runbook.
    """

    url: str
    most_at_once: int
    seed: int
    mix: Mapping[str, int] = field(default_factory=lambda: {"effect": 2, AGAIN: 1})
    every_s: float = AGAIN_S
    places: Mapping[str, str] = field(default_factory=dict)
    promised: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    seen: dict[str, list[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._dice = random.Random(self.seed)
        self._threads = [threading.Thread(target=work) for work in (self._order_all, self._read_all)]
        self._is_given_up = False
        self.token = ""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether an order has no answer yet, or a reader still reads."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def lines_seen(self) -> int:
        return sum(map(len, self.seen.values()))

    def stop_ordering(self) -> None:
        """Order nothing more; an order that has no answer yet is asked for until it has one."""
        self._stop.set()

    def stop(self, *, give_up: bool = False) -> None:
        """The same, and wait until it is so, unless nobody is there any more to answer."""
        self._stop.set()
        self._is_given_up = give_up
        for thread in self._threads:
            thread.join()

    def _order_all(self) -> None:
        number = 0
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self._stop.is_set():
                if len(self.promised) - len(self.ended) < self.most_at_once:
                    number += 1
                    self._order(client, f"order-{number}", self._chosen())
                self._stop.wait(self.every_s)

    def _chosen(self) -> str:
        return self._dice.choices(list(self.mix), list(self.mix.values()))[0]

    def _order(self, client: httpx.Client, key: str, runbook: str) -> None:
        place = self.places.get(runbook, f"/v1/runbooks/{runbook}/execute")
        while not self._is_given_up:
            answer = self.ask(client, "POST", place, key, json={})
            if answer is not None:
                told, made = (self.runs, "runId") if "runId" in answer else (self.promised, "jobId")
                told[key] = answer[made]
                return
            threading.Event().wait(AGAIN_S)

    def _read_all(self) -> None:
        """Follow every job by its pages, as a script does: what was seen once has to stay as it was."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self._stop.wait(AGAIN_S):
                for job_id in [job for job in list(self.promised.values()) if job not in self.ended]:
                    self._read(client, job_id)

    def _read(self, client: httpx.Client, job_id: str) -> None:
        job = self.ask(client, "GET", f"/v1/jobs/{job_id}")
        seen = self.seen.setdefault(job_id, [])
        page = self.ask(client, "GET", f"/v1/jobs/{job_id}/logs", params={"afterSeq": len(seen), "limit": 5000})
        for line in page["items"] if page else []:
            if line["seq"] != len(seen) + 1:
                self.faults.append(f"{job_id}: line {line['seq']} came after line {len(seen)}")
            seen.append(line["message"])
        if job and job["status"] in TERMINAL:
            self.ended.add(job_id)

    def ask(self, client: httpx.Client, method: str, path: str, key: str = "", **more: Any) -> Any:
        """The answer; None while there is none to be had. Whatever is neither is a fault."""
        try:
            if not self.token:
                made = client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
                self.token = made.json()["accessToken"] if made.status_code == 200 else ""
            headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
            answer = client.request(method, path, headers=headers, **more)
        except (httpx.TransportError, ValueError):
            self.unanswered += 1
            return None
        self.statuses[answer.status_code] += 1
        if answer.status_code < 300:
            return answer.json()
        self._note_refusal(f"{method} {path}", answer)
        return None

    def _note_refusal(self, asked: str, answer: httpx.Response) -> None:
        """Not yet, said in the way of the product, or a fault."""
        fault = fault_of(answer)
        if fault:
            self.faults.append(f"{asked}: {fault}")
        elif self.token:
            self.refusals[answer.json()["code"]] += 1


def fault_of(answer: httpx.Response) -> str:
    """What is wrong with an answer that is no success: right is a 503, as a problem that says when to ask again."""
    is_problem = answer.headers.get("Content-Type", "").startswith("application/problem+json")
    if answer.status_code in NOT_YET and is_problem and "Retry-After" in answer.headers:
        return ""
    return f"{answer.status_code} {answer.headers.get('Content-Type', '')} {answer.text[:200]}"
