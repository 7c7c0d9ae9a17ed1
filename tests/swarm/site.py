"""The stack as people have it: secrets, releases, the first admin; and its REST API through the published port."""

import hashlib
import json
import secrets
import shutil
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from orch_app.kit.settings import ROOT
from tests.chaos.ledger import Ledger
from tests.swarm import attack
from tests.systems.s3 import BUCKET, KEY_FILE, S3Server
from tests.systems.sshd import SshServer
from tests.systems.swarm import images
from tests.systems.swarm.cluster import STACK, Swarm
from tests.systems.swarm.nodes import Node

PORT = 8000
EMAIL = "ada@example.org"
FILES = (
    ROOT / "docker-compose.swarm.yml",
    ROOT / "docker-compose.swarm.no-ipvs.yml",
    Path(__file__).with_name("stack.yml"),
)
FIRST, SECOND = "jarvis:1.0.0", "jarvis:2.0.0"
TAKES_S = 6
LIMIT_S = 240.0


@dataclass
class Site:
    """A deployed stack and a signed-in admin."""

    swarm: Swarm
    ledger: Ledger
    store: S3Server
    client: httpx.Client
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    headers: dict[str, str] = field(default_factory=dict)

    def deploy(self, release: str) -> None:
        """Deploy a release of the product; returns at once."""
        variables = {
            "JARVIS_IMAGE": release,
            "JARVIS_POSTGRES_IMAGE": images.DATA,
            "JARVIS_REDIS_IMAGE": images.DATA,
            "JARVIS_HOST": "jarvis.example.org",
            "JARVIS_EGRESS_ALLOW": f"{self.swarm.manager.network.prefix}.0/24",
            "JARVIS_WORKER_SLOTS": "2",
            "JARVIS_ARTIFACTS_URL": f"s3://{BUCKET}/swarm",
            "JARVIS_ARTIFACTS_ENDPOINT": self.store.url,
        }
        self.swarm.deploy(FILES, variables)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """One call, again and again while the web part is being replaced; the answer's JSON."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                answer = self.client.request(method, path, headers=self.headers, **more)
                if answer.status_code < 500:
                    return answer.raise_for_status().json()
            except httpx.TransportError:
                answer = None
            assert time.monotonic() < deadline, f"{method} {path}: {answer}"
            time.sleep(0.2)

    def make_admin(self) -> None:
        """Make the first admin as the how-to says."""
        words = ("./orch", "admin", "create", "--email", EMAIL, "--password-stdin")
        self.swarm.run_inside("web", self.swarm.manager, *words, text=f"{self.password}\n")

    def sign_in(self) -> None:
        """Sign in through the published port; it holds for a quarter of an hour."""
        tokens = self.ask("POST", "/v1/auth/login", json={"email": EMAIL, "password": self.password})
        self.headers = {"Authorization": f"Bearer {tokens['accessToken']}"}

    def launch(self, count: int = 1) -> list[str]:
        """Launch jobs of the runbook `effect`."""
        return [self.launch_of("effect") for _ in range(count)]

    def register(self, server: SshServer) -> str:
        """Make a machine that is reached by ssh a host of the product, its key pinned; its id."""
        payload = {"user": server.user, "privateKey": server.private_key}
        order = {"type": "ssh", "name": "key", "environment": "stage", "payload": payload}
        place = {"name": "outside", "address": server.address, "port": server.port, "environment": "stage"}
        place["connectionId"] = self.ask("POST", "/v1/connections", json=order)["id"]
        host: str = self.ask("POST", "/v1/hosts", json=place)["id"]
        seen = self.ask("POST", f"/v1/hosts/{host}/scan-key", json={})["keys"]
        self.ask("POST", f"/v1/hosts/{host}/scan-key", json={"pin": seen[0]["fingerprint"]})
        return host

    def launch_of(self, runbook: str, hosts: Sequence[str] = (), **inputs: str) -> str:
        """Launch a job; a call that has to be made twice launches once."""
        headers = {**self.headers, "Idempotency-Key": secrets.token_hex(8)}
        path = f"/v1/runbooks/{runbook}/execute"
        order = {"inputs": inputs} | ({"hosts": list(hosts)} if hosts else {})
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                answer = self.client.post(path, json=order, headers=headers)
                if answer.status_code == 202:
                    return answer.json()["jobId"]
                assert answer.status_code >= 500, answer.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "no job could be launched"
            time.sleep(0.2)

    def job(self, job_id: str, wait_s: int = 0) -> dict[str, Any]:
        return self.ask("GET", f"/v1/jobs/{job_id}", params={"wait": wait_s} if wait_s else {})

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job when it has ended."""
        deadline = time.monotonic() + LIMIT_S
        while (job := self.job(job_id, 10))["phase"] != "done":
            assert time.monotonic() < deadline, f"has not ended: {job}\n{self.swarm.report()}"
        return job

    def download(self, job_id: str, name: str) -> bytes:
        """A file that a job left."""
        answer = self.client.get(f"/v1/jobs/{job_id}/artifacts/{name}", headers=self.headers)
        return answer.raise_for_status().content

    def stream(self, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Server-sent events of a job's log, with their names."""
        name = ""
        path = f"/v1/jobs/{job_id}/logs/stream"
        with self.client.stream("GET", path, headers=self.headers, timeout=LIMIT_S) as answer:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

    @contextmanager
    def only_on(self, node: Node) -> Iterator[None]:
        """Jobs run on this node only, for the workers of the others are drained."""
        others = [name for name in self.workers() if node_of(name) != node.name]
        for name in others:
            self.swarm.run_inside("web", self.swarm.manager, "./orch", "worker", "drain", name)
        try:
            yield
        finally:
            for name in others:
                self.swarm.run_inside("web", self.swarm.manager, "./orch", "worker", "resume", name)

    def wait_for_workers(self, nodes: set[str]) -> None:
        """Wait until exactly these nodes have a live worker."""

        def alive() -> set[str]:
            return set(map(node_of, self.workers()))

        self.swarm.wait_for(lambda: alive() == nodes, lambda: f"workers live on {alive()}, not on {nodes}")

    def workers(self) -> list[str]:
        """Names of the workers that live and are to live on."""
        found: list[dict[str, Any]] = self.ask("GET", "/v1/workers")["items"]
        return [worker["name"] for worker in found if worker["state"] in {"running", "draining", "drained"}]


def node_of(worker: str) -> str:
    """Workers of the stack are named `<node>-<slot>`."""
    return worker.rpartition("-")[0]


def prepare(nodes: list[Node], ledger: Ledger) -> None:
    """Both releases on every node: built on the first one, whose disk the others are copies of."""
    first, *others = nodes
    scratch = first.folder / "scratch"
    runbooks = ledger.write_runbook(scratch / "runbooks", takes_s=TAKES_S)
    attack.write_runbooks(runbooks)
    images.build_product(first, scratch)
    for release in (FIRST, SECOND):
        images.build_release(first, scratch, release, runbooks)
    first.kill()
    shutil.rmtree(scratch)
    for node in others:
        node.become_copy_of(first)
    for node in nodes:
        node.start()


def _make_secrets(manager: Node) -> None:
    postgres, redis = secrets.token_hex(16), secrets.token_hex(16)
    hashed = hashlib.sha256(redis.encode()).hexdigest()
    made = {
        "postgres_password_1": postgres,
        "database_url_1": f"postgresql://jarvis:{postgres}@postgres:5432/jarvis",
        "redis_url_1": f"redis://jarvis:{redis}@redis:6379/0",
        "redis_users_1": f"user default off\nuser jarvis on #{hashed} ~* &* +@all -@admin\n",
        "artifacts_key_1": KEY_FILE,
        "master_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    for name, text in made.items():
        manager.docker("secret", "create", f"{STACK}_{name}", "-", text=text)


@contextmanager
def open_site(swarm: Swarm, ledger: Ledger, store: S3Server) -> Iterator[Site]:
    """Secrets, networks, the first release and its admin, as the how-to says."""
    with httpx.Client(base_url=f"http://{swarm.manager.address}:{PORT}", timeout=30, trust_env=False) as client:
        site = Site(swarm, ledger, store, client)
        _make_secrets(swarm.manager)
        swarm.manager.docker("network", "create", "--driver", "overlay", "traefik")
        site.deploy(FIRST)
        swarm.wait_until_it_stands()
        site.make_admin()
        yield site
