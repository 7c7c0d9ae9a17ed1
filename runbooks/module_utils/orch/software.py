"""What runs and what waits: failed units, pending package updates, containers; each with a reason where unknown."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.module_utils.orch import programs
from ansible.module_utils.orch.files import entries, read

MAX_PACKAGES = 200
REBOOT_FILES = ("/run/reboot-required", "/var/run/reboot-required")
APT_LISTS = "/var/lib/apt/lists"
SYSTEMD = "/run/systemd/system"
SOCKETS = (("docker", "/run/docker.sock"), ("docker", "/var/run/docker.sock"), ("podman", "/run/podman/podman.sock"))
_APT_LINE = re.compile(r"^Inst (\S+) (?:\[([^\]]*)\] )?\((\S+) ([^)]*)\)")
_DNF_LINE = re.compile(r"^(\S+)\.(\S+)\s+(\S+)\s+(\S+)\s*$")
_DNF_UPDATES = 100


def services() -> dict[str, Any]:
    """systemd's state and failed units; `manager` is empty where systemd is not in charge."""
    if not Path(SYSTEMD).is_dir():
        return {"manager": "", "state": "", "failed": []}
    answer: dict[str, Any] = {"manager": "systemd", "state": "", "failed": []}
    try:
        answer["state"] = programs.run(["systemctl", "is-system-running"])[1].strip()
        rc, text = programs.run(
            ["systemctl", "list-units", "--failed", "--no-legend", "--plain", "--no-pager", "--full"]
        )
    except programs.ProgramFailed as error:
        return {**answer, "reason": str(error)}
    if rc:
        return {**answer, "reason": "systemd did not answer"}
    rows = (line.split(None, 4) for line in text.splitlines() if line.strip())
    answer["failed"] = [{"unit": row[0], "description": "".join(row[4:])} for row in rows]
    return answer


def updates() -> dict[str, Any]:
    """Pending updates from what the package manager knows already (nothing is downloaded), and whether to reboot."""
    if programs.find("apt-get"):
        answer = _apt()
    elif programs.find("dnf"):
        answer = _dnf()
    else:
        return {"manager": "", "pending": 0, "security": 0, "packages": [], "reboot_required": None}
    packages = answer["packages"]
    answer["pending"] = len(packages)
    answer["security"] = sum(package["security"] for package in packages)
    answer["packages"] = sorted(packages, key=lambda package: (not package["security"], package["name"]))[:MAX_PACKAGES]
    return answer


def _apt() -> dict[str, Any]:
    answer: dict[str, Any] = {"manager": "apt", "packages": [], "reboot_required": _reboot_file() is not None}
    answer["reboot_packages"] = _reboot_packages()
    answer["lists_age_h"] = _age_h(APT_LISTS)
    try:
        rc, text = programs.run(["apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "dist-upgrade"], timeout_s=60)
    except programs.ProgramFailed as error:
        return {**answer, "reason": str(error)}
    if rc:
        answer["reason"] = f"apt-get ended with code {rc}"
    for match in filter(None, map(_APT_LINE.match, text.splitlines())):
        name, current, candidate, origin = match.groups()
        security = "security" in origin.lower()
        answer["packages"].append(
            {"name": name, "current": current or "", "candidate": candidate, "security": security}
        )
    return answer


def _dnf() -> dict[str, Any]:
    answer: dict[str, Any] = {"manager": "dnf", "packages": [], "reboot_required": None, "reboot_packages": []}
    try:
        answer["packages"] = _dnf_packages()
        answer["reboot_required"] = programs.run(["dnf", "-q", "-C", "needs-restarting", "-r"], timeout_s=60)[0] == 1
    except programs.ProgramFailed as error:
        answer["reason"] = str(error)
    return answer


def _dnf_packages() -> list[dict[str, Any]]:
    listed = {security: _dnf_listed(security=security) for security in (False, True)}
    return [
        {"name": name, "current": "", "candidate": version, "security": name in listed[True]}
        for name, version in listed[False].items()
    ]


def _dnf_listed(*, security: bool) -> dict[str, str]:
    extra = ["--security"] if security else []
    rc, text = programs.run(["dnf", "-q", "-C", "check-update", *extra], timeout_s=90)
    if rc not in (0, _DNF_UPDATES):
        raise programs.ProgramFailed(f"dnf ended with code {rc}; its cache may be empty")
    current = text.split("Obsoleting Packages")[0]
    matches = filter(None, map(_DNF_LINE.match, current.splitlines()))
    return {match.group(1): match.group(3) for match in matches}


def _reboot_file() -> str | None:
    return next((path for path in REBOOT_FILES if Path(path).exists()), None)


def _reboot_packages() -> list[str]:
    return sorted(set(read((_reboot_file() or REBOOT_FILES[0]) + ".pkgs").split()))


def _age_h(path: str) -> float | None:
    """Hours since apt last fetched its lists; None where it never did."""
    newest = max((entry.stat().st_mtime for entry in entries(path) if entry.is_file()), default=None)
    return round(max(0.0, time.time() - newest) / 3600, 1) if newest else None


class _UnixConnection(http.client.HTTPConnection):
    """HTTP to an engine's socket file."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def containers() -> dict[str, Any]:
    """The engine's containers, running or not; `engine` is empty where none is installed."""
    for engine, path in SOCKETS:
        if Path(path).exists():
            return _listed(engine, path)
    installed = next((name for name in ("docker", "podman") if programs.find(name)), "")
    reason = f"{installed} is installed but its service does not run" if installed else ""
    return {"engine": installed, "items": [], **({"reason": reason} if reason else {})}


def _listed(engine: str, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"engine": engine, "items": []}
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/containers/json?all=1&filters=" + quote("{}"))
        response = connection.getresponse()
        body = response.read(programs.MAX_OUTPUT)
        if response.status != http.client.OK:
            return {**answer, "reason": f"{engine} answered {response.status}"}
        answer["items"] = [_container(entry) for entry in json.loads(body.decode("utf-8", "replace"))]
    except PermissionError:
        answer["reason"] = f"this user may not use the socket of {engine}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        answer["reason"] = f"{engine} does not answer: {error}"
    finally:
        connection.close()
    return answer


def _container(entry: dict[str, Any]) -> dict[str, Any]:
    ports = sorted({_port(port) for port in entry.get("Ports") or []})
    return {
        "name": (entry.get("Names") or [entry.get("Id", "")[:12]])[0].lstrip("/"),
        "image": entry.get("Image", ""),
        "state": entry.get("State", ""),
        "status": entry.get("Status", ""),
        "ports": ports,
    }


def _port(port: dict[str, Any]) -> str:
    inner = f"{port.get('PrivatePort')}/{port.get('Type', 'tcp')}"
    return f"{port.get('IP', '')}:{port['PublicPort']}->{inner}" if port.get("PublicPort") else inner
