"""The filter of system calls that every job runs behind, written out as the kernel's own small programs.

A list of what is refused (EPERM), because Ansible, ssh and the programs that runbooks start may need anything else.
Refused is what reads or steers other processes, changes mounts and namespaces, and opens wide or rarely used parts of
the kernel. A program built for another processor, whose calls have other numbers, is killed.
"""

import os
import platform
import struct
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000

# name: x86_64, aarch64; None where a processor has no such call
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # mounts, namespaces and ways around paths
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # parts of the kernel that a play does not need
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "lsm_set_self_attr": (460, 460),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "vhangup": (153, 58),
    "syslog": (103, 116),
    "acct": (163, 89),
    # the machine itself
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "iopl": (172, None),
    "ioperm": (173, None),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
}
_SHARED_IPC: dict[str, tuple[int, int]] = {
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
}
_JUDGED: dict[str, tuple[int, int]] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "ioctl": (16, 29),
    "socket": (41, 198),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "connect": (42, 203),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "listen": (50, 201),
}
_SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open")

_NEW_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_UNIX, _NETLINK = 1, 16
_INTERNET = (2, 10)
_STREAM, _DATAGRAM, _KIND = 1, 2, 0xF
_TCP, _UDP, _ECHO, _ECHO_6 = 6, 17, 1, 58

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _ASK = 0x7FFF0000, 0x80000000, 0x7FC00000
_ERROR = 0x00050000
_EPERM, _ENOSYS, _EACCES, _EPROTONOSUPPORT, _EOPNOTSUPP = 1, 38, 13, 93, 95
_CONNECT_BY_SENDING = 0x20000000
_FLAGS_OF = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
_EVERYBODY = 0xFFFFFFFF
_ADDRESS_OF_SENDTO = 4


class Internet(StrEnum):
    """What a job may do with sockets of the internet: everything; what the guard allows, call by call; connect streams
    where the guard allows it, without datagrams and without callers; have none. See `guard.py`."""

    OPEN = "open"
    JUDGED = "judged"
    STREAMS = "streams"
    CLOSED = "closed"


@dataclass(frozen=True)
class FilterRules:
    """What differs between jobs: what it may do with the internet's sockets, and whom it must not signal.

    `own_ipc` says that System V's shared memory, queues and semaphores are the job's own; where they are the machine's,
    it gets none. `protected` are process ids as the job sees them.
    """

    internet: Internet = Internet.OPEN
    own_ipc: bool = True
    protected: tuple[int, ...] = ()


@lru_cache(maxsize=16)
def program(rules: FilterRules, machine: str | None = None) -> bytes:
    """The filter for the kernel of this machine (or the one named), empty where we know no numbers for it."""
    name = machine or platform.machine()
    if name not in _ARCHITECTURES:
        return b""
    column = list(_ARCHITECTURES).index(name)
    refused = [numbers[column] for numbers in (_REFUSED if rules.own_ipc else _REFUSED | _SHARED_IPC).values()]
    code = [
        _load(_ARCHITECTURE),
        *_unless_equal(_ARCHITECTURES[name], [_return(_KILL)]),
        _load(_NUMBER),
        *([_jump(_AT_LEAST, _X32_CALLS, 0, 1), _fail(_ENOSYS)] if name == "x86_64" else []),
        *(part for number in refused if number is not None for part in (_jump(_EQUAL, number, 0, 1), _fail(_EPERM))),
    ]
    for call, verdict in _verdicts(rules).items():
        code += _if_equal(_JUDGED[call][column], verdict)
    return b"".join([*code, _return(_ALLOW)])


def protected_processes() -> tuple[int, ...]:
    """This process and those it descends from: no job may signal them, where it can see them."""
    found: list[int] = []
    pid = os.getpid()
    while pid > 0:
        found.append(pid)
        pid = _parent(pid)
    return tuple(found)


def _parent(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def judged_calls() -> dict[str, int]:
    """The numbers on this machine of the calls that may come to the guard."""
    column = list(_ARCHITECTURES).index(platform.machine())
    return {call: _JUDGED[call][column] for call in ("connect", "listen", *_FLAGS_OF)}


def _verdicts(rules: FilterRules) -> dict[str, list[bytes]]:
    """What follows once the number of a call is known: it ends with a return in every case."""
    verdicts = {
        "clone": [_argument(0), _jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _fail(_EPERM), _return(_ALLOW)],
        "clone3": [_fail(_ENOSYS)],  # its flags are out of sight, and every C library then takes clone
        "ioctl": _refuse_values(1, (_TIOCSTI, _TIOCLINUX)),
        "socket": _sockets(rules.internet),
    }
    if rules.protected:
        groups = [(-pid) & _EVERYBODY for pid in rules.protected if pid > 1]
        everybody = [*rules.protected, *groups, _EVERYBODY]
        verdicts |= {call: _refuse_values(0, everybody) for call in _SIGNALS}
    if rules.internet in (Internet.JUDGED, Internet.STREAMS):
        verdicts |= _waiting(rules.internet)
    return verdicts


def _sockets(internet: Internet) -> list[bytes]:
    """Which sockets can be made: by family, and where connections are judged by kind and protocol as well."""
    if internet is Internet.CLOSED:
        return _allow_values(0, (_UNIX, _NETLINK))
    if internet is Internet.OPEN:
        return _allow_values(0, (_UNIX, _NETLINK, *_INTERNET))
    datagrams = internet is Internet.JUDGED
    return [
        _argument(0),
        *(part for family in (_UNIX, _NETLINK) for part in (_jump(_EQUAL, family, 0, 1), _return(_ALLOW))),
        *_unless_one_of(_INTERNET, _EACCES),
        _argument(1),
        struct.pack("HBBI", _AND, 0, 0, _KIND),
        *_unless_one_of((_STREAM, _DATAGRAM) if datagrams else (_STREAM,), _EACCES),
        _argument(2),
        *_unless_one_of((0, _TCP, _UDP, _ECHO, _ECHO_6) if datagrams else (0, _TCP), _EPROTONOSUPPORT),
        _return(_ALLOW),
    ]


def _waiting(internet: Internet) -> dict[str, list[bytes]]:
    """`connect`, what could carry an address past it, and what could have others connect to the job."""
    asks = internet is Internet.JUDGED
    last = {
        "sendto": [
            *(_load(_ARGUMENTS + 8 * _ADDRESS_OF_SENDTO), _jump(_EQUAL, 0, 1, 0), _return(_ASK)),
            *(_load(_ARGUMENTS + 8 * _ADDRESS_OF_SENDTO + 4), _jump(_EQUAL, 0, 1, 0), _return(_ASK)),
            _return(_ALLOW),
        ],
        "sendmsg": [_return(_ASK)],
        "sendmmsg": [_return(_ASK)],
    }
    verdicts = {"connect": [_return(_ASK)]}
    for call, place in _FLAGS_OF.items():
        by_sending = [_jump(_ANY_BIT, _CONNECT_BY_SENDING, 0, 1), _fail(_EOPNOTSUPP)]
        verdicts[call] = [_argument(place), *by_sending, *(last[call] if asks else [_return(_ALLOW)])]
    return verdicts if asks else {**verdicts, "listen": [_return(_ASK)]}


def _unless_one_of(values: Collection[int], error: int) -> list[bytes]:
    """Fail unless what was loaded is one of these."""
    return [*(_jump(_EQUAL, value, len(values) - at, 0) for at, value in enumerate(values)), _fail(error)]


def _refuse_values(place: int, values: Collection[int]) -> list[bytes]:
    refused = (part for value in values for part in (_jump(_EQUAL, value, 0, 1), _fail(_EPERM)))
    return [_argument(place), *refused, _return(_ALLOW)]


def _allow_values(place: int, values: Iterable[int]) -> list[bytes]:
    allowed = (part for value in values for part in (_jump(_EQUAL, value, 0, 1), _return(_ALLOW)))
    return [_argument(place), *allowed, _fail(_EACCES)]


def _if_equal(value: int, then: list[bytes]) -> list[bytes]:
    return [_jump(_EQUAL, value, 0, len(then)), *then]


def _unless_equal(value: int, then: list[bytes]) -> list[bytes]:
    return [_jump(_EQUAL, value, len(then), 0), *then]


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", _LOAD, 0, 0, offset)


def _argument(place: int) -> bytes:
    """The lower half of an argument: what the kernel takes of an int and of the flags that matter here."""
    return _load(_ARGUMENTS + 8 * place)


def _jump(kind: int, value: int, if_so: int, if_not: int) -> bytes:
    return struct.pack("HBBI", kind, if_so, if_not, value)


def _return(value: int) -> bytes:
    return struct.pack("HBBI", _RETURN, 0, 0, value)


def _fail(number: int) -> bytes:
    return _return(_ERROR | number)
