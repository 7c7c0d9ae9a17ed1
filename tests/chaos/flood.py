"""Jobs that say more than anybody can read, beside a person who only wants to see lists and short logs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

import httpx
import psutil

from bench.figures import ms, percentile
from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service as accounts
from orch_app.domains.jobs.states import Reason
from orch_app.kit.db import unit_of_work
from tests.chaos.ledger import Talk
from tests.chaos.load import PASSWORD
from tests.chaos.parts import children_of, synchronise
from tests.chaos.scene import Scene
from tests.chaos.verdict import Say, Verdict, hush, said

TASK_LINES = 2_000
PADDING = 160
ENOUGH_MB = 256
MOST_RSS_MB = 600
SAMPLE_S = 0.1
PAUSE_S = 0.5
EMAIL = "bystander@example.org"
WHOLE, CUT = "river", "deluge"


def pour(scene: Scene, times: int, *, cut_at_mb: int = 32, say: Say = hush) -> None:
    """One job says so many lines, as it may; another as many, and is ended at its limit of so many MiB."""
    talk = Talk(times=times // TASK_LINES, lines=TASK_LINES, padding=PADDING, log_mb=ENOUGH_MB)
    made = scene.made
    made.ledger.write_runbook(made.catalogue, name=WHOLE, talk=talk)
    made.ledger.write_runbook(made.catalogue, name=CUT, talk=replace(talk, log_mb=cut_at_mb))
    synchronise()
    with unit_of_work() as session:
        accounts.create_user(session, COMMAND_LINE, email=EMAIL, password=PASSWORD, role=Role.OPERATOR)
    with Bystander(scene.parts.url) as person, _measured(scene):
        floods = {name: person.order(name) for name in (WHOLE, CUT)}
        scene.load.promised.update(floods)
        scene.ends[floods[CUT]] = ("ERROR", Reason.OUTPUT_LIMIT)
        began = time.monotonic()
        while not set(floods.values()) <= scene.load.ended and time.monotonic() < began + times:
            person.look_around()
            say(scene.verdict)
        scene.verdict.figures["seconds of flood"] = round(time.monotonic() - began)
    _judge(scene.verdict, floods, talk, person)


def _judge(verdict: Verdict, floods: dict[str, str], talk: Talk, person: "Bystander") -> None:
    whole, cut = (said(floods[name]) for name in (WHOLE, CUT))
    verdict.figures |= {
        "lines of the whole flood": len(whole),
        "lines of the one that was cut": len(cut),
        "looks of another person": len(person.took_s),
        "p50 of a look (ms)": ms(percentile(person.took_s, 0.5)),
        "p95 of a look (ms)": ms(percentile(person.took_s, 0.95)),
    }
    verdict.promises |= {
        "looks without an answer": len(person.faults),
        "lines missing, doubled or out of order": int(whole != list(range(1, talk.total + 1))),
        "the same where it was cut": int(not cut or cut != list(range(1, len(cut) + 1)) or len(cut) >= talk.total),
    }
    verdict.faults += person.faults


class Bystander:
    """Another user, who looks at lists and at a short log, one answer after the other. Use as a context."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=120)
        self.took_s: list[float] = []
        self.faults: list[str] = []
        self._own = ""

    def __enter__(self) -> Self:
        made = self._client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
        self._client.headers["Authorization"] = f"Bearer {made.raise_for_status().json()['accessToken']}"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def order(self, runbook: str) -> str:
        """The job of a runbook without inputs."""
        made = self._client.post(f"/v1/runbooks/{runbook}/execute", json={}, headers={"Idempotency-Key": runbook})
        self._own = made.raise_for_status().json()["jobId"]
        return self._own

    def look_around(self) -> None:
        """Each address once."""
        for path in ("/v1/jobs", "/v1/runbooks", f"/v1/jobs/{self._own}", f"/v1/jobs/{self._own}/logs?limit=100"):
            began = time.monotonic()
            try:
                answer = self._client.get(path)
            except httpx.TransportError as error:
                self.faults.append(f"GET {path}: {error!r}")
                continue
            self.took_s.append(time.monotonic() - began)
            if answer.status_code != 200:
                self.faults.append(f"GET {path}: {answer.status_code} {answer.text[:200]}")
        time.sleep(PAUSE_S)


@contextmanager
def _measured(scene: Scene) -> Iterator[None]:
    """How much memory the worker and web needed at most until the block ends."""
    most = {"worker": 0, "web": 0}
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(SAMPLE_S):
            most["worker"] = max(most["worker"], *(_rss_mb(one.pid) for one in scene.parts.workers), 0)
            most["web"] = max(most["web"], _web_rss_mb(scene))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    scene.verdict.figures |= {f"most memory of {part} (MiB)": mb for part, mb in most.items()}
    scene.verdict.promises[f"MiB of a worker above {MOST_RSS_MB}"] = max(most["worker"] - MOST_RSS_MB, 0)


def _web_rss_mb(scene: Scene) -> int:
    if scene.parts.web is None:
        return 0
    return sum(_rss_mb(process.pid) for process in [scene.parts.web, *children_of(scene.parts.web.pid)])


def _rss_mb(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss >> 20
    except psutil.Error:
        return 0
