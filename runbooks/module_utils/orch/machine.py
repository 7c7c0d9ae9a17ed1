"""What kind of machine this is: system, kernel, processors, memory and disks, read from /proc, /etc and statvfs."""

from __future__ import annotations

import os
import platform
import re
import socket
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.orch.files import read

PROC = "/proc"
OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
# File systems without a disk of their own, and those whose server may hang whoever asks for their size.
VIRTUAL = frozenset({
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
    "fuse.lxcfs", "fuse.snapfuse", "fusectl", "hugetlbfs", "mqueue", "nsfs", "overlay", "proc", "pstore", "ramfs",
    "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tmpfs", "tracefs",
})  # fmt: skip
REMOTE = frozenset({
    "9p", "afs", "ceph", "cifs", "davfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs",
})  # fmt: skip
_ESCAPE = re.compile(r"\\([0-7]{3})")


def system() -> dict[str, Any]:
    """Names, operating system, kernel and up time."""
    release = _os_release()
    kernel = os.uname()
    uptime = float((read(PROC + "/uptime") or "0").split()[0])
    return {
        "hostname": socket.gethostname(),
        "os": {
            "id": release.get("ID", kernel.sysname.lower()),
            "name": release.get("PRETTY_NAME") or release.get("NAME") or kernel.sysname,
            "version": release.get("VERSION_ID", ""),
            "codename": release.get("VERSION_CODENAME", ""),
        },
        "kernel": {
            "name": kernel.sysname,
            "release": kernel.release,
            "version": kernel.version,
            "arch": kernel.machine,
        },
        "uptime_s": int(uptime),
        "booted_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - uptime)),
        "python": platform.python_version(),
        "virtual": _virtual(),
    }


def _os_release() -> dict[str, str]:
    text = next((found for found in map(read, OS_RELEASE) if found), "")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def _virtual() -> str:
    """The hypervisor or container kind where it shows itself, else an empty text."""
    for path, kind in (("/.dockerenv", "docker"), ("/run/.containerenv", "podman")):
        if Path(path).exists():
            return kind
    product = read("/sys/class/dmi/id/product_name").strip()
    flags = re.search(r"^flags\s*:.*\bhypervisor\b", read(PROC + "/cpuinfo"), re.MULTILINE)
    return product or ("virtual machine" if flags else "")


def cpu() -> dict[str, Any]:
    """Processor model, logical processors and load averages."""
    info = read(PROC + "/cpuinfo")
    model = re.search(r"^(?:model name|Model|Processor|cpu)\s*:\s*(.+)$", info, re.MULTILINE)
    load = [float(part) for part in (read(PROC + "/loadavg") or "0 0 0").split()[:3]]
    return {
        "model": model.group(1).strip() if model else platform.machine(),
        "count": os.cpu_count() or 1,
        "load": load,
    }


def memory() -> dict[str, Any]:
    """Memory and swap in MiB, used in per cent."""
    pairs = (line.split(":") for line in read(PROC + "/meminfo").splitlines() if ":" in line)
    kib = {key: int(value.split()[0]) for key, value in pairs}
    total, available = kib.get("MemTotal", 0), kib.get("MemAvailable", kib.get("MemFree", 0))
    swap, swap_free = kib.get("SwapTotal", 0), kib.get("SwapFree", 0)
    return {
        "total_mb": total // 1024,
        "available_mb": available // 1024,
        "used_pct": percent(total - available, total),
        "swap_total_mb": swap // 1024,
        "swap_used_mb": (swap - swap_free) // 1024,
    }


def percent(part: float, whole: float) -> float:
    """Per cent with one decimal; 0 of nothing is 0."""
    return round(100.0 * part / whole, 1) if whole else 0.0


def disks() -> list[dict[str, Any]]:
    """One entry per mounted file system of a disk, each device once, by mount point. The root is always there."""
    found: dict[str, dict[str, Any]] = {}
    for line in read(PROC + "/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, device) = before.split(), after.split()[:2]
        mount = _unescaped(fields[4])
        if not _counts(kind, mount):
            continue
        key = mount if kind in REMOTE or mount == "/" else fields[2]
        if key not in found or len(mount) < len(found[key]["mount"]):
            read_only = "ro" in fields[5].split(",")
            found[key] = {"mount": mount, "device": _unescaped(device), "type": kind, "read_only": read_only}
    return [_with_usage(disk) for disk in sorted(_once(found), key=lambda disk: disk["mount"])]


def _once(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The root wins over other mounts of its device."""
    root = found.get("/")
    return [disk for disk in found.values() if disk is root or root is None or disk["device"] != root["device"]]


def _counts(kind: str, mount: str) -> bool:
    """Whether a mount is a disk; single files bound into a container are none."""
    if mount == "/":
        return True
    return kind not in VIRTUAL and not kind.startswith("fuse.portal") and (kind in REMOTE or Path(mount).is_dir())


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match.group(1), 8)), text)


def _with_usage(disk: dict[str, Any]) -> dict[str, Any]:
    if disk["type"] in REMOTE or disk["type"].startswith("fuse"):
        return {**disk, "note": "not measured: a network file system may hang"}
    try:
        stat = os.statvfs(disk["mount"])
    except OSError as error:
        return {**disk, "note": f"not measured: {error.strerror}"}
    total, free, available = (count * stat.f_frsize for count in (stat.f_blocks, stat.f_bfree, stat.f_bavail))
    used = total - free
    return {
        **disk,
        "total_mb": total >> 20,
        "used_mb": used >> 20,
        "available_mb": available >> 20,
        "used_pct": percent(used, used + available),
        "inodes_used_pct": percent(stat.f_files - stat.f_ffree, stat.f_files),
    }
