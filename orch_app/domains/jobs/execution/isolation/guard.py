"""Stands between a job and the network: every `connect` of the job stops until this has looked at the address.

Used by the supervisor, standard library only. The kernel hands a stopped call over by the listener that came with the
filter of system calls. What is allowed is connected here, on the job's own socket with an address that the job can no
longer change, so that nothing is gained by changing it after the look; datagrams that carry an address are sent here
for the same reason. A job in a network of its own, where nobody is, gets a socket of ours in place of its own. Where
another process's socket cannot be taken (Docker's own filter) the call is let through after the look: that stops
everything but a program that races its own threads against us.
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
from dataclasses import dataclass
from typing import Any

LISTENER = b"L"
MAX_TOLD = 20

_SYS_PIDFD_OPEN, _SYS_PIDFD_GETFD = 434, 438
_RECEIVE, _SEND, _IS_VALID, _HAND_OVER = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_NOTICE, _ANSWER, _HANDED = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI"), struct.Struct("QIIII")
_CONTINUE = 1
_IN_PLACE_OF = 1
_SO_DOMAIN, _SO_TYPE = 39, 3
_TCP_INFO, _TCP_CLOSED = 11, 7
_INTERNET = (socket.AF_INET, socket.AF_INET6)
_MESSAGE = struct.Struct("QIxxxxQQQQIxxxx")
_ONE_OF_MANY, _ITS_LENGTH = 64, 56
_PART = struct.Struct("QQ")
_MOST_MESSAGES, _MOST_PARTS, _LONGEST_DATAGRAM = 16, 64, 65535
_LONGEST_ADDRESS = 128
_ATTEMPTS = 64
_DNS = 53
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Rules:
    """Where a job may connect.

    `given` holds lists: `targets` (address, port), and unless it is `closed` to all else `never` and `private`
    (networks), `own` (address, port), `allowed` (network, port or null) and `resolvers` (addresses asked for names).
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self._targets = {(ipaddress.ip_address(text), int(port)) for text, port in given["targets"]}
        self._closed = bool(given["closed"])
        self._never = [ipaddress.ip_network(text) for text in given["never"]]
        self._private = [ipaddress.ip_network(text) for text in given["private"]]
        self._own = {(ipaddress.ip_address(text), int(port)) for text, port in given["own"]}
        self._allowed = [(ipaddress.ip_network(text), port) for text, port in given["allowed"]]
        self._resolvers = {ipaddress.ip_address(text) for text in given["resolvers"]}

    def refuse(self, address: Address, port: int) -> bool:
        """Whether this address and port are out of reach."""
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if self._closed or (address, port) in self._targets:
            return (address, port) not in self._targets
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


@dataclass(frozen=True)
class Call:
    """A call of the job that waits: whose it is, its name and its arguments."""

    number: int
    task: int
    name: str
    words: tuple[int, ...]

    @property
    def descriptor(self) -> int:
        """The socket, as the job numbers it."""
        return self.words[0] & 0xFFFFFFFF


@dataclass(frozen=True)
class Message:
    """What a job wants to send: the address, where its bytes stand in memory, and how much control data it has."""

    name: bytes
    parts: tuple[tuple[int, int], ...]
    control: int = 0


class Guard:
    """Answers the stopped calls of one job, in threads of its own; `told` names what was refused.

    `rules` is what `Rules` takes, with `calls` (names and numbers of the calls that come here) and `hands_over`: the
    job is in a network of its own, where nobody is.
    """

    def __init__(self, rules: dict[str, Any], tell: Callable[[str], object] | None = None) -> None:
        self._rules = Rules(rules)
        self._names = {number: name for name, number in rules["calls"].items()}
        self._hands_over = bool(rules["hands_over"])
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
        number, task, _, call, _, _, *words = _NOTICE.unpack(notice)
        try:
            value, flags = self._judge(Call(number, task, self._names.get(call, ""), tuple(words)))
        except (OSError, ValueError, struct.error):
            value, flags = -errno.EACCES, 0
        finally:
            self._slots.release()
        try:
            fcntl.ioctl(self._listener, _SEND, _ANSWER.pack(number, max(value, 0), min(value, 0), flags))
        except OSError:
            return  # the caller is gone

    def _judge(self, call: Call) -> tuple[int, int]:
        """The answer: what the call gives, or a negative error, and flags."""
        if call.name == "connect":
            return self._connect(call)
        return self._listen(call) if call.name == "listen" else self._send(call)

    def _is_still_there(self, call: Call) -> None:
        """Raises OSError when the caller is gone: what was read may have been another process's."""
        fcntl.ioctl(self._listener, _IS_VALID, struct.pack("Q", call.number))

    def _connect(self, call: Call) -> tuple[int, int]:
        wanted = _read(call.task, call.words[1], min(call.words[2] & 0xFFFFFFFF, _LONGEST_ADDRESS))
        self._is_still_there(call)
        taken = _take(call.task, call.descriptor)
        if taken is None:
            return self._connect_blindly(call, wanted)
        try:
            if _number(taken, socket.SOL_SOCKET, _SO_DOMAIN) not in _INTERNET:
                return 0, _CONTINUE  # whatever address comes, such a socket leads to no network
            # What was handed over stays connected as long as it lives: it can be used for nothing else.
            if self._refuses(wanted) or (self._hands_over and not _place(wanted)):
                return -errno.EACCES, 0
            return self._connect_taken(call, taken, wanted), 0
        finally:
            os.close(taken)

    def _connect_taken(self, call: Call, taken: int, wanted: bytes) -> int:
        if self._hands_over and _is_unused(taken):
            return self._bring(call, wanted)
        done = _libc.connect(taken, wanted, len(wanted))
        return -ctypes.get_errno() if done < 0 else 0

    def _connect_blindly(self, call: Call, wanted: bytes) -> tuple[int, int]:
        if self._refuses(wanted):
            return -errno.EACCES, 0
        return (self._bring(call, wanted), 0) if self._hands_over and _place(wanted) else (0, _CONTINUE)

    def _bring(self, call: Call, wanted: bytes) -> int:
        """Connect a socket of ours, which stands in our network, and put it in the place of the job's own."""
        flags = _flags_of(call.task, call.descriptor)
        with socket.socket(_family(wanted), socket.SOCK_STREAM) as ours:
            ours.setblocking(not flags & os.O_NONBLOCK)
            code = 0 if _libc.connect(ours.fileno(), wanted, len(wanted)) == 0 else ctypes.get_errno()
            if code in (0, errno.EINPROGRESS):
                closes = flags & os.O_CLOEXEC
                handed = _HANDED.pack(call.number, _IN_PLACE_OF, ours.fileno(), call.descriptor, closes)
                fcntl.ioctl(self._listener, _HAND_OVER, handed)
            return -code

    def _listen(self, call: Call) -> tuple[int, int]:
        """A job that reaches its targets alone waits for nobody from outside."""
        taken = _take(call.task, call.descriptor)
        if taken is None:
            return (0, _CONTINUE) if _is_local(call) else (-errno.EACCES, 0)
        try:
            is_open = _number(taken, socket.SOL_SOCKET, _SO_DOMAIN) in _INTERNET
            return (-errno.EACCES, 0) if is_open else (0, _CONTINUE)
        finally:
            os.close(taken)

    def _send(self, call: Call) -> tuple[int, int]:
        """Datagrams of the internet are judged and sent here; a stream's address counts for nothing."""
        messages = _messages(call)
        self._is_still_there(call)
        taken = _take(call.task, call.descriptor)
        if taken is None:
            refused = any(self._refuses(message.name) for message in messages)
            return (-errno.EACCES, 0) if refused else (0, _CONTINUE)
        try:
            is_open = _number(taken, socket.SOL_SOCKET, _SO_DOMAIN) in _INTERNET
            if not is_open or _number(taken, socket.SOL_SOCKET, _SO_TYPE) != socket.SOCK_DGRAM:
                return 0, _CONTINUE
            return self._send_all(call, taken, messages), 0
        finally:
            os.close(taken)

    def _send_all(self, call: Call, taken: int, messages: list[Message]) -> int:
        """What the call gives: bytes of the one message, or how many of several went out."""
        flags = call.words[2 if call.name == "sendmsg" else 3] & 0x7FFFFFFF
        given = 0
        for count, message in enumerate(messages):
            given = self._send_one(call.task, taken, message, flags)
            if call.name != "sendmmsg":
                return given
            if given < 0:
                return count or given
            _write(call.task, call.words[1] + count * _ONE_OF_MANY + _ITS_LENGTH, struct.pack("I", given))
        return len(messages)

    def _send_one(self, task: int, taken: int, message: Message, flags: int) -> int:
        if message.name and (_family(message.name) not in _INTERNET or self._refuses(message.name)):
            return -errno.EACCES
        if message.control or sum(length for _, length in message.parts) > _LONGEST_DATAGRAM:
            return -errno.EMSGSIZE if not message.control else -errno.EOPNOTSUPP
        data = b"".join(_read(task, place, length) for place, length in message.parts if length)
        sent = _libc.sendto(taken, data, len(data), flags, message.name or None, len(message.name))
        return -ctypes.get_errno() if sent < 0 else sent

    def _refuses(self, wanted: bytes) -> bool:
        place = _place(wanted)
        refused = place is not None and self._rules.refuse(*place)
        if place is not None and refused:
            self._note(f"{place[0]} port {place[1]}")
        return refused

    def _note(self, name: str) -> None:
        if len(self.told) < MAX_TOLD and name not in self.told:
            self.told.append(name)
            if self._tell is not None:
                self._tell(name)


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


def _family(wanted: bytes) -> int:
    return struct.unpack_from("H", wanted)[0] if len(wanted) >= 2 else socket.AF_UNSPEC  # noqa: PLR2004


def _place(wanted: bytes) -> tuple[Address, int] | None:
    """The address and port in a `sockaddr` of the internet; None in another."""
    if _family(wanted) == socket.AF_INET:
        port, raw = struct.unpack_from("!2xH4s", wanted)
    elif _family(wanted) == socket.AF_INET6:
        port, raw = struct.unpack_from("!2xH4x16s", wanted)
    else:
        return None
    return ipaddress.ip_address(raw), port


def _is_unused(taken: int) -> bool:
    """Whether this is a stream that is not connected; one that was brought before and still connects is not."""
    is_stream = _number(taken, socket.SOL_SOCKET, _SO_TYPE) == socket.SOCK_STREAM
    return is_stream and _number(taken, socket.IPPROTO_TCP, _TCP_INFO) & 0xFF == _TCP_CLOSED


def _messages(call: Call) -> list[Message]:
    """What the call wants to send, to whom."""
    if call.name == "sendto":
        _, place, length, _, name, name_length = call.words
        return [Message(_name(call.task, name, name_length), ((place, length),))]
    count = 1 if call.name == "sendmsg" else min(call.words[2] & 0xFFFFFFFF, _MOST_MESSAGES)
    return [_message(call.task, call.words[1] + at * _ONE_OF_MANY) for at in range(count)]


def _message(task: int, place: int) -> Message:
    name, name_length, parts, count, _, control, _ = _MESSAGE.unpack(_read(task, place, _MESSAGE.size))
    vector = _read(task, parts, min(count, _MOST_PARTS) * _PART.size) if count else b""
    return Message(_name(task, name, name_length), tuple(_PART.iter_unpack(vector)), control)


def _name(task: int, place: int, length: int) -> bytes:
    """An address in the job's memory; one of no family counts as IPv4, as the kernel takes it when it sends."""
    wanted = _read(task, place, min(length & 0xFFFFFFFF, _LONGEST_ADDRESS)) if place else b""
    is_short = len(wanted) < 2  # noqa: PLR2004
    return wanted if is_short or _family(wanted) else struct.pack("H", socket.AF_INET) + wanted[2:]


def _read(task: int, place: int, length: int) -> bytes:
    with open(f"/proc/{task}/mem", "rb", buffering=0) as memory:
        return os.pread(memory.fileno(), length, place)


def _write(task: int, place: int, data: bytes) -> None:
    with open(f"/proc/{task}/mem", "r+b", buffering=0) as memory:
        os.pwrite(memory.fileno(), data, place)


def _flags_of(task: int, descriptor: int) -> int:
    """The flags of a descriptor of the job's."""
    with open(f"/proc/{task}/fdinfo/{descriptor}", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))


def _is_local(call: Call) -> bool:
    """Whether the socket is of the Unix family, found among all of them: where it cannot be taken and asked."""
    inode = os.readlink(f"/proc/{call.task}/fd/{call.descriptor}")[len("socket:[") : -1]
    with open(f"/proc/{call.task}/net/unix", encoding="ascii", errors="replace") as file:
        return any(inode in line.split()[6:7] for line in file)


def _take(task: int, descriptor: int) -> int | None:
    """The caller's socket as one of ours; None where that is not allowed."""
    handle = _libc.syscall(_SYS_PIDFD_OPEN, task, 0)
    if handle < 0:  # it is not the first thread of its process
        handle = _libc.syscall(_SYS_PIDFD_OPEN, _process_of(task), 0)
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


def _number(descriptor: int, level: int, name: int) -> int:
    """An option of a socket, or the first four bytes of a longer one."""
    value, size = ctypes.create_string_buffer(4), ctypes.c_uint(4)
    if _libc.getsockopt(descriptor, level, name, value, ctypes.byref(size)) < 0:
        raise OSError(ctypes.get_errno(), "getsockopt")
    return struct.unpack("I", value.raw)[0]
