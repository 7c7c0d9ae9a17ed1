"""One probe per kind of target; each answers what it measured or raises ProbeFailed with a code."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from datetime import datetime, timezone
from typing import Any, Callable

from ansible.module_utils.orch import certificates, egress, icmp, trace

DEFAULT_PORTS = {"http": 80, "https": 443}
AGENT = "jarvis-connectivity-test"


class ProbeFailed(Exception):
    """The target did not pass; `found` holds what was measured all the same."""

    def __init__(self, code: str, message: str, found: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.found = found or {}


class Options:
    """How to probe: times in seconds, and the egress lists."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.count: int = given["count"]
        self.timeout_s: float = given["timeout_s"]
        self.interval_s: float = given["interval_ms"] / 1000
        self.max_hops: int = given["max_hops"]
        self.resolve: bool = given["resolve"]
        self.allow: list[str] = given["egress_allow"]
        self.deny: list[str] = given["egress_deny"]

    def pinned(self, host: str, port: int | None) -> str:
        """The one address that is connected to."""
        return egress.pinned(host, port, self.allow, self.deny)[0]


def ping(target: dict[str, Any], options: Options) -> dict[str, Any]:
    """ICMP echo."""
    address = options.pinned(target["host"], None)
    try:
        times = icmp.echo(address, count=options.count, timeout_s=options.timeout_s, interval_s=options.interval_s)
    except icmp.NotPermitted as error:
        raise ProbeFailed("icmp_not_permitted", str(error), {"address": address}) from error
    except OSError as error:
        raise ProbeFailed("unreachable", error.strerror or str(error), {"address": address}) from error
    found = {"address": address, **statistics(times)}
    if found["received"] == 0:
        raise ProbeFailed("timeout", f"no reply to {options.count} requests", found)
    return found


def tcp(target: dict[str, Any], options: Options) -> dict[str, Any]:
    """TCP connections, opened and closed."""
    address = options.pinned(target["host"], target["port"])
    times: list[float | None] = []
    reason = ""
    for number in range(options.count):
        started = time.monotonic()
        try:
            socket.create_connection((address, target["port"]), options.timeout_s).close()
            times.append(_ms(started))
        except OSError as error:
            times.append(None)
            reason = _reason(error, options)
        if number + 1 < options.count:
            time.sleep(options.interval_s)
    found = {"address": address, **statistics(times)}
    if found["received"] == 0:
        raise ProbeFailed("unreachable", reason, found)
    return found


def statistics(times: list[float | None]) -> dict[str, Any]:
    """Loss in per cent; least, mean, greatest time and the mean difference of neighbours in ms."""
    good = [value for value in times if value is not None]
    steps = [abs(after - before) for before, after in zip(good, good[1:])]
    mean = sum(good) / len(good) if good else None
    return {
        "sent": len(times),
        "received": len(good),
        "loss_pct": round(100 * (len(times) - len(good)) / len(times), 1),
        "min_ms": min(good) if good else None,
        "avg_ms": None if mean is None else round(mean, 3),
        "max_ms": max(good) if good else None,
        "jitter_ms": round(sum(steps) / len(steps), 3) if steps else None,
    }


def name(target: dict[str, Any], options: Options) -> dict[str, Any]:
    """A look-up by the system's resolver: addresses of a name, or the name of an address. Nothing is connected to."""
    started = time.monotonic()
    if egress.is_address(target["host"]):
        found = egress.within(options.timeout_s, socket.gethostbyaddr, target["host"])
        if found is None or isinstance(found, Exception):
            raise ProbeFailed("name_not_found", f"{target['host']} has no name", {"avg_ms": _ms(started)})
        return {"names": [found[0], *found[1]], "avg_ms": _ms(started)}
    addresses = egress.looked_up(target["host"], options.timeout_s)
    return {"addresses": addresses, "avg_ms": _ms(started)}


def traceroute(target: dict[str, Any], options: Options) -> dict[str, Any]:
    """The way to the target, hop by hop."""
    address = options.pinned(target["host"], None)
    try:
        hops, reached = trace.route(address, max_hops=options.max_hops, timeout_s=options.timeout_s)
    except OSError as error:
        raise ProbeFailed("unreachable", error.strerror or str(error), {"address": address}) from error
    if options.resolve:
        _name_hops(hops, options)
    last = next((hop["ms"] for hop in reversed(hops) if hop["ms"] is not None), None)
    found = {"address": address, "hops": hops, "avg_ms": last}
    if not reached:
        raise ProbeFailed("not_reached", f"the target did not answer within {len(hops)} hops", found)
    return found


def _name_hops(hops: list[dict[str, Any]], options: Options) -> None:
    for hop in hops:
        found = egress.within(options.timeout_s, socket.gethostbyaddr, hop["address"]) if hop["address"] else None
        hop["name"] = found[0] if isinstance(found, tuple) else ""


def web(target: dict[str, Any], options: Options) -> dict[str, Any]:
    """One GET; redirects are reported and not followed, the body is not read."""
    scheme = target.get("scheme") or "https"
    port = target.get("port") or DEFAULT_PORTS[scheme]
    address = options.pinned(target["host"], port)
    found: dict[str, Any] = {"address": address, "port": port}
    started = time.monotonic()
    sockets: list[socket.socket] = []
    # A server that sends one byte at a time never runs into the socket's own time limit.
    watch = threading.Timer(options.timeout_s * 3, _shut, [sockets])
    watch.daemon = True
    watch.start()
    try:
        sockets.append(socket.create_connection((address, port), options.timeout_s))
        found["connect_ms"] = _ms(started)
        if scheme == "https":
            _secure(sockets, target, found)
        _exchange(sockets[-1], target, port, found)
        found["avg_ms"] = _ms(started)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _http_failure(error, options, found) from error
    finally:
        watch.cancel()
        _close(sockets)
    _require_status(target, found)
    return found


def _secure(sockets: list[socket.socket], target: dict[str, Any], found: dict[str, Any]) -> None:
    """TLS over the last socket; the wrapped one takes its place in the list."""
    context = ssl.create_default_context()
    if not target.get("verify", True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    started = time.monotonic()
    opened = context.wrap_socket(sockets[-1], server_hostname=target["host"], do_handshake_on_connect=False)
    sockets.append(opened)
    opened.do_handshake()
    ends = certificates.not_after(opened.getpeercert(binary_form=True) or b"")
    found["tls"] = {
        "version": opened.version(),
        "handshake_ms": _ms(started),
        "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "days_left": (ends - datetime.now(timezone.utc)).days,
    }


def _exchange(opened: socket.socket, target: dict[str, Any], port: int, found: dict[str, Any]) -> None:
    connection = http.client.HTTPConnection(target["host"], port)
    connection.sock = opened
    if isinstance(opened, ssl.SSLSocket):
        connection.default_port = DEFAULT_PORTS["https"]
    connection.request("GET", target.get("path") or "/", headers={"User-Agent": AGENT, "Connection": "close"})
    response = connection.getresponse()
    found["http_status"] = response.status
    location = response.getheader("Location")
    if location:
        found["location"] = location[:500]
    response.close()
    connection.close()


def _require_status(target: dict[str, Any], found: dict[str, Any]) -> None:
    status, expected = found["http_status"], target.get("expect")
    if expected is None and not 200 <= status < 400:  # noqa: PLR2004 - what HTTP calls success and redirection
        raise ProbeFailed("http_status", f"the server answered {status}", found)
    if expected is not None and status != expected:
        raise ProbeFailed("http_status", f"the server answered {status} instead of {expected}", found)


def _http_failure(error: Exception, options: Options, found: dict[str, Any]) -> ProbeFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProbeFailed("tls_invalid", f"the certificate is not valid: {error.verify_message}", found)
    if isinstance(error, ssl.SSLError):
        return ProbeFailed("tls_failed", f"no TLS connection: {error.reason or error}", found)
    if isinstance(error, http.client.HTTPException):
        return ProbeFailed("http_invalid", f"the answer is not HTTP: {type(error).__name__}", found)
    return ProbeFailed("unreachable", _reason(error, options), found)


def _shut(sockets: list[socket.socket]) -> None:
    try:
        sockets[-1].shutdown(socket.SHUT_RDWR)
    except (OSError, IndexError):
        return  # it has ended by itself, or was never opened


def _close(sockets: list[socket.socket]) -> None:
    for opened in reversed(sockets):
        opened.close()


def _reason(error: Exception, options: Options) -> str:
    if isinstance(error, (socket.timeout, TimeoutError)):
        return f"no answer within {options.timeout_s:g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _ms(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 3)


KINDS: dict[str, Callable[[dict[str, Any], Options], dict[str, Any]]] = {
    "icmp": ping,
    "tcp": tcp,
    "http": web,
    "dns": name,
    "traceroute": traceroute,
}
