"""Hosts are reached over ssh with pinned keys only, and no secret leaves its file."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from orch_app.domains.jobs.execution import (
    Credentials,
    HostRefused,
    IsolationLevel,
    JumpHost,
    PlayStatus,
    Reason,
    TargetHost,
    Workspace,
    open_workspace,
)
from orch_app.domains.jobs.execution.inventory_file import write_inventory
from tests.domains.jobs.execution.conftest import Plays

pytestmark = pytest.mark.integration

PASSPHRASE = "pass-phrase-of-mine"
SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
Subsystem sftp internal-sftp
"""
BOOK = """
- hosts: targets
  gather_facts: false
  tasks:
    - ansible.builtin.command: {argv: [printf, 'I was here\\n']}
    - ansible.builtin.command: {argv: [printf, '%s\\n', "{{ ansible_user }}"]}
"""


@dataclass
class SshServer:
    """An sshd of this test alone, and the key that opens it."""

    port: int
    host_key: str
    private_key: str
    encrypted_key: str

    def target(self, name: str = "web1", **changes: object) -> TargetHost:
        key = Credentials(user=getpass.getuser(), private_key=self.private_key)
        return replace(TargetHost(name, "127.0.0.1", self.port, (self.host_key,), key), **changes)


def private_text(key: ed25519.Ed25519PrivateKey, word: str) -> str:
    lock = serialization.BestAvailableEncryption(word.encode()) if word else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, lock).decode()


def public_line(key: ed25519.Ed25519PrivateKey) -> str:
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(*form).decode()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    folder = tmp_path_factory.mktemp("sshd")
    host, user = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    (folder / "host_key").write_text(private_text(host, ""))
    (folder / "host_key").chmod(0o600)
    (folder / "authorized_keys").write_text(public_line(user) + "\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "config").write_text(SSHD_CONFIG.format(port=port, folder=folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin") or "sshd"
    server = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.DEVNULL)
    wait_for(port)
    yield SshServer(port, public_line(host), private_text(user, ""), private_text(user, PASSPHRASE))
    server.terminate()
    server.wait(10)


def wait_for(port: int) -> None:
    for _ in range(400):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("sshd did not start")


def test_hosts_are_reached_with_plain_and_locked_keys_and_through_a_jump_host(plays: Plays, sshd: SshServer) -> None:
    locked = replace(sshd.target().credentials, private_key=sshd.encrypted_key, passphrase=PASSPHRASE)
    jump = JumpHost("127.0.0.1", sshd.port, (sshd.host_key,), locked)
    hosts = [
        sshd.target("plain"),
        sshd.target("locked", credentials=locked),
        sshd.target("behind", jump=jump),
    ]
    told = plays.run(BOOK, hosts=hosts, localhost=False)
    assert told.ended.status is PlayStatus.SUCCESSFUL, told.text
    assert {line.host for line in told.lines if line.message == "I was here"} == {"plain", "locked", "behind"}


def test_a_changed_host_key_is_an_error(plays: Plays, sshd: SshServer) -> None:
    other = public_line(ed25519.Ed25519PrivateKey.generate())
    told = plays.run(BOOK, hosts=[sshd.target(host_keys=(other,))], localhost=False)
    assert (told.ended.status, told.ended.reason) == (PlayStatus.FAILED, Reason.UNREACHABLE), told.text
    assert "I was here" not in told.text


def test_a_changed_key_of_the_jump_host_is_an_error(plays: Plays, sshd: SshServer) -> None:
    other = public_line(ed25519.Ed25519PrivateKey.generate())
    jump = JumpHost("127.0.0.1", sshd.port, (other,), sshd.target().credentials)
    told = plays.run(BOOK, hosts=[sshd.target(jump=jump)], localhost=False)
    assert told.ended.reason is Reason.UNREACHABLE


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    runbook = tmp_path / "runbook"
    runbook.mkdir()
    (runbook / "playbook.yml").write_text("- hosts: all\n")
    with open_workspace(tmp_path / "data", "job_1.1", runbook, IsolationLevel.BWRAP) as opened:
        yield opened


HOST = TargetHost(
    "web1",
    "192.0.2.7",
    2222,
    (public_line(ed25519.Ed25519PrivateKey.generate()),),
    Credentials("deploy", password="the-password-1", become_method="sudo", become_password="the-password-2"),
)


def test_passwords_stand_in_the_secrets_file_only(workspace: Workspace) -> None:
    jump = JumpHost("gate.example.com", 22, HOST.host_keys, Credentials("hop", password="the-password-3"))
    sources = write_inventory(workspace, [replace(HOST, jump=jump)], localhost=True)
    assert [source.parent for source in sources] == [workspace.inventory, workspace.secrets]
    for path in workspace.root.rglob("*"):
        if path.is_file() and not path.is_relative_to(workspace.secrets):
            assert "the-password" not in path.read_text()
    kept = [path for path in workspace.secrets.iterdir() if path.is_file()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert "the-password-1" in sources[1].read_text()
    assert "the-password-3" in (workspace.secrets / "jump-password-0").read_text()


def test_everything_but_our_own_template_is_tagged_unsafe(workspace: Workspace) -> None:
    sources = write_inventory(workspace, [HOST], localhost=True)
    tops = [line for source in sources for line in source.read_text().splitlines() if line[:1].isalpha()]
    assert tops == ["all: !unsafe", "local:", "targets: !unsafe", "all: !unsafe"]
    assert "'{{ ansible_playbook_python }}'" in sources[0].read_text()


def test_a_key_that_its_passphrase_does_not_open_is_refused(workspace: Workspace) -> None:
    key = rsa.generate_private_key(65537, 2048)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"right"),
    ).decode()
    with pytest.raises(HostRefused, match="passphrase"):
        write_inventory(workspace, [replace(HOST, credentials=Credentials("u", text, "wrong"))], localhost=False)
    write_inventory(workspace, [replace(HOST, credentials=Credentials("u", text, "right"))], localhost=False)
    assert "OPENSSH PRIVATE KEY" in (workspace.secrets / "key-0").read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "all"},
        {"name": "web[1:3]"},
        {"name": "-oProxyCommand=x"},
        {"address": "-oProxyCommand=touch /tmp/x"},
        {"address": "a b"},
        {"address": "{{ lookup('pipe','id') }}"},
        {"address": "fe80::1%eth0"},
        {"port": 0},
        {"port": 70000},
        {"host_keys": ()},
        {"host_keys": ("ssh-ed25519 AAAA\n* ssh-rsa BBBB",)},
        {"host_keys": ("@cert-authority * ssh-ed25519 AAAA",)},
        {"python": "python; id"},
        {"credentials": Credentials("-l root", password="x")},
        {"credentials": Credentials("root")},
        {"credentials": Credentials("root", password="a\nb")},
        {"credentials": Credentials("root", password="x", become_method="ansible.builtin.sudo; id")},
    ],
)
def test_parts_that_could_mean_more_than_they_say_are_refused(workspace: Workspace, changes: dict[str, object]) -> None:
    with pytest.raises(HostRefused):
        write_inventory(workspace, [replace(HOST, **changes)], localhost=True)


def test_the_same_name_twice_is_refused(workspace: Workspace) -> None:
    with pytest.raises(HostRefused, match="twice"):
        write_inventory(workspace, [HOST, HOST], localhost=False)


def test_secrets_are_not_shown_by_repr() -> None:
    assert "the-password" not in repr(HOST)


def test_an_inventory_is_plain_yaml_with_both_groups(workspace: Workspace) -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_mapping(node, deep=True))  # pyright: ignore[reportArgumentType]
    sources = write_inventory(workspace, [HOST], localhost=True)
    document = yaml.load(sources[0].read_text(), Loader)
    assert set(document["all"]["hosts"]) == {"localhost", "web1"}
    assert set(document["targets"]["hosts"]) == {"localhost", "web1"}
    assert set(document["local"]["hosts"]) == {"localhost"}
    only_remote = yaml.load(write_inventory(workspace, [HOST], localhost=False)[0].read_text(), Loader)
    assert set(only_remote["targets"]["hosts"]) == {"web1"}
