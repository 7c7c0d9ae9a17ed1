"""Does what bubblewrap does, in this process: a warm engine forks its plays and cannot start another program first.

Used by the fork-server, standard library only. The root is described by the steps of `root.py`; nothing here decides
what a job may see.
"""

import ctypes
import fcntl
import os
import platform
import socket
import struct
from collections.abc import Callable, Collection, Sequence

_libc = ctypes.CDLL(None, use_errno=True)

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_FLAGS = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_ATTR_READ_ONLY, _ATTR_NOSUID, _ATTR_NODEV, _ATTR_NOEXEC = 1, 2, 4, 8
_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100
_MNT_DETACH = 2
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1

_OLD, _NEW = "/old", "/new"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def leave(names: Collection[str]) -> None:
    """Leave the host's namespaces of these names for new ones. A new `pid` namespace holds the next child, not us."""
    uid, gid = os.geteuid(), os.getegid()
    if "user" in names:
        _unshare("user")
        _map_to_self(uid, gid)
    for name in names:
        if name == "cgroup":
            _libc.unshare(_FLAGS[name])  # bubblewrap only tries, too
        elif name != "user":
            _unshare(name)
    if "net" in names:
        _raise_loopback()


def build_root(steps: Sequence[Sequence[str]], folder: str) -> None:
    """Make the root of these steps ours and go to `folder` in it. Needs a mount namespace of our own."""
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=1m")  # noqa: S108  a place to stand
    os.mkdir("/tmp" + _OLD)  # noqa: S108
    os.mkdir("/tmp" + _NEW)  # noqa: S108
    _pivot("/tmp", "/tmp" + _OLD)  # noqa: S108
    os.chdir("/")
    _mount("tmpfs", _NEW, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755,size=4m")
    for kind, *values in steps:
        _DO[kind](*values)
    _set(_NEW, _ATTR_READ_ONLY)
    os.chdir(_NEW)
    _pivot(".", ".")
    _checked(_libc.umount2(b".", _MNT_DETACH), "umount")
    os.chdir("/")
    os.chdir(folder)


def _read(source: str, target: str) -> None:
    _bind(source, target, _ATTR_READ_ONLY | _ATTR_NOSUID | _ATTR_NODEV)


def _try(source: str, target: str) -> None:
    if os.path.exists(_OLD + _resolved(source)):
        _read(source, target)


def _write(source: str, target: str) -> None:
    _bind(source, target, _ATTR_NOSUID | _ATTR_NODEV)


def _bind(source: str, target: str, attributes: int) -> None:
    """Recursive, because a user namespace may not peel off what is mounted below."""
    origin, place = _OLD + _resolved(source), _NEW + target
    _make_place(place, is_folder=os.path.isdir(origin))
    _mount(origin, place, None, _MS_BIND | _MS_REC)
    _set(place, attributes, _AT_RECURSIVE)


def _resolved(path: str) -> str:
    """The path without links, as the old root has it: its links are written for `/`, and that is elsewhere now."""
    done = ""
    todo = [part for part in path.split("/") if part]
    for _ in range(200):
        if not todo:
            break
        part = todo.pop(0)
        here = f"{done}/{part}"
        if part == "..":
            done = os.path.dirname(done)
        elif os.path.islink(_OLD + here):
            value = os.readlink(_OLD + here)
            todo = [piece for piece in value.split("/") if piece not in ("", ".")] + todo
            done = "" if value.startswith("/") else done
        else:
            done = here
    return done or "/"


def _make_place(place: str, *, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(place, exist_ok=True)
    elif not os.path.lexists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _link(value: str, target: str) -> None:
    if not os.path.lexists(_NEW + target):
        os.symlink(value, _NEW + target)


def _folder(target: str) -> None:
    os.makedirs(_NEW + target, mode=0o755, exist_ok=True)


def _memory(target: str, mode: str, size: str) -> None:
    os.makedirs(_NEW + target, exist_ok=True)
    _mount("tmpfs", _NEW + target, "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode={mode},size={size}")


def _proc(target: str) -> None:
    os.makedirs(_NEW + target, exist_ok=True)
    _mount("proc", _NEW + target, "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def _dev(target: str) -> None:
    place = _NEW + target
    os.makedirs(place, exist_ok=True)
    _mount("tmpfs", place, "tmpfs", _MS_NOSUID, "mode=755,size=64k")
    for name in _DEVICES:
        _make_place(f"{place}/{name}", is_folder=False)
        _mount(f"{_OLD}/dev/{name}", f"{place}/{name}", None, _MS_BIND)
        _set(f"{place}/{name}", _ATTR_NOSUID | _ATTR_NOEXEC)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        os.symlink(f"/proc/self/fd/{number}", f"{place}/{name}")
    os.symlink("/proc/self/fd", f"{place}/fd")
    os.mkdir(f"{place}/shm")
    os.mkdir(f"{place}/pts")
    _mount("devpts", f"{place}/pts", "devpts", _MS_NOSUID | _MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    os.symlink("pts/ptmx", f"{place}/ptmx")


_DO: dict[str, Callable[..., None]] = {
    "read": _read,
    "try": _try,
    "write": _write,
    "link": _link,
    "folder": _folder,
    "memory": _memory,
    "proc": _proc,
    "dev": _dev,
}


def _unshare(name: str) -> None:
    _checked(_libc.unshare(_FLAGS[name]), f"a {name} namespace of its own")


def _map_to_self(uid: int, gid: int) -> None:
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def forbid_user_namespaces() -> None:
    """No process of the job makes a user namespace, with its wide reach into the kernel. Needs one of our own."""
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    result = _libc.mount(_bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(options))
    _checked(result, f"mount {kind or source or 'private'} at {target}")


def _set(path: str, attributes: int, flags: int = 0) -> None:
    wanted = _MountAttributes(attributes, 0, 0, 0)
    result = _libc.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, _bytes(path), flags, ctypes.byref(wanted), ctypes.sizeof(_MountAttributes)
    )
    _checked(result, f"rights of the mount at {path}")


def _pivot(new: str, old: str) -> None:
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"no pivot_root known on {platform.machine()}")
    _checked(_libc.syscall(number, _bytes(new), _bytes(old)), "pivot_root")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
