"""The real product for browser tests: an own data folder, a free port, a web process and a worker, users."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.accounts import passwords, service
from orch_app.kit.db import unit_of_work
from tests.systems.people import CHEAPEST
from tests.systems.processes import free_port, running
from tests.systems.product import bound_to, migrate_new

ROOT = Path(__file__).parents[2]
PASSWORD = "correct-horse-battery-42"
PATIENCE_S = 120
ROLES = ("admin", "operator", "viewer")


@dataclass(frozen=True)
class Product:
    """One installation. `variables` are its settings, ORCH_* and nothing else of the caller's."""

    data_dir: Path
    port: int
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cli(self, *args: str, stdin: str = "") -> str:
        """What `orch ARGS` prints; raises when it fails."""
        done = subprocess.run(self._argv(*args), input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"orch {' '.join(args)} failed:\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def add_user(self, role: str, email: str = "", name: str = "") -> str:
        """Create a user with `PASSWORD`, quickly hashed and without a program to start; gives the address back."""
        address, known_as = email or f"{role}@example.org", name or f"{role.title()} Tester"
        with (
            bound_to(self.data_dir, self.variables.get("ORCH_DATABASE_URL", "")),
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setattr(passwords, "COST", CHEAPEST)
            with unit_of_work() as session:
                service.create_user(session, COMMAND_LINE, email=address, password=PASSWORD, role=role, name=known_as)
        return address

    @contextmanager
    def process(self, part: str, *, path: str, says: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Run `web` or `worker` until the block ends; it is ready when `path` answers with 200 and `says`."""
        log = self.data_dir / f"{part}.log"
        with running(self._argv(part), is_ready=lambda: self.answers(path, says), log=log) as process:
            yield process

    def answers(self, path: str, says: str = "") -> bool:
        """Whether a GET of the path is answered with success and has these words in it."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status == 200 and says in answer.read().decode("utf-8", "replace")
        except (OSError, urllib.error.URLError):
            return False

    def log(self, part: str) -> str:
        return (self.data_dir / f"{part}.log").read_text("utf-8", "replace")

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """`./orch up` of this checkout until the block ends; the block begins when it says that it is ready."""
        log = self.data_dir / "up.log"
        with running(self.up_argv(), is_ready=lambda: f"ready {self.url}" in self.log("up"), log=log) as process:
            yield process

    def up_argv(self) -> list[str]:
        """`./orch up` with these settings, as arguments for subprocess."""
        return [*self._settings(), str(ROOT / "orch"), "up"]

    def _argv(self, *args: str) -> list[str]:
        return [*self._settings(), sys.executable, "-m", "orch_app.cli", *args]

    def _settings(self) -> list[str]:
        """What stands before a program, so that it gets these settings and none of the caller's."""
        own = {name: value for name, value in os.environ.items() if name.startswith("ORCH_")}
        unset = [part for name in own for part in ("-u", name)]
        wanted = {"ORCH_DATA_DIR": str(self.data_dir), "ORCH_PORT": str(self.port), "ORCH_LOGIN_LIMIT": "200/minute"}
        pairs = [f"{name}={value}" for name, value in (wanted | self.variables).items()]
        return ["env", "-C", str(ROOT), *unset, *pairs]


def new_product(data_dir: Path, **variables: str) -> Product:
    """A migrated installation without users; nothing runs yet."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if database_url := variables.get("ORCH_DATABASE_URL"):
        migrate_new(data_dir, database_url)
    else:
        (data_dir / "orch.db").write_bytes(_migrated())
    return Product(data_dir, free_port(), variables)


@cache
def _migrated() -> bytes:
    """A migrated SQLite database without rows, made once: migrating takes longer than most tests."""
    with TemporaryDirectory() as folder:
        migrate_new(Path(folder), "")
        return (Path(folder) / "orch.db").read_bytes()


@contextmanager
def started(product: Product, *, workers: int = 1) -> Iterator[Product]:
    """The web process and the workers of an installation, until the block ends."""
    with ExitStack() as parts:
        parts.enter_context(product.process("web", path="/login/"))
        for number in range(1, workers + 1):
            parts.enter_context(product.process("worker", path="/health/worker", says=f"{number} alive"))
        yield product


@contextmanager
def client_of(product: Product, role: str = "operator") -> Iterator[httpx.Client]:
    """A script that has signed in with this role."""
    with httpx.Client(base_url=product.url, timeout=PATIENCE_S) as client:
        sign_in = {"email": f"{role}@example.org", "password": PASSWORD}
        pair = client.post("/v1/auth/login", json=sign_in).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {pair['accessToken']}"
        yield client
