"""PostgreSQL and Redis that can be killed and come back at the same address: tables stay, the queue is forgotten."""

import contextlib
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.disks import small_disk
from tests.systems import postgres, redis
from tests.systems.processes import free_port, identity, private_folder, program, unprivileged_user

PATIENCE_S = 60.0
FOREIGN = {"PATH": os.defpath, "LANG": "C.UTF-8"}  # nothing of the product's: what knows its folder belongs to it


@dataclass
class Server:
    """One server: how it is started, and whether it answers."""

    argv: list[str]
    folder: Path
    answers: Callable[[], bool]
    user: str | None = None
    process: subprocess.Popen[Any] | None = None

    def start(self) -> None:
        """Start it, again and again while what a killed one left is in the way, until it answers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                self._launch()
            if self.answers():
                return
            time.sleep(0.05)
        message = f"{self.argv[0]} did not come back:\n{(self.folder / 'server.log').read_text('utf-8')[-2000:]}"
        raise RuntimeError(message)

    def _launch(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.folder,
                env=FOREIGN, **identity(self.user),
            )  # fmt: skip

    def kill(self) -> None:
        """SIGKILL to the one process; what it started has to notice by itself."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@contextmanager
def killable_postgres(disk_mb: int = 0) -> Iterator[tuple[Server, str]]:
    """A new cluster and the URL of a database in it; on a disk of its own when that has a size."""
    binaries = sorted(str(folder) for folder in Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
    owner = unprivileged_user()
    with private_folder("pg", owner) as folder, ExitStack() as stack:
        if disk_mb:
            (folder / "data").mkdir()
            stack.enter_context(small_disk(folder / "data", disk_mb, owner))
        found = postgres.PostgresServer(free_port(), secrets.token_hex(16))
        postgres._make_cluster(program("initdb", *binaries), folder, found.password, owner)
        settings = ["listen_addresses=127.0.0.1", f"port={found.port}", f"unix_socket_directories={folder}"]
        argv = [program("postgres", *binaries), "-D", str(folder / "data")]
        fast = (one for one in postgres.FAST if one != "synchronous_commit=off")  # what is committed outlives a kill
        argv += [f"--{setting}" for setting in (*settings, *fast)]
        server = Server(argv, folder, lambda: postgres._accepts(found), owner)
        stack.callback(server.kill)
        server.start()
        yield server, found.url("postgres")  # it goes with the whole cluster


@contextmanager
def killable_redis() -> Iterator[tuple[Server, str]]:
    """An empty server and its URL."""
    with private_folder("redis") as folder, contextlib.ExitStack() as stack:
        port, password = free_port(), secrets.token_hex(16)
        rules = folder / "users.acl"
        rules.write_text(f"user default off\nuser {redis.USER} on >{password} ~* &* +@all\n", "utf-8")
        rules.chmod(0o600)
        url = f"redis://{redis.USER}:{password}@127.0.0.1:{port}/0"
        argv = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        argv += ["--dir", str(folder), "--aclfile", str(rules)]
        server = Server(argv, folder, lambda: redis._answers(url))
        stack.callback(server.kill)
        server.start()
        yield server, url
