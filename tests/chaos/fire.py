"""An installation under fire: real processes, killed at random instants and at named crash points, and a verdict."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from sqlalchemy import text

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service as accounts
from orch_app.domains.runbooks import service as runbooks
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.settings import ROOT
from tests.chaos.ledger import LOOPBACK, Ledger, ledger_server
from tests.chaos.load import EMAIL, PASSWORD, Load
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
WORKERS = 2
AT_ONCE = 8
ANSWERS_BEFORE_A_KILL = 8
PAUSE_S = (0.05, 0.8)
IN_TIME_S = 60.0
PATIENCE_S = 240.0
LINGER_S = 30.0


@dataclass
class Verdict:
    """What a run came to. All but the first four and the kills must be 0 or empty."""

    backend: str
    seed: int
    seconds: float = 0.0
    jobs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    late: int = 0
    log_gaps: int = 0
    keys_with_two_jobs: int = 0
    survivors: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def total_kills(self) -> int:
        return sum(self.kills.values())

    def is_good(self) -> bool:
        """Whether every promise was kept."""
        wrong = (self.lost, self.doubled, self.late, self.log_gaps, self.keys_with_two_jobs, self.survivors)
        return not any(wrong) and not self.faults

    def rows(self) -> dict[str, object]:
        """For the table."""
        by_target = {f"kills of {target}": count for target, count in sorted(self.kills.items())}
        ends = {f"jobs that ended as {status}": count for status, count in sorted(self.statuses.items())}
        return {
            "back end": self.backend,
            "seed": self.seed,
            "seconds": round(self.seconds),
            "jobs": self.jobs,
            **ends,
            "kills": self.total_kills,
            **by_target,
            "jobs lost": self.lost,
            "jobs with doubled effects": self.doubled,
            "jobs not ended 60 s after the last fault": self.late,
            "jobs with a gap or a changed line in the log": self.log_gaps,
            "keys with two jobs": self.keys_with_two_jobs,
            "processes left over": self.survivors,
            "other faults": self.faults[:20],
        }


class Parts:
    """The product's processes: web and workers, started again as soon as they are seen dead."""

    def __init__(self, folder: Path, dice: random.Random, kills: Counter[str], workers: int = WORKERS) -> None:
        self.port = free_port()
        self.wanted = workers
        self.servers: dict[str, Server] = {}
        self.workers: list[subprocess.Popen[bytes]] = []
        self.web: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self._dice = dice
        self._kills = kills
        self._named: dict[int, str] = {}
        self.is_calm = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def look_after(self) -> None:
        """Count those that died at a crash point and start what is missing."""
        for worker in [one for one in self.workers if one.poll() is not None]:
            self._note_crash(worker)
            self.workers.remove(worker)
        while len(self.workers) < self.wanted:
            argv = [sys.executable, "-m", "orch_app.cli", "worker"]
            self.workers.append(self._start("worker", argv, CRASH_POINTS, 0.5))
        if self.web is None or self.web.poll() is not None:
            if self.web is not None:
                self._note_crash(self.web)
                _kill_group(self.web)
            argv = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1"]
            argv += ["--port", str(self.port), "--workers", "1", "--log-level", "warning", "tests.chaos.rest:web"]
            self.web = self._start("web", argv, CRASH_POINTS[-1:], 0.3)

    def _start(self, part: str, argv: list[str], points: tuple[str, ...], odds: float) -> subprocess.Popen[bytes]:
        named = self._dice.choice(points) if self._dice.random() < odds and not self.is_calm else ""
        with (self._folder / f"{part}.log").open("ab") as log:
            process = subprocess.Popen(
                ["env", f"ORCH_CRASH_AT={named}", f"PYTHONPATH={ROOT}", *argv],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        if named:
            self._named[process.pid] = f"{part} at {named}"
        return process

    def _note_crash(self, process: subprocess.Popen[bytes]) -> None:
        named = self._named.pop(process.pid, "")
        if named:
            self._kills[named] += 1

    def kill_worker(self) -> bool:
        """One that has come so far that it could work: killing the others again and again would meet nothing."""
        ready = [worker for worker in self.workers if _children_of(worker.pid)]
        if not ready:
            return False
        victim = self._dice.choice(ready)
        self._named.pop(victim.pid, None)
        victim.kill()
        victim.wait()
        return True

    def kill_web(self) -> bool:
        if self.web is None or self.web.poll() is not None or not answers(self.port):
            return False
        self._named.pop(self.web.pid, None)
        _kill_group(self.web)
        return True

    def kill_fork_server(self) -> bool:
        return self._kill_one_of(self._fork_servers())

    def kill_supervisor(self) -> bool:
        """The process between a worker and its play: what a fork-server has forked."""
        return self._kill_one_of([child for server in self._fork_servers() for child in _children(server)])

    def _fork_servers(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for worker in self.workers:
            found += [child for child in _children_of(worker.pid) if "fork_server.py" in " ".join(_argv(child))]
        return found

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
            _kill_group(process)


class Fire:
    """One run over one installation."""

    def __init__(self, folder: Path, verdict: Verdict, ledger: Ledger, servers: dict[str, Server]) -> None:
        self._folder = folder
        self._verdict = verdict
        self._ledger = ledger
        self._servers = servers
        self._down: dict[str, float] = {}
        self._dice = random.Random(verdict.seed)
        self._parts = Parts(folder, self._dice, verdict.kills)
        self._load = Load(self._parts.url, AT_ONCE, verdict.seed)
        self._answers = 0
        self._spared = dict.fromkeys(servers, 0.0)

    def burn(self, seconds: float, most_kills: int, say: Callable[[Verdict], None]) -> None:
        """Kill for so long or so often, then let everything come to its end and judge."""
        began = time.monotonic()
        try:
            self._parts.look_after()
            self._load.start()
            self._wait_for_the_first_job()
            while time.monotonic() < began + seconds and self._verdict.total_kills < most_kills:
                self._strike()
                self._verdict.jobs = len(self._load.promised)
                say(self._verdict)
            self._calm_down()
            self._judge()
        finally:
            self._parts.is_calm = True
            self._load.stop()
            self._parts.stop()
        left = _left_over(self._folder)
        self._verdict.survivors = len(left)
        self._verdict.faults += left
        self._verdict.seconds = time.monotonic() - began

    def _wait_for_the_first_job(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._ledger.counts and time.monotonic() < deadline:
            self._parts.look_after()
            time.sleep(0.1)

    def _strike(self) -> None:
        """Kill one of what can be killed at this instant."""
        parts = self._parts
        targets: list[tuple[str, int, Callable[[], bool]]] = [
            ("worker", 3, parts.kill_worker),
            ("supervisor", 8, parts.kill_supervisor),
            ("fork-server", 4, parts.kill_fork_server),
            ("web", 3, self._kill_web),
            *((name, 2, lambda name=name: self._kill_server(name)) for name in self._servers),
        ]
        while targets:
            (chosen,) = self._dice.choices(targets, [weight for _, weight, _ in targets])
            if chosen[2]():
                self._verdict.kills[chosen[0]] += 1
                break
            targets.remove(chosen)
        self._look_after(self._dice.uniform(*PAUSE_S))

    def _kill_web(self) -> bool:
        """One that people were answered by: where nobody ever gets an answer, nothing is promised."""
        answers = sum(self._load.statuses.values())
        if answers < self._answers + ANSWERS_BEFORE_A_KILL or not self._parts.kill_web():
            return False
        self._answers = answers
        return True

    def _look_after(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self._parts.look_after()
            for name, back_at in list(self._down.items()):
                if time.monotonic() >= back_at:
                    self._servers[name].start()
                    self._spared[name] = time.monotonic() + self._dice.uniform(1, 6)  # else nothing ever gets far
                    del self._down[name]
            if time.monotonic() >= until:
                return
            time.sleep(0.05)

    def _kill_server(self, name: str) -> bool:
        if name in self._down or time.monotonic() < self._spared[name]:
            return False
        self._servers[name].kill()
        self._down[name] = time.monotonic() + self._dice.uniform(0, 2)
        return True

    def _calm_down(self) -> None:
        """No fault any more: everything is up, and what was promised has to end."""
        self._parts.is_calm = True
        for name in list(self._down):
            self._servers[name].start()
        self._down.clear()
        for named in [one for one in self._parts.workers if one.pid in self._parts._named]:
            named.kill()
            named.wait()
        web = self._parts.web
        if web is not None and web.pid in self._parts._named:
            _kill_group(web)
        self._parts._named.clear()
        self._load._stop.set()
        calm = time.monotonic()
        while time.monotonic() < calm + PATIENCE_S:
            self._parts.look_after()
            open_jobs = self._open_jobs()
            if not open_jobs and not any(thread.is_alive() for thread in self._load._threads):
                return
            if time.monotonic() > calm + IN_TIME_S:
                self._verdict.late = max(self._verdict.late, open_jobs)
            time.sleep(0.2)

    def _open_jobs(self) -> int:
        return self._rows("SELECT count(*) FROM jobs WHERE status IN ('PENDING', 'RUNNING')")[0][0]

    def _rows(self, query: str) -> list[Any]:
        with reading() as session:
            return list(session.connection().execute(text(query)).all())

    def _judge(self) -> None:
        verdict, load = self._verdict, self._load
        jobs = {row[0]: row for row in self._rows("SELECT id, status, reason, last_seq, runbook_name FROM jobs")}
        verdict.jobs = len(jobs)
        verdict.statuses.update(f"{row[1]} {row[2]}".strip() for row in jobs.values())
        verdict.lost = sum(job not in jobs for job in load.promised.values())
        verdict.lost += sum(row[1] in {"PENDING", "RUNNING"} for row in jobs.values())
        verdict.keys_with_two_jobs = len(jobs) - len(set(load.promised.values()))
        once = [job for job, row in jobs.items() if row[4] == "effect"]
        verdict.doubled = sum(self._ledger.effects(job) > 1 or self._ledger.effects(job, "end") > 1 for job in once)
        for job, row in jobs.items():
            if row[1] == "SUCCESS" and not self._ledger.effects(job, "end"):
                verdict.faults.append(f"{job} succeeded and had no effect")
        verdict.log_gaps = sum(not self._has_whole_log(job, row[3]) for job, row in jobs.items())
        verdict.faults += load.faults

    def _has_whole_log(self, job_id: str, last_seq: int) -> bool:
        found = self._rows(f"SELECT seq, message FROM job_logs WHERE job_id = '{job_id}' ORDER BY seq")
        seen = self._load.seen.get(job_id, [])
        return [row[0] for row in found] == list(range(1, last_seq + 1)) and [row[1] for row in found][
            : len(seen)
        ] == seen


@contextmanager
def installation(backend: str, folder: Path) -> Iterator[tuple[Ledger, dict[str, Server]]]:
    """A new installation, this process bound to it, and its servers."""
    with ExitStack() as stack:
        ledger = stack.enter_context(ledger_server())
        catalogue = ledger.write_runbook(folder / "runbooks")
        ledger.write_runbook(folder / "runbooks", "retry", name="again")
        variables = QUICK | {"ORCH_RUNBOOKS_DIR": str(catalogue), "ORCH_REDIS_URL": ""}
        servers: dict[str, Server] = {}
        url = ""
        if backend == "postgres":
            servers["postmaster"], url = stack.enter_context(killable_postgres())
            servers["redis"], variables["ORCH_REDIS_URL"] = stack.enter_context(killable_redis())
        data = folder / "data"
        data.mkdir()
        migrate_new(data, url)
        stack.enter_context(bound_to(data, url, **variables))
        with unit_of_work() as session:
            runbooks.sync(session, COMMAND_LINE)
            accounts.create_user(session, COMMAND_LINE, email=EMAIL, password=PASSWORD, role=Role.ADMIN)
        yield ledger, servers


def burn(
    backend: str,
    seed: int,
    *,
    seconds: float = 1e9,
    most_kills: int = 1 << 30,
    say: Callable[[Verdict], None] = lambda _: None,
) -> Verdict:
    """One run on a fresh installation, of which nothing is left."""
    verdict = Verdict(backend, seed)
    with TemporaryDirectory(prefix="orch-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # jobs under another user id live below it
        with installation(backend, folder) as (ledger, servers):
            Fire(folder / "data", verdict, ledger, servers).burn(seconds, most_kills, say)
    return verdict


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _children_of(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.Error:
        return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    return _children_of(process.pid)


def _argv(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _left_over(folder: Path) -> list[str]:
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
