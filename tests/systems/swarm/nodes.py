"""Real Docker engines, several on one machine: each in namespaces of its own, wired to one bridge, as root.

A node's folder holds everything that its engine writes. Killing a node is killing one process. What the nodes leave on
the machine is taken away by a process that outlives whoever started them, however that ends.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.systems.processes import program
from tests.systems.swarm.refusals import SwarmError, asked_of_the_kernel

INIT = Path(__file__).with_name("node_init.sh")
CLEAN_UP = Path(__file__).with_name("clean_up.sh")
UNSHARE = ("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child=KILL")
NETWORKS = range(1, 250)
LAYERS = {"overlay2", "vfs"}
ROOMY_KB = 10 << 20
START_S = 60.0
CLEAN_UP_S = 300.0


@dataclass
class Network:
    """A bridge of this machine; nodes have the addresses `<prefix>.11`, `.12`, ..., this machine has `.1`."""

    bridge: str
    prefix: str

    @property
    def gateway(self) -> str:
        return f"{self.prefix}.1"


@dataclass
class Node:
    """One machine with a Docker engine, on or off."""

    name: str
    number: int
    network: Network
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"{self.network.prefix}.{10 + self.number}"

    @property
    def _cable(self) -> str:
        return f"{self.network.bridge}{self.name}"

    @property
    def _cgroup(self) -> str:
        return f"orch-{self.network.bridge}-{self.name}"

    @property
    def _pid_file(self) -> Path:
        return self.folder / "pid"

    def docker(
        self, *words: str, text: str = "", check: bool = True, both: bool = False, env: dict[str, str] | None = None
    ) -> str:
        """Ask this node's engine with the docker command line; what it printed, with `both` its errors too.

        Raises:
            SwarmError: it failed, with what it said.
        """
        argv = [program("docker"), "-H", f"unix://{self.folder}/docker.sock", *words]
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DOCKER_BUILDKIT": "0", **(env or {})}
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, env=own)
        if check and done.returncode:
            raise SwarmError(f"docker {' '.join(words[:4])}: {done.stderr.strip()[-2000:]}")
        return (done.stdout + done.stderr * both).strip()

    def look(self, path: str, filters: str) -> Any:
        """A list of the engine's own API; to wait by calls of the docker command takes half a core.

        Raises:
            SwarmError: it failed, with what it said.
        """
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=f"{self.folder}/docker.sock"), timeout=30) as client:
                answer = client.get(f"http://docker{path}", params={"filters": filters})
        except httpx.TransportError as error:
            raise SwarmError(f"{path}: {error}") from error
        if answer.is_error:
            raise SwarmError(f"{path}: {answer.text}")
        return answer.json()

    def start(self) -> None:
        """Start the machine, or start it again with the disk it had.

        Raises:
            KernelRefusesError: the kernel allows no such machine.
            SwarmError: the engine did not answer in time.
        """
        self.folder.mkdir(exist_ok=True)
        (self.folder / "docker.sock").unlink(missing_ok=True)
        argv = [*UNSHARE, "sh", str(INIT), self.name, str(self.folder), f"{self.address}/24", program("dockerd")]
        with (self.folder / "dockerd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*argv, f"/{self._cgroup}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._pid_file.write_text(str(self.process.pid), "ascii")
        with asked_of_the_kernel("a machine in namespaces"):
            self._plug_in(self.process)
        with asked_of_the_kernel("a Docker engine"):
            self._wait_for_engine(self.process)

    def become_copy_of(self, other: "Node") -> None:
        """Take over the disk of another node while both are off; layers are shared, for nobody writes them."""
        disk = self.folder / "data"
        disk.mkdir(parents=True, mode=0o710)
        for part in (other.folder / "data").iterdir():
            how = ["--link"] if part.name in LAYERS else []
            subprocess.run(["cp", "--archive", *how, str(part), str(disk)], check=True)
        (disk / "engine-id").unlink(missing_ok=True)

    def kill(self) -> None:
        """Take the power away: nothing of the node runs on."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        self._pid_file.unlink()
        ip("link", "delete", self._cable, check=False)

    def _plug_in(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            if _has_own_network(process.pid):
                peer = ("peer", "name", "eth0", "netns", str(process.pid))
                ip("link", "add", self._cable, "type", "veth", *peer)
                ip("link", "set", self._cable, "master", self.network.bridge, "up")
                return
            time.sleep(0.01)
        raise SwarmError(f"the machine {self.name} does not start:\n{self._log()}")

    def _wait_for_engine(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(SwarmError):
                self.docker("version", "--format", "{{.Server.Version}}")
                return
            time.sleep(0.1)
        raise SwarmError(f"the engine of {self.name} does not answer:\n{self._log()}")

    def _log(self) -> str:
        """The end of what the machine and its engine wrote."""
        return (self.folder / "dockerd.log").read_text("utf-8", "replace").strip()[-3000:]


def _has_own_network(pid: int) -> bool:
    with suppress(FileNotFoundError):  # it has just ended
        return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    return False


@contextmanager
def machines(count: int) -> Iterator[list[Node]]:
    """Nodes n1, n2, ..., still off, on a network of their own; everything is gone afterwards, whatever happened.

    Raises:
        KernelRefusesError: the kernel allows no bridge.
    """
    with asked_of_the_kernel("a bridge between machines"):
        network = _reserve_network()
    folder = Path(tempfile.mkdtemp(prefix="orch-swarm-"))
    with _cleaned_up(folder, network):
        ip("address", "add", f"{network.gateway}/24", "dev", network.bridge)
        ip("link", "set", network.bridge, "up")
        _make_room(folder)
        nodes = [Node(f"n{number}", number, network, folder / f"n{number}") for number in range(1, count + 1)]
        try:
            yield nodes
        finally:
            for node in nodes:
                node.kill()


def ip(*words: str, check: bool = True) -> int:
    """The `ip` command; its exit code.

    Raises:
        SwarmError: it failed, with what it said.
    """
    done = subprocess.run([program("ip"), *words], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SwarmError(f"ip {' '.join(words[:4])}: {done.stderr.strip()}")
    return done.returncode


def _reserve_network() -> Network:
    """A free network 10.99.N with its bridge; creating the link is what reserves it."""
    for number in NETWORKS:
        network = Network(f"orchs{number}", f"10.99.{number}")
        if ip("link", "show", network.bridge, check=False):
            with _taken_meanwhile(network.bridge):
                ip("link", "add", network.bridge, "type", "bridge")
                return network
    raise SwarmError("no free test network between 10.99.1 and 10.99.249")


@contextmanager
def _taken_meanwhile(bridge: str) -> Iterator[None]:
    try:
        yield
    except SwarmError:
        if ip("link", "show", bridge, check=False):
            raise


@contextmanager
def _cleaned_up(folder: Path, network: Network) -> Iterator[None]:
    """Have a process wait for the end of this block, or of this process, and take away what is left then."""
    argv = ["sh", str(CLEAN_UP), str(folder), network.bridge]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True) as cleaner:
        try:
            yield
        finally:
            cleaner.communicate(timeout=CLEAN_UP_S)


def _make_room(folder: Path) -> None:
    """The disks are in memory where there is enough: tens of thousands of files are written, copied and removed.

    And where layers cannot lie on a file system that is one of layers itself, as a container's root is.
    """
    available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text("ascii"))
    if (available and int(available[1]) > ROOMY_KB) or not _can_hold_layers(folder):
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", str(folder)], capture_output=True, check=False
        )


def _can_hold_layers(folder: Path) -> bool:
    lower, upper, work, merged = (folder / "trial" / name for name in ("lower", "upper", "work", "merged"))
    for place in (lower, upper, work, merged):
        place.mkdir(parents=True)
    layers = f"lowerdir={lower},upperdir={upper},workdir={work}"
    argv = ["unshare", "--mount", "mount", "-t", "overlay", "-o", layers, "overlay", str(merged)]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0
