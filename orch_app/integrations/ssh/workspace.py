"""The private folder of one ssh run: configuration, pinned keys and secrets in memory-backed files, gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orch_app.integrations.ssh.keys import read_private_key
from orch_app.kit.settings import settings

CONNECT_S = 5
PREFIX = "orch-ssh-"
TARGET, JUMP = "orch-target", "orch-jump"
CHECKED = {"StrictHostKeyChecking": "yes"}
MEMORY = Path("/dev/shm")  # noqa: S108 - the kernel's memory-backed folder; ours is created inside it with mode 0700
ASKPASS = Path(__file__).with_name("askpass")


@dataclass(frozen=True)
class Hop:
    """One machine on the way: the address to connect to, its port, the user, and its pinned key (`type base64`)."""

    address: str
    port: int
    user: str
    host_key: str = ""


@dataclass(frozen=True)
class Credentials:
    """What opens the door: a private key with its passphrase, or a password, or both."""

    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Route:
    """A machine, and the one before it where there is one."""

    target: Hop
    jump: Hop | None = None


@dataclass(frozen=True)
class Workspace:
    """Where the files of one run are."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def environment(self) -> dict[str, str]:
        """Lets ssh ask our program for a password; only the path of the answer is in it."""
        return {
            "SSH_ASKPASS": str(ASKPASS),
            "SSH_ASKPASS_REQUIRE": "force",
            "ORCH_ASKPASS_FILE": str(self.folder / "password"),
        }


@contextmanager
def workspace(route: Route, credentials: Credentials, *, learn: bool = False) -> Iterator[Workspace]:
    """Write the files of one run and remove them afterwards. `learn` notes the target's key instead of checking it.

    Raises:
        KeyRefused: the private key cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=_parent()) as name:
        place = Workspace(Path(name))
        if credentials.private_key:
            key = read_private_key(credentials.private_key, credentials.passphrase)
            _write(place.folder / "key", key.openssh)
        if credentials.password:
            _write(place.folder / "password", credentials.password.encode())
        _write(place.known_hosts, _known_hosts(route, learn=learn).encode())
        _write(place.config, _config(place, route, credentials, learn=learn).encode())
        yield place


def sweep_leftovers() -> int:
    """Remove the folders of processes that were killed; called once when a process starts."""
    left = [folder for folder in Path(_parent()).glob(f"{PREFIX}*") if not _is_running(folder.name)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _is_running(name: str) -> bool:
    """Whether the process that made this folder lives."""
    pid = name.removeprefix(PREFIX).partition("-")[0]
    return pid.isdigit() and Path("/proc", pid).exists()


def _parent() -> str:
    if MEMORY.is_dir():
        return str(MEMORY)
    private = settings().data_dir / "private"
    private.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(private)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _known_hosts(route: Route, *, learn: bool) -> str:
    pinned = [(TARGET, "" if learn else route.target.host_key), (JUMP, route.jump.host_key if route.jump else "")]
    return "".join(f"{name} {key}\n" for name, key in pinned if key)


def _config(place: Workspace, route: Route, credentials: Credentials, *, learn: bool) -> str:
    """The whole client configuration: nothing of the machine's or the user's own is read."""
    # an unchecked machine must not be offered a secret: learning ends before any authentication
    checking = {"StrictHostKeyChecking": "accept-new", "PreferredAuthentications": "none"} if learn else CHECKED
    stanzas = [_stanza(TARGET, route.target, checking)]
    if route.jump:
        stanzas[0].append(f"ProxyJump {JUMP}")
        stanzas.append(_stanza(JUMP, route.jump, CHECKED))
    stanzas.append(["Host *", *(f"{name} {value}" for name, value in _options(place, credentials).items())])
    return "\n".join("\n  ".join(lines) for lines in stanzas) + "\n"


def _stanza(name: str, hop: Hop, extra: dict[str, str]) -> list[str]:
    lines = [f"Host {name}", f"HostName {hop.address}", f"Port {hop.port}", f"User {hop.user}", f"HostKeyAlias {name}"]
    return lines + [f"{option} {value}" for option, value in extra.items()]


def _options(place: Workspace, credentials: Credentials) -> dict[str, str]:
    methods = ["publickey"] if credentials.private_key else []
    methods += ["password", "keyboard-interactive"] if credentials.password else []
    return {
        "UserKnownHostsFile": f'"{place.known_hosts}"',
        "GlobalKnownHostsFile": "/dev/null",
        "IdentityFile": f'"{place.folder / "key"}"' if credentials.private_key else "none",
        "PreferredAuthentications": ",".join(methods) or "none",
        "BatchMode": "no" if credentials.password else "yes",
        "NumberOfPasswordPrompts": "1",
        "ConnectTimeout": str(CONNECT_S),
        "ConnectionAttempts": "1",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "HashKnownHosts": "no",
        "CheckHostIP": "no",
        "UpdateHostKeys": "no",
        "VerifyHostKeyDNS": "no",
        "CanonicalizeHostname": "no",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "GSSAPIAuthentication": "no",
        "HostbasedAuthentication": "no",
        "PermitLocalCommand": "no",
        "ControlMaster": "no",
        "RequestTTY": "no",
        "LogLevel": "ERROR",
    }
