"""One throw-away installation: its processes, which can be killed and are started again, and what is left of them."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service as accounts
from orch_app.domains.runbooks import service as runbooks
from orch_app.kit.db import unit_of_work
from orch_app.kit.settings import ROOT
from tests.chaos.disks import small_disk
from tests.chaos.ledger import AGAIN, LOOPBACK, Ledger, ledger_server
from tests.chaos.load import EMAIL, PASSWORD
from tests.chaos.servers import Server, killable_postgres, killable_redis
from tests.systems.processes import answers, free_port
from tests.systems.product import bound_to, migrate_new

CRASH_POINTS = (
    "claim.after_commit",
    "start.after_commit",
    "log.after_commit",
    "finish.before_commit",
    "finish.after_commit",
    "bell.before",
)
QUICK = {
    "ORCH_LEASE_S": "5",
    "ORCH_HEARTBEAT_S": "1",
    "ORCH_SWEEP_S": "1",
    "ORCH_WORKER_SLOTS": "3",
    "ORCH_ACCESS_TOKEN_S": "3600",
    "ORCH_API_LIMIT": "1000000/minute",
    "ORCH_LOGIN_LIMIT": "100000/minute",
    "ORCH_EXECUTE_LIMIT": "100000/minute",
    "ORCH_LOG_LEVEL": "warning",
    "ORCH_ENGINE": "warm",
    "ORCH_MIN_FREE_MB": "1",
    "ORCH_EGRESS_ALLOW": LOOPBACK,
}
PATIENCE_S = 240.0
LINGER_S = 30.0
SPARED_S = (1.0, 12.0)
DISK_MB = 48
CLUSTER_DISK_MB = 160


class Parts:
    """The product's processes: web and workers, started again as soon as they are seen dead.

    Unless they are calm, some of them are started so that they kill themselves at a named place.
    """

    def __init__(self, folder: Path, dice: random.Random, kills: Counter[str], workers: int = 2) -> None:
        self.port = free_port()
        self.wanted = workers
        self.workers: list[subprocess.Popen[bytes]] = []
        self.web: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self._dice = dice
        self.kills = kills
        self._named: dict[int, str] = {}
        self._coming: dict[str, list[str]] = {}
        self._told_to_end: set[int] = set()
        self._spared_until: dict[int, float] = {}
        self.ended_by_themselves: list[str] = []
        self.is_calm = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def look_after(self) -> None:
        """Count those that died at a crash point and start what is missing."""
        for worker in [one for one in self.workers if one.poll() is not None]:
            self._note_end(worker)
            self.workers.remove(worker)
        while len(self.workers) < self.wanted:
            argv = [sys.executable, "-m", "orch_app.cli", "worker"]
            self.workers.append(self._start("worker", argv, CRASH_POINTS, 0.5))
        if self.web is None or self.web.poll() is not None:
            if self.web is not None:
                self._note_end(self.web)
                kill_group(self.web)
            argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1"]
            argv += ["--port", str(self.port), "--workers", "1", "--log-level", "warning", "tests.chaos.rest:web"]
            self.web = self._start("web", argv, CRASH_POINTS[-1:], 0.3)

    def _start(self, part: str, argv: list[str], points: tuple[str, ...], odds: float) -> subprocess.Popen[bytes]:
        named = self._point(part, points) if self._dice.random() < odds and not self.is_calm else ""
        with self._log(part).open("ab") as log:
            process = subprocess.Popen(
                ["env", f"ORCH_CRASH_AT={named}", f"PYTHONPATH={ROOT}", *argv],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        if named:
            self._named[process.pid] = f"{part} at {named}"
        return process

    def _point(self, part: str, points: tuple[str, ...]) -> str:
        """Each of a part's places once before any comes again, in an order that the dice choose."""
        coming = self._coming.setdefault(part, [])
        if not coming:
            coming += self._dice.sample(points, len(points))
        return coming.pop()

    def _log(self, part: str) -> Path:
        """Beside the data folder, whose disk may be full."""
        return self._folder.parent / f"{part}.log"

    def log(self, part: str) -> str:
        """The end of what `web` or `worker` said."""
        return self._log(part).read_text("utf-8", "replace")[-3000:] if self._log(part).exists() else ""

    def _note_end(self, process: subprocess.Popen[bytes]) -> None:
        named = self._named.pop(process.pid, "")
        if named:
            self.kills[named] += 1
        elif process.pid not in self._told_to_end:
            self.ended_by_themselves.append(f"{process.args} ended with {process.returncode}")

    def tell_to_end(self, process: subprocess.Popen[bytes]) -> None:
        """SIGTERM; it will be started again."""
        self._told_to_end.add(process.pid)
        process.terminate()

    def calm_down(self) -> None:
        """From now on none kills itself; those that would are killed."""
        self.is_calm = True
        self._told_to_end.update(self._named)
        for named in [one for one in self.workers if one.pid in self._named]:
            named.kill()
            named.wait()
        if self.web is not None and self.web.pid in self._named:
            kill_group(self.web)
        self._named.clear()

    def kill_worker(self) -> bool:
        """One that has come so far that it works: killing the others again and again would meet nothing."""
        ready = [worker for worker in self.workers if self._has_had_time(worker)]
        if not ready:
            return False
        victim = self._dice.choice(ready)
        self._named.pop(victim.pid, None)
        self._told_to_end.add(victim.pid)
        victim.kill()
        victim.wait()
        return True

    def _has_had_time(self, worker: "subprocess.Popen[bytes]") -> bool:
        """Whether it was ready for some seconds, as the dice say: less, and no play would ever be met."""
        if not children_of(worker.pid):
            return False
        now = time.monotonic()
        return self._spared_until.setdefault(worker.pid, now + self._dice.uniform(*SPARED_S)) <= now

    def kill_web(self) -> bool:
        if self.web is None or self.web.poll() is not None or not answers(self.port):
            return False
        self._named.pop(self.web.pid, None)
        self._told_to_end.add(self.web.pid)
        kill_group(self.web)
        return True

    def kill_fork_server(self) -> bool:
        return self._kill_one_of(self._fork_servers())

    def kill_supervisor(self) -> bool:
        """The process between a worker and its play: a fork-server forked it, or the worker while none was warm."""
        forked = [child for server in self._fork_servers() for child in children_of(server.pid)]
        return self._kill_one_of([*forked, *self._children("supervisor.py")])

    def _fork_servers(self) -> list[psutil.Process]:
        return self._children("fork_server.py")

    def _children(self, program: str) -> list[psutil.Process]:
        """What the workers run of a program."""
        children = [child for worker in self.workers for child in children_of(worker.pid)]
        return [child for child in children if program in " ".join(_argv(child))]

    def _kill_one_of(self, victims: list[psutil.Process]) -> bool:
        if not victims:
            return False
        try:
            self._dice.choice(victims).kill()
        except psutil.Error:
            return False
        return True

    def stop(self) -> None:
        """End everything, politely."""
        for process in [*self.workers, *([self.web] if self.web else [])]:
            process.terminate()
        for process in [*self.workers, *([self.web] if self.web else [])]:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
            kill_group(process)


@dataclass
class Installation:
    """A new installation to which this process is bound; nothing of it runs yet but its servers.

    `disks` are the small disks that it lies on, by what lies there, when that was asked for.
    """

    data: Path
    catalogue: Path
    ledger: Ledger
    servers: dict[str, Server]
    disks: dict[str, Path]


@contextmanager
def installation(backend: str, *, on_small_disks: bool = False, **variables: str) -> Iterator[Installation]:
    """A new installation in a folder of its own, of which nothing is left afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="orch-chaos-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)  # jobs under another user id live below it
        made = Installation(folder / "data", folder / "runbooks", stack.enter_context(ledger_server()), {}, {})
        made.data.mkdir()
        if on_small_disks:
            made.disks["data"] = stack.enter_context(small_disk(made.data, DISK_MB))
        made.ledger.write_runbook(made.catalogue)
        made.ledger.write_runbook(made.catalogue, "retry", name=AGAIN)
        chosen = QUICK | {"ORCH_RUNBOOKS_DIR": str(made.catalogue), "ORCH_REDIS_URL": ""} | variables
        url = ""
        if backend == "postgres":
            disk_mb = CLUSTER_DISK_MB if on_small_disks else 0
            made.servers["postmaster"], url = stack.enter_context(killable_postgres(disk_mb))
            made.servers["redis"], chosen["ORCH_REDIS_URL"] = stack.enter_context(killable_redis())
            if on_small_disks:
                made.disks["cluster"] = made.servers["postmaster"].folder / "data"
        migrate_new(made.data, url)
        stack.enter_context(bound_to(made.data, url, **chosen))
        with unit_of_work() as session:
            accounts.create_user(session, COMMAND_LINE, email=EMAIL, password=PASSWORD, role=Role.ADMIN)
        synchronise()
        yield made


def synchronise() -> None:
    """Read the runbooks folder, to which something was added."""
    with unit_of_work() as session:
        runbooks.sync(session, COMMAND_LINE)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a process and all that it started in its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children_of(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.Error:
        return []


def _argv(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def left_over(folder: Path) -> list[str]:
    """What still knows this data folder long after everything was stopped."""
    deadline = time.monotonic() + LINGER_S
    while found := [process for process in psutil.process_iter() if _knows(process, str(folder))]:
        if time.monotonic() > deadline:
            return [f"left over: {process.pid} {' '.join(_argv(process))[:200]}" for process in found]
        time.sleep(0.2)
    return []


def _knows(process: psutil.Process, folder: str) -> bool:
    try:
        values = [*process.cmdline(), *process.environ().values()]
    except psutil.Error:
        return False
    return process.pid != os.getpid() and any(folder in value for value in values)
