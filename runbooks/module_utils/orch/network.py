"""Addresses by netlink and listening ports by /proc/net: no program is needed for either."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any, Iterator

from ansible.module_utils.orch.files import entries, link, read

PROC = "/proc"
SCAN_S = 3.0
_RTM_NEWADDR, _RTM_GETADDR, _NLMSG_DONE, _NLMSG_ERROR = 20, 22, 3, 2
_NLM_F_DUMP = 0x301
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host"}
_HEADER = struct.Struct("=IHHII")
_IFADDR = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_TABLES = (("tcp", "tcp", "0A"), ("tcp6", "tcp", "0A"), ("udp", "udp", "07"), ("udp6", "udp", "07"))


def addresses() -> list[dict[str, Any]]:
    """Every address of every interface: interface, address, prefix, family (4 or 6), scope, mac."""
    names = dict(socket.if_nameindex())
    found = [_address(body, names) for kind, body in _netlink_dump() if kind == _RTM_NEWADDR]
    return sorted((entry for entry in found if entry), key=lambda entry: (entry["interface"], entry["family"]))


def _netlink_dump() -> Iterator[tuple[int, bytes]]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        link.settimeout(5)
        link.bind((0, 0))
        body = _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        link.send(_HEADER.pack(_HEADER.size + len(body), _RTM_GETADDR, _NLM_F_DUMP, 1, 0) + body)
        while True:
            for kind, message in _messages(link.recv(65536)):
                if kind in (_NLMSG_DONE, _NLMSG_ERROR):
                    return
                yield kind, message


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind = _HEADER.unpack_from(data, offset)[:2]
        yield kind, data[offset + _HEADER.size : offset + length]
        offset += max(_HEADER.size, (length + 3) & ~3)


def _address(body: bytes, names: dict[int, str]) -> dict[str, Any] | None:
    family, prefix, _flags, scope, index = _IFADDR.unpack_from(body)
    attributes = dict(_attributes(body[_IFADDR.size :]))
    packed = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    if packed is None or family not in (socket.AF_INET, socket.AF_INET6):
        return None
    interface = names.get(index, str(index))
    return {
        "interface": interface,
        "address": socket.inet_ntop(family, packed),
        "prefix": prefix,
        "family": 4 if family == socket.AF_INET else 6,
        "scope": _SCOPES.get(scope, str(scope)),
        "mac": _mac(interface),
    }


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        yield kind, data[offset + _ATTRIBUTE.size : offset + length]
        offset += max(_ATTRIBUTE.size, (length + 3) & ~3)


def _mac(interface: str) -> str:
    return read(f"/sys/class/net/{interface}/address").strip()


def listening() -> list[dict[str, Any]]:
    """Open TCP and UDP ports: protocol, address, port and, where the caller may see it, the process and its pid."""
    entries: list[dict[str, Any]] = []
    for table, protocol, state in _TABLES:
        entries.extend(_listening_in(table, protocol, state))
    owners = _owners({entry["inode"] for entry in entries})
    for entry in entries:
        entry.update(owners.get(entry.pop("inode"), {"process": "", "pid": None}))
    unique = {tuple(entry.values()): entry for entry in entries}
    return sorted(unique.values(), key=lambda entry: (entry["protocol"], entry["port"], entry["address"]))


def _listening_in(table: str, protocol: str, state: str) -> Iterator[dict[str, Any]]:
    for line in read(f"{PROC}/net/{table}").splitlines()[1:]:
        fields = line.split()
        if fields[3] == state and fields[9] != "0":
            address, _, port = fields[1].partition(":")
            yield {"protocol": protocol, "address": _decoded(address), "port": int(port, 16), "inode": fields[9]}


def _decoded(text: str) -> str:
    """The kernel prints addresses as words in the machine's byte order."""
    words = [struct.pack("=I", int(text[start : start + 8], 16)) for start in range(0, len(text), 8)]
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(words))


def _owners(inodes: set[str]) -> dict[str, dict[str, Any]]:
    """Which process holds which socket; what is not found within 3 s stays unknown."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    owners: dict[str, dict[str, Any]] = {}
    give_up = time.monotonic() + SCAN_S
    for folder in sorted((path for path in entries(PROC) if path.name.isdigit()), key=lambda path: int(path.name)):
        if time.monotonic() > give_up or len(owners) == len(wanted):
            break
        for opened in entries(f"{folder}/fd"):
            inode = wanted.get(link(opened))
            if inode and inode not in owners:
                owners[inode] = {"process": read(f"{folder}/comm").strip(), "pid": int(folder.name)}
    return owners
