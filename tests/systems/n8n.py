"""An n8n of our own on loopback: workflows, tags and variables in memory, every request judged by n8n's own contract.

It keeps what n8n is known for: pages by cursor, no way to read a credential, settings and fields of its own in every
answer, scopes of keys, variables only with a licence, and nothing activated that has no trigger. Its state is also what
the command line in the double of its container works on (`n8n_container`).
"""

import base64
import copy
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.systems.contracts import Contract, contract

BASE = "/api/v1"
KEY = "n8n_api_key-of-the-tests"
ENCRYPTION_KEY = "encryption-key-of-the-tests"
CONTRACT = "n8n-1.123.81-openapi.yml"
# What n8n answers beyond its own contract.
MORE_THAN_PROMISED = ("versionId", "triggerCount", "meta", "pinData", "isArchived", "description", "activeVersionId")
READING = frozenset({"workflow:list", "workflow:read", "tag:list", "variable:list"})
WRITING = READING | {
    *("workflow:create", "workflow:update", "workflow:delete", "workflow:activate", "workflow:deactivate"),
    *("tag:create", "workflowTags:update", "credential:create", "credential:delete"),
    *("variable:create", "variable:update", "variable:delete"),
}
Row = dict[str, Any]


class Refused(Exception):
    """An answer in n8n's form for what it does not do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Fault:
    """What goes wrong with a call of this method to a path with this beginning, once `skip` others have passed.

    With `carried_out` the request has its effect first. `status` 0 breaks the connection instead of answering.
    """

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False
    skip: int = 0
    times: int = 1


def node(name: str, kind: str = "n8n-nodes-base.set", **parameters: Any) -> Row:
    """A node of a workflow."""
    place = {"id": f"node-{name}", "typeVersion": 1, "position": [0, 0]}
    return {"name": name, "type": kind, "parameters": parameters, **place}


def trigger(name: str = "Start") -> Row:
    """A node that makes a workflow one that can be active."""
    return node(name, "n8n-nodes-base.scheduleTrigger", rule={"interval": [{}]})


class N8n(ThreadingHTTPServer):
    """`calls` are (method, path) of all requests, `violations` what the contract had against them."""

    daemon_threads = True

    def __init__(self, judge: Contract) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.judge = judge
        self.lock = threading.Lock()
        self.keys: dict[str, frozenset[str]] = {KEY: WRITING}
        self.has_licence = True
        self.most_per_page = 250
        self.workflows: dict[str, Row] = {}
        self.tags: dict[str, Row] = {}
        self.variables: dict[str, Row] = {}
        self.credentials: dict[str, Row] = {}
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, str]] = []
        self.violations: list[str] = []
        self._numbers = itertools.count(1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""

    @property
    def url(self) -> str:
        """Its address as people give it."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The calls that may change something."""
        return [call for call in self.calls if call[0] != "GET"]

    def names(self) -> list[str]:
        """The workflows by name, those that are active with a star."""
        return sorted(f"{row['name']}{'*' if row['active'] else ''}" for row in self.workflows.values())

    def add(self, name: str, *nodes: Row, active: bool = False, tags: tuple[str, ...] = (), **more: Any) -> Row:
        """A workflow as the editor would save it."""
        made = self._completed({"name": name, "nodes": list(nodes) or [trigger()], "connections": {}, "settings": {}})
        made.update({"active": active, "tags": [self.tagged(tag) for tag in tags], **more})
        self.workflows[made["id"]] = made
        return made

    def named(self, name: str) -> Row:
        """The one workflow of this name."""
        (found,) = [row for row in self.workflows.values() if row["name"] == name]
        return found

    def tagged(self, name: str) -> Row:
        """A tag, made if there is none."""
        found = next((tag for tag in self.tags.values() if tag["name"] == name), None)
        if found is None:
            found = {"id": self.new_id(), "name": name, **_TIMES}
            self.tags[found["id"]] = found
        return found

    def add_credential(self, name: str, data: str) -> Row:
        """A credential; `data` is what only the encryption key makes readable."""
        made = {"id": self.new_id(), "name": name, "type": "httpHeaderAuth", "data": data, **_TIMES}
        self.credentials[made["id"]] = made
        return made

    def linked(self, one: Row) -> Row:
        """A node with the credentials that are meant: by id, and where there is none with that id by name."""
        links = {}
        for kind, link in (one.get("credentials") or {}).items():
            of_kind = [row for row in self.credentials.values() if row["type"] == kind]
            found = [row for row in of_kind if row["id"] == link["id"]] or [
                row for row in of_kind if row["name"] == link["name"]
            ]
            links[kind] = {"id": found[0]["id"], "name": found[0]["name"]} if len(found) == 1 else link
        return {**one, "credentials": links} if links else one

    def add_variable(self, key: str, value: str) -> None:
        made = {"id": self.new_id(), "key": key, "value": value, "type": "string"}
        self.variables[made["id"]] = made

    def new_id(self) -> str:
        return f"id{next(self._numbers):014}"

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, key: str) -> tuple[int, Any]:
        """Status and document for a request; raises Refused."""
        if path == "/credentials" and method == "GET":
            raise Refused(405, "GET method not allowed")
        faults = self.judge.faults_of_request(method, path, query, body)
        if faults:
            self.violations += [f"{method} {path}: {fault}" for fault in faults]
            raise Refused(400, f"request/{faults[0]}")
        if key not in self.keys:
            raise Refused(401, "unauthorized")
        kind, *rest = path.strip("/").split("/")
        return getattr(self, f"_{kind}")(method, rest, query, body, self.keys[key])

    def _workflows(self, method: str, rest: list[str], query: Any, body: Any, scopes: frozenset[str]) -> Any:
        if not rest:
            return self._listed_or_made(method, query, body, scopes)
        if len(rest) == 2:
            return self._part(rest, body, scopes)
        verb = {"GET": "read", "PUT": "update", "DELETE": "delete"}[method]
        _require(scopes, f"workflow:{verb}")
        found = _found(self.workflows, rest[0])
        if method == "DELETE":
            del self.workflows[rest[0]]
        elif method == "PUT":
            if found.get("isArchived"):
                raise Refused(400, "Cannot update an archived workflow.")
            sent = copy.deepcopy(body)
            sent["settings"] = {**found["settings"], **sent["settings"]}
            sent["nodes"] = [self.linked(one) for one in sent["nodes"]]
            found.update({**sent, "versionId": self.new_id(), "updatedAt": "2026-01-03T00:00:00.000Z"})
        return 200, found

    def _listed_or_made(self, method: str, query: Any, body: Any, scopes: frozenset[str]) -> Any:
        if method == "GET":
            _require(scopes, "workflow:list")
            return 200, self._page(list(self.workflows.values()), query)
        _require(scopes, "workflow:create")
        made = self._completed(copy.deepcopy(body))
        made["nodes"] = [self.linked(one) for one in made["nodes"]]
        self.workflows[made["id"]] = made
        return 200, {name: value for name, value in made.items() if name != "tags"}

    def _part(self, rest: list[str], body: Any, scopes: frozenset[str]) -> Any:
        found = _found(self.workflows, rest[0])
        if rest[1] == "tags":
            _require(scopes, "workflowTags:update")
            found["tags"] = [_found(self.tags, one["id"]) for one in body]
            return 200, found["tags"]
        _require(scopes, f"workflow:{rest[1]}")
        if rest[1] == "activate" and not any(_is_trigger(one) for one in found["nodes"]):
            raise Refused(400, "Workflow cannot be activated because it has no trigger node")
        found["active"] = rest[1] == "activate"
        return 200, found

    def _tags(self, method: str, rest: list[str], query: Any, body: Any, scopes: frozenset[str]) -> Any:
        if method == "GET":
            _require(scopes, "tag:list")
            return 200, self._page(list(self.tags.values()), query)
        _require(scopes, "tag:create")
        if any(tag["name"] == body["name"] for tag in self.tags.values()):
            raise Refused(409, "Tag already exists")
        return 201, self.tagged(body["name"])

    def _variables(self, method: str, rest: list[str], query: Any, body: Any, scopes: frozenset[str]) -> Any:
        if not self.has_licence:
            raise Refused(403, "Your license does not allow for feat:variables.")
        verbs = {"GET": "list", "POST": "create", "PUT": "update", "DELETE": "delete"}
        _require(scopes, f"variable:{verbs[method]}")
        if method == "GET":
            return 200, self._page(list(self.variables.values()), query)
        if method == "POST":
            self.add_variable(body["key"], body["value"])
            return 201, None
        found = _found(self.variables, rest[0])
        if method == "PUT":
            found.update(body)
        else:
            del self.variables[rest[0]]
        return 204, None

    def _credentials(self, method: str, rest: list[str], query: Any, body: Any, scopes: frozenset[str]) -> Any:
        _require(scopes, f"credential:{'create' if method == 'POST' else 'delete'}")
        if method == "POST":
            sealed = base64.b64encode(json.dumps(body["data"]).encode()[::-1]).decode()
            made = self.add_credential(body["name"], sealed)
            return 200, {name: value for name, value in made.items() if name != "data"}
        found = _found(self.credentials, rest[0])
        del self.credentials[rest[0]]
        return 200, {**found, "data": {}}

    def _page(self, rows: list[Row], query: dict[str, list[str]]) -> Row:
        size = min(int(query.get("limit", ["100"])[0]), self.most_per_page)
        cursor = query.get("cursor")
        start = json.loads(base64.b64decode(cursor[0]))["offset"] if cursor else 0
        text = json.dumps({"limit": size, "offset": start + size})
        after = base64.b64encode(text.encode()).decode() if start + size < len(rows) else None
        return {"data": rows[start : start + size], "nextCursor": after}

    def _completed(self, row: Row) -> Row:
        """A workflow as it is listed: what was said of it and what the server adds."""
        given = {"callerPolicy": "workflowsFromSameOwner", "availableInMCP": False, **row["settings"]}
        own = {"id": self.new_id(), "active": False, "isArchived": False, "versionId": self.new_id(), "triggerCount": 0}
        empty = {"staticData": None, "meta": None, "pinData": {}, "tags": [], "shared": [], "activeVersion": None}
        return {**own, **empty, **_TIMES, **row, "settings": given}

    def fault_at(self, method: str, path: str) -> Fault | None:
        """The fault that befalls this call."""
        for fault in self.faults:
            if fault.method == method and path.startswith(fault.path):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None


_TIMES = {"createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z"}


def _require(scopes: frozenset[str], scope: str) -> None:
    if scope not in scopes:
        raise Refused(403, "Forbidden")


def _found(rows: dict[str, Row], id_: str) -> Row:
    if id_ not in rows:
        raise Refused(404, "Not Found")
    return rows[id_]


def _is_trigger(one: Row) -> bool:
    return one["type"].endswith(("Trigger", "webhook"))


class _Speaker(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        assert isinstance(self.server, N8n)
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(BASE)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        with self.server.lock:
            self.server.calls.append((self.command, path))
            fault = self.server.fault_at(self.command, path)
            answer = None
            if fault is None or fault.carried_out:
                answer = self._done(self.server, path, parse_qs(parts.query), body)
            if fault is None:
                assert answer
                self._send(*answer, {})
            elif fault.status:
                self._send(fault.status, {"message": "made to fail"}, fault.headers)
            else:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

    def _done(self, owner: N8n, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        try:
            status, document = owner.answer(self.command, path, query, body, self.headers.get("X-N8N-API-KEY", ""))
        except Refused as refused:
            return refused.status, {"message": refused.message}
        faults = owner.judge.faults_of_answer(self.command, path, status, _promised(document))
        owner.violations += [f"our own answer to {path}: {fault}" for fault in faults]
        return status, document

    def _send(self, status: int, document: Any, headers: dict[str, str]) -> None:
        content = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _promised(document: Any) -> Any:
    """An answer without what n8n tells beyond its contract."""
    if isinstance(document, list):
        return [_promised(one) for one in document]
    if not isinstance(document, dict):
        return document
    if "nextCursor" in document:
        return {**document, "data": _promised(document["data"])}
    return {name: value for name, value in document.items() if name not in MORE_THAN_PROMISED}


@contextmanager
def n8n() -> Iterator[N8n]:
    """The server; at its end the contract must have held for every request."""
    with N8n(contract(CONTRACT)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
    assert server.violations == []
