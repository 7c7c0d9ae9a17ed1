"""Reading a server, by its API or by its own command line: what there is, and what cannot be had that way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from ansible.module_utils.orch.n8n import api, fingerprint
from ansible.module_utils.orch.n8n.api import N8n
from ansible.module_utils.orch.n8n.bundle import Facts
from ansible.module_utils.orch.n8n.command import Command
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.things import CREDENTIAL, VARIABLE, WORKFLOW, Thing, listed
from ansible.module_utils.orch.plan import canonical
from ansible.module_utils.orch.upstream import UpstreamError

API, CLI = "api", "cli"
ANOTHER_KEY = "the encryption key of the connection is not the one that the container uses; the container's is noted"
NO_KEY = "the encryption key is not known (the connection has none): whether a backup fits a server cannot be checked"
_NOT_ALLOWED = ("insufficient_scopes", "not_found")


@dataclass(frozen=True)
class Server:
    """One n8n: its API always, its command line where a container was named."""

    connection: Mapping[str, Any]
    api: N8n
    command: Command | None = None

    @property
    def method(self) -> str:
        """How it is read."""
        return CLI if self.command else API

    @property
    def id(self) -> str:
        """That of its connection."""
        return str(self.connection["id"])

    @property
    def name(self) -> str:
        """That of its connection."""
        return str(self.connection["name"])


@dataclass
class Seen:
    """What a look at a server gave."""

    facts: Facts
    things: list[Thing] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)


def look(server: Server, kinds: Sequence[str]) -> Seen:
    """Read these kinds as far as the method can; raises UpstreamError and Fault."""
    warnings: list[dict[str, str]] = []
    key = _fingerprint(server, warnings)
    readers = _readers(server)
    found: list[Thing] = []
    read: list[str] = []
    for kind in kinds:
        got = readers[kind](warnings)
        if got is not None:
            found += got
            read.append(kind)
    version = server.command.version() if server.command else ""
    return Seen(Facts(server.method, version, key, tuple(read)), found, warnings)


def _readers(server: Server) -> dict[str, Callable[[list[dict[str, str]]], list[Thing] | None]]:
    """By kind what reads it; None is the answer where the method cannot."""

    def variables(warnings: list[dict[str, str]]) -> list[Thing] | None:
        try:
            return server.api.variables()
        except UpstreamError as error:
            if error.code not in _NOT_ALLOWED:
                raise
            warnings.append({"code": "no_variables", "message": api.NO_VARIABLES})
            return None

    def no_credentials(warnings: list[dict[str, str]]) -> None:
        warnings.append({"code": "no_credentials", "message": api.NO_CREDENTIALS})

    command = server.command
    if command is None:
        return {VARIABLE: variables, CREDENTIAL: no_credentials, WORKFLOW: lambda _: server.api.workflows()}
    return {
        VARIABLE: variables,
        CREDENTIAL: lambda _: command.export(CREDENTIAL),
        WORKFLOW: lambda _: command.export(WORKFLOW),
    }


def _fingerprint(server: Server, warnings: list[dict[str, str]]) -> str:
    """That of the key in use: the container's own, otherwise the one that the connection knows."""
    known = fingerprint.of(str(server.connection.get("encryptionKey") or ""))
    used = server.command.key_fingerprint() if server.command else ""
    if used and known and used != known:
        warnings.append({"code": "another_key", "message": ANOTHER_KEY})
    if not (used or known):
        warnings.append({"code": "no_key", "message": NO_KEY})
    return used or known


def require_no_secret(server: Server, found: Sequence[Thing]) -> None:
    """What has a secret of the connection in clear could be kept nowhere; raises Fault."""
    secrets = [str(server.connection[name]) for name in ("apiKey", "encryptionKey") if server.connection.get(name)]
    texts = {one.name: canonical(one.content).decode() for one in found}
    holders = sorted(name for name, text in texts.items() if any(secret in text for secret in secrets))
    if holders:
        message = f"the API key or the encryption key of this server stands in clear in {listed(holders)}"
        raise Fault("validation", f"{message}. Put it into a credential of n8n; until then nothing is kept")
