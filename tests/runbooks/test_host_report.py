"""host_report: what the module reads, and the real play on this machine and on real sshd hosts."""

import http.server
import json
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks import modules
from tests.runbooks.plays import LOCAL, over_ssh, run_play, spec
from tests.systems.processes import free_port
from tests.systems.sshhosts import SshHost, ssh_hosts

APT = """\
Inst libc6 [2.36-9] (2.36-9+deb12u7 Debian-Security:12/stable-security [amd64])
Inst vim [2:9.0] (2:9.1 Debian:12.5/stable [amd64])
Inst new-package (1.0 Debian:12.5/stable [all])
Conf libc6 (2.36-9+deb12u7 Debian-Security:12/stable-security [amd64])
"""
DNF = """
kernel.x86_64          5.14.0-2          baseos
bash.x86_64            5.1.8-9           baseos
Obsoleting Packages
old.x86_64             1-1               baseos
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[SshHost]]:
    with ssh_hosts(2) as started:
        yield started


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(modules.shared("programs"), "search_path", lambda: str(folder))
    return folder


def script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def says(text: str) -> str:
    return f"/bin/cat <<'END'\n{text}END"


def test_the_module_reads_this_machine() -> None:
    report = modules.library("host_facts").collect(["addresses", "ports", "services", "containers"], 85, 90)

    assert report["system"]["hostname"] == socket.gethostname()
    assert report["system"]["kernel"]["release"] == os.uname().release
    assert report["cpu"]["count"] == os.cpu_count()
    assert report["memory"]["total_mb"] > 0
    assert report["disks"][0]["mount"] == "/"
    assert ("127.0.0.1", 8, 4) in [
        (entry["address"], entry["prefix"], entry["family"]) for entry in report["addresses"]
    ]
    assert report["summary"][0].startswith(socket.gethostname())


def test_a_listening_port_is_found_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ports = modules.shared("network").listening()
        (found,) = [entry for entry in ports if entry["port"] == server.getsockname()[1]]
    assert (found["protocol"], found["address"], found["pid"]) == ("tcp", "127.0.0.1", os.getpid())


def test_apts_pending_updates_are_counted_with_security_first(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(programs, "apt-get", says(APT))
    software = modules.shared("software")
    flag = programs / "reboot-required"
    flag.touch()
    (programs / "reboot-required.pkgs").write_text("linux-image\nlibc6\nlibc6\n")
    monkeypatch.setattr(software, "REBOOT_FILES", (str(flag),))

    found = software.updates()

    assert (found["manager"], found["pending"], found["security"]) == ("apt", 3, 1)
    assert found["packages"][0] == {
        "name": "libc6",
        "current": "2.36-9",
        "candidate": "2.36-9+deb12u7",
        "security": True,
    }
    assert (found["reboot_required"], found["reboot_packages"]) == (True, ["libc6", "linux-image"])


def test_dnfs_pending_updates_come_from_its_cache(programs: Path) -> None:
    security = '*--security*) echo "bash.x86_64 5.1.8-9 baseos"; exit 100;;'
    script(programs, "dnf", f'case "$*" in *needs-restarting*) exit 1;; {security} esac\n{says(DNF)}\nexit 100')
    found = modules.shared("software").updates()
    assert (found["manager"], found["pending"], found["security"], found["reboot_required"]) == ("dnf", 2, 1, True)
    assert [package["name"] for package in found["packages"]] == ["bash", "kernel"]


def test_a_package_manager_that_fails_is_a_reason_and_not_a_failure(programs: Path) -> None:
    script(programs, "dnf", "exit 1")
    assert modules.shared("software").updates()["reason"] == "dnf ended with code 1; its cache may be empty"


def test_a_machine_without_either_has_no_updates_to_tell(programs: Path) -> None:
    found = modules.shared("software").updates()
    assert (found["manager"], found["reboot_required"]) == ("", None)
    assert list(programs.iterdir()) == []


def test_failed_units_are_listed_where_systemd_is(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    software = modules.shared("software")
    monkeypatch.setattr(software, "SYSTEMD", str(programs))
    failed = "nginx.service loaded failed failed A web server"
    script(programs, "systemctl", f'case "$1" in is-system-running) echo degraded; exit 1;; esac\necho "{failed}"')
    assert software.services() == {
        "manager": "systemd",
        "state": "degraded",
        "failed": [{"unit": "nginx.service", "description": "A web server"}],
    }


def test_a_program_that_hangs_is_ended(programs: Path) -> None:
    runner = modules.shared("programs")
    script(programs, "slow", "exec /bin/sleep 60")
    with pytest.raises(runner.ProgramFailed, match=r"slow did not answer within 0\.2 s"):
        runner.run(["slow"], timeout_s=0.2)


CONTAINERS = [
    {
        "Names": ["/web"],
        "Image": "nginx:1",
        "State": "running",
        "Status": "Up 2 days (unhealthy)",
        "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
    },
    {"Names": None, "Id": "0123456789abcdef", "Image": "job", "State": "exited", "Status": "Exited (0)", "Ports": None},
]


class Engine(http.server.BaseHTTPRequestHandler):
    """Docker's answer to the list of containers."""

    status = 200

    def do_GET(self) -> None:
        body = json.dumps(CONTAINERS).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "docker.sock"
    with socketserver.UnixStreamServer(str(path), Engine) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        monkeypatch.setattr(modules.shared("software"), "SOCKETS", (("docker", str(path)),))
        yield path
        server.shutdown()


def test_containers_are_read_from_the_engines_socket(engine: Path) -> None:
    found = modules.shared("software").containers()
    assert found["engine"] == "docker"
    assert [(entry["name"], entry["state"], entry["ports"]) for entry in found["items"]] == [
        ("web", "running", ["0.0.0.0:8080->80/tcp"]),
        ("0123456789ab", "exited", []),
    ]
    sick = modules.library("host_facts").findings({"disks": [], "memory": {"used_pct": 0}, "containers": found}, 85, 90)
    assert sick == ["container web is Up 2 days (unhealthy)"]


def test_an_engine_that_is_gone_is_a_reason(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = engine.with_name("gone.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(gone))
    monkeypatch.setattr(modules.shared("software"), "SOCKETS", (("docker", str(gone)),))
    assert "docker does not answer" in modules.shared("software").containers()["reason"]


def test_network_file_systems_are_listed_and_never_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = modules.shared("machine")
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mountinfo").write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:1 /x /mnt/bound rw - ext4 /dev/sda1 rw\n"
        "3 1 0:9 / /mnt/a\\040b rw - nfs4 server:/export rw\n4 1 0:5 / /proc rw - proc proc rw\n"
    )
    monkeypatch.setattr(machine, "PROC", str(tmp_path))
    disks = machine.disks()
    assert [disk["mount"] for disk in disks] == ["/", "/mnt/a b"]
    assert "not measured" in disks[1]["note"]
    assert "used_pct" in disks[0]


@pytest.mark.integration
def test_one_play_reports_about_this_machine_and_real_hosts_and_names_the_dead_one(
    tmp_path: Path, hosts: list[SshHost]
) -> None:
    dead = over_ssh(hosts[0], ansible_host="127.0.0.1", ansible_port=free_port())
    targets = {"localhost": LOCAL, "dead": dead, **{host.name: over_ssh(host) for host in hosts}}

    sections = ["addresses", "ports", "services", "containers"]
    play = run_play(tmp_path, "host_report", {"sections": sections}, targets)

    assert play.rc == 4, play.text
    assert check_output(spec("host_report").output_schema, play.output) == ()
    assert play.output["counts"] == {"hosts": 4, "ok": 3, "failed": 0, "unreachable": 1}
    items = {item["id"]: item for item in play.output["items"]}
    assert (items["dead"]["status"], items["dead"]["error"]["retryable"]) == ("unreachable", True)
    assert "Connection refused" in items["dead"]["error"]["message"]
    assert play.output["failure"]["code"] == "unreachable"
    assert play.output["failure"]["message"].startswith("1 of 4 hosts failed: dead: ")
    for host in hosts:
        report = items[host.name]["report"]
        assert host.port in [entry["port"] for entry in report["ports"]]
        assert host.address in [entry["address"] for entry in [*report["addresses"], *report["ports"]]]
    if hosts[0].port == 22:  # namespaces: every host has a name of its own
        assert [items[host.name]["report"]["system"]["hostname"] for host in hosts] == ["h1", "h2"]
    assert "unreachable=1" in play.text
    assert items["localhost"]["report"]["summary"][0] in play.text


@pytest.mark.integration
def test_when_every_host_fails_the_output_is_still_written(tmp_path: Path, hosts: list[SshHost]) -> None:
    targets = {
        "dead": over_ssh(hosts[0], ansible_host="127.0.0.1", ansible_port=free_port()),
        "bare": over_ssh(hosts[1], ansible_python_interpreter="/nowhere/python3"),
    }
    play = run_play(tmp_path, "host_report", {"sections": []}, targets)

    assert play.rc != 0
    assert check_output(spec("host_report").output_schema, play.output) == ()
    assert play.output["counts"] == {"hosts": 2, "ok": 0, "failed": 1, "unreachable": 1}
    assert play.output["failure"]["code"] == "hosts_failed"


@pytest.mark.integration
def test_check_mode_gives_the_same_report(tmp_path: Path) -> None:
    play = run_play(tmp_path, "host_report", {"sections": ["addresses", "updates"]}, None, "--check", mode="preview")
    assert play.rc == 0, play.text
    assert (play.output["mode"], play.output["changed"], play.output["counts"]["ok"]) == ("preview", False, 1)
    report = play.output["items"][0]["report"]
    assert report["updates"]["pending"] >= len(report["updates"]["packages"])
    assert "ports" not in report
