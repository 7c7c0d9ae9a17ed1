"""Traceroute without privileges: UDP probes with a growing hop limit; Linux reports the ICMP answers to the socket."""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import Any

BASE_PORT = 33434
AT_ONCE = 8
TRIES = 2
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_ERROR = struct.Struct("=IBBBBII")
# Family -> (time exceeded, unreachable, code of "no such port": the destination itself).
_ANSWERS = {socket.AF_INET: (11, 3, 3), socket.AF_INET6: (3, 1, 4)}


def route(address: str, *, max_hops: int, timeout_s: float) -> tuple[list[dict[str, Any]], bool]:
    """The hops `{hop, address, ms, note}` up to the destination, and whether it was reached; raises OSError."""
    hops: list[dict[str, Any]] = []
    for first in range(1, max_hops + 1, AT_ONCE):
        limits = list(range(first, min(first + AT_ONCE, max_hops + 1)))
        answers = _ask(address, limits, timeout_s)
        for _ in range(TRIES - 1):
            silent = [limit for limit in limits if limit not in answers]
            answers.update(_ask(address, silent, timeout_s) if silent and not _ends(answers) else {})
        for limit in limits:
            hop = answers.get(limit, {"address": "", "ms": None, "note": "no answer", "reached": False})
            reached = hop.pop("reached")
            hops.append({"hop": limit, **hop})
            if reached or hop["note"] not in ("", "no answer"):
                return hops, reached
    return hops, False


def _ends(answers: dict[int, dict[str, Any]]) -> bool:
    """Whether the destination answered and nothing before it is still silent."""
    reached = [limit for limit, answer in answers.items() if answer["reached"]]
    return bool(reached) and all(limit in answers for limit in range(min(answers), min(reached)))


def _ask(address: str, limits: list[int], timeout_s: float) -> dict[int, dict[str, Any]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    waiting = {}
    poll = select.poll()
    try:
        for limit in limits:
            probe = _probe(family, limit)
            waiting[probe.fileno()] = (limit, probe, time.monotonic())
            probe.sendto(b"jarvis", (address, BASE_PORT + limit))
            poll.register(probe, select.POLLERR | select.POLLIN)
        return _answers(poll, waiting, address, time.monotonic() + timeout_s)
    finally:
        for _, probe, _ in waiting.values():
            probe.close()


def _probe(family: int, limit: int) -> socket.socket:
    probe = socket.socket(family, socket.SOCK_DGRAM)
    probe.setblocking(False)  # noqa: FBT003
    if family == socket.AF_INET6:
        probe.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, limit)
    else:
        probe.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, limit)
    return probe


def _answers(poll: Any, waiting: dict[int, Any], address: str, until: float) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    while len(found) < len(waiting) and time.monotonic() < until:
        for descriptor, _ in poll.poll(max(1, int((until - time.monotonic()) * 1000))):
            limit, probe, started = waiting[descriptor]
            answer = _read(probe, address)
            if answer is not None:
                found[limit] = {**answer, "ms": round((time.monotonic() - started) * 1000, 3)}
                poll.unregister(descriptor)
    return found


def _read(probe: socket.socket, address: str) -> dict[str, Any] | None:
    try:
        controls = probe.recvmsg(512, 1024, socket.MSG_ERRQUEUE)[1]
    except BlockingIOError:
        return _plain_reply(probe, address)
    for level, kind, data in controls:
        if (level, kind) in ((socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)):
            return _error(probe.family, data, address)
    return None


def _plain_reply(probe: socket.socket, address: str) -> dict[str, Any] | None:
    """Something listens on that port and answered: that is the destination too."""
    try:
        probe.recv(512)
    except OSError:
        return None
    return {"address": address, "note": "", "reached": True}


def _error(family: int, data: bytes, address: str) -> dict[str, Any]:
    """What an ICMP answer means. "No such port" of another machine is a firewall that rejects, not the destination."""
    _, _, kind, code, _, _, _ = _ERROR.unpack_from(data)
    offender = data[_ERROR.size :]
    at, size = (8, 16) if family == socket.AF_INET6 else (4, 4)
    hop = socket.inet_ntop(family, offender[at : at + size]) if len(offender) >= at + size else ""
    exceeded, unreachable, no_port = _ANSWERS[socket.AddressFamily(family)]
    if kind == exceeded:
        return {"address": hop, "note": "", "reached": False}
    if kind == unreachable and code == no_port and hop == address:
        return {"address": hop, "note": "", "reached": True}
    return {"address": hop, "note": f"unreachable (ICMP type {kind} code {code})", "reached": False}
