"""The address that `up` serves: is it free, where can it be opened, and does the program behind it answer."""

import errno
import json
import socket
from contextlib import closing
from dataclasses import dataclass

from tools.launcher.refusal import Refusal

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not bound
ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # of documentation: nobody's
OK_LINE = b" 200 "
ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Address:
    """Host and port as the user wrote them."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What a browser opens: bound to every address, the one by which other machines reach this one."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """Where a browser may open it, as far as this machine knows: seen from others first, then from itself."""
        return [*(_url(host, self.port) for host in self._outward()), self.local_url]

    @property
    def local_url(self) -> str:
        """Where it is for programs on this machine."""
        return _url(self.reachable_host, self.port)

    @property
    def reachable_host(self) -> str:
        """Where a program on this machine reaches it: every address includes the loopback one."""
        return ANY_ADDRESS.get(self.host, self.host)

    def _outward(self) -> list[str]:
        """Addresses that others see this machine by, where it listens on all of them."""
        families = {"::": [socket.AF_INET, socket.AF_INET6]}.get(self.host, [socket.AF_INET])
        return [found for family in families if (found := _own_address(family))] if self.host in ANY_ADDRESS else []


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own_address(family: socket.AddressFamily) -> str:
    """The address from which this machine would speak to others; empty without a way to them. Nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((ELSEWHERE[family], 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def require_free(address: Address) -> None:
    """Try to bind, then let go.

    Raises:
        Refusal: the port is in use or may not be bound, or the host is no address of this machine.
    """
    try:
        family, kind, proto, _, target = socket.getaddrinfo(
            address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with closing(socket.socket(family, kind, proto)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            probe.listen(1)
    except OSError as error:
        raise Refusal(_sentence(address, error)) from error


def _sentence(address: Address, error: OSError) -> str:
    where = f"port {address.port} on {address.host}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where} is in use: stop the program that listens there or choose another with --port"
        case errno.EACCES:
            return f"{where} may only be opened by root: choose one above 1023 with --port"
        case errno.EADDRNOTAVAIL:
            return f"{address.host} is not an address of this machine: choose another with --host"
        case _:
            return f"{where} cannot be opened: {error.strerror or error}"


def get(address: Address, path: str, timeout_s: float) -> tuple[bool, str]:
    """Ask for a path; whether the answer was 200, and its body. A plain socket, because http.client imports slowly."""
    request = f"GET {path} HTTP/1.0\r\nHost: {address.reachable_host}:{address.port}\r\n\r\n".encode()
    answer = b""
    try:
        with socket.create_connection((address.reachable_host, address.port), timeout=timeout_s) as connection:
            connection.sendall(request)
            while len(answer) < ANSWER_BYTES and (chunk := connection.recv(ANSWER_BYTES)):
                answer += chunk
    except OSError:
        return False, ""
    head, _, body = answer.partition(b"\r\n\r\n")
    return OK_LINE in head.split(b"\r\n", 1)[0], body.decode("utf-8", "replace")


def health(address: Address, timeout_s: float) -> tuple[bool, str]:
    """Whether the product behind the address says that it is well, and if not, what it waits for."""
    is_ok, body = get(address, "/health", timeout_s)
    try:
        checks: dict[str, dict[str, object]] = json.loads(body)["checks"]
    except (ValueError, TypeError, KeyError):
        return False, "web has not said yet how it is" if body else "web does not answer yet"
    waiting = ", ".join(f"{name}: {check.get('detail', '')}" for name, check in checks.items() if not check.get("ok"))
    return is_ok and not waiting, waiting
