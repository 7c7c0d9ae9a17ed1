"""Echo requests: an unprivileged ICMP socket, else a raw one, else the system's ping; else an honest refusal."""

from __future__ import annotations

import os
import re
import socket
import struct
import time

from ansible.module_utils.orch import programs
from ansible.module_utils.orch.files import read

GROUP_RANGE = "/proc/sys/net/ipv4/ping_group_range"
_HEADER = struct.Struct("!BBHHH")
_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_TIME = re.compile(r"icmp_seq=\d+ .*?time[=<]([0-9.]+)")
_NO_REPLY = 1


class NotPermitted(Exception):
    """This system lets the job send no ICMP."""


def echo(address: str, *, count: int, timeout_s: float, interval_s: float) -> list[float | None]:
    """Round-trip times in ms, None where no reply came in time; raises NotPermitted or OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = _open(family)
    if opened is None:
        return _by_program(address, count, timeout_s, interval_s)
    with opened:
        times: list[float | None] = []
        for sequence in range(count):
            started = time.monotonic()
            times.append(_one(opened, family, address, sequence, timeout_s))
            if sequence + 1 < count:
                time.sleep(max(0.0, interval_s - (time.monotonic() - started)))
        return times


def _open(family: int) -> socket.socket | None:
    opened = _try(family, socket.SOCK_DGRAM)
    return opened or _try(family, socket.SOCK_RAW)


def _try(family: int, kind: int) -> socket.socket | None:
    try:
        return socket.socket(family, kind, _PROTOCOL[socket.AddressFamily(family)])
    except PermissionError:
        return None


def _one(opened: socket.socket, family: int, address: str, sequence: int, timeout_s: float) -> float | None:
    request_type, reply_type = _ECHO[socket.AddressFamily(family)]
    token = os.urandom(16)
    packet = _HEADER.pack(request_type, 0, 0, os.getpid() & 0xFFFF, sequence) + token
    checksum = _checksum(packet)
    packet = _HEADER.pack(request_type, 0, checksum, os.getpid() & 0xFFFF, sequence) + token
    started = time.monotonic()
    opened.sendto(packet, (address, 0))
    while True:
        left = timeout_s - (time.monotonic() - started)
        if left <= 0:
            return None
        opened.settimeout(left)
        try:
            data = opened.recv(2048)
        except socket.timeout:
            return None
        if data.endswith(token) and _type(opened, family, data) == reply_type:
            return round((time.monotonic() - started) * 1000, 3)


def _type(opened: socket.socket, family: int, data: bytes) -> int:
    """A raw IPv4 socket hands out the IP header as well."""
    raw = opened.type & socket.SOCK_RAW == socket.SOCK_RAW and family == socket.AF_INET
    return data[(data[0] & 15) * 4] if raw else data[0]


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _by_program(address: str, count: int, timeout_s: float, interval_s: float) -> list[float | None]:
    limit = count * max(interval_s, timeout_s) + timeout_s + 2
    arguments = ["ping", "-n", "-c", str(count), "-W", str(int(timeout_s)), "-i", f"{interval_s:g}", address]
    try:
        rc, text = programs.run(arguments, timeout_s=limit)
    except programs.ProgramFailed as error:
        raise NotPermitted(_reason(str(error))) from error
    times: list[float | None] = [float(value) for value in _TIME.findall(text)]
    if not times and rc != _NO_REPLY:
        raise NotPermitted(_reason("ping is not permitted either"))
    return times + [None] * (count - len(times))


def _reason(program: str) -> str:
    groups = " ".join(read(GROUP_RANGE, "unknown").split())
    return f"this system allows the job no ICMP (net.ipv4.ping_group_range = {groups}; no raw socket; {program})"
