"""N servers as a provider hands them out: root by key, an ordinary sshd, the packages of a hardening baked in.

They are namespaces like those of `sshhosts`, with an /etc and services that a play may change. They have no systemd and
no way to a mirror, so the packages come from a layer that is made once and kept.
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.systems import sshhosts
from tests.systems.keys import make_key
from tests.systems.sshhosts import Fleet, SshHost
from tests.systems.swarm import cache

HERE = Path(__file__).parent
PACKAGES = ("sudo", "nftables", "fail2ban", "unattended-upgrades", "rsyslog")
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL")
STATUS = Path("/var/lib/dpkg/status")
# Nothing of this machine's own configuration, no question, and no waiting.
OPTIONS = (
    *("-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    *("-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "IdentitiesOnly=yes"),
)
REFUSED = 255


@contextmanager
def vps_hosts(count: int) -> Iterator[list[SshHost]]:
    """Run servers until the block ends."""
    fleet = Fleet(tempfile.mkdtemp(prefix="orch-vps-"))
    Path(fleet.folder).chmod(0o755)
    try:
        sshhosts._make_client_keys(Path(fleet.folder))
        network, layer = sshhosts._make_bridge(fleet), _layer()
        for number in range(1, count + 1):
            _start(fleet, number, network, layer)
        for host in fleet.hosts:
            sshhosts._wait_for(host)
        yield fleet.hosts
    finally:
        sshhosts.stop(fleet)


def login(host: SshHost, user: str, *command: str, given: str = "") -> tuple[int, str]:
    """Exit code and what was said by a login of its own, `REFUSED` where nobody is let in."""
    argv = ["ssh", *OPTIONS, "-i", host.private_key, f"{user}@{host.address}", *command]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def _layer() -> Path:
    """What the packages add to this machine's own system."""
    made_from = (HERE / "vps_layer.sh").read_text() + " ".join(PACKAGES)
    installed = hashlib.sha256(STATUS.read_bytes()).hexdigest()
    return cache.kept("vps.tar", made_from + installed, _install)


def _install(tar: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="orch-vps-layer-"))
    argv = [*ALONE, "sh", str(HERE / "vps_layer.sh"), str(scratch), str(tar), *PACKAGES]
    try:
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    finally:
        shutil.rmtree(scratch)


def _start(fleet: Fleet, number: int, network: str, layer: Path) -> None:
    address = f"{network}.{10 + number}"
    host = _host(fleet, f"v{number}", address)
    words = [host.name, host.folder, f"{address}/24", f"{network}.1", str(layer)]
    sshhosts._spawn(fleet, host, [*sshhosts.UNSHARE, "sh", str(HERE / "vps_init.sh"), *words])
    sshhosts._wait_for_namespace(host.pid)
    sshhosts._wire(fleet, host)


def _host(fleet: Fleet, name: str, address: str) -> SshHost:
    """Folder, host key and the keys that open root."""
    base, folder = Path(fleet.folder), Path(fleet.folder, name)
    for inner in ("host", "disk"):
        (folder / inner).mkdir(parents=True)
    make_key(folder / "host", "ed25519")
    shutil.copy(base / "client" / "key.pub", folder / "authorized_keys")
    return SshHost(
        name=name,
        address=address,
        port=22,
        user="root",
        host_key=" ".join((folder / "host" / "key.pub").read_text().split()[:2]),
        private_key=str(base / "client" / "key"),
        locked_key=str(base / "locked" / "key"),
        passphrase=sshhosts.PASSPHRASE,
        ops_user="",
        password="",
        folder=str(folder),
    )
