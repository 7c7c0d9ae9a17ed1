"""What a hostile play tries. A program of its own, standard library only: it runs inside a job, anywhere.

Run with one argument, a JSON object of what there is to attack (see `PREY`; what is missing is not tried), it prints
one JSON object: the name of each probe, with `held` (whether the isolation held) and `saw` (what happened). Where
nothing holds, nothing is harmed.
"""

import contextlib
import ctypes
import errno
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PREY = {
    "canary": "text that stands in everything that must not be read",
    "key": "the worker's key file",
    "database": "the database's file",
    "data": "the worker's data folder",
    "other_job": "a file in another job's folder",
    "own_root": "this job's folder as the worker sees it",
    "other_tmp": "a file in the machine's /tmp",
    "home": "the worker's home folder",
    "worker": "process id of the worker",
    "neighbour": "process id of something with the worker's user and no more rights",
    "redis": "host and port of something that listens",
    "postgres": "the same",
    "web": "the same",
    "udp": "host and port that receives datagrams",
    "abstract": "name of an abstract socket, without the leading zero byte",
    "sysv": "key of a System V shared memory segment",
}
METADATA = ("169.254.169.254", 80)
WAIT_S = 1.5

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
_CALLS = {
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "process_vm_readv": (310, 270),
    "pidfd_getfd": (438, 438),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
}
_PTRACE_SEIZE = 0x4206
_PTRACE_DETACH = 17
_NEW_USER = 0x10000000
_NO_NETWORK = (errno.EACCES, errno.EPERM, errno.ENETUNREACH, errno.EAFNOSUPPORT)

Given = dict[str, Any]
Finding = tuple[bool, str]


def refused(action: Callable[[], Any]) -> Finding:
    """Held when the action raises; what it gave otherwise."""
    try:
        return False, str(action())[:300]
    except (OSError, ValueError) as error:
        return True, f"{type(error).__name__}: {error}"[:300]


def secret_in(given: Given, action: Callable[[], Any]) -> Finding:
    """Held unless the canary is in what the action gives."""
    try:
        got = str(action())
    except (OSError, ValueError) as error:
        return True, f"{type(error).__name__}: {error}"[:300]
    return given["canary"] not in got, "the canary" if given["canary"] in got else "nothing of value"


def listed(folder: str) -> list[str]:
    """Names in a folder."""
    return [path.name for path in Path(folder).iterdir()]


def called(name: str, *words: int) -> Finding:
    """Held when the kernel refuses the call as such, whatever its arguments."""
    ctypes.set_errno(0)
    done = _libc.syscall(ctypes.c_long(_CALLS[name][_numbers]), *map(ctypes.c_long, words))
    code = ctypes.get_errno()
    return done < 0 and code in (errno.EPERM, errno.ENOSYS), errno.errorcode.get(code, "done")


def written(folder: str) -> Finding:
    """Held when no file can be made there."""
    path = f"{folder}/orch-hostile-{os.getpid()}"

    def write() -> str:
        Path(path).write_text("x")
        with contextlib.suppress(OSError):
            Path(path).unlink()
        return f"wrote {path}"

    return refused(write)


def connected(place: tuple[str, int]) -> Finding:
    """Held when the machine does not let the connection out: an answer, even a refusal, means that it was asked."""
    try:
        with socket.create_connection(place, WAIT_S):
            return False, "connected"
    except OSError as error:
        if is_namespace_of_its_own():
            return True, "a network without anybody"
        return error.errno in _NO_NETWORK, f"{type(error).__name__}: {error}"


def is_namespace_of_its_own() -> bool:
    """Whether there is no interface but loopback, as in a network namespace made for the job."""
    with contextlib.suppress(OSError):
        return [name for _, name in socket.if_nameindex()] == ["lo"]
    return False


def datagram(place: tuple[str, int]) -> Finding:
    """Held when the datagram cannot be sent; the one who tries looks whether it arrived."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            ways = (
                lambda: sender.sendto(b"orch-hostile", tuple(place)),
                lambda: sender.sendmsg([b"orch-hostile"], [], 0, tuple(place)),
            )
            findings = [refused(way) for way in ways]
    except OSError as error:
        return True, str(error)
    return is_namespace_of_its_own() or all(held for held, _ in findings), " ".join(saw for _, saw in findings)


def abstract(name: str) -> str:
    """Speak to an abstract socket."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(WAIT_S)
        caller.connect(b"\0" + name.encode())
    return "connected"


def shared_memory(key: int) -> Finding:
    """Attach a System V segment that somebody else made."""
    found = _libc.shmget(key, 0, 0o600)
    return found < 0, "found" if found >= 0 else errno.errorcode[ctypes.get_errno()]


def traced(pid: int) -> Finding:
    """Take hold of another process, by the debugger's call and by its memory."""
    if _libc.ptrace(_PTRACE_SEIZE, pid, None, None) == 0:
        _libc.ptrace(_PTRACE_DETACH, pid, None, None)
        return False, "seized"
    return refused(lambda: Path(f"/proc/{pid}/mem").open("r+b"))


def shown(data: str) -> Finding:
    """The data folder may be there, as the way to the job's own one; nothing else may be in it."""
    try:
        names = listed(data)
    except OSError as error:
        return True, str(error)
    return names in ([], ["jobs-run"]), " ".join(names)


def first_process() -> Finding:
    """The first process this job can see: that of its own namespace, or the machine's."""
    if os.getpid() == 1:
        return True, "this is it"
    return traced(1)


def signalled(pid: int) -> Finding:
    """Whether a signal may be sent at all; none is."""
    return refused(lambda: os.kill(pid, 0))


def called_libc(name: str, *words: object) -> Finding:
    """Held when a function of the C library fails."""
    ctypes.set_errno(0)
    done = getattr(_libc, name)(*words)
    return done != 0, errno.errorcode.get(ctypes.get_errno(), "done")


def mounted() -> Finding:
    """Mount something over a folder of our own; taken away again at once."""
    place = os.fsencode(tempfile.mkdtemp())
    held, saw = called_libc("mount", b"none", place, b"tmpfs", 0, None)
    if not held:
        _libc.umount2(place, 2)
    return held, saw


def namespaces() -> Finding:
    """A user namespace of one's own, with every capability in it; tried by a child."""
    pid = os.fork()
    if pid == 0:
        os._exit(int(_libc.unshare(_NEW_USER) == 0))
    made = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return made == 0, "made" if made else "refused"


def privileges() -> Finding:
    """No capability left, and none to be had through programs with more rights."""
    lines = Path("/proc/self/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split()[-1] for line in lines if ":" in line and line.split()[1:]}
    bare = int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"] == "1"
    return bare, f"{status['CapEff']} {status['NoNewPrivs']}"


def descriptors() -> Finding:
    """Nothing open but the three streams, what Ansible makes itself, and files of the job."""
    found: list[str] = []
    for name in listed("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(str(Path(f"/proc/self/fd/{name}").readlink()))
    foreign = [target for target in found if target.startswith("socket:")]
    return not foreign, " ".join(found)[:300]


def devices() -> Finding:
    """Memory and disks of the machine."""
    opened: list[str] = []
    names = ("mem", "kmem", "port", "kmsg", "sda", "vda", "nvme0n1", "kvm", "fuse")
    for name in names:
        with contextlib.suppress(OSError):
            os.close(os.open(f"/dev/{name}", os.O_RDONLY))
            opened.append(name)
    return not opened, " ".join(opened) or "none"


def system_folders() -> Finding:
    """Files of the system, of cgroups and of the kernel's settings."""
    places = ("/", "/etc", "/usr/local", "/usr/bin", "/var", "/sys/fs/cgroup", "/proc/sys/kernel", "/etc/cron.d")
    open_places = [place for place in places if not written(place)[0]]
    return not open_places, " ".join(open_places) or "none"


def runner_folder(own_root: str) -> Finding:
    """Links where the product's own runner writes, so that it would write elsewhere."""
    place = Path(own_root) / "runner" / "play"

    def plant() -> str:
        (place / "job_events").rename(place / "gone")
        (place / "job_events").symlink_to("/etc")
        return "planted"

    return refused(plant)


def probes(given: Given) -> dict[str, Callable[[], Finding]]:
    """Every probe for which there is prey."""
    data, worker = given.get("data"), given.get("worker")
    has: dict[str, Callable[[], Finding]] = {
        "environment": lambda: secret_in(given, lambda: dict(os.environ)),
        "container_secrets": lambda: refused(lambda: listed("/run/secrets")),
        "shadow": lambda: refused(lambda: Path("/etc/shadow").read_text()),
        "metadata_address": lambda: connected(METADATA),
        "first_process": first_process,
        "privileges": privileges,
        "descriptors": descriptors,
        "devices": devices,
        "system_folders": system_folders,
        "mount": mounted,
        "namespaces": namespaces,
        "raw_socket": lambda: refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()),
        "packet_socket": lambda: refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
        "kernel_log": lambda: refused(kernel_log),
        "host_name": lambda: called_libc("sethostname", socket.gethostname().encode(), len(socket.gethostname())),
        "module": lambda: called_libc("init_module", None, 0, b""),
    }
    has |= {f"call_{name}": lambda name=name: called(name, 0, 0, 0, 0, 0, 0) for name in _CALLS}
    files = {"key": "key_file", "database": "database_file", "other_job": "other_job", "other_tmp": "tmp_of_others"}
    for what, name in files.items():
        if given.get(what):
            has[name] = lambda path=given[what]: secret_in(given, lambda: Path(path).read_text())
    for name in ("redis", "postgres", "web"):
        if given.get(name):
            has[name] = lambda place=tuple(given[name]): connected(place)
    if data:
        has["data_folder"] = lambda: shown(data)
        has["write_data_folder"] = lambda: written(data)
    if worker:
        has["kill_worker"] = lambda: signalled(worker)
    if given.get("neighbour"):
        process = Path(f"/proc/{given['neighbour']}")
        has |= {
            "worker_environment": lambda: secret_in(given, (process / "environ").read_text),
            "worker_files": lambda: refused((process / "fd" / "0").readlink),
            "trace_worker": lambda: traced(given["neighbour"]),
            "kill_neighbour": lambda: signalled(given["neighbour"]),
        }
    return has | _more(given)


def _more(given: Given) -> dict[str, Callable[[], Finding]]:
    tries: dict[str, tuple[str, Callable[[Any], Finding]]] = {
        "own_root": ("runner_folder", runner_folder),
        "home": ("ssh_keys", lambda home: refused(lambda: listed(f"{home}/.ssh"))),
        "udp": ("datagram", datagram),
        "abstract": ("abstract_socket", lambda name: refused(lambda: abstract(name))),
        "sysv": ("shared_memory", shared_memory),
    }
    return {name: lambda go=go, prey=given[what]: go(prey) for what, (name, go) in tries.items() if given.get(what)}


def kernel_log() -> str:
    """The kernel's messages."""
    if _libc.klogctl(3, ctypes.create_string_buffer(64), 64) < 0:
        raise OSError(ctypes.get_errno(), "klogctl")
    return "read"


def escape() -> None:
    """Leave two processes behind: one in a session of its own, one orphaned twice."""
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execvp("sleep", ["sleep", sys.argv[2]])
            os._exit(0)


def bomb() -> None:
    """Start more and more processes, but not so many that a machine without any limit would stand still."""
    for _ in range(3000):
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
    time.sleep(60)


def fill() -> None:
    """Write a file of 10 GB."""
    with Path("big").open("wb") as file:
        file.writelines(b"x" * (1 << 20) for _ in range(10 << 10))


def shout() -> None:
    """Print 1 GB."""
    for _ in range(1 << 14):
        sys.stdout.write("one of very many lines that nobody reads\n" * 1600)


def links() -> None:
    """Leave links to what must not be read where the product looks for results."""
    for number, path in enumerate(sys.argv[2:]):
        with contextlib.suppress(OSError):
            Path(f"link-{number}").symlink_to(path)
    with contextlib.suppress(OSError):
        Path("output.json").symlink_to(sys.argv[2])
    os.mkfifo("pipe")


def main() -> None:
    """Try everything, or the one attack that is named."""
    alone = {"escape": escape, "bomb": bomb, "fill": fill, "shout": shout, "links": links}
    if sys.argv[1] in alone:
        alone[sys.argv[1]]()
        return
    findings: dict[str, dict[str, object]] = {}
    for name, go in sorted(probes(json.loads(sys.argv[1])).items()):
        try:
            held, saw = go()
        except Exception as error:  # noqa: BLE001  whatever a probe meets is what it found
            held, saw = False, f"the probe itself failed: {type(error).__name__}: {error}"
        findings[name] = {"held": held, "saw": saw}
    print(json.dumps(findings))  # noqa: T201


if __name__ == "__main__":
    main()
