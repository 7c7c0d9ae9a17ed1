"""Programs of the system: which are missing, and their installation by apt where that is allowed."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tools.launcher.progress import Step, run
from tools.launcher.refusal import Failure, Refusal

POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTER_CONF = Path("/etc/postgresql-common/createcluster.conf")
EXTRA_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
DPKG = ("-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-confdef")


@dataclass(frozen=True)
class Tool:
    """A program (or a module of the system's Python) and the Debian package that brings it."""

    package: str
    program: str = ""
    module: str = ""
    pattern: str = ""

    def is_present(self) -> bool:
        if self.module:
            return find_spec(self.module) is not None
        return bool(find_program(self.program, self.pattern))


def find_program(name: str, pattern: str = "") -> Path | None:
    """The program's path, looked for in PATH, the system's folders and `pattern` (a glob below /)."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *EXTRA_FOLDERS])
    if found := shutil.which(name, path=search):
        return Path(found)
    return max(Path("/").glob(pattern), default=None) if pattern else None


PYTHON = (Tool("python3-venv", module="ensurepip"), Tool("python3-venv", module="venv"))
BASE = (*PYTHON, Tool("git", "git"), Tool("openssh-client", "ssh"))
USEFUL = (Tool("bubblewrap", "bwrap"), Tool("sshpass", "sshpass"), Tool("iputils-ping", "ping"))
INTEGRATION = (
    Tool("postgresql", "initdb", pattern="usr/lib/postgresql/*/bin/initdb"),
    Tool("redis-server", "redis-server"),
    Tool("openssh-server", "sshd"),
    Tool("sshpass", "sshpass"),
    Tool("bubblewrap", "bwrap"),
    Tool("iputils-ping", "ping"),
    Tool("traceroute", "traceroute"),
    Tool("iproute2", "ip"),
)
ENGINE = (
    Tool("docker.io", "dockerd"),
    Tool("iptables", "iptables"),
    Tool("debootstrap", "debootstrap"),
)
ENGINE_MORE = (Tool("docker-cli", "docker"),)  # newer distributions only; elsewhere it comes with the engine
BROWSER = (Tool("chromium", "chromium"),)
LIGHTER_BROWSER = (Tool("chromium-headless-shell", "chromium-headless-shell"),)  # not every distribution has it


def missing(tools: Iterable[Tool]) -> list[str]:
    """Debian packages that would bring what is not there, each once."""
    return list(dict.fromkeys(tool.package for tool in tools if not tool.is_present()))


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def provide(tools: Iterable[Tool], purpose: str) -> None:
    """Make sure the tools are there, by apt when this is root.

    Raises:
        Refusal: something is missing and this user may not install it.
    """
    packages = missing(tools)
    if not packages:
        return
    if not may_install():
        raise Refusal(f"{purpose} needs {', '.join(packages)}: install with `apt install {' '.join(packages)}` as root")
    install(packages, purpose)


def offer(tools: Iterable[Tool], purpose: str) -> None:
    """Install what is useful but not needed, when this is root; a failure changes nothing."""
    packages = missing(tools)
    if packages and may_install():
        with contextlib.suppress(Failure):
            install(packages, purpose)


def install(packages: list[str], purpose: str) -> None:
    """Install packages without letting any of their services start.

    Raises:
        Failure: apt failed, with the end of its output.
    """
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *DPKG, *packages]
    with Step(f"Installing for {purpose}: {' '.join(packages)}") as step, _nothing_starts():
        run(["apt-get", "update", "-q"], step, env=env, cwd=Path("/"))
        run(command, step, env=env, cwd=Path("/"))


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Packages neither start a service nor make a database cluster while they are installed."""
    written: list[Path] = []
    if not CLUSTER_CONF.exists() and find_program("initdb", "usr/lib/postgresql/*/bin/initdb") is None:
        CLUSTER_CONF.parent.mkdir(parents=True, exist_ok=True)
        CLUSTER_CONF.write_text("create_main_cluster = false\n", "utf-8")
    if not POLICY.exists():
        POLICY.write_text("#!/bin/sh\nexit 101\n", "utf-8")
        POLICY.chmod(0o755)
        written.append(POLICY)
    try:
        yield
    finally:
        for path in written:
            path.unlink(missing_ok=True)
