"""The guard of a job's connections: what its rules say, and that a job's own sockets meet them, whatever it tries."""

import ipaddress
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from orch_app.domains.jobs.execution import (
    Credentials,
    IsolationLevel,
    IsolationRequest,
    JumpHost,
    Network,
    PlayStatus,
    Reach,
    TargetHost,
)
from orch_app.domains.jobs.execution.isolation import guard
from orch_app.domains.jobs.execution.isolation.seccomp import judged_calls
from orch_app.domains.jobs.reach import job_reach, resolvers
from tests.domains.jobs.execution.conftest import Plays, possible_levels

RULES: dict[str, Any] = {
    "targets": [["10.1.1.9", 22]],
    "closed": False,
    "hands_over": False,
    "calls": judged_calls(),
    "never": ["169.254.0.0/16", "::/96"],
    "private": ["10.0.0.0/8", "fc00::/7"],
    "own": [["10.1.1.1", 5432], ["127.0.0.1", 6379]],
    "allowed": [["10.0.0.0/8", None], ["127.0.0.0/8", 8080]],
    "resolvers": ["127.0.0.53"],
}


@pytest.mark.parametrize(
    ("address", "port", "refused"),
    [
        ("1.1.1.1", 443, False),
        ("169.254.169.254", 80, True),
        ("::ffff:169.254.169.254", 80, True),
        ("::a9fe:a9fe", 80, True),
        ("10.2.3.4", 22, False),
        ("10.1.1.1", 5432, True),
        ("::ffff:10.1.1.1", 5432, True),
        ("127.0.0.1", 6379, True),
        ("127.9.9.9", 6379, True),
        ("0.0.0.0", 6379, True),
        ("::1", 6379, True),
        ("127.0.0.1", 8080, False),
        ("127.0.0.1", 8081, True),
        ("192.168.1.1", 80, True),
        ("fd00::1", 80, True),
        ("127.0.0.53", 53, False),
        ("127.0.0.53", 80, True),
    ],
)
def test_the_rules_are_those_of_every_other_connection(address: str, port: int, refused: bool) -> None:
    assert guard.Rules(RULES).refuse(ipaddress.ip_address(address), port) is refused


def test_a_job_on_hosts_reaches_them_and_without_a_network_nothing_else() -> None:
    closed = guard.Rules({**RULES, "closed": True, "private": [], "own": []})
    tried = (("10.1.1.9", 22), ("::ffff:10.1.1.9", 22), ("10.1.1.9", 23), ("1.1.1.1", 443), ("127.0.0.53", 53))
    assert [closed.refuse(ipaddress.ip_address(address), port) for address, port in tried] == [0, 0, 1, 1, 1]
    outside = guard.Rules({**RULES, "targets": [["192.168.1.1", 22]]})
    assert [outside.refuse(ipaddress.ip_address("192.168.1.1"), port) for port in (22, 23)] == [False, True]


TRIES = """
import ctypes, errno, json, os, select, socket, struct, sys, threading
given = json.loads(sys.argv[1])
def tried(family, place, timeout=2.0):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as caller:
            caller.settimeout(timeout)
            caller.connect(tuple(place))
            return caller.recv(2).decode()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def datagram(place):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.connect(tuple(place))
            return "done"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def fast(place):
    try:
        with socket.socket() as caller:
            caller.sendto(b"x", socket.MSG_FASTOPEN, tuple(place))
            return "done"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
libc = ctypes.CDLL(None, use_errno=True)
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]
class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("name_length", ctypes.c_uint32), ("parts", ctypes.POINTER(Part)),
                ("count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("gap", ctypes.c_int), ("sent", ctypes.c_uint32), ("end", ctypes.c_int)]
def message(name, text):
    return Message(name, len(name or b""), ctypes.pointer(Part(text, len(text))), 1, None, 0, 0, 0, 0, 0)
def packed(place, family=2):
    return struct.pack("=H", family) + struct.pack("!H4s8x", place[1], socket.inet_aton(place[0]))
def outcome(done):
    return done if done >= 0 else errno.errorcode[ctypes.get_errno()]
def unconnected(place):
    got = {}
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            name, text, fd = packed(place), b"hello", caller.fileno()
            got["sendto"] = outcome(libc.sendto(fd, text, 5, 0, name, len(name)))
            odd = packed(place, 0)
            got["sendto of no family"] = outcome(libc.sendto(fd, text, 5, 0, odd, len(odd)))
            got["sendmsg"] = outcome(libc.sendmsg(fd, ctypes.byref(message(name, text)), 0))
            two = (Message * 2)(message(name, text), message(name, text))
            got["sendmmsg"] = outcome(libc.sendmmsg(fd, two, 2, 0))
            got["lengths"] = [one.sent for one in two]
    except OSError as error:
        got["socket"] = errno.errorcode[error.errno]
    return got
def to_one(place):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.connect(tuple(place))
        two = (Message * 2)(message(None, b"two"), message(None, b"three"))
        return [caller.send(b"a"), caller.sendmsg([b"b", b"c"]), libc.sendmmsg(caller.fileno(), two, 2, 0),
                [one.sent for one in two]]
def heard():
    with socket.socket() as listening:
        try:
            listening.listen()
        except OSError as error:
            return errno.errorcode[error.errno]
    return "done"
def again(place):
    with socket.socket() as caller:
        caller.setblocking(False)
        found = [errno.errorcode.get(caller.connect_ex(tuple(place)), "done")]
        select.select([], [caller], [], 10)
        found += [errno.errorcode.get(caller.connect_ex(tuple(place)), "done"), os.get_inheritable(caller.fileno())]
        return found
many = []
threads = [threading.Thread(target=lambda: many.append(tried(2, given["open"], None))) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
a, b = socket.socketpair()
got = {
    "open": tried(2, given["open"]), "blocking": tried(2, given["open"], None), "many": many,
    "own": tried(2, given["own"]), "own blocking": tried(2, given["own"], None),
    "mapped": tried(10, ("::ffff:127.0.0.1", given["own"][1])),
    "metadata": tried(2, ("169.254.169.254", 80)), "datagram": datagram(given["own"]), "fast": fast(given["open"]),
    "nobody": tried(2, given["nobody"]), "unconnected": unconnected(given["own"]), "listen": heard(),
    "again": again(given["open"]),
}
if given["allowed"]:
    got["unconnected, allowed"] = unconnected(given["allowed"])
    got["to one"] = to_one(given["allowed"])
print(json.dumps(got))
"""

BOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "{{ inputs.program }}", "{{ inputs.given | to_json }}"]
"""


def greet(listening: socket.socket) -> None:
    """Say hello to whoever comes, until the socket is closed."""
    with suppress(OSError):
        while True:
            caller, _ = listening.accept()
            with caller:
                caller.sendall(b"hi")


def suppressing_shutdown(listening: socket.socket) -> None:
    """Wake the one who waits for callers."""
    with suppress(OSError):
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def ports() -> Iterator[dict[str, tuple[str, int]]]:
    """Two that greet whoever comes, one that nobody listens at."""
    with ExitStack() as stack:
        found: dict[str, tuple[str, int]] = {}
        for name in ("open", "own"):
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            stack.callback(suppressing_shutdown, listening)
            found[name] = listening.getsockname()
            threading.Thread(target=greet, args=(listening,), daemon=True).start()
        with socket.create_server(("127.0.0.1", 0)) as gone:
            found["nobody"] = gone.getsockname()
        yield found


def reach_of(ports: dict[str, tuple[str, int]]) -> Reach:
    return Reach(
        never=("169.254.0.0/16",),
        own=(ports["own"],),
        allowed=(("127.0.0.0/8", None),),
        resolvers=("127.0.0.53",),
    )


FOR_ALL: dict[str, Any] = {
    "open": "hi",
    "blocking": "hi",
    "many": ["hi"] * 8,
    "own": "EACCES",
    "own blocking": "EACCES",
    "mapped": "EACCES",
    "metadata": "EACCES",
    "datagram": "EACCES",
    "fast": "ENOTSUP",
}


def tried(plays: Plays, level: IsolationLevel, request: IsolationRequest, given: dict[str, Any]) -> dict[str, Any]:
    """What a job found, of which what it got from everywhere else is as it should be."""
    told = plays.run(BOOK, level=level, inputs={"program": TRIES, "given": given}, isolation=request)
    assert told.ended.status is PlayStatus.SUCCESSFUL, told.text
    got = json.loads(next(line.message for line in told.lines if line.message.startswith('{"')))
    assert {name: got.pop(name) for name in FOR_ALL} == FOR_ALL
    assert f"refused by the rules for connections: 127.0.0.1 port {given['own'][1]}" in told.text
    assert got.pop("again") in (["EINPROGRESS", "done", False], ["EINPROGRESS", "EISCONN", False])
    return got


@pytest.mark.integration
@pytest.mark.parametrize("level", possible_levels())
def test_a_job_reaches_what_the_rules_allow_and_nothing_else(
    plays: Plays, level: IsolationLevel, ports: dict[str, tuple[str, int]]
) -> None:
    request = IsolationRequest(network=Network.EGRESS, reach=reach_of(ports))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as friend:
        friend.bind(("127.0.0.1", 0))
        got = tried(plays, level, request, {**ports, "allowed": friend.getsockname()})
        received = [friend.recv(64) for _ in range(9)]
    assert got == {
        "nobody": "ECONNREFUSED",
        "unconnected": {
            **dict.fromkeys(("sendto", "sendto of no family", "sendmsg", "sendmmsg"), "EACCES"),
            "lengths": [0, 0],
        },
        "listen": "done",
        "unconnected, allowed": {
            "sendto": 5,
            "sendto of no family": 5,
            "sendmsg": 5,
            "sendmmsg": 2,
            "lengths": [5, 5],
        },
        "to one": [1, 2, 2, [3, 5]],
    }
    assert received == [b"hello"] * 5 + [b"a", b"bc", b"two", b"three"]


@pytest.mark.integration
@pytest.mark.parametrize("level", possible_levels())
def test_a_job_on_hosts_reaches_exactly_them(
    plays: Plays, level: IsolationLevel, ports: dict[str, tuple[str, int]]
) -> None:
    request = IsolationRequest(network=Network.NONE, reach=Reach(targets=(ports["open"],)))
    got = tried(plays, level, request, {**ports, "allowed": None})
    assert got == {"nobody": "EACCES", "unconnected": {"socket": "EACCES"}, "listen": "EACCES"}


def test_a_process_whose_sockets_cannot_be_taken_is_still_looked_at() -> None:
    """As in a container with Docker's own filter: the call is let through after the look."""
    watched = guard.Guard(RULES)
    packed = b"\x02\x00" + (6379).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    open_one = b"\x02\x00" + (443).to_bytes(2, "big") + bytes([1, 1, 1, 1]) + bytes(8)
    with patch.object(guard, "_take", return_value=None), patch.object(guard.fcntl, "ioctl"):
        for memory, answer in ((packed, (-13, 0)), (open_one, (0, 1)), (b"\x01\x00/socket", (0, 1)), (b"", (0, 1))):
            with patch.object(guard, "_read", return_value=memory):
                assert watched._judge(guard.Call(1, os.getpid(), "connect", (0, 0, len(memory)))) == answer
                assert watched._judge(guard.Call(1, os.getpid(), "sendto", (0, 0, 1, 0, 1, len(memory)))) == answer
    assert watched.told == ["127.0.0.1 port 6379"]


def test_the_reach_of_a_job_holds_our_own_services_and_the_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    from orch_app.kit.settings import settings

    monkeypatch.setenv("ORCH_EGRESS_ALLOW", "10.0.0.0/8,localhost:9999")
    monkeypatch.setenv("ORCH_REDIS_URL", "redis://u:p@127.0.0.1:6399/0")
    monkeypatch.setenv("ORCH_PORT", "8123")
    settings.cache_clear()
    try:
        found = job_reach(Network.EGRESS, places=["10.1.2.3:2375", "localhost:8080", "169.254.169.254:80"])
    finally:
        settings.cache_clear()
    assert ("127.0.0.1", 6399) in found.own
    assert ("127.0.0.1", 8123) in found.own
    assert ("10.0.0.0/8", None) in found.allowed
    assert ("127.0.0.1/32", 9999) in found.allowed
    assert {("10.1.2.3/32", 2375), ("127.0.0.1/32", 8080)} <= set(found.allowed), "its connections lead there"
    assert "169.254.0.0/16" in found.never


def test_the_targets_are_the_first_hops() -> None:
    key = Credentials("root", password="x")
    jump = JumpHost("10.0.0.1", 2222, ("ssh-ed25519 AAAA",), key)
    behind = [TargetHost(f"b{n}", "db.internal", 22, ("ssh-ed25519 AAAA",), key, jump) for n in (1, 2)]
    direct = TargetHost("d", "10.0.0.9", 22, ("ssh-ed25519 AAAA",), key)
    unknown = TargetHost("u", "nobody.invalid", 22, ("ssh-ed25519 AAAA",), key)
    for network in (Network.NONE, Network.EGRESS):
        assert job_reach(network, [*behind, direct, unknown]).targets == (("10.0.0.1", 2222), ("10.0.0.9", 22))
    assert job_reach(Network.NONE, [direct]).allowed == ()
    assert not IsolationRequest(network=Network.NONE, reach=job_reach(Network.NONE, [unknown])).is_guarded


def test_resolvers_are_those_of_the_machine(tmp_path: Path) -> None:
    place = tmp_path / "resolv.conf"
    place.write_text("# x\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\nsearch a\nnameserver\n")
    assert resolvers(place) == ["10.0.0.2", "fe80::1"]
    assert resolvers(tmp_path / "none") == ["127.0.0.1"]
