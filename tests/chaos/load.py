"""People and scripts while everything dies: orders with Idempotency-Keys, asked again until answered, and readers."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "a chaos is no secret 42"
EMAIL = "chaos@example.org"
AGAIN_S = 0.2
NOT_YET = {503}
TERMINAL = {"SUCCESS", "ERROR", "CANCELED"}


@dataclass
class Load:
    """What was promised: the job that each key was told, and the lines that readers have seen."""

    url: str
    most_at_once: int
    seed: int
    promised: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    seen: dict[str, list[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._dice = random.Random(self.seed)
        self._threads = [threading.Thread(target=work) for work in (self._order_all, self._read_all)]
        self._token = ""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Order nothing more; an order that has no answer yet is asked for until it has one."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _order_all(self) -> None:
        number = 0
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self._stop.is_set():
                if len(self.promised) - len(self.ended) < self.most_at_once:
                    number += 1
                    self._order(client, f"order-{number}", self._dice.choice(("effect", "effect", "again")))
                self._stop.wait(AGAIN_S)

    def _order(self, client: httpx.Client, key: str, runbook: str) -> None:
        while key not in self.promised:
            headers = {"Idempotency-Key": key}
            answer = self._ask(client, "POST", f"/v1/runbooks/{runbook}/execute", json={}, headers=headers)
            if answer is not None:
                self.promised[key] = answer["jobId"]
            else:
                threading.Event().wait(AGAIN_S)

    def _read_all(self) -> None:
        """Follow every job by its pages, as a script does: what was seen once has to stay as it was."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self._stop.wait(AGAIN_S):
                for job_id in [job for job in self.promised.values() if job not in self.ended]:
                    self._read(client, job_id)

    def _read(self, client: httpx.Client, job_id: str) -> None:
        job = self._ask(client, "GET", f"/v1/jobs/{job_id}")
        seen = self.seen.setdefault(job_id, [])
        page = self._ask(client, "GET", f"/v1/jobs/{job_id}/logs", params={"afterSeq": len(seen), "limit": 5000})
        for line in page["items"] if page else []:
            if line["seq"] != len(seen) + 1:
                self.faults.append(f"{job_id}: line {line['seq']} came after line {len(seen)}")
            seen.append(line["message"])
        if job and job["status"] in TERMINAL:
            self.ended.add(job_id)

    def _ask(self, client: httpx.Client, method: str, path: str, **more: Any) -> Any:
        """The answer; None while there is none to be had. Whatever is neither is a fault."""
        try:
            if not self._token:
                made = client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
                self._token = made.json()["accessToken"] if made.status_code == 200 else ""
            headers = more.pop("headers", {}) | {"Authorization": f"Bearer {self._token}"}
            answer = client.request(method, path, headers=headers, **more)
        except (httpx.TransportError, ValueError):
            return None
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code < 300:
            return answer.json()
        if answer.status_code not in NOT_YET:
            self.faults.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return None
