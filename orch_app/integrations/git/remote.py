"""A repository on another server, over https with a token or over ssh with a key and a pinned host key.

Git gets an argument list and a scrubbed environment; secrets lie in private files that are gone afterwards. It connects
to the address that was judged, follows no redirect, reads no settings of the machine and asks nobody anything.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from orch_app.integrations.identity import Identity
from orch_app.integrations.ssh.keys import KeyRefused
from orch_app.integrations.ssh.workspace import ASKPASS, TARGET, Credentials, Hop, Route, workspace
from orch_app.kit.egress import resolve
from orch_app.kit.process import Finished, run
from orch_app.kit.upstream_failures import Kind, UpstreamError

PORTS = {"http": 80, "https": 443, "ssh": 22}
LOOK_S = 15.0
ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_SSH_VARIANT": "ssh",
}
MEANINGS: tuple[tuple[str, Kind, str], ...] = (
    ("Permission denied", "auth_failed", "the server refused the key"),
    ("Authentication failed", "auth_failed", "the server refused the user or the token"),
    ("could not read Username", "auth_failed", "the server wants a token"),
    ("could not read Password", "auth_failed", "the server wants a token"),
    ("Host key verification failed", "tls", "the server shows another host key than the pinned one"),
    ("HOST IDENTIFICATION HAS CHANGED", "tls", "the server shows another host key than the pinned one"),
    ("error: 403", "insufficient_scopes", "the token may not read this repository"),
    ("ot found", "not_found", "there is no such repository, or the secret may not see it"),
    ("does not appear to be a git repository", "not_found", "there is no such repository"),
    ("certificate", "tls", "the server's certificate is not trusted"),
    ("SSL", "tls", "there is no TLS connection"),
    ("timed out", "timeout", "the server did not answer in time"),
    ("error: 5", "upstream_5xx", "the server failed"),
    ("Failed to connect", "unreachable", "the server cannot be reached"),
    ("Couldn't connect", "unreachable", "the server cannot be reached"),
    ("Connection refused", "unreachable", "the server cannot be reached"),
    ("Connection closed", "unreachable", "the server closed the connection"),
    ("No route", "unreachable", "there is no route to the server"),
)
"""What git and ssh say (in English), and what it means; the first match counts."""


@dataclass(frozen=True)
class Remote:
    """Where a repository is and what opens it; `host_key` is the pinned `type base64` of a server over ssh."""

    url: str
    user: str
    token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    host_key: str = ""

    @property
    def is_ssh(self) -> bool:
        return urlsplit(self.url).scheme == "ssh"


@dataclass(frozen=True)
class Access:
    """How git reaches a repository: what goes before its command, the address to name, and its environment."""

    arguments: tuple[str, ...]
    url: str
    environment: dict[str, str]


def look(remote: Remote, allow: tuple[str, ...] = ()) -> Identity:
    """List the branches and tags of a repository.

    Raises:
        UpstreamError: the server does not answer, or refuses.
        EgressRefused: it may not be connected to.
    """
    with reached(remote, allow) as access:
        command = ["git", *access.arguments, "ls-remote", "--quiet", "--", access.url]
        finished = run(command, timeout_s=LOOK_S, environment=access.environment)
    if not finished.is_ok:
        raise failure(finished)
    refs = finished.text.splitlines()
    branches = sum("\trefs/heads/" in ref for ref in refs)
    return Identity(f"{branches} branch{'' if branches == 1 else 'es'}", granted=("Contents: Read-only",))


def place_of(remote: Remote, allow: tuple[str, ...] = ()) -> Hop:
    """The server as a place to connect to, looked up once and judged.

    Raises:
        EgressRefused: it may not be connected to.
        Invalid: its name cannot be looked up.
    """
    parts = urlsplit(remote.url)
    port = parts.port or PORTS[parts.scheme]
    return Hop(resolve(parts.hostname or "", port, allow)[0], port, remote.user, remote.host_key)


@contextmanager
def reached(remote: Remote, allow: tuple[str, ...] = ()) -> Iterator[Access]:
    """What git needs to reach the repository, while the block lasts.

    Raises:
        UpstreamError: the key cannot be used.
        EgressRefused, Invalid: as `place_of`.
    """
    hop = place_of(remote, allow)
    secrets = Credentials(private_key=remote.private_key, password=remote.token)
    try:
        with workspace(Route(hop), secrets) as place:
            if remote.is_ssh:
                yield _over_ssh(remote, str(place.config))
            else:
                yield _over_https(remote, hop, str(place.folder / "password"))
    except KeyRefused as refused:
        raise UpstreamError("auth_failed", str(refused)) from None


def failure(finished: Finished) -> UpstreamError:
    """What git's end means."""
    if finished.timed_out:
        return UpstreamError("timeout", "Git: the server did not answer in time.")
    for words, kind, why in MEANINGS:
        if words in finished.error_text:
            return UpstreamError(kind, f"Git: {why}.")
    return UpstreamError("validation", f"Git: it ended with code {finished.code}.")


def _over_ssh(remote: Remote, config: str) -> Access:
    path = urlsplit(remote.url).path
    alone = ("-c", "protocol.allow=never", "-c", "protocol.ssh.allow=always")
    return Access(alone, f"ssh://{TARGET}{path}", {**ALONE, "GIT_SSH_COMMAND": f"ssh -F {shlex.quote(config)}"})


def _over_https(remote: Remote, hop: Hop, answer: str) -> Access:
    parts = urlsplit(remote.url)
    host = parts.hostname or ""
    address = f"[{hop.address}]" if ":" in hop.address else hop.address
    settings = {
        "protocol.allow": "never",
        f"protocol.{parts.scheme}.allow": "always",
        "http.followRedirects": "false",
        "http.proxy": "",
        "http.curloptResolve": f"{host}:{hop.port}:{address}",
        "credential.helper": "",
    }
    arguments = tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    netloc = f"{quote(remote.user, safe='')}@{parts.netloc}" if remote.token else parts.netloc
    asking = {"GIT_ASKPASS": str(ASKPASS), "ORCH_ASKPASS_FILE": answer} if remote.token else {}
    return Access(arguments, parts._replace(netloc=netloc).geturl(), {**ALONE, **asking})
