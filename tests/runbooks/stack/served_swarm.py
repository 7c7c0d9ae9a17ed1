"""The Swarm in memory behind the engine's HTTP API, which takes only what that API knows and finds.

The real engine passes over fields that it does not know; here they are an error, so that none is sent in vain.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator

from tests.runbooks import modules
from tests.runbooks.stack.fake_swarm import FakeSwarm

API = "1.41"
DOCKERS = 61999
_TEXTS = {"type": "array", "items": {"type": "string"}}
_MAP = {"type": "object", "additionalProperties": {"type": "string"}}
_WHOLE, _TEXT, _FLAG = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}


def _closed(*required: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


def _list(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": entry}


def _reference(kind: str) -> dict[str, Any]:
    file = _closed("Name", "UID", "GID", "Mode", Name=_TEXT, UID=_TEXT, GID=_TEXT, Mode=_WHOLE)
    names = {f"{kind}ID": {"type": "string", "minLength": 1}, f"{kind}Name": _TEXT, "File": file}
    return _list(_closed(*names, **names))


_DRIVER = _closed(Name=_TEXT, Options=_MAP)
_UPDATE = _closed(
    Parallelism=_WHOLE, Delay=_WHOLE, Monitor=_WHOLE, MaxFailureRatio={"type": "number"}, Order=_TEXT,
    FailureAction={"enum": ["pause", "continue", "rollback"]},
)  # fmt: skip
_MOUNT = _closed(
    "Type", "Target", Type={"enum": ["bind", "volume", "tmpfs"]}, Source=_TEXT, Target=_TEXT, ReadOnly=_FLAG,
    BindOptions=_closed(Propagation=_TEXT),
    VolumeOptions=_closed(NoCopy=_FLAG, Labels=_MAP, DriverConfig=_DRIVER),
    TmpfsOptions=_closed(SizeBytes=_WHOLE, Mode=_WHOLE),
)  # fmt: skip
_CONTAINER = _closed(
    "Image", Image=_TEXT, Labels=_MAP, Command=_TEXTS, Args=_TEXTS, Hostname=_TEXT, Env=_TEXTS, Dir=_TEXT, User=_TEXT,
    TTY=_FLAG, OpenStdin=_FLAG, ReadOnly=_FLAG, Init=_FLAG, StopSignal=_TEXT, StopGracePeriod=_WHOLE, Hosts=_TEXTS,
    DNSConfig=_closed(Nameservers=_TEXTS, Search=_TEXTS), Mounts=_list(_MOUNT), Sysctls=_MAP,
    Healthcheck=_closed(Test=_TEXTS, Interval=_WHOLE, Timeout=_WHOLE, StartPeriod=_WHOLE, Retries=_WHOLE),
    Secrets=_reference("Secret"), Configs=_reference("Config"), CapabilityAdd=_TEXTS, CapabilityDrop=_TEXTS,
    Ulimits=_list(_closed("Name", "Soft", "Hard", Name=_TEXT, Soft=_WHOLE, Hard=_WHOLE)),
)  # fmt: skip
_TASK = _closed(
    "ContainerSpec", ContainerSpec=_CONTAINER, ForceUpdate=_WHOLE, LogDriver=_DRIVER, Runtime={"const": "container"},
    Resources=_closed(
        Limits=_closed(NanoCPUs=_WHOLE, MemoryBytes=_WHOLE, Pids=_WHOLE),
        Reservations=_closed(NanoCPUs=_WHOLE, MemoryBytes=_WHOLE, GenericResources={"type": "array"}),
    ),
    RestartPolicy=_closed(Condition=_TEXT, Delay=_WHOLE, MaxAttempts=_WHOLE, Window=_WHOLE),
    Placement=_closed(
        Constraints=_TEXTS, Preferences={"type": "array"}, MaxReplicas=_WHOLE, Platforms={"type": "array"}
    ),
    Networks=_list(_closed("Target", Target=_TEXT, Aliases=_TEXTS, DriverOpts=_MAP)),
)  # fmt: skip
_PORT = _closed("TargetPort", Protocol=_TEXT, TargetPort=_WHOLE, PublishedPort=_WHOLE, PublishMode=_TEXT, Name=_TEXT)
SPECS: dict[str, dict[str, Any]] = {
    "service": _closed(
        "Name", "TaskTemplate", Name=_TEXT, Labels=_MAP, TaskTemplate=_TASK, UpdateConfig=_UPDATE,
        RollbackConfig=_UPDATE, EndpointSpec=_closed(Mode={"enum": ["vip", "dnsrr"]}, Ports=_list(_PORT)),
        Mode={"type": "object", "minProperties": 1, "maxProperties": 1, **_closed(
            Replicated=_closed(Replicas=_WHOLE), Global=_closed(), GlobalJob=_closed(),
            ReplicatedJob=_closed(MaxConcurrent=_WHOLE, TotalCompletions=_WHOLE),
        )},
    ),
    "network": _closed(
        "Name", Name=_TEXT, Driver=_TEXT, Labels=_MAP, Options=_MAP, Internal=_FLAG, Attachable=_FLAG,
        IPAM=_closed(Driver=_TEXT, Config=_list(_MAP)),
    ),
    "secret": _closed("Name", "Data", Name=_TEXT, Labels=_MAP, Data=_TEXT),
    "config": _closed("Name", "Data", Name=_TEXT, Labels=_MAP, Data=_TEXT),
}  # fmt: skip


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class _Server(ThreadingHTTPServer):
    def __init__(self, swarm: FakeSwarm) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.swarm = swarm

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""


class _SocketServer(ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, swarm: FakeSwarm, path: Path) -> None:
        super().__init__(str(path), _Speaker)
        self.swarm = swarm


class _Speaker(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, _Server | _SocketServer)
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        login = json.loads(base64.urlsafe_b64decode(self.headers.get("X-Registry-Auth", "")) or b"{}")
        try:
            self._say(200, _answered(self.server.swarm, self.command, parts.path, asked, (body, login)))
        except (Refusal, modules.shared("upstream").UpstreamError) as refusal:
            self._say(refusal.status, {"message": str(refusal)})

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the base class looks for these

    def _say(self, status: int, document: Any) -> None:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _answered(swarm: FakeSwarm, method: str, path: str, asked: dict[str, str], sent: tuple[Any, dict[str, str]]) -> Any:
    words = path.strip("/").split("/")
    if method == "POST":
        made = words[1:] == ["create"]
        return _made(swarm, words[0][:-1], *sent) if made else _updated(swarm, words[1], asked, *sent)
    if method == "DELETE":
        swarm.delete(words[0][:-1], words[1])
        return None
    if path == "/services":
        return swarm.services()
    return _read(swarm, words, path)


def _read(swarm: FakeSwarm, words: list[str], path: str) -> Any:
    if words[0] == "services":
        return b"\x01\0\0\0\0\0\0\x04log\n" if words[2:] == ["logs"] else swarm.named(words[1])
    if words[0] == "tasks":
        return swarm.tasks("")
    known = {"/info": {"Swarm": {"ControlAvailable": True, "Cluster": {"ID": "c1"}}}, "/version": {"ApiVersion": API}}
    return known[path] if path in known else swarm.get(path)


def _made(swarm: FakeSwarm, kind: str, body: Any, login: dict[str, str]) -> dict[str, str]:
    _check(swarm, kind, body)
    names = swarm.documents if kind == "service" else {_name(one) for one in swarm.things[kind]}
    if body["Name"] in names:
        raise Refusal(409, "rpc error: code = AlreadyExists desc = name conflicts with an existing object")
    id_ = swarm.create(kind, body)
    if kind == "service":
        swarm.pull(body["Name"], login)
    return {"ID": id_}


def _updated(swarm: FakeSwarm, id_: str, asked: dict[str, str], body: Any, login: dict[str, str]) -> dict[str, Any]:
    service = swarm.named(id_)
    _check(swarm, "service", body)
    if int(asked["version"]) != service["Version"]["Index"]:
        raise Refusal(500, "rpc error: code = Unknown desc = update out of sequence")
    more = {"rollback": asked["rollback"]} if "rollback" in asked else {}
    warnings = swarm.update_service(service, body, **more)
    swarm.pull(body["Name"], login, whence="previous-spec" if more else asked["registryAuthFrom"])
    return {"Warnings": warnings}


def _check(swarm: FakeSwarm, kind: str, body: Any) -> None:
    """Only what the API knows, and only what there is."""
    problems = [f"{one.json_path}: {one.message}" for one in Draft202012Validator(SPECS[kind]).iter_errors(body)]
    if problems:
        raise Refusal(400, f"the API has no such request: {'; '.join(problems)}")
    if kind != "service":
        return
    container = body["TaskTemplate"]["ContainerSpec"]
    for each in ("Secret", "Config"):
        there = {one["ID"]: one["Spec"]["Name"] for one in swarm.things[each.lower()]}
        for one in container.get(f"{each}s") or []:
            if there.get(one[f"{each}ID"]) != one[f"{each}Name"]:
                raise Refusal(400, f"rpc error: code = InvalidArgument desc = {each.lower()} not found")
    networks = {text for one in swarm.things["network"] for text in (one["Id"], one["Name"])}
    for one in body["TaskTemplate"].get("Networks") or []:
        if one["Target"] not in networks:
            raise Refusal(404, f"network {one['Target']} not found")


def _name(one: dict[str, Any]) -> str:
    return str(one["Name"] if "Name" in one else one["Spec"]["Name"])


@contextmanager
def served(swarm: FakeSwarm) -> Iterator[str]:
    """Serve a Swarm on loopback; the address for a connection of type docker."""
    with _Server(swarm) as server, _running(server):
        yield f"tcp://127.0.0.1:{server.server_port}"


@contextmanager
def served_on_socket(swarm: FakeSwarm, path: Path) -> Iterator[str]:
    """The same behind a socket like an engine's own: only root and its group may speak to it."""
    with _SocketServer(swarm, path) as server:
        path.chmod(0o660)
        if os.geteuid() == 0:
            os.chown(path, 0, DOCKERS)
        with _running(server):
            yield f"unix://{path}"


@contextmanager
def _running(server: _Server | _SocketServer) -> Iterator[None]:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
