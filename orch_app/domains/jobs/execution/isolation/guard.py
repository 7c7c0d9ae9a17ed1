"""Stands between a job and the network: every `connect` of the job stops until this has looked at the address.

Used by the supervisor, standard library only. The kernel hands a stopped call over by the listener that came with the
filter of system calls. What is allowed is connected here, on the job's own socket with an address that the job can no
longer change, so that nothing is gained by changing it after the look. Where another process's socket cannot be taken
(Docker's own filter) the call is let through after the look instead: that stops everything but a program that races
its own threads against us.
"""

import ctypes
import errno
import fcntl
import ipaddress
import os
import select
import signal
import socket
import struct
import threading
from collections.abc import Callable, Collection
from typing import Any

LISTENER = b"L"
MAX_TOLD = 20

_SYS_PIDFD_OPEN, _SYS_PIDFD_GETFD = 434, 438
_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102
_NOTICE, _ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")
_CONTINUE = 1
_SO_DOMAIN = 39
_LONGEST_ADDRESS = 128
_ATTEMPTS = 64
_DNS = 53
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Rules:
    """Where a job may connect. `given` holds lists: `never` and `private` (networks), `own` (address, port), `allowed`
    (network, port or null) and `resolvers` (addresses asked for names)."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._never = [ipaddress.ip_network(text) for text in given["never"]]
        self._private = [ipaddress.ip_network(text) for text in given["private"]]
        self._own = {(ipaddress.ip_address(text), int(port)) for text, port in given["own"]}
        self._allowed = [(ipaddress.ip_network(text), port) for text, port in given["allowed"]]
        self._resolvers = {ipaddress.ip_address(text) for text in given["resolvers"]}

    def refuse(self, address: Address, port: int) -> bool:
        """Whether this address and port are out of reach."""
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if port == _DNS and address in self._resolvers:
            return False
        if self._is_own(address, port) or (_within(address, self._never) and not address.is_loopback):
            return True
        if address.is_loopback or _within(address, self._private) or not address.is_global:
            return not any(wanted in (None, port) and _within(address, [place]) for place, wanted in self._allowed)
        return False

    def _is_own(self, address: Address, port: int) -> bool:
        local = {service for place, service in self._own if is_of_this_machine(place)}
        return (address, port) in self._own or (port in local and is_of_this_machine(address))


def is_of_this_machine(address: Address) -> bool:
    """Whether a socket can be bound to the address here."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - the protocol's own number
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((str(address), 0))
    except OSError:
        return False
    return True


def _within(address: Address, networks: list[Any]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


class Guard:
    """Answers the stopped calls of one job, in threads of its own; `told` names what was refused."""

    def __init__(self, rules: dict[str, Any], tell: Callable[[str], object] | None = None) -> None:
        self._rules = Rules(rules)
        self._tell = tell
        self._listener = -1
        self._slots = threading.BoundedSemaphore(_ATTEMPTS)
        self.told: list[str] = []

    def start(self, job: socket.socket) -> None:
        """Take the listener from the job's first process as soon as it comes, and serve until the job has ended."""
        threading.Thread(target=self.serve, args=(job,), daemon=True).start()

    def serve(self, job: socket.socket) -> None:
        """The same in this thread."""
        with job:
            message, fds, _, _ = socket.recv_fds(job, 1, 1)
        if message != LISTENER or not fds:
            return  # the job ended before it had a filter
        self._listener = fds[0]
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        while all(not state & (select.POLLHUP | select.POLLERR) for _, state in poll.poll()):
            notice = bytearray(_NOTICE.size)
            try:
                fcntl.ioctl(self._listener, _RECEIVE, notice)
            except OSError:
                continue  # the caller was killed meanwhile
            self._slots.acquire()
            threading.Thread(target=self._answer, args=(bytes(notice),), daemon=True).start()

    def _answer(self, notice: bytes) -> None:
        number, task, _, _, _, _, descriptor, place, length, *_ = _NOTICE.unpack(notice)
        try:
            answer = self._judge(number, task, descriptor & 0xFFFFFFFF, (place, length & 0xFFFFFFFF))
        except (OSError, ValueError):
            answer = (-errno.EACCES, 0)
        finally:
            self._slots.release()
        try:
            fcntl.ioctl(self._listener, _SEND, _ANSWER.pack(number, 0, answer[0], answer[1]))
        except OSError:
            return  # the caller is gone

    def _judge(self, number: int, task: int, descriptor: int, memory: tuple[int, int]) -> tuple[int, int]:
        """The answer: a negative error (or 0 for done) and flags."""
        wanted = _read(task, *memory)
        fcntl.ioctl(self._listener, _IS_VALID, struct.pack("Q", number))  # or the memory was another process's
        taken = _take(task, descriptor)
        family = socket.AF_UNSPEC if len(wanted) < 2 else struct.unpack_from("H", wanted)[0]  # noqa: PLR2004
        if taken is None:
            return (-errno.EACCES, 0) if self._refuses(family, wanted) else (0, _CONTINUE)
        try:
            domain = struct.unpack("i", _option(taken, _SO_DOMAIN))[0]
            if domain not in (socket.AF_INET, socket.AF_INET6):
                return 0, _CONTINUE  # whatever address comes, such a socket leads to no network
            if self._refuses(family, wanted):
                return -errno.EACCES, 0
            done = _libc.connect(taken, wanted, len(wanted))
            return (-ctypes.get_errno() if done < 0 else 0), 0
        finally:
            os.close(taken)

    def _refuses(self, family: int, wanted: bytes) -> bool:
        if family == socket.AF_INET:
            port, raw = struct.unpack_from("!2xH4s", wanted)
        elif family == socket.AF_INET6:
            port, raw = struct.unpack_from("!2xH4x16s", wanted)
        else:
            return False
        address = ipaddress.ip_address(raw)
        refused = self._rules.refuse(address, port)
        if refused and len(self.told) < MAX_TOLD and (name := f"{address} port {port}") not in self.told:
            self.told.append(name)
            if self._tell is not None:
                self._tell(name)
        return refused


class GuardApart:
    """A guard in a process of its own, for a supervisor that is about to leave its namespaces: it can have no threads.

    It dies with this process, and is one of those that are ended with the job.
    """

    def __init__(
        self, rules: dict[str, Any], job: socket.socket, close_all_but: Callable[[Collection[int | None]], None]
    ) -> None:
        self._heard, told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        if os.fork() == 0:
            try:
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                close_all_but({2, job.fileno(), told})
                Guard(rules, lambda name: os.write(told, f"{name}\n".encode())).serve(job)
            finally:
                os._exit(0)
        os.close(told)
        job.close()

    @property
    def told(self) -> list[str]:
        """What was refused since the last look."""
        try:
            return os.read(self._heard, 1 << 16).decode().splitlines()
        except BlockingIOError:
            return []


def _read(task: int, place: int, length: int) -> bytes:
    with open(f"/proc/{task}/mem", "rb", buffering=0) as memory:
        return os.pread(memory.fileno(), min(length, _LONGEST_ADDRESS), place)


def _take(task: int, descriptor: int) -> int | None:
    """The caller's socket as one of ours; None where that is not allowed."""
    process = _process_of(task)
    handle = _libc.syscall(_SYS_PIDFD_OPEN, process, 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "pidfd_open")
    try:
        taken = _libc.syscall(_SYS_PIDFD_GETFD, handle, descriptor, 0)
        code = ctypes.get_errno()
    finally:
        os.close(handle)
    if taken >= 0:
        return taken
    if code in (errno.EPERM, errno.ENOSYS):
        return None
    raise OSError(code, "pidfd_getfd")


def _process_of(task: int) -> int:
    with open(f"/proc/{task}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Tgid:"))


def _option(descriptor: int, name: int) -> bytes:
    value, size = ctypes.create_string_buffer(4), ctypes.c_uint(4)
    if _libc.getsockopt(descriptor, socket.SOL_SOCKET, name, value, ctypes.byref(size)) < 0:
        raise OSError(ctypes.get_errno(), "getsockopt")
    return value.raw
