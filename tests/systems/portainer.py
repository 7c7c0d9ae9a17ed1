"""A Portainer server of ours, by the routes of its version 2.23.

What lies below `/api/endpoints/{id}/docker` really goes to an engine's socket and back, byte for byte, streams too.
Stacks are deployed on that engine by whoever made the double.
"""

import json
import re
import secrets
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.systems.processes import program

VERSION = "2.23.0"
UP, DOWN = 1, 2
SWARM_STACK, ACTIVE = 1, 1
AGENT, ENGINE = 2, 1
_GIT = ("-c", "protocol.allow=never", "-c", "protocol.file.allow=always")

Deploy = Callable[[str, str, dict[str, str], bool], None]
"""Deploy a stack: its name, the file, the variables, and whether services that are no longer in it go."""


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, status: int, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.document = {"message": message, "details": details or message}


@dataclass
class FakeEndpoint:
    """An environment: the engine's socket behind it; `refused` is what a user without access to it gets."""

    number: int
    name: str
    socket: Path
    status: int = UP
    kind: int = ENGINE
    refused: bool = False
    snapshot: dict[str, Any] = field(default_factory=dict)
    deploy: Deploy | None = None

    def listed(self) -> dict[str, Any]:
        """As the list and the single endpoint show it."""
        return {
            "Id": self.number,
            "Name": self.name,
            "Type": self.kind,
            "URL": f"unix://{self.socket}",
            "GroupId": 1,
            "Status": self.status,
            "Snapshots": [self.snapshot] if self.snapshot else [],
        }


@dataclass
class FakeStack:
    """A stack that was made through this server; from Git where it has a repository."""

    number: int
    name: str
    endpoint: int
    swarm: str
    file: str
    env: list[dict[str, str]]
    git: dict[str, str] = field(default_factory=dict)
    updated: int = 0

    def shown(self) -> dict[str, Any]:
        """As the API answers it."""
        return {
            "Id": self.number,
            "Name": self.name,
            "Type": SWARM_STACK,
            "EndpointId": self.endpoint,
            "SwarmId": self.swarm,
            "EntryPoint": self.git.get("path", "docker-compose.yml"),
            "Env": self.env,
            "Status": ACTIVE,
            "CreationDate": 1_770_000_000,
            "UpdateDate": self.updated,
            "GitConfig": {"URL": self.git["url"], "ReferenceName": self.git["ref"]} if self.git else None,
        }


@dataclass
class FakePortainer:
    """One server. `asked` is what came: method, path, query."""

    url: str
    key: str
    endpoints: list[FakeEndpoint] = field(default_factory=list)
    stacks: list[FakeStack] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def endpoint(self, number: int) -> FakeEndpoint:
        """An endpoint that the key's user may use."""
        found = next((one for one in self.endpoints if one.number == number), None)
        if found is None:
            raise Refusal(404, "Unable to find an environment with the specified identifier inside the database")
        if found.refused:
            raise Refusal(403, "Permission denied to access environment", "Access denied to resource")
        return found

    def stack(self, number: int) -> FakeStack:
        """A stack by its number."""
        found = next((one for one in self.stacks if one.number == number), None)
        if found is None:
            raise Refusal(404, "Unable to find a stack with the specified identifier inside the database")
        return found


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if tls else "http"
        self.portainer = FakePortainer(f"{scheme}://localhost:{self.server_port}", f"ptr_{secrets.token_urlsafe(32)}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""


class _Speaker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.server.portainer.asked.append((self.command, parts.path, asked))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self._route(self.server.portainer, parts.path, asked, body)
        except Refusal as refusal:
            self._say(refusal.status, refusal.document)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = _answer  # noqa: N815 - the base class looks for these

    def _route(self, server: FakePortainer, path: str, asked: dict[str, str], body: bytes) -> None:
        if path == "/api/status":
            self._say(200, {"Version": VERSION, "InstanceID": "double"})
            return
        self._require_key(server)
        behind = re.match(r"/api/endpoints/(\d+)/docker(/.*)", path)
        if behind:
            self._proxy(server.endpoint(int(behind[1])), behind[2], body)
            return
        if path == "/api/users/me":
            self._say(200, {"Id": 2, "Username": "ops", "Role": 2})
            return
        for verb, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == self.command:
                self._say(200, answer(server, asked, json.loads(body or b"{}"), *map(int, found.groups())))
                return
        raise Refusal(404, "Not Found")

    def _require_key(self, server: FakePortainer) -> None:
        given = self.headers.get("X-API-KEY")
        if given is None:
            raise Refusal(401, "A valid authorization token is missing", "Unauthorized")
        if given != server.key:
            raise Refusal(401, "Invalid API key", "Unauthorized")

    def _proxy(self, endpoint: FakeEndpoint, path: str, body: bytes) -> None:
        """Send the request on and pass the answer back as it comes, without looking into it."""
        query = urlsplit(self.path).query
        kept = [(name, value) for name, value in self.headers.items() if name.lower() not in _OWN]
        lines = [f"{self.command} {path}{f'?{query}' if query else ''} HTTP/1.1", "Host: docker", "Connection: close"]
        head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in kept)])
        self.close_connection = True
        engine = _connected(endpoint)
        if engine is None:
            self._say_bad_gateway()
            return
        with engine:
            engine.sendall(f"{head}\r\n\r\n".encode("latin-1") + body)
            with suppress(OSError):  # whoever asked has gone
                while content := engine.recv(65536):
                    self.connection.sendall(content)

    def _say_bad_gateway(self) -> None:
        self.send_response(502)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _say(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _connected(endpoint: FakeEndpoint) -> socket.socket | None:
    engine = socket.socket(socket.AF_UNIX)
    try:
        engine.connect("" if endpoint.status == DOWN else str(endpoint.socket))
    except OSError:
        engine.close()
        return None
    return engine


_OWN = {"host", "connection", "x-api-key", "keep-alive", "proxy-connection"}


def _list_endpoints(server: FakePortainer, asked: dict[str, str], _body: Any) -> Any:
    start, limit = max(0, int(asked.get("start", 0)) - 1), int(asked.get("limit", 0))
    rows = [one.listed() for one in server.endpoints if not one.refused or one.status == UP]
    return rows[start : start + limit] if limit else rows


def _show_endpoint(server: FakePortainer, _asked: dict[str, str], _body: Any, number: int) -> Any:
    return server.endpoint(number).listed()


def _list_stacks(server: FakePortainer, _asked: dict[str, str], _body: Any) -> Any:
    return [one.shown() for one in server.stacks]


def _show_stack(server: FakePortainer, _asked: dict[str, str], _body: Any, number: int) -> Any:
    return server.stack(number).shown()


def _show_file(server: FakePortainer, _asked: dict[str, str], _body: Any, number: int) -> Any:
    return {"StackFileContent": server.stack(number).file}


def _create_from_string(server: FakePortainer, asked: dict[str, str], body: Any) -> Any:
    _require(body, Name="stack name", SwarmID="Swarm ID", StackFileContent="stack file content")
    return _create(server, asked, body, body["StackFileContent"], {})


def _create_from_git(server: FakePortainer, asked: dict[str, str], body: Any) -> Any:
    _require(body, Name="stack name", SwarmID="Swarm ID", RepositoryURL="repository URL")
    git = {"url": body["RepositoryURL"], "ref": body.get("RepositoryReferenceName") or "refs/heads/main"}
    git["path"] = body.get("ComposeFile") or "docker-compose.yml"
    return _create(server, asked, body, _cloned_file(git), git)


def _create(server: FakePortainer, asked: dict[str, str], body: Any, file: str, git: dict[str, str]) -> Any:
    endpoint = server.endpoint(int(asked["endpointId"]))
    if any(one.name == body["Name"] for one in server.stacks):
        raise Refusal(409, f"A stack with the normalized name '{body['Name']}' already exists", "stack already exists")
    number = max((one.number for one in server.stacks), default=0) + 1
    stack = FakeStack(number, body["Name"], endpoint.number, body["SwarmID"], file, body.get("Env") or [], git)
    _deploy(endpoint, stack, prune=False)
    server.stacks.append(stack)
    return stack.shown()


def _update(server: FakePortainer, asked: dict[str, str], body: Any, number: int) -> Any:
    stack = server.stack(number)
    _require(body, StackFileContent="stack file content")
    stack.file, stack.env = body["StackFileContent"], body.get("Env") or []
    _deploy(server.endpoint(int(asked["endpointId"])), stack, prune=bool(body.get("Prune")))
    return stack.shown()


def _redeploy(server: FakePortainer, asked: dict[str, str], body: Any, number: int) -> Any:
    stack = server.stack(number)
    if not stack.git:
        raise Refusal(400, "Stack is not created from git")
    stack.git["ref"] = body.get("RepositoryReferenceName") or stack.git["ref"]
    stack.file, stack.env = _cloned_file(stack.git), body.get("Env") or []
    _deploy(server.endpoint(int(asked["endpointId"])), stack, prune=bool(body.get("Prune")))
    return stack.shown()


def _delete_stack(server: FakePortainer, asked: dict[str, str], _body: Any, number: int) -> Any:
    stack = server.stack(number)
    server.endpoint(int(asked["endpointId"]))
    server.stacks.remove(stack)
    return {}


def _require(body: Any, **fields: str) -> None:
    for name, word in fields.items():
        if not body.get(name):
            raise Refusal(400, "Invalid request payload", f"Invalid {word}")


def _deploy(endpoint: FakeEndpoint, stack: FakeStack, *, prune: bool) -> None:
    if endpoint.deploy is None:
        raise Refusal(500, "Unable to deploy on this environment")
    try:
        endpoint.deploy(stack.name, stack.file, {pair["name"]: pair["value"] for pair in stack.env}, prune)
    except RuntimeError as error:
        raise Refusal(500, str(error)) from error
    stack.updated = int(time.time())


def _cloned_file(git: dict[str, str]) -> str:
    with tempfile.TemporaryDirectory(prefix="orch-clone-") as folder:
        branch = git["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/")
        words = [*_GIT, "clone", "--quiet", "--depth", "1", "--branch", branch, "--", git["url"], f"{folder}/clone"]
        done = subprocess.run([program("git"), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refusal(500, "Unable to clone git repository", done.stderr.strip())
        return (Path(folder) / "clone" / git["path"]).read_text("utf-8")


_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/api/endpoints", _list_endpoints),
    ("GET", r"/api/endpoints/(\d+)", _show_endpoint),
    ("GET", "/api/stacks", _list_stacks),
    ("GET", r"/api/stacks/(\d+)", _show_stack),
    ("GET", r"/api/stacks/(\d+)/file", _show_file),
    ("POST", "/api/stacks/create/swarm/string", _create_from_string),
    ("POST", "/api/stacks/create/swarm/repository", _create_from_git),
    ("PUT", r"/api/stacks/(\d+)", _update),
    ("PUT", r"/api/stacks/(\d+)/git/redeploy", _redeploy),
    ("DELETE", r"/api/stacks/(\d+)", _delete_stack),
]


@contextmanager
def fake_portainer(tls: ssl.SSLContext | None = None) -> Iterator[FakePortainer]:
    """A server without endpoints; its certificate is for localhost."""
    with _Server(tls) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.portainer
        server.shutdown()
