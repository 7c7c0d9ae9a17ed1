"""A real sshd on a free port, of loopback unless said otherwise. Its one user is whoever runs the tests."""

import getpass
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orch_app.integrations.ssh.keys import read_private_key
from orch_app.kit.process import run
from tests.systems.keys import make_key
from tests.systems.processes import answers, free_port, private_folder, program, running

CONFIG = """
ListenAddress {address}:{port}
HostKey {folder}/host/key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication {passwords}
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
MaxStartups 50
LogLevel VERBOSE
"""


@dataclass(frozen=True)
class SshServer:
    """A running sshd and the private key that opens it."""

    folder: Path
    port: int
    private_key: str
    user: str
    address: str = "127.0.0.1"

    @property
    def host_key(self) -> str:
        """The host key as it is pinned: `type base64`."""
        return " ".join((self.folder / "host" / "key.pub").read_text().split()[:2])

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")


@contextmanager
def ssh_server(
    *,
    host_key_type: str = "ed25519",
    port: int = 0,
    client: str = "",
    password: str = "",
    address: str = "127.0.0.1",
) -> Iterator[SshServer]:
    """Run an sshd until the block ends; `client` is a private key that it shall know, else it makes one.

    With `password` the user has that password, in the eyes of this sshd alone; for that the tests must run as root.
    """
    with private_folder("sshd") as folder:
        for name in ("host", "client"):
            (folder / name).mkdir()
        make_key(folder / "host", host_key_type)
        private_key = client or make_key(folder / "client", "ed25519")
        (folder / "authorized_keys").write_text(read_private_key(private_key).public.line + "\n")
        server = SshServer(folder, port or free_port(), private_key, getpass.getuser(), address)
        passwords = "yes" if password else "no"
        config = CONFIG.format(address=address, port=server.port, folder=folder, passwords=passwords)
        (folder / "config").write_text(config)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # Debian's sshd wants its empty folder
        argv = _with_password(folder, server.user, password) if password else []
        argv += [program("sshd"), "-D", "-e", "-f", str(folder / "config")]
        with running(argv, is_ready=lambda: answers(server.port, address), log=folder / "log"):
            yield server


def _with_password(folder: Path, user: str, password: str) -> list[str]:
    """Start what follows where /etc/shadow is another file; the machine's own stays as it is."""
    openssl = [program("openssl"), "passwd", "-6", "-stdin"]
    hashed = run(openssl, timeout_s=30, stdin=password.encode()).text.strip()
    (folder / "shadow").write_text(f"{user}:{hashed}:20000:0:99999:7:::\n")
    shadow = shlex.quote(str(folder / "shadow"))
    script = f'mount --bind {shadow} /etc/shadow && exec "$@"'
    return [program("unshare"), "--mount", program("sh"), "-c", script, "sh"]
