"""The last step before a play: gives up every right the play must not have, then becomes the play.

Run as a program of its own with `python -I -S -E enter.py CONFIG ARGV...`, standard library only; at level bwrap it
runs inside the sandbox. The fork-server calls `give_up_rights` in the process that becomes the play. CONFIG is a JSON
object: `uid` (or null to stay), `groups`, `limits` (names of RLIMIT_ to values), `own_tasks` (count the tasks this user
already has into RLIMIT_NPROC), `landlock` (null, or lists of paths under `read`, `write`, `file` and `share`), `scoped`
(Landlock forbids signals and abstract sockets), `tcp_ports` (null, or the only ones that Landlock lets TCP reach),
`filter` (the program for system calls, in hexadecimal digits) and `guard` (null, or the descriptor of the guard's
socket). If any step fails the play does not start (exit code 126).
"""

import _socket  # `socket` alone takes as long to load as the rest of this program to run
import _thread
import contextlib
import ctypes
import json
import os
import platform
import resource
import signal
import stat
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _WITH_LISTENER = 1, 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_RULE_PATH_BENEATH, _RULE_NET_PORT = 1, 2
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_TCP_BIND_AND_CONNECT, _TCP_CONNECT = 3, 2
_ABI_REFER, _ABI_TRUNCATE, _ABI_TCP, _ABI_IOCTL, _ABI_SCOPE = 2, 3, 4, 5, 6
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_DEVICES = 64 | 2048
_ALL_ABI_1 = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


class _NetPort(ctypes.Structure):
    _fields_ = [("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def main(config: dict[str, Any], argv: list[str]) -> None:
    """Give up rights, then run the play in this process."""
    give_up_rights(config)
    os.execvp(argv[0], argv)


def give_up_rights(config: dict[str, Any]) -> None:
    """Everything that CONFIG says, in the only order that works.

    Raises:
        OSError: a right could not be given up, so no play may start.
    """
    parent = os.getppid()
    if config["uid"] is not None:
        _change_user(int(config["uid"]), [int(group) for group in config["groups"]])
    _limit(config["limits"], own_tasks=bool(config["own_tasks"]))
    _drop_capabilities()
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _restrict(config["landlock"], scoped=bool(config["scoped"]), tcp_ports=config["tcp_ports"])
    _filter_calls(bytes.fromhex(config["filter"]), config["guard"])
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # a change of user clears it
    if os.getppid() != parent:
        sys.exit(126)


def _change_user(uid: int, groups: list[int]) -> None:
    os.setgroups(groups)
    _drop_bounding_set()
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    show_memory(visible=True)  # or /proc/self would belong to root


def show_memory(*, visible: bool) -> None:
    """Whether other processes of the same user may look into this one, through `/proc` or by tracing it."""
    _libc.prctl(_PR_SET_DUMPABLE, int(visible), 0, 0, 0)


def _drop_bounding_set() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            return  # past the last capability of this kernel, or not ours to drop: no_new_privs holds anyway


def _drop_capabilities() -> None:
    _drop_bounding_set()
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, nothing), "capset")


def _limit(limits: dict[str, int], *, own_tasks: bool) -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        wanted = value + (_tasks_of(os.getuid()) if own_tasks and name == "NPROC" else 0)
        _, hard = resource.getrlimit(kind)
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (bound, bound))


def _tasks_of(uid: int) -> int:
    """Threads this user runs already: RLIMIT_NPROC counts them all, a job's share comes on top."""
    count = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == uid:
                count += len(os.listdir(f"/proc/{name}/task"))
    return count


def _restrict(paths: dict[str, list[str]] | None, *, scoped: bool, tcp_ports: list[int] | None) -> None:
    """Enter a Landlock domain: with path rules where they are given, without signals to the outside, with TCP to these
    ports only."""
    abi = _libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    handled = _rights(abi) if paths is not None else 0
    scopes = _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if scoped and abi >= _ABI_SCOPE else 0
    ports = _TCP_BIND_AND_CONNECT if tcp_ports is not None and abi >= _ABI_TCP else 0
    if not (handled or scopes or ports):
        return
    size = 24 if scopes else 16 if ports else 8
    attributes = _Ruleset(handled, ports, scopes)
    ruleset = _libc.syscall(_LANDLOCK_CREATE, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    _checked(ruleset, "landlock ruleset")
    read = _EXECUTE | _READ_FILE | _READ_DIR
    wanted = {"read": read, "write": ~_MAKE_DEVICES, "file": _OF_FILES, "share": ~(_MAKE_DEVICES | _READ_DIR)}
    for kind, names in (paths or {}).items():
        for name in names:
            _allow(ruleset, name, wanted[kind] & handled)
    for port in tcp_ports or () if ports else ():
        rule = _NetPort(_TCP_CONNECT, port)
        added = _libc.syscall(_LANDLOCK_ADD, ruleset, _RULE_NET_PORT, ctypes.byref(rule), ctypes.c_uint32(0))
        _checked(added, f"landlock rule for port {port}")
    _checked(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)), "landlock")
    os.close(ruleset)


def _filter_calls(code: bytes, guard: int | None) -> None:
    """From here on the kernel asks this program before every system call; nothing takes it away again."""
    program = _Program(len(code) // 8, code)
    if guard is not None:
        messenger = _Messenger(guard)
        number = _SYS_SECCOMP[platform.machine()]
        listener = _libc.syscall(number, _SET_FILTER, _WITH_LISTENER, ctypes.byref(program))
        _checked(listener, "system call filter with a guard")
        messenger.hand_over(listener)
    elif code:
        _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0), "system call filter")


class _Messenger:
    """Gives the listener to the guard outside and keeps nothing that leads there.

    A thread from before the filter, which holds for the thread that sets it: behind it, sending waits for the guard.
    """

    def __init__(self, guard: int) -> None:
        self._guard = guard
        self._listener = -1
        self._fault: OSError | None = None
        self._given, self._done = _thread.allocate_lock(), _thread.allocate_lock()
        self._given.acquire()
        self._done.acquire()
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError as error:
            raise OSError(f"no thread to call the guard with: {error}") from error

    def hand_over(self, listener: int) -> None:
        self._listener = listener
        self._given.release()
        self._done.acquire()
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        self._given.acquire()
        try:
            receiver = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, self._guard)
            place = self._listener.to_bytes(4, sys.byteorder)
            receiver.sendmsg([b"L"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, place)])
            receiver.close()
            os.close(self._listener)
        except OSError as error:
            self._fault = error
        self._done.release()


def _rights(abi: int) -> int:
    if abi < 1:
        raise OSError(f"Landlock is asked for and not there (ABI {abi})")
    return (
        _ALL_ABI_1
        | (_REFER if abi >= _ABI_REFER else 0)
        | (_TRUNCATE if abi >= _ABI_TRUNCATE else 0)
        | (_IOCTL_DEV if abi >= _ABI_IOCTL else 0)
    )


def _allow(ruleset: int, name: str, rights: int) -> None:
    """Allow a path; one that does not exist needs no rule."""
    try:
        descriptor = os.open(name, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _OF_FILES
    rule = _PathBeneath(rights, descriptor)
    added = _libc.syscall(_LANDLOCK_ADD, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
    _checked(added, f"landlock rule for {name}")
    os.close(descriptor)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)} on {platform.release()}")


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), sys.argv[2:])
    except (OSError, ValueError) as failure:
        sys.stderr.write(f"ERROR! the job's isolation could not be set up: {failure}\n")
        sys.exit(126)
