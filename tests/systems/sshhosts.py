"""N real sshd hosts without a virtual machine, for tests and for trying things by hand.

As root, where the kernel allows it, each host has namespaces of its own: host name, address, processes, accounts (root
by key; `ops` by key, by a key with a passphrase, or by password, with sudo where installed) and a file system in memory
over the machine's, so that plays may change it. Otherwise each host is one sshd of the caller's on a port of loopback,
by key only, and what a play changes there it changes on the machine.

    python -m tests.systems.sshhosts start 2 --json      prints the hosts and leaves them running
    python -m tests.systems.sshhosts stop
"""

import argparse
import functools
import getpass
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.systems.keys import make_key
from tests.systems.processes import START_S, free_port, program

PASSPHRASE = "open sesame"
PASSWORD = "correct horse battery"
OPS = "ops"
OPS_UID = 61500
INIT = Path(__file__).with_name("sshhosts_init.sh")
STATE = Path(tempfile.gettempdir()) / f"orch-sshhosts-{os.geteuid()}.json"
NETWORKS = range(1, 250)
UNSHARE = ("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL")
CONFIG = """
ListenAddress {address}:{port}
HostKey {folder}/host/key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication {password}
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
MaxStartups 100
Subsystem sftp internal-sftp
LogLevel VERBOSE
"""


# What this process started itself; a later `stop` of another process knows the ids only.
_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass
class SshHost:
    """How to reach one host; keys are paths. `password` is empty where only keys work."""

    name: str
    address: str
    port: int
    user: str
    host_key: str
    private_key: str
    locked_key: str
    passphrase: str
    ops_user: str
    password: str
    folder: str
    pid: int = 0


@dataclass
class Fleet:
    """All hosts of one start and what must be removed with them."""

    folder: str
    bridge: str = ""
    hosts: list[SshHost] = field(default_factory=list)


@contextmanager
def ssh_hosts(count: int = 2, *, plain: bool = False) -> Iterator[list[SshHost]]:
    """Run hosts until the block ends; `plain` asks for the variant without namespaces even where they work."""
    fleet = start(count, plain=plain)
    try:
        yield fleet.hosts
    finally:
        stop(fleet)


def start(count: int, *, plain: bool = False) -> Fleet:
    """Start hosts and wait until all answer; on failure nothing stays behind."""
    fleet = Fleet(tempfile.mkdtemp(prefix="orch-sshhosts-"))
    Path(fleet.folder).chmod(0o755)
    try:
        _make_client_keys(Path(fleet.folder))
        network = "" if plain or not can_isolate() else _make_bridge(fleet)
        for number in range(1, count + 1):
            if network:
                _isolated(fleet, number, network)
            else:
                _on_loopback(fleet, number)
        for host in fleet.hosts:
            _wait_for(host)
    except BaseException:
        stop(fleet)
        raise
    return fleet


def stop(fleet: Fleet) -> None:
    """End every host, by the ids of the processes started here, and remove what they had."""
    for host in fleet.hosts:
        with suppress(ProcessLookupError):
            os.killpg(host.pid, signal.SIGKILL)
        if started := _started.pop(host.pid, None):
            started.wait()
        if fleet.bridge:  # the kernel would take the cable away with the namespace, but only some time later
            _ip("link", "delete", _cable(fleet, host), check=False)
    if fleet.bridge:
        _ip("link", "delete", fleet.bridge, check=False)
    shutil.rmtree(fleet.folder, ignore_errors=True)


@functools.cache
def can_isolate() -> bool:
    """Whether this process may make namespaces and bridges: root, and not a container that forbids it."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    with tempfile.TemporaryDirectory(prefix="orch-probe-") as folder:
        (Path(folder) / "disk").mkdir()
        argv = [*UNSHARE, "sh", str(INIT), "probe", folder]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def _make_client_keys(folder: Path) -> None:
    for name, passphrase in (("client", ""), ("locked", PASSPHRASE)):
        (folder / name).mkdir()
        make_key(folder / name, "ed25519", passphrase=passphrase)


def _make_bridge(fleet: Fleet) -> str:
    """A free network 10.98.N with its bridge; creating the link is what reserves it."""
    for number in NETWORKS:
        bridge = f"orchb{number}"
        if _ip("link", "add", bridge, "type", "bridge", check=False) == 0:
            fleet.bridge = bridge
            _ip("address", "add", f"10.98.{number}.1/24", "dev", bridge)
            _ip("link", "set", bridge, "up")
            return f"10.98.{number}"
    message = "no free test network between 10.98.1 and 10.98.249: stop older hosts first"
    raise RuntimeError(message)


def _ip(*arguments: str, check: bool = True) -> int:
    return subprocess.run([program("ip"), *arguments], capture_output=True, check=check).returncode


def _host(fleet: Fleet, name: str, address: str, port: int, *, user: str, ops: bool) -> SshHost:
    """Folder, host key, allowed client keys and sshd configuration of one host."""
    base = Path(fleet.folder)
    folder = base / name
    (folder / "host").mkdir(parents=True)
    make_key(folder / "host", "ed25519")
    publics = [(base / key / "key.pub").read_text() for key in ("client", "locked")]
    (folder / "authorized_keys").write_text("".join(publics))
    password = "yes" if ops else "no"
    text = CONFIG.format(address=address, port=port, folder=folder, password=password)
    (folder / "sshd_config").write_text(text)
    return SshHost(
        name=name,
        address=address,
        port=port,
        user=user,
        host_key=" ".join((folder / "host" / "key.pub").read_text().split()[:2]),
        private_key=str(base / "client" / "key"),
        locked_key=str(base / "locked" / "key"),
        passphrase=PASSPHRASE,
        ops_user=OPS if ops else user,
        password=PASSWORD if ops else "",
        folder=str(folder),
    )


def _on_loopback(fleet: Fleet, number: int) -> None:
    """One sshd of the caller's own; 127.0.0.11, .12, ... so that addresses differ."""
    host = _host(fleet, f"h{number}", f"127.0.0.{10 + number}", free_port(), user=getpass.getuser(), ops=False)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # Debian's sshd wants its empty folder
    _spawn(fleet, host, [program("sshd"), "-D", "-e", "-f", f"{host.folder}/sshd_config"])


def _isolated(fleet: Fleet, number: int, network: str) -> None:
    """One host in namespaces, wired to the bridge by a veth pair."""
    address = f"{network}.{10 + number}"
    host = _host(fleet, f"h{number}", address, 22, user="root", ops=True)
    _make_accounts(Path(host.folder), host.name)
    argv = [*UNSHARE, "sh", str(INIT)]
    _spawn(fleet, host, [*argv, host.name, host.folder, f"{address}/24", f"{network}.1", program("sshd")])
    _wait_for_namespace(host.pid)
    _wire(fleet, host)


def _wire(fleet: Fleet, host: SshHost) -> None:
    """Lay the cable between the host and the bridge."""
    cable = _cable(fleet, host)
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(host.pid))
    _ip("link", "set", cable, "master", fleet.bridge, "up")


def _cable(fleet: Fleet, host: SshHost) -> str:
    """Our end of the host's cable."""
    return f"{fleet.bridge}{host.name}"


def _make_accounts(folder: Path, name: str) -> None:
    """Copies of the account files with one more user; the host takes them as its own."""
    (folder / "disk").mkdir()
    (folder / "etc").mkdir()
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
    ).stdout.strip()
    lines = {
        "passwd": f"{OPS}:x:{OPS_UID}:{OPS_UID}:Operator:/home/{OPS}:/bin/sh",
        "group": f"{OPS}:x:{OPS_UID}:",
        "shadow": f"{OPS}:{hashed}:20000:0:99999:7:::",
    }
    for file, line in lines.items():
        copy = folder / "etc" / file
        shutil.copyfile(f"/etc/{file}", copy)
        copy.write_text(copy.read_text().rstrip("\n") + f"\n{line}\n")
        copy.chmod(0o640 if file == "shadow" else 0o644)
    (folder / "etc" / "hostname").write_text(f"{name}\n")
    (folder / "etc" / "sudoers").write_text(f"root ALL=(ALL) ALL\n{OPS} ALL=(ALL) ALL\n")
    (folder / "etc" / "sudoers").chmod(0o440)


def _spawn(fleet: Fleet, host: SshHost, argv: list[str]) -> None:
    """Start the host's process; from now on `stop` ends it."""
    with (Path(host.folder) / "log").open("ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    _started[process.pid] = process
    host.pid = process.pid
    fleet.hosts.append(host)


def _wait_for_namespace(pid: int) -> None:
    own = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + START_S
    while Path(f"/proc/{pid}/ns/net").readlink() == own:
        if time.monotonic() > deadline:
            message = "unshare made no network namespace"
            raise RuntimeError(message)
        time.sleep(0.01)


def _wait_for(host: SshHost) -> None:
    """Until ssh-keyscan sees the host's key: then a login works too."""
    deadline = time.monotonic() + START_S
    argv = [program("ssh-keyscan"), "-T", "1", "-t", "ed25519", "-p", str(host.port), host.address]
    while time.monotonic() < deadline:
        if host.host_key.split()[1] in subprocess.run(argv, capture_output=True, text=True, check=False).stdout:
            return
        time.sleep(0.05)
    message = f"{host.name} did not answer:\n{(Path(host.folder) / 'log').read_text()[-2000:]}"
    raise RuntimeError(message)


def _stop_noted() -> None:
    if STATE.exists():
        noted = json.loads(STATE.read_text())
        stop(Fleet(noted["folder"], noted["bridge"], [SshHost(**host) for host in noted["hosts"]]))
        STATE.unlink()


def main(argv: list[str]) -> int:
    """The command line: start N [--plain] [--json], stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.systems.sshhosts")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", help="start hosts and leave them running")
    starting.add_argument("count", type=int, nargs="?", default=2)
    starting.add_argument("--json", action="store_true")
    starting.add_argument("--plain", action="store_true", help="no namespaces")
    commands.add_parser("stop", help="end what start left running")
    given = parser.parse_args(argv)
    _stop_noted()
    if given.command == "stop":
        return 0
    fleet = start(given.count, plain=given.plain)
    STATE.write_text(json.dumps(asdict(fleet)))
    STATE.chmod(0o600)
    lines = [f"{host.name} ssh -i {host.private_key} -p {host.port} {host.user}@{host.address}" for host in fleet.hosts]
    sys.stdout.write((json.dumps(asdict(fleet), indent=2) if given.json else "\n".join(lines)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
