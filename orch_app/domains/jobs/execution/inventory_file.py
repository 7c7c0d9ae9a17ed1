"""Writes the inventory of a job: who is reached how, with pinned host keys, and with secrets in a separate file.

`inventory/hosts.yml` and `inventory/known_hosts` hold nothing secret. Passwords go to `secrets.yml` and keys to one
file per host, all 0600 in the workspace's secrets folder; nothing secret stands in an argument or in the environment.
"""

import ipaddress
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from orch_app.domains.jobs.execution.unsafe_yaml import to_unsafe_yaml
from orch_app.domains.jobs.execution.workspace import Workspace, write_secret

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
_DNS_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?")
_KEY_LINE = re.compile(r"(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,2}")
_PYTHON = re.compile(r"/[A-Za-z0-9_./-]{1,200}")
_BECOME_METHODS = frozenset({"sudo", "su", "doas", "enable"})
_RESERVED_NAMES = frozenset({"all", "ungrouped", "targets", "machines", "local", "localhost"})
_PORTS = range(1, 65536)
_SHOWN = 60


class HostRefused(Exception):
    """A host's data cannot go into an inventory; the message names the host and the part."""


@dataclass(frozen=True)
class Credentials:
    """How a machine lets us in. Secrets are kept out of `repr`, so that no log line can show them."""

    user: str
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    become_method: str = ""
    become_password: str = field(default="", repr=False)

    @cached_property
    def opened_key(self) -> str:
        """The private key as ssh reads it without a question: the passphrase is used here and goes no further.

        Raises:
            HostRefused: the passphrase does not open it.
        """
        text = self.private_key.replace("\r\n", "\n").rstrip("\n") + "\n" if self.private_key else ""
        return _without_passphrase(text, self.passphrase) if self.passphrase else text

    def secrets(self) -> tuple[str, ...]:
        """Everything a masker must know: what was given, and the key as it is written for the job.

        Raises:
            HostRefused: the passphrase does not open the private key.
        """
        found = (self.private_key, self.opened_key, self.passphrase, self.password, self.become_password)
        return tuple(secret for secret in found if secret)


@dataclass(frozen=True)
class JumpHost:
    """The machine through which a host is reached. `host_keys` are lines such as `ssh-ed25519 AAAA...`."""

    address: str
    port: int
    host_keys: tuple[str, ...]
    credentials: Credentials


@dataclass(frozen=True)
class Variables:
    """Variables of a host or group. They are data, unless they came as text that somebody has read and trusted."""

    values: dict[str, Any] = field(default_factory=dict)
    is_trusted_text: bool = False


NO_VARIABLES = Variables()
USUAL_PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class TargetHost:
    """One machine a job works on, over ssh with its pinned keys. `python` is the interpreter that modules run with."""

    name: str
    address: str
    port: int
    host_keys: tuple[str, ...]
    credentials: Credentials
    jump: JumpHost | None = None
    python: str = USUAL_PYTHON
    variables: Variables = NO_VARIABLES

    def secrets(self) -> tuple[str, ...]:
        """Everything a masker must know to keep this machine's secrets, and those of its jump host.

        Raises:
            HostRefused: a passphrase does not open its private key.
        """
        return self.credentials.secrets() + (self.jump.credentials.secrets() if self.jump else ())


def write_inventory(workspace: Workspace, hosts: Sequence[TargetHost], *, localhost: bool) -> tuple[Path, ...]:
    """Write the inventory files, and return those that go to `-i`, in order.

    The worker's machine is always there, as `localhost`; with `localhost` it is also one of the group `targets`.

    Raises:
        HostRefused: a name, address, user, port or key is not acceptable.
    """
    seen: set[str] = set()
    local = {"ansible_connection": "local", "ansible_remote_tmp": str(workspace.tmp)}
    public: dict[str, Any] = {"localhost": local}
    private: dict[str, Any] = {}
    for index, host in enumerate(hosts):
        _check(host, seen)
        files = _HostFiles(workspace, index)
        public[host.name] = _connection(host, files)
        private[host.name] = _secrets(host.credentials)
    known = [line for index, host in enumerate(hosts) for line in _known_lines(host, index)]
    write_secret(workspace.inventory / "known_hosts", "".join(known)).chmod(0o644)
    targets = [name for name in public if localhost or name != "localhost"]
    return _write_sources(workspace, public, {name: values for name, values in private.items() if values}, targets)


_OWN_PYTHON = "ansible_python_interpreter: '{{ ansible_playbook_python }}'"


@dataclass(frozen=True)
class _HostFiles:
    """Names of the files of one host. They carry a number of ours, never anything a person typed."""

    workspace: Workspace
    index: int

    @property
    def key(self) -> Path:
        return self.workspace.secrets / f"key-{self.index}"

    @property
    def jump_key(self) -> Path:
        return self.workspace.secrets / f"jump-key-{self.index}"

    @property
    def jump_password(self) -> Path:
        return self.workspace.secrets / f"jump-password-{self.index}"

    @property
    def jump_askpass(self) -> Path:
        return self.workspace.inventory / f"jump-askpass-{self.index}"

    @property
    def known_hosts(self) -> Path:
        return self.workspace.inventory / "known_hosts"


def _write_sources(
    workspace: Workspace, public: dict[str, Any], private: dict[str, Any], targets: Sequence[str]
) -> tuple[Path, ...]:
    """Hosts first, secrets second: Ansible merges the variables of a host over both files."""
    hosts = workspace.inventory / "hosts.yml"
    text = to_unsafe_yaml({"all": {"hosts": public}})
    # The one template of the inventory, and ours: it must not be tagged as untrusted.
    text += f"local:\n  hosts:\n    localhost:\n  vars:\n    {_OWN_PYTHON}\n"
    text += to_unsafe_yaml({"targets": {"hosts": dict.fromkeys(targets)}})
    write_secret(hosts, text).chmod(0o644)
    if not private:
        return (hosts,)
    return hosts, write_secret(workspace.secrets / "secrets.yml", to_unsafe_yaml({"all": {"hosts": private}}))


def _connection(host: TargetHost, files: _HostFiles) -> dict[str, Any]:
    credentials = host.credentials
    variables: dict[str, Any] = {
        "ansible_connection": "ssh",
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_user": credentials.user,
        "ansible_python_interpreter": host.python,
        # One socket per host: two machines behind different jump hosts may share an address.
        "ansible_control_path": str(files.workspace.control / f"h{files.index}"),
        "ansible_ssh_common_args": shlex.join(_ssh_options(host, files)),
    }
    if credentials.private_key:
        write_secret(files.key, credentials.opened_key)
        variables["ansible_ssh_private_key_file"] = str(files.key)
    if credentials.become_method:
        variables["ansible_become_method"] = credentials.become_method
    return variables


def _secrets(credentials: Credentials) -> dict[str, str]:
    named = {"ansible_password": credentials.password, "ansible_become_password": credentials.become_password}
    return {name: secret for name, secret in named.items() if secret}


def _ssh_options(host: TargetHost, files: _HostFiles) -> list[str]:
    options = _pinned(files, f"orch-{files.index}")
    if host.jump is not None:
        options += ["-o", f"ProxyCommand={_proxy_command(host.jump, files)}"]
    return options


def _pinned(files: _HostFiles, alias: str) -> list[str]:
    """Only our configuration, only our known hosts, and the key of exactly this host."""
    known_hosts = str(files.known_hosts).replace("%", "%%")
    return [
        *("-F", "/dev/null", "-o", "StrictHostKeyChecking=yes", "-o", f'UserKnownHostsFile="{known_hosts}"'),
        *("-o", "GlobalKnownHostsFile=/dev/null", "-o", f"HostKeyAlias={alias}", "-o", "CheckHostIP=no"),
        *("-o", "UpdateHostKeys=no", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"),
    ]


def _proxy_command(jump: JumpHost, files: _HostFiles) -> str:
    """An ssh of its own to the jump host. It can never be offered the password of the machine behind it."""
    command = ["ssh", *_pinned(files, f"orch-jump-{files.index}"), "-p", str(jump.port), "-l", jump.credentials.user]
    if jump.credentials.private_key:
        write_secret(files.jump_key, jump.credentials.opened_key)
        command += ["-i", str(files.jump_key), "-o", "BatchMode=yes"]
    else:
        _write_askpass(files, jump.credentials.password)
        settings = (f"SSH_ASKPASS={files.jump_askpass}", "SSH_ASKPASS_REQUIRE=force", "DISPLAY=-")
        command = ["env", *settings, *command, "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no"]
    # -W gets ssh's own tokens for the machine behind; a percent sign elsewhere is doubled for ssh.
    return shlex.join(command).replace("%", "%%") + " -W '[%h]:%p' " + shlex.quote(jump.address)


def _write_askpass(files: _HostFiles, password: str) -> None:
    write_secret(files.jump_password, password + "\n")
    script = f"#!/bin/sh\nexec cat {shlex.quote(str(files.jump_password))}\n"
    write_secret(files.jump_askpass, script).chmod(0o755)


def _without_passphrase(text: str, passphrase: str) -> str:
    data, word = text.encode(), passphrase.encode()
    try:
        if b"OPENSSH PRIVATE KEY" in data:
            key: Any = serialization.load_ssh_private_key(data, word)
        else:
            key = serialization.load_pem_private_key(data, word)
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        ).decode()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise HostRefused("a private key cannot be opened with its passphrase") from error


def _known_lines(host: TargetHost, index: int) -> list[str]:
    lines = [f"orch-{index} {key}\n" for key in host.host_keys]
    return lines + [f"orch-jump-{index} {key}\n" for key in (host.jump.host_keys if host.jump else ())]


def _check(host: TargetHost, seen: set[str]) -> None:
    _require(_NAME.fullmatch(host.name) and host.name not in _RESERVED_NAMES, host.name, "name", host.name)
    _require(host.name not in seen, host.name, "name, which occurs twice,", host.name)
    seen.add(host.name)
    _check_machine(host.name, host.address, host.port, host.host_keys)
    _check_credentials(host.name, host.credentials)
    _require(_PYTHON.fullmatch(host.python), host.name, "path of Python", host.python)
    if host.jump is not None:
        _check_machine(f"{host.name} (jump host)", host.jump.address, host.jump.port, host.jump.host_keys)
        _check_credentials(f"{host.name} (jump host)", host.jump.credentials)


def _check_machine(name: str, address: str, port: int, host_keys: tuple[str, ...]) -> None:
    _require(_is_address(address), name, "address", address)
    _require(port in _PORTS, name, "port", str(port))
    _require(bool(host_keys), name, "pinned host key, which is missing,", "")
    for key in host_keys:
        _require(_KEY_LINE.fullmatch(key), name, "pinned host key", key)


def _check_credentials(name: str, credentials: Credentials) -> None:
    _require(_USER.fullmatch(credentials.user), name, "user", credentials.user)
    _require(bool(credentials.private_key or credentials.password), name, "private key or password", "")
    if credentials.become_method:
        _require(credentials.become_method in _BECOME_METHODS, name, "become method", credentials.become_method)
    _require("\n" not in credentials.password + credentials.become_password, name, "password with a line break", "")


def _is_address(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return _DNS_NAME.fullmatch(address) is not None
    return "%" not in address


def _require(fine: object, name: str, part: str, value: str) -> None:
    if not fine:
        raise HostRefused(f"{name[:_SHOWN]}: not an acceptable {part}" + (f": {value[:_SHOWN]}" if value else ""))
