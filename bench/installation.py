"""A throw-away installation: its own data folder and port, web and worker as real processes, a signed-in client."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
PASSWORD = "a bench is no secret 42"
EMAIL = "bench@example.org"
START_S = 120.0


@dataclass
class Installation:
    """Where it lives and how it is asked."""

    data_dir: Path
    port: int
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Address of the web process."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The processes' environment: the caller's without its ORCH_*, and ours."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCH_")}
        own = {"ORCH_DATA_DIR": str(self.data_dir), "ORCH_PORT": str(self.port), "ORCH_API_LIMIT": "1000000/minute"}
        return kept | own | {"ORCH_EXECUTE_LIMIT": "100000/minute", "ORCH_LOG_LEVEL": "warning"} | self.variables

    def cli(self, *args: str, stdin: str = "") -> None:
        """Run one command of the product to its end."""
        argv = [sys.executable, "-m", "orch_app.cli", *args]
        subprocess.run(argv, cwd=ROOT, env=self.environment(), input=stdin, text=True, check=True, capture_output=True)

    def add_admin(self, email: str) -> None:
        """Somebody who may do everything."""
        self.cli("admin", "create", "--email", email, "--role", "admin", "--password-stdin", stdin=PASSWORD)

    @contextmanager
    def process(self, part: str, ready_at: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run web or worker until the block ends."""
        log = (self.data_dir / f"{part}.log").open("ab")
        argv = [sys.executable, "-m", "orch_app.cli", part]
        process = subprocess.Popen(argv, cwd=ROOT, env=self.environment(), stdout=log, stderr=log)
        try:
            self._wait(ready_at, process)
            yield process
        finally:
            process.terminate()
            process.wait(30)
            log.close()

    @contextmanager
    def client(self, email: str = EMAIL) -> Iterator[httpx.Client]:
        """A client that signs in, and again when its access token has ended: some benches last longer."""
        with httpx.Client(base_url=self.url, timeout=60, auth=_SignIn(self.url, email)) as client:
            yield client

    def _wait(self, path: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx.get(self.url + path, timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        message = f"the process did not answer at {path}; see {self.data_dir}"
        raise RuntimeError(message)


class _SignIn(httpx.Auth):
    """Sends the access token with each request."""

    def __init__(self, url: str, email: str) -> None:
        self._login = f"{url}/v1/auth/login"
        self._email = email
        self._token = self._new_token()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """The request with the token; where that is refused, once more with a new one."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._token = self._new_token()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _new_token(self) -> str:
        body = {"email": self._email, "password": PASSWORD}
        return httpx.post(self._login, json=body, timeout=60).raise_for_status().json()["accessToken"]


@contextmanager
def installation(variables: dict[str, str] | None = None, *, worker: bool = True) -> Iterator[Installation]:
    """A running installation with these settings, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="orch-bench-"))
    made = Installation(folder, free_port(), variables or {})
    try:
        made.cli("migrate")
        made.add_admin(EMAIL)
        with ExitStack() as parts:
            parts.enter_context(made.process("web", "/login/"))
            if worker:
                parts.enter_context(made.process("worker", "/health/worker"))
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
