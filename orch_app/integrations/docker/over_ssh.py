"""The socket of an engine on another machine, handed on to this one by ssh for as long as it is needed."""

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from orch_app.integrations.ssh.keys import KeyRefused
from orch_app.integrations.ssh.workspace import CONNECT_S, TARGET, Credentials, Hop, Route, workspace
from orch_app.kit.egress import resolve
from orch_app.kit.errors import Unavailable
from orch_app.kit.process import ENVIRONMENT
from orch_app.kit.upstream import Reach
from orch_app.kit.upstream_failures import Kind, UpstreamError

PORT = 22
ENGINE = "/var/run/docker.sock"
LOOK_S = 0.02
MEANINGS: tuple[tuple[str, Kind, str], ...] = (
    ("Permission denied", "auth_failed", "the server refused the key"),
    ("Host key verification failed", "tls", "the server shows another host key than the pinned one"),
    ("HOST IDENTIFICATION HAS CHANGED", "tls", "the server shows another host key than the pinned one"),
    ("timed out", "timeout", "the server did not answer in time"),
)
"""What ssh says (in English), and what it means; the first match counts."""


@dataclass(frozen=True)
class Server:
    """`ssh://user@host[:port][/path/to/the.sock]`, the key that opens it, and its pinned host key (`type base64`)."""

    url: str
    private_key: str = field(default="", repr=False)
    host_key: str = ""


def hop_of(server: Server, allow: tuple[str, ...] = ()) -> Hop:
    """The server as a place to connect to, looked up once and judged.

    Raises:
        EgressRefused: it may not be connected to.
        Invalid: its name cannot be looked up.
    """
    parts = urlsplit(server.url)
    port = parts.port or PORT
    return Hop(resolve(parts.hostname or "", port, allow)[0], port, parts.username or "", server.host_key)


@contextmanager
def handed_on(server: Server, allow: tuple[str, ...] = ()) -> Generator[Reach]:
    """The way to the engine, while the block lasts.

    Raises:
        UpstreamError: the server cannot be reached or does not let us in.
        EgressRefused, Invalid: as `hop_of`.
        Unavailable: there is no ssh here.
    """
    route = Route(hop_of(server, allow))
    try:
        with workspace(route, Credentials(private_key=server.private_key)) as place:
            socket = place.folder / "engine"
            with _ssh(place.config, socket, urlsplit(server.url).path or ENGINE) as process:
                _wait(process, socket)
                yield Reach("http://docker", unix_socket=str(socket), place=f"ssh:{server.url}")
    except KeyRefused as refused:
        raise UpstreamError("auth_failed", str(refused)) from None


@contextmanager
def _ssh(config: Path, here: Path, there: str) -> Generator[subprocess.Popen[bytes]]:
    """The program. What it runs over there ends when nobody holds its input any more: it outlives none of us."""
    options = ("-oExitOnForwardFailure=yes", "-oStreamLocalBindMask=0177", f"-L{here}:{there}")
    argv = ["ssh", "-F", str(config), "-T", *options, TARGET, "cat"]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            argv, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, env=dict(ENVIRONMENT), cwd="/"
        )
    except OSError as error:
        raise Unavailable(f"The program ssh cannot be started here: {error.strerror}.", "program_missing") from error
    with process:  # closes the pipes and waits
        try:
            yield process
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], socket: Path) -> None:
    """The socket is there when the login is done."""
    until = time.monotonic() + 2 * CONNECT_S
    while not socket.exists():
        if process.poll() is not None:
            raise _failure(process)
        if time.monotonic() > until:
            raise UpstreamError("timeout", "Docker over ssh: the server did not answer in time.")
        time.sleep(LOOK_S)


def _failure(process: subprocess.Popen[bytes]) -> UpstreamError:
    assert process.stderr is not None
    said = process.stderr.read().decode("utf-8", "replace")
    for words, kind, why in MEANINGS:
        if words in said:
            return UpstreamError(kind, f"Docker over ssh: {why}.")
    return UpstreamError("unreachable", "Docker over ssh: the server cannot be reached.")
