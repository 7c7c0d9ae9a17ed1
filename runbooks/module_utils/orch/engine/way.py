"""The way to the engine of a `docker` connection: a socket of this machine, TCP, or ssh."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible.module_utils.orch.engine import tunnel
from ansible.module_utils.orch.memory_files import MemoryFiles
from ansible.module_utils.orch.upstream import TIMEOUT_S, Reach

SOCKET, SSH = "unix://", "ssh://"
_LOCAL = "http://docker"
_CERTIFICATES = (("tlsCa", "ca_path"), ("tlsCert", "client_cert"), ("tlsKey", "client_key"))
_lasting = MemoryFiles()


def way_to(
    connection: Mapping[str, Any], allow: Iterable[str], deny: Iterable[str] = (), timeout_s: float = TIMEOUT_S
) -> tuple[str, Reach]:
    """What its addresses begin with, and how they are reached; raises UpstreamError where ssh does not lead there."""
    url = str(connection["url"])
    if url.startswith(SOCKET):
        return _LOCAL, Reach(timeout_s=timeout_s, unix_socket=url[len(SOCKET) :])
    if url.startswith(SSH):
        return _LOCAL, Reach(timeout_s=timeout_s, unix_socket=tunnel.lasting(connection, allow, deny))
    given = {name: str(connection[key]) for key, name in _CERTIFICATES if connection.get(key)}
    scheme = "https" if url.startswith("https:") or given else "http"
    files = {name: _lasting.file(text) for name, text in given.items()}
    return f"{scheme}://{url.partition('://')[2]}", Reach(allow, deny, timeout_s=timeout_s, files=files)
