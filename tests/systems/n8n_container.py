"""The container that an n8n runs in, as far as an engine shows it: programs run inside, files go in and out.

n8n's command line there works on the state of the double of n8n, the way n8n 1.123 does: an empty export is a failure,
what comes in is switched off, keeps its id and the tags that it had, and no tag is made twice.
"""

import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.systems.n8n import ENCRYPTION_KEY, N8n, Row

IMAGE = "sha256:" + "8" * 64
VERSION = "1.123.81"
ENDPOINT, PORTAINER_KEY = 2, "ptr_key-of-the-tests"


@dataclass
class Container:
    """One container: the server whose command line it has, and the files that are in it.

    `service` is the one that it is a task of, `machine` where it is, behind an agent of Portainer.
    """

    id: str
    server: N8n
    env: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    is_running: bool = True
    service: str = ""
    machine: str = ""

    def listed(self) -> dict[str, Any]:
        """Its line in the list."""
        labels = {"com.docker.swarm.service.name": self.service} if self.service else {}
        agent = {"Portainer": {"Agent": {"NodeName": self.machine}}} if self.machine else {}
        return {"Id": self.id, "Names": [f"/{self.id}"], "Labels": labels, **agent}

    def run(self, argv: list[str]) -> tuple[int, str]:
        """A program: exit code and what it says."""
        if argv[0] == "rm":
            self.files = {name: file for name, file in self.files.items() if not name.startswith(argv[2] + "/")}
            return 0, ""
        if argv[0] == "wc":
            file = self.files.get(argv[2])
            return (1, f"wc: {argv[2]}: No such file\n") if file is None else (0, f"{len(file)} {argv[2]}\n")
        if argv[1] == "--version":
            return 0, f"{VERSION}\n"
        if argv[1] == "export:entities":
            return self._export_database(argv[-1].removeprefix("--outputDir="), argv[2:-1])
        verb, noun = argv[1].split(":")
        folder = argv[-1].partition("=")[2].rstrip("/")
        rows = self.server.workflows if noun == "workflow" else self.server.credentials
        return self._export(rows, noun, folder) if verb == "export" else self._import(rows, folder)

    def _export(self, rows: dict[str, Row], noun: str, folder: str) -> tuple[int, str]:
        if not rows:
            word = "workflows" if noun == "workflow" else "credentials"
            return 1, f"Error exporting {noun}. See log messages for details.\nNo {word} found with specified filters\n"
        self.files.update({f"{folder}/{id_}.json": json.dumps(row, indent=2).encode() for id_, row in rows.items()})
        return 0, f"Successfully exported {len(rows)} {noun}.\n"

    def _export_database(self, folder: str, options: list[str]) -> tuple[int, str]:
        """Each table a file with lines that only the key opens; n8n ends with 0 whatever happens."""
        tables = ["migrations", "workflowentity", "credentialsentity", "user"]
        tables += ["executionentity"] if options == ["--includeExecutionHistoryDataTables=true"] else []
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for table in tables:
                archive.writestr(f"{table}.jsonl", "U2FsdGVkX1-rows-of-" + table)
        self.files[f"{folder}/entities.zip"] = out.getvalue()
        return 0, "Task completed successfully!\n"

    def _import(self, rows: dict[str, Row], folder: str) -> tuple[int, str]:
        files = [json.loads(file) for name, file in self.files.items() if name.startswith(f"{folder}/")]
        new = {(tag.get("id", row["id"]), tag["name"]) for row in files for tag in row.get("tags", ())}
        new = {tag for tag in new if tag[1] not in {known["name"] for known in self.server.tags.values()}}
        if len(new) > len({name for _, name in new}):
            return 1, "An error occurred while importing workflows.\nUNIQUE constraint failed: tag_entity.name\n"
        for row in files:
            before = rows.get(row["id"], {})
            if "nodes" in row:
                row["nodes"] = [self.server.linked(node) for node in row["nodes"]]
                tags = [*before.get("tags", ()), *(self.server.tagged(tag["name"]) for tag in row.get("tags", ()))]
                row["tags"] = list({tag["id"]: tag for tag in tags}.values())
                row["active"] = False
            rows[row["id"]] = {**before, **row}
        return 0, f"Successfully imported {len(files)}.\n"

    def put(self, folder: str, content: bytes) -> None:
        """Unpack a tar."""
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive.getmembers():
                file = archive.extractfile(member) if member.isfile() else None
                if file:
                    self.files[f"{folder}/{member.name}"] = file.read()

    def packed(self, path: str) -> bytes | None:
        """A tar of what is at and below a path; None where nothing is."""
        found = {name: file for name, file in self.files.items() if name == path or name.startswith(f"{path}/")}
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for name, file in found.items():
                entry = tarfile.TarInfo(name.removeprefix(f"{path.rpartition('/')[0]}/"))
                entry.size = len(file)
                archive.addfile(entry, io.BytesIO(file))
        return out.getvalue() if found else None


class Asked(NamedTuple):
    """A request; `machine` is the one that an agent of Portainer is to pass it on to."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    content: bytes
    machine: str


class Engine(ThreadingHTTPServer):
    """`programs` are the arguments of all that was run, `broken` is how the next of a name ends.

    `elsewhere` is the n8n in containers that are made, `removed` are those that are gone again.
    """

    daemon_threads = True

    def __init__(self, server: N8n) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.containers = {"n8n": Container("n8n", server, [f"N8N_ENCRYPTION_KEY={ENCRYPTION_KEY}"])}
        self.elsewhere = N8n(server.judge)
        self.new: Callable[[str], Container] = lambda id_: Container(id_, self.elsewhere)
        self.programs: list[list[str]] = []
        self.ended: list[tuple[Container, list[str]]] = []
        self.broken: dict[str, tuple[int, str]] = {}
        self.removed: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""

    @property
    def docker(self) -> dict[str, Any]:
        """What a connection of type docker holds."""
        return {"url": f"tcp://127.0.0.1:{self.server_port}"}

    @property
    def portainer(self) -> dict[str, Any]:
        """What a connection of type portainer holds: it shows the engine as the endpoint 2."""
        return {"url": f"http://127.0.0.1:{self.server_port}", "apiKey": PORTAINER_KEY, "tlsVerify": True}

    def close(self) -> None:
        """Also the n8n that restore tests are made with."""
        self.elsewhere.server_close()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Status and document, or bytes."""
        if asked.path == "/api/endpoints":
            return 200, [{"Id": ENDPOINT, "Name": "home", "Type": 1, "Status": 1, "Snapshots": []}]
        words = asked.path.removeprefix(f"/api/endpoints/{ENDPOINT}/docker").strip("/").split("/")
        if words[0] == "exec":
            return self._exec(words, asked.machine)
        if words[1:] == ["json"]:
            return 200, [one.listed() for one in self.containers.values() if one.is_running]
        if words[1:] == ["create"]:
            return self._create(asked)
        container = self.containers.get(words[1])
        if container is None or container.machine != asked.machine:
            return 404, {"message": f"No such container: {words[1]}"}
        return self._of(container, words[2:], asked)

    def _of(self, container: Container, words: list[str], asked: Asked) -> tuple[int, Any]:
        if words == ["json"]:
            about = {"Id": container.id, "Image": IMAGE, "State": {"Running": container.is_running}}
            return 200, {**about, "Config": {"Env": container.env}}
        if words == ["archive"]:
            return _archive(container, asked)
        if words == ["exec"]:
            self.ended.append((container, asked.body["Cmd"]))
            return 201, {"Id": str(len(self.ended) - 1)}
        if asked.method == "DELETE":
            self.removed.append(container.id)
            del self.containers[container.id]
        return 204, None

    def _create(self, asked: Asked) -> tuple[int, Any]:
        assert (asked.body["Image"], asked.body["HostConfig"]["NetworkMode"]) == (IMAGE, "none")
        made = self.new(f"test{len(self.removed)}")
        made.machine = asked.machine
        self.containers[made.id] = made
        return 201, {"Id": made.id, "Warnings": []}

    def _exec(self, words: list[str], machine: str) -> tuple[int, Any]:
        container, argv = self.ended[int(words[1])]
        if container.machine != machine:
            return 404, {"message": f"No such exec instance: {words[1]}"}
        if words[2] == "start":
            self.programs.append(argv)
            code, text = self.broken.pop(argv[1]) if argv[1] in self.broken else container.run(argv)
            self.ended[int(words[1])] = (container, [str(code)])
            raw = text.encode()
            return 200, bytes([1, 0, 0, 0]) + len(raw).to_bytes(4, "big") + raw
        return 200, {"Running": False, "ExitCode": int(argv[0])}


def _archive(container: Container, asked: Asked) -> tuple[int, Any]:
    path = asked.query["path"][0]
    if asked.method == "PUT":
        container.put(path, asked.content)
        return 200, None
    found = container.packed(path)
    missing = {"message": f"Could not find the file {path} in container {container.id}"}
    return (404, missing) if found is None else (200, found)


class _Speaker(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        assert isinstance(self.server, Engine)
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_json = self.headers.get("Content-Type") == "application/json"
        body = json.loads(content) if content and is_json else None
        machine = self.headers.get("X-PortainerAgent-Target", "")
        status, answer = 401, {"message": "Invalid API key"}
        if not parts.path.startswith("/api/") or self.headers.get("X-API-KEY") == PORTAINER_KEY:
            asked = Asked(self.command, parts.path, parse_qs(parts.query), body, content, machine)
            status, answer = self.server.answer(asked)
        raw = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def n8n_container(server: N8n) -> Iterator[Engine]:
    """An engine with one container, `n8n`, around this server."""
    with Engine(server) as engine:
        threading.Thread(target=engine.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield engine
        finally:
            engine.shutdown()
            engine.close()
