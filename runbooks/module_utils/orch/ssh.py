"""The ssh program, told everything on its command line: it reads no settings, asks nobody, trusts one pinned key."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible.module_utils.orch.memory_files import MemoryFiles
from ansible.module_utils.orch.upstream import UpstreamError

PORTS = {"ssh": 22}
NAMED = "orch"  # what ssh calls the server, so that the pinned key is looked for under one name
# Parts of what ssh says (in English), and what it means; the first match counts.
MEANS = (
    ("Permission denied", "auth_failed", "the server refused the key"),
    ("Host key verification failed", "tls", "the server shows another host key than the pinned one"),
    ("timed out", "timeout", "the server did not answer in time"),
)


def words(address: str, connection: Mapping[str, Any], files: MemoryFiles) -> list[str]:
    """The program with its options for a server at an address, of a connection with `privateKey` and `hostKey`.

    The server is called `NAMED` in what follows.
    """
    key = str(connection.get("privateKey") or "").rstrip("\n") + "\n"
    options = {
        "BatchMode": "yes",
        "HostName": address,
        "HostKeyAlias": NAMED,
        "IdentitiesOnly": "yes",
        "IdentityFile": files.file(key),
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": files.file(f"{NAMED} {connection.get('hostKey') or ''}\n"),
        "GlobalKnownHostsFile": "/dev/null",
        "ConnectTimeout": "15",
    }
    return ["ssh", "-F", "/dev/null", *(f"-o{name}={value}" for name, value in options.items())]


def failure(name: str, said: str, means: Iterable[tuple[str, str, str]] = MEANS) -> UpstreamError:
    """What a program's last words mean, in those of whoever is `name`."""
    for part, code, why in means:
        if part in said:
            return UpstreamError(code, f"{name}: {why}")
    last = (said.strip().splitlines() or ["it failed without a word"])[-1]
    return UpstreamError("unreachable", f"{name}: {last[:300]}")
