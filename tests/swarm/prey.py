"""What a hostile job is set upon in a worker's container. A program of its own, standard library only, run there.

It is itself a process of the worker's user with a secret in its environment. It leaves secrets in files, listens and
shares memory, writes what it has into `TOLD`, and stays.
"""

import ctypes
import json
import os
import signal
import socket
import sys
from pathlib import Path

TOLD = "/tmp/prey.json"
SEGMENT = 0x0C0DE001
CREATE = 0o1000
PORTS = {"redis": 6379, "postgres": 5432, "web": 8000}


def lay_out(canary: str) -> None:
    """Write the files, open the sockets, make the segment, and wait for the end."""
    data = Path(os.environ["ORCH_DATA_DIR"])
    files = {
        "key": data / "keys/master.key",
        "database": data / "orch.db",
        "other_job": data / "jobs-run/job_other.1/env/extravars",
        "other_tmp": Path("/tmp/note"),
    }
    for path in (*files.values(), data / ".ssh/id_ed25519"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canary)
    named, datagrams = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    named.bind("\0orch-prey")
    named.listen()
    datagrams.bind(("127.0.0.1", 0))
    if ctypes.CDLL(None).shmget(SEGMENT, 4096, CREATE | 0o600) < 0:
        sys.exit("no shared memory")
    has = {
        **{name: str(path) for name, path in files.items()},
        **{name: (socket.gethostbyname(name), port) for name, port in PORTS.items()},
        "canary": canary,
        "data": str(data),
        "home": str(data),
        "worker": worker(),
        "neighbour": os.getpid(),
        "udp": datagrams.getsockname(),
        "abstract": "orch-prey",
        "sysv": SEGMENT,
    }
    Path(TOLD).write_text(json.dumps(has))
    signal.pause()


def worker() -> int:
    """The worker's process id."""
    processes = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    return next(int(path.name) for path in processes if b"orch_app.cli\0worker" in (path / "cmdline").read_bytes())


if __name__ == "__main__":
    lay_out(sys.argv[1])
