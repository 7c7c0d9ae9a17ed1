"""Many orders with the same Idempotency-Key at once, while web is killed and started again: one job a key."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from tests.chaos.load import EMAIL, PASSWORD, fault_of
from tests.chaos.parts import Parts, installation, left_over
from tests.chaos.rows import rows_of
from tests.chaos.verdict import Say, Verdict, hush

AT_ONCE = 10
AGAIN_S = 0.1
PATH = "/v1/runbooks/effect/execute"


@dataclass
class Client:
    """Asks for each key until it is answered, and notes which job each answer named. For several threads at once."""

    http: httpx.Client
    jobs: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._token = ""

    @property
    def answers(self) -> int:
        return self.statuses[202]

    def order(self, key: str) -> None:
        """Until there is an answer; one that is neither an order taken nor a reason to ask again is a fault."""
        while not self._ask(key):
            time.sleep(AGAIN_S)

    def _ask(self, key: str) -> bool:
        try:
            headers = {"Idempotency-Key": key, "Authorization": f"Bearer {self._signed_in()}"}
            answer = self.http.post(PATH, json={}, headers=headers)
        except httpx.TransportError:
            with self._lock:
                self.unanswered += 1
            return False
        with self._lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code == 202:
                self.jobs[key].add(answer.json()["jobId"])
                return True
            if fault := fault_of(answer):
                self.faults.append(f"{key}: {fault}")
            return bool(fault)

    def _signed_in(self) -> str:
        with self._lock:
            if not self._token:
                made = self.http.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
                self._token = made.raise_for_status().json()["accessToken"]
            return self._token


def repeat(backend: str, seed: int, keys: int, *, posts: int = 10, kills: int = 8, say: Say = hush) -> Verdict:
    """So many keys, each posted so many times at once; web is killed so often meanwhile, and kills itself besides."""
    verdict = Verdict("keys", backend, seed)
    began = time.monotonic()
    with installation(backend) as made:
        dice, killed = random.Random(seed), Counter[str]()
        parts = Parts(made.data, dice, killed, workers=0)
        limits = httpx.Limits(max_connections=AT_ONCE)
        try:
            with httpx.Client(base_url=parts.url, timeout=60, limits=limits) as http:
                client = Client(http)
                _post_all(client, parts, _moments(dice, keys * posts, kills), (keys, posts), lambda: say(verdict))
        finally:
            parts.stop()
        verdict.figures |= {f"kills of {target}": count for target, count in sorted(killed.items())}
        _judge(verdict, client, keys, left_over(made.data))
    verdict.figures["seconds"] = round(time.monotonic() - began)
    return verdict


def _moments(dice: random.Random, posts: int, kills: int) -> list[int]:
    """After how many answers web is killed."""
    return sorted(dice.randrange(1, posts) for _ in range(kills))


def _post_all(
    client: Client, parts: Parts, moments: list[int], size: tuple[int, int], tell: Callable[[], None]
) -> None:
    keys, posts = size
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(client.order, _key(number)) for number in range(keys) for _ in range(posts)]
        while not all(one.done() for one in asked):
            parts.look_after()
            if moments and client.answers >= moments[0] and parts.kill_web():
                moments.pop(0)
                parts.kills["web"] += 1
                tell()
            time.sleep(0.02)
        parts.calm_down()
    for one in asked:
        one.result()


def _key(number: int) -> str:
    return f"key-{number}"


def _judge(verdict: Verdict, client: Client, keys: int, left: list[str]) -> None:
    stored = {row[0] for row in rows_of("SELECT id FROM jobs")}
    named = [client.jobs[_key(number)] for number in range(keys)]
    told = {job for jobs in named for job in jobs}
    verdict.figures |= {"keys": keys, "posts answered": client.answers, "posts without an answer": client.unanswered}
    verdict.figures["jobs"] = len(stored)
    verdict.promises |= {
        "keys with two jobs": sum(len(jobs) > 1 for jobs in named),
        "keys without a job": sum(not jobs for jobs in named),
        "jobs that a person was told of and are not there": len(told - stored),
        "jobs that nobody was told of": len(stored - told),
        "jobs of two keys": sum(map(len, named)) - len(told),
        "processes left over": len(left),
    }
    verdict.faults += client.faults + left
