"""A Docker engine of ours on a socket: a few containers with logs, a Swarm where a test gives it one.

It answers, refuses and frames its logs as dockerd 20.10 does. The Swarm tier has a real one.
"""

import json
import re
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BEGAN = 1_770_000_000
NEVER = "0001-01-01T00:00:00Z"
NO_MANAGER = 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node.'
_ROUTE = re.compile(r"(?:/v1\.\d+)?(/[^?]*)")


def _stamp(after: float) -> str:
    """A moment as the engine writes it, so many seconds after everything began."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(BEGAN + after)) + ".000000001Z"


@dataclass
class FakeContainer:
    """A container: its log is (stream, seconds since it began, text); lines may be added while somebody follows.

    One that `is_elsewhere` runs on another machine of the Swarm: only its service's log has its lines.
    """

    id: str
    name: str
    image: str = "app:1.0"
    state: str = "running"
    exit_code: int = 0
    health: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    env: list[str] = field(default_factory=list)
    tty: bool = False
    log: list[tuple[int, float, str]] = field(default_factory=list)
    starts: int = 1
    command: list[str] = field(default_factory=lambda: ["/bin/app"])
    check_says: str = ""
    killed_for_memory: bool = False
    agent_node: str = ""
    is_elsewhere: bool = False
    made: float = 0

    @property
    def status(self) -> str:
        """The engine's sentence about it."""
        if self.state == "running":
            return f"Up 2 hours{f' ({self.health})' if self.health else ''}"
        return f"Exited ({self.exit_code}) 5 minutes ago" if self.state == "exited" else self.state.capitalize()

    def listed(self) -> dict[str, Any]:
        """Its line in the list."""
        agent = {"Portainer": {"Agent": {"NodeName": self.agent_node}}} if self.agent_node else {}
        ports = [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]
        return {
            "Id": self.id,
            "Names": [f"/{self.name}"],
            "Image": self.image,
            "ImageID": "sha256:" + "1" * 64,
            "Command": "/bin/app",
            "Created": int(BEGAN + self.made),
            "Ports": [*ports, {**ports[0], "IP": "::"}],
            "Labels": self.labels,
            "State": self.state,
            "Status": self.status,
            "NetworkSettings": {"Networks": {"bridge": {}}},
            "Mounts": [],
            **agent,
        }

    def inspected(self) -> dict[str, Any]:
        """Everything about it."""
        is_running = self.state == "running"
        state = {
            "Status": self.state,
            "Running": is_running,
            "ExitCode": self.exit_code,
            "StartedAt": _stamp(self.starts),
        }
        over = {"OOMKilled": self.killed_for_memory, "FinishedAt": NEVER if is_running else _stamp(600), "Error": ""}
        checks = [{"ExitCode": 1, "Output": self.check_says}] if self.check_says else []
        health = {"Health": {"Status": self.health, "Log": checks}} if self.health else {}
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Created": "2026-02-02T02:40:00.123456789Z",
            "RestartCount": 0,
            "Image": "sha256:" + "1" * 64,
            "State": {**state, **over, **health},
            "Config": {
                "Image": self.image,
                "Env": self.env,
                "Tty": self.tty,
                "Labels": self.labels,
                "Entrypoint": None,
                "Cmd": self.command,
            },
            "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/lib/data", "Destination": "/data"}],
            "NetworkSettings": {"Networks": {"bridge": {}}},
        }

    def log_bytes(self, asked: dict[str, str], begin: int = 0, end: int | None = None) -> bytes:
        """What of the log is asked for, from a line on and up to one, framed as the engine does it."""
        since, until = float(asked.get("since", 0)), float(asked.get("until") or 0) or float("inf")
        chosen = [line for line in self.log[begin:end] if since <= BEGAN + line[1] <= until]
        tail = asked.get("tail", "all")
        chosen = chosen if tail == "all" or begin else chosen[max(0, len(chosen) - int(tail)) :]
        return b"".join(self._framed(*line, asked) for line in chosen)

    def _framed(self, stream: int, after: float, text: str, asked: dict[str, str]) -> bytes:
        whole, part = divmod(BEGAN + after, 1)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{round(part * 1e9):09}Z "
        told = [stamp] * (asked.get("timestamps") == "1") + [self._writer] * (asked.get("details") == "1")
        end = "\r\n" if self.tty else "\n"
        content = f"{''.join(told)}{text}{end}".encode()
        return content if self.tty else bytes([stream, 0, 0, 0]) + len(content).to_bytes(4, "big") + content

    @property
    def _writer(self) -> str:
        """Who a task is, as a manager tells it before each line of a service's log."""
        names = [f"com.docker.swarm.{kind}.id" for kind in ("node", "service", "task")]
        return ",".join(f"{name}={self.labels.get(name, '')}" for name in names) + " "


@dataclass
class FakeEngine:
    """One engine. Give it `nodes` and it is the manager of a Swarm. `asked` is what came: method, path, query."""

    socket: Path
    containers: list[FakeContainer] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    broken: bool = False
    ends: threading.Event = field(default_factory=threading.Event)

    def listed(self) -> list[FakeContainer]:
        """The containers on this very machine."""
        return [one for one in self.containers if not one.is_elsewhere]

    def find(self, name: str) -> FakeContainer | None:
        """A container by its id, the beginning of it, or its name."""
        return next((one for one in self.listed() if one.id.startswith(name) or one.name == name), None)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__(str(engine.socket), _Speaker)
        self.engine = engine

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""


class _Speaker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        engine = self.server.engine
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        found = _ROUTE.match(parts.path)
        assert found
        engine.asked.append((self.command, found[1], asked))
        engine.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if engine.broken:
            self._say(500, {"message": "the engine has a fault"})
            return
        self._route(engine, found[1], asked)

    do_GET = do_POST = do_DELETE = do_PUT = _answer  # noqa: N815 - the base class looks for these

    def _route(self, engine: FakeEngine, path: str, asked: dict[str, str]) -> None:
        if path.startswith("/containers/") and path != "/containers/json":
            self._container(engine, path.split("/")[2:], asked)
        elif path == "/events":
            self._stream(b"".join(json.dumps(one).encode() + b"\n" for one in engine.events))
        elif path.startswith(("/services", "/tasks", "/nodes", "/swarm")):
            self._swarm(engine, path.split("/")[1:], asked)
        else:
            self._say(200, _general(engine, path)) if path in _GENERAL else self._say(
                404, {"message": "page not found"}
            )

    def _container(self, engine: FakeEngine, words: list[str], asked: dict[str, str]) -> None:
        container = engine.find(words[0])
        if container is None:
            self._say(404, {"message": f"No such container: {words[0]}"})
        elif words[1:] == ["json"]:
            self._say(200, container.inspected())
        elif words[1:] == ["logs"]:
            self._log(engine, [container], asked)
        elif self.command == "DELETE":
            self._remove(engine, container, asked)
        else:
            self._change(container, words[1])

    def _change(self, container: FakeContainer, verb: str) -> None:
        if verb == "stop" and container.state != "running":
            self._say(304, None)
            return
        container.state = "exited" if verb == "stop" else "running"
        container.exit_code = 137 if verb == "stop" else 0
        container.starts += verb != "stop"
        self._say(204, None)

    def _remove(self, engine: FakeEngine, container: FakeContainer, asked: dict[str, str]) -> None:
        if container.state in {"running", "paused", "restarting"} and asked.get("force") not in {"1", "true"}:
            said = f"You cannot remove a running container {container.id}. Stop the container before attempting removal"
            self._say(409, {"message": f"{said} or force remove"})
            return
        engine.containers.remove(container)
        self._say(204, None)

    def _log(self, engine: FakeEngine, parts: list[FakeContainer], asked: dict[str, str]) -> None:
        sent = [len(part.log) for part in parts]
        content = b"".join(part.log_bytes(asked, 0, end) for part, end in zip(parts, sent, strict=True))
        if asked.get("follow") != "1":
            self._stream(content)
            return
        self._begin_stream()
        self._chunk(content)
        while not engine.ends.wait(0.02):
            for at, part in enumerate(parts):
                begin, sent[at] = sent[at], len(part.log)
                self._chunk(part.log_bytes({**asked, "tail": "all"}, begin, sent[at]))
        self._chunk(b"", last=True)

    def _swarm(self, engine: FakeEngine, words: list[str], asked: dict[str, str]) -> None:
        if not engine.nodes:
            self._say(503, {"message": NO_MANAGER})
        elif words == ["swarm"]:
            self._say(200, {"ID": "swarm0123456789abcdefghijk"})
        elif len(words) == 1:
            self._say(200, getattr(engine, words[0]))
        else:
            self._service(engine, words[1:], asked)

    def _service(self, engine: FakeEngine, words: list[str], asked: dict[str, str]) -> None:
        service = next((one for one in engine.services if words[0] in {one["ID"], one["Spec"]["Name"]}), None)
        if service is None:
            self._say(404, {"message": f"service {words[0]} not found"})
        elif words[1:] == ["logs"]:
            own = {task["ID"] for task in engine.tasks if task["ServiceID"] == service["ID"]}
            parts = [c for c in engine.containers if c.labels.get("com.docker.swarm.task.id") in own]
            self._log(engine, parts, asked)
        else:
            self._say(200, service)

    def _say(self, status: int, document: Any) -> None:
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, content: bytes) -> None:
        """Sent in odd pieces, as a network does it."""
        self._begin_stream()
        for start in range(0, len(content), 7001):
            self._chunk(content[start : start + 7001])
        self._chunk(b"", last=True)

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.raw-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, content: bytes, *, last: bool = False) -> None:
        if content or last:
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


_GENERAL = ("/_ping", "/version", "/info", "/containers/json", "/networks", "/volumes", "/images/json", "/secrets")


def _general(engine: FakeEngine, path: str) -> Any:
    return {
        "/_ping": "OK",
        "/version": {"Version": "20.10.24", "ApiVersion": "1.41"},
        "/info": {
            "ID": "ENGN",
            "Name": "docker1",
            "ServerVersion": "20.10.24",
            "ContainersRunning": sum(one.state == "running" for one in engine.containers),
            "ContainersStopped": sum(one.state != "running" for one in engine.containers),
            "Swarm": {"ControlAvailable": bool(engine.nodes), "Nodes": len(engine.nodes)},
        },
        "/containers/json": [one.listed() for one in engine.listed()],
        "/networks": [{"Id": "net1", "Name": "bridge", "Driver": "bridge", "Scope": "local", "Labels": {}}],
        "/volumes": {"Volumes": [{"Name": "data", "Driver": "local", "Labels": None}], "Warnings": None},
        "/images/json": [{"Id": "sha256:" + "1" * 64, "RepoTags": ["app:1.0"], "Size": 1 << 20, "Created": BEGAN}],
        "/secrets": [{"ID": "sec1", "Spec": {"Name": "db_password", "Labels": {}}}],
    }[path]


@contextmanager
def fake_engine(folder: Path) -> Iterator[FakeEngine]:
    """An engine with nothing on it, listening at `folder/docker.sock`."""
    engine = FakeEngine(folder / "docker.sock")
    with _Server(engine) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield engine
        finally:
            engine.ends.set()
            server.shutdown()
