"""The test hosts are what they say: own keys, own names where namespaces work, and nothing left behind."""

import subprocess
from pathlib import Path

import pytest

from tests.systems.sshhosts import PASSPHRASE, SshHost, can_isolate, ssh_hosts, start, stop

pytestmark = pytest.mark.integration


def login(host: SshHost, key: str, command: str) -> str:
    options = ["-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes"]
    known = Path(host.folder) / "known_hosts"
    place = host.address if host.port == 22 else f"[{host.address}]:{host.port}"
    known.write_text(f"{place} {host.host_key}\n")
    options += ["-o", f"UserKnownHostsFile={known}", "-i", key, "-p", str(host.port)]
    argv = ["ssh", *options, f"{host.user}@{host.address}", command]
    return subprocess.run(argv, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout.strip()


def test_hosts_on_loopback_have_addresses_and_host_keys_of_their_own() -> None:
    with ssh_hosts(2, plain=True) as (first, second):
        assert login(first, first.private_key, "echo one") == "one"
        assert login(second, second.private_key, "echo two") == "two"
        assert first.address != second.address
        assert first.host_key != second.host_key


def test_a_key_with_a_passphrase_opens_only_with_it() -> None:
    with ssh_hosts(1, plain=True) as (host,):
        with pytest.raises(subprocess.CalledProcessError):
            login(host, host.locked_key, "true")
        argv = ["ssh-keygen", "-p", "-q", "-P", PASSPHRASE, "-N", "", "-f", host.locked_key]
        subprocess.run(argv, check=True, capture_output=True)
        assert login(host, host.locked_key, "echo in") == "in"


def test_namespaced_hosts_may_be_changed_and_leave_nothing() -> None:
    fleet = start(2)
    try:
        first, second = fleet.hosts
        mark = f"{first.folder}/only-here" if not can_isolate() else "/etc/orch-only-here"
        login(first, first.private_key, f"touch {mark}")
        names = [login(host, host.private_key, "hostname") for host in fleet.hosts]
        if can_isolate():
            assert names == ["h1", "h2"]
            assert login(second, second.private_key, f"ls {mark} 2>/dev/null || echo none") == "none"
            assert not Path(mark).exists()
    finally:
        stop(fleet)
    assert not Path(fleet.folder).exists()
    assert not fleet.bridge or not Path("/sys/class/net", fleet.bridge).exists()
