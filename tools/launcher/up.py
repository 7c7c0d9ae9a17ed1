"""`./orch up`: environment, screens, database, then web and worker until somebody asks them to stop."""

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.build_ui import BuildError, build
from tools.launcher import schema
from tools.launcher.address import Address, health, require_free
from tools.launcher.environment import PYTHON, ROOT, child_environment, ensure
from tools.launcher.progress import Step, say
from tools.launcher.refusal import Failure, Refusal
from tools.launcher.supervise import EXIT_REFUSED, Part, Supervisor
from tools.launcher.web import web_command

READY_S = 180.0
PROBE_S = 0.05
PROBE_TIMEOUT_S = 2.0
REMIND_S = 10.0
IDLE_S = 1.0
HIGHEST_PORT = 65535
MOST_WORKERS = 64
PRIVATE = 0o077
VERSIONS = ROOT / "alembic" / "versions"


@dataclass(frozen=True)
class Plan:
    """Where and with what the product is started."""

    address: Address
    data_dir: Path
    settings: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        """This process's environment with the settings decided here."""
        return child_environment() | self.settings

    @property
    def database(self) -> Path | None:
        """The embedded database, or None when a server holds the data."""
        named = self.env.get("ORCH_DATABASE_URL") or self.env.get("ORCH_DATABASE_URL_FILE")
        return None if named else self.data_dir / "orch.db"


def up(options: argparse.Namespace) -> int:
    """Start everything and stay until a signal; the exit code is 0 after a clean stop."""
    plan = make_plan(options)
    require_free(plan.address)
    with _sole_user(plan.data_dir):
        refuse_newer_data(plan)
        ensure("runtime")
        build_screens()
        migrate(plan)
        if plan.database:
            schema.forget_workers(plan.database)
        require_free(plan.address)
        return _Run(plan).until_stopped()


def install(options: argparse.Namespace) -> int:
    """Set up the Python environment and the screens, so that a later start needs neither network nor root."""
    ensure("runtime")
    if not options.no_screens:
        build_screens()
    return 0


def make_plan(options: argparse.Namespace) -> Plan:
    """Options win over ORCH_* variables, and those over the defaults.

    Raises:
        Refusal: the port is not a port, no job could run, or the data folder cannot be made.
    """
    env = child_environment()
    host = options.host or env.get("ORCH_HOST") or "127.0.0.1"
    port = str(options.port or env.get("ORCH_PORT") or "8000")
    if not port.isdecimal() or not 1 <= int(port) <= HIGHEST_PORT:
        raise Refusal(f"{port} is not a port: give a number from 1 to {HIGHEST_PORT}")
    data_dir = Path(options.data_dir or env.get("ORCH_DATA_DIR") or ROOT / "var").expanduser().absolute()
    try:
        # Others may pass through but not look around: jobs under another user id live below it.
        data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"the data folder {data_dir} cannot be made: {error.strerror}") from error
    settings = {"ORCH_HOST": host, "ORCH_PORT": port, "ORCH_DATA_DIR": str(data_dir)}
    if options.workers is not None:
        if not 1 <= options.workers <= MOST_WORKERS:
            raise Refusal(f"{options.workers} is no number of jobs: give --workers a number from 1 to {MOST_WORKERS}")
        settings["ORCH_WORKER_SLOTS"] = str(options.workers)
    # Whoever opens the embedded queue first would otherwise make it readable for everybody.
    (data_dir / "queue.db").touch(mode=0o600)
    return Plan(Address(host, int(port)), data_dir, settings)


def build_screens() -> None:
    """Build the browser part when its sources changed; otherwise not a word is said.

    Raises:
        Failure: the build failed, with the end of its output.
    """
    with contextlib.ExitStack() as stack:
        steps: list[Step] = []

        def progress(line: str) -> None:
            if not steps:
                steps.append(stack.enter_context(Step("Building the screens")))
            steps[0](line)

        try:
            build(ROOT, progress, python=PYTHON)
        except BuildError as error:
            sentence, _, detail = str(error).partition("\n")
            raise Failure(sentence, detail) from error


def refuse_newer_data(plan: Plan) -> None:
    """Look at the embedded database before anything takes its time; a server's is looked at when it is migrated.

    Raises:
        Refusal: a newer version of the program wrote it.
    """
    revision = schema.unknown_revision(plan.database, VERSIONS) if plan.database else ""
    if revision:
        raise Refusal(
            f"a newer version of this program wrote the data folder {plan.data_dir} (its database is at revision"
            f" {revision}): use that version, or another folder with --data-dir"
        )


def migrate(plan: Plan) -> None:
    """Bring the database to this version; skipped when a look at it shows that it is.

    Raises:
        Refusal: the migration said why it cannot be done, in its own sentence.
        Failure: the migration broke.
    """
    if plan.database and schema.is_current(plan.database, VERSIONS):
        return
    done = _cli(plan, "migrate")
    if done.returncode == EXIT_REFUSED:
        raise Refusal(done.stderr.strip())
    for line in (done.stdout + done.stderr).splitlines():
        say(line)
    if done.returncode:
        raise Failure("the database was not migrated; see the lines above")


def _cli(plan: Plan, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [PYTHON, "-m", "orch_app.cli", *words]
    return subprocess.run(argv, cwd=ROOT, env=plan.env, capture_output=True, text=True, check=False, umask=PRIVATE)


def parts(plan: Plan) -> list[Part]:
    """The two programs of the product."""
    argv, environment = web_command(plan.address.host, plan.address.port)
    worker = [str(PYTHON), "-m", "orch_app.cli", "worker"]
    # The worker keeps the caller's umask: jobs run under another user id and share its bytecode.
    return [Part("web", argv, environment | plan.settings, umask=PRIVATE), Part("worker", worker, plan.env)]


class _Run:
    """One run of `up`, from the first process to the clean stop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._signals = 0
        self._began = time.monotonic()
        self._supervisor = Supervisor(parts(plan), folder=ROOT, logs=plan.data_dir / "log", say=say)

    def until_stopped(self) -> int:
        self._listen_for_signals()
        self._supervisor.start()
        try:
            if code := self._until_ready():
                return code
            while not self._signals:
                self._supervisor.turn(IDLE_S)
            say("stopping; running jobs get a short time to finish")
            return 0
        finally:
            self._supervisor.stop(lambda: self._signals > 1)
            say("stopped")

    def _until_ready(self) -> int:
        remind = self._began + REMIND_S
        while not self._signals:
            self._supervisor.turn(PROBE_S)
            if self._supervisor.refused:
                say(f"orch: {self._supervisor.refused.name} cannot start here; its last lines above say why")
                return 2
            is_ready, waiting = health(self._plan.address, PROBE_TIMEOUT_S)
            if is_ready:
                self._supervisor.has_been_ready = True
                self._announce()
                return 0
            now = time.monotonic()
            if now > self._began + READY_S:
                say(f"orch: not ready after {READY_S:.0f} s ({waiting})")
                return 1
            if now > remind:
                say(f"still waiting ({now - self._began:.0f} s): {waiting}")
                remind = now + REMIND_S
        return 0

    def _announce(self) -> None:
        _print(f"ready {self._plan.address.url}")
        if len(urls := self._plan.address.urls) > 1:
            say(f"bound to every address: {' or '.join(urls)}; an address besides belongs into ORCH_PUBLIC_URL")
        if self._plan.database and schema.has_users(self._plan.database):
            return
        _print(_cli(self._plan, "setup-url", "--if-needed").stdout.strip())

    def _listen_for_signals(self) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            os.set_blocking(end.fileno(), False)
        signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
        self._supervisor.watch(ours.detach())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_signal)

    def _note_signal(self, *_: object) -> None:
        self._signals += 1


@contextmanager
def _sole_user(data_dir: Path) -> Iterator[None]:
    """One `up` per data folder: two workers on one embedded queue would not know of each other's ports and logs."""
    with (data_dir / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise Refusal(f"another ./orch up (process {owner}) uses the data folder {data_dir}") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _print(text: str) -> None:
    """A line for programs, on stdout."""
    with contextlib.suppress(OSError, ValueError):
        if text:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
