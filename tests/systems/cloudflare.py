"""A Cloudflare of our own on loopback: zones and records in memory, every request judged by the vendor's contract.

It keeps what Cloudflare is known for: names in small letters, one TTL for what is proxied, no record twice, no address
beside an alias, batches that are carried out whole or not at all, and limits that come with the plan.
"""

import itertools
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.systems.contracts import Contract, contract

BASE = "/client/v4"
TOKEN = "cf-token-of-the-tests"
ALL_SCOPES = frozenset({"zone:read", "dns:read", "dns:edit"})
FREE_PLAN = 200
JUDGED_ROWS = 5
PROXIABLE = ("A", "AAAA", "CNAME")
Record = dict[str, Any]

_KINDS = ("A", "AAAA", "CAA", "CERT", "CNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "PTR", "SMIMEA",
          "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI")  # fmt: skip
_ID = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}}
_RECORD = {
    "discriminator": {
        "propertyName": "type",
        "mapping": {kind: f"#/components/schemas/dns-records_{kind}Record" for kind in _KINDS},
    }
}
# Published in September 2024, after the contract was taken: developers.cloudflare.com/api, "Batch DNS Records".
BATCH = {
    "/zones/{zone_id}/dns_records/batch": {
        "post": {
            "parameters": [{"in": "path", "name": "zone_id", "required": True, "schema": {"type": "string"}}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "additionalProperties": False,
                            "minProperties": 1,
                            "properties": {
                                "deletes": {"type": "array", "minItems": 1, "items": {**_ID, "maxProperties": 1}},
                                "patches": {"type": "array", "minItems": 1, "items": {"allOf": [_ID, _RECORD]}},
                                "puts": {"type": "array", "minItems": 1, "items": {"allOf": [_ID, _RECORD]}},
                                "posts": {"type": "array", "minItems": 1, "items": _RECORD},
                            },
                        }
                    }
                },
            },
            "responses": {},
        }
    }
}


class Refused(Exception):
    """An answer in Cloudflare's form for what it does not do."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Fault:
    """What goes wrong with a call to a path with this ending, once `skip` others have passed.

    With `carried_out` the request has its effect first. `status` 0 breaks the connection instead of answering.
    """

    ending: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    code: int = 10_001
    message: str = "made to fail"
    carried_out: bool = False
    skip: int = 0
    times: int = 1


@dataclass
class Zone:
    """A zone and its records by id."""

    id: str
    name: str
    records: dict[str, Record] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """What the zone says, sorted: type, name, content."""
        return sorted(f"{one['type']} {one['name']} {one['content']}" for one in self.records.values())


class Cloudflare(ThreadingHTTPServer):
    """`calls` are (method, path) of all requests, `violations` what the contract had against them."""

    daemon_threads = True

    def __init__(self, judge: Contract) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.judge = judge
        self.lock = threading.Lock()
        self.tokens: dict[str, frozenset[str]] = {TOKEN: ALL_SCOPES}
        self.zones: dict[str, Zone] = {}
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.violations: list[str] = []
        self.batch_limit = FREE_PLAN
        self.most_per_page = 5_000
        self._numbers = itertools.count(1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""

    @property
    def url(self) -> str:
        """Where the API lives."""
        return f"http://127.0.0.1:{self.server_port}{BASE}"

    @property
    def writes(self) -> int:
        """How many calls were made that may change something."""
        return sum(method != "GET" for method, _ in self.calls)

    def counted(self) -> Counter[str]:
        """How often each kind of call was made: `GET records`, `POST batch`, `GET zone`, ..."""
        names = {"dns_records": "records", "batch": "batch", "export": "export", "zones": "zones", "verify": "verify"}
        return Counter(f"{method} {names.get(path.rpartition('/')[2], 'zone')}" for method, path in self.calls)

    def forget(self) -> None:
        """Count from zero again."""
        self.calls.clear()
        self.bodies.clear()

    def add_zone(self, name: str = "example.com", *records: Record) -> Zone:
        """A zone that holds these records."""
        zone = Zone(self._new_id(), name)
        self.zones[zone.id] = zone
        for record in records:
            self.add_record(zone, **record)
        return zone

    def add_record(self, zone: Zone, **record: Any) -> Record:
        """Put a record into a zone, as the console would."""
        made = self._completed(zone, {"id": self._new_id(), **record})
        zone.records[made["id"]] = made
        return made

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, token: str) -> Any:
        """The document for a request; raises Refused."""
        faults = self.judge.faults_of_request(method, path, query, body)
        if faults:
            self.violations += [f"{method} {path}: {fault}" for fault in faults]
            raise Refused(400, 9207, "; ".join(faults))
        if token not in self.tokens:
            raise Refused(403, 9109, "Invalid access token")
        parts = path.strip("/").split("/")
        if parts[0] == "user":
            return _success({"id": "f" * 32, "status": "active"})
        self._require(token, "zone:read")
        if len(parts) == 1:
            return self._paged([_zone_document(zone) for zone in self.zones.values()], query)
        if parts[1] not in self.zones:
            raise Refused(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
        return self._of_zone(method, self.zones[parts[1]], parts[2:], query, body, token)

    def _of_zone(self, method: str, zone: Zone, parts: list[str], query: Any, body: Any, token: str) -> Any:
        if not parts:
            return _success(_zone_document(zone))
        self._require(token, "dns:read" if method == "GET" else "dns:edit")
        if parts == ["dns_records", "export"]:
            return _exported(zone)
        if parts == ["dns_records", "batch"]:
            return _success(self._batch(zone, body))
        return self._paged(list(zone.records.values()), query)

    def _require(self, token: str, scope: str) -> None:
        if scope not in self.tokens[token]:
            raise Refused(403, 10_000, "Authentication error")

    def _paged(self, rows: list[Any], query: dict[str, list[str]]) -> Any:
        page = int(query.get("page", ["1"])[0])
        size = min(int(query.get("per_page", ["100"])[0]), self.most_per_page)
        shown = rows[(page - 1) * size : page * size]
        pages = -(-len(rows) // size)
        info = {"page": page, "per_page": size, "count": len(shown), "total_count": len(rows), "total_pages": pages}
        return {**_success(shown), "result_info": info}

    def _batch(self, zone: Zone, body: dict[str, list[Record]]) -> Any:
        count = sum(map(len, body.values()))
        if count > self.batch_limit:
            raise Refused(400, 9_301, f"The batch of {count} operations exceeds the maximum of {self.batch_limit}")
        changed = Zone(zone.id, zone.name, dict(zone.records))
        done = {
            "deletes": [self._delete(changed, one["id"]) for one in body.get("deletes", ())],
            "patches": [self._patch(changed, one) for one in body.get("patches", ())],
            "puts": [self._patch(changed, one) for one in body.get("puts", ())],
            "posts": [self._post(changed, one) for one in body.get("posts", ())],
        }
        zone.records = changed.records
        return done

    def _delete(self, zone: Zone, record_id: str) -> Record:
        found = self._found(zone, record_id)
        del zone.records[record_id]
        return found

    def _patch(self, zone: Zone, change: Record) -> Record:
        found = self._found(zone, change["id"])
        made = self._completed(zone, {**found, **change})
        self._require_room(zone, made)
        zone.records[made["id"]] = made
        return made

    def _post(self, zone: Zone, wanted: Record) -> Record:
        made = self._completed(zone, {"id": self._new_id(), **wanted})
        self._require_room(zone, made)
        zone.records[made["id"]] = made
        return made

    def _found(self, zone: Zone, record_id: str) -> Record:
        if record_id not in zone.records:
            raise Refused(400, 81_044, "Record does not exist.")
        if zone.records[record_id].get("meta", {}).get("read_only"):
            raise Refused(400, 81_062, "This record is managed by another product and cannot be changed.")
        return zone.records[record_id]

    def _require_room(self, zone: Zone, made: Record) -> None:
        at_name = [one for one in zone.records.values() if one["name"] == made["name"] and one["id"] != made["id"]]
        if any((one["type"], one["content"]) == (made["type"], made["content"]) for one in at_name):
            raise Refused(400, 81_058, "An identical record already exists.")
        kinds = {one["type"] for one in at_name}
        if made["type"] in PROXIABLE and (kinds & {"CNAME"} or (made["type"] == "CNAME" and kinds & {"A", "AAAA"})):
            raise Refused(400, 81_053, "An A, AAAA, or CNAME record with that host already exists.")
        if kinds and made["name"] != zone.name and "NS" in {*kinds, made["type"]} and kinds | {made["type"]} != {"NS"}:
            raise Refused(400, 81_057, "NS records with that host already exist.")

    def _completed(self, zone: Zone, record: Record) -> Record:
        """A record as it is listed: what was said of it and what the server adds."""
        name = record["name"].rstrip(".").lower()
        is_proxied = bool(record.get("proxied"))
        if is_proxied and record["type"] not in PROXIABLE:
            raise Refused(400, 9_004, "This record type cannot be proxied.")
        content = record["content"] if "data" not in record else " ".join(map(str, record["data"].values()))
        return {
            "tags": [],
            "settings": {},
            "meta": {},
            "created_on": "2026-01-01T00:00:00Z",
            **record,
            "name": zone.name if name == "@" else name,
            "content": content,
            "proxiable": record["type"] in PROXIABLE,
            "proxied": is_proxied,
            "ttl": 1 if is_proxied else record.get("ttl", 1),
            "modified_on": "2026-01-02T00:00:00Z",
        }

    def _new_id(self) -> str:
        return f"{next(self._numbers):032x}"

    def fault_at(self, path: str) -> Fault | None:
        """The fault that befalls this call."""
        for fault in self.faults:
            if path.endswith(fault.ending):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None


class _Speaker(BaseHTTPRequestHandler):
    @property
    def _owner(self) -> Cloudflare:
        assert isinstance(self.server, Cloudflare)
        return self.server

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(BASE)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        with self._owner.lock:
            self._owner.calls.append((self.command, path))
            self._owner.bodies.append(body)
            self._answer(path, parse_qs(parts.query), body)

    def _answer(self, path: str, query: dict[str, list[str]], body: Any) -> None:
        fault = self._owner.fault_at(path)
        if fault is None or fault.carried_out:
            status, document = self._done(path, query, body)
            if fault is None:
                self._send(status, document, {})
                return
        if fault.status:
            self._send(fault.status, _failure(fault.code, fault.message), fault.headers)
        else:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _done(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            document = self._owner.answer(self.command, path, query, body, token)
        except Refused as refused:
            return refused.status, _failure(refused.code, refused.message)
        faults = self._owner.judge.faults_of_answer(self.command, path, 200, _sample(document))
        self._owner.violations += [f"our own answer to {path}: {fault}" for fault in faults]
        return 200, document

    def _send(self, status: int, document: Any, headers: dict[str, str]) -> None:
        is_text = isinstance(document, str)
        content = document.encode() if is_text else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _sample(document: Any) -> Any:
    """Enough of an answer to judge it: the rows of a list are all made in one way."""
    is_list = isinstance(document, dict) and isinstance(document["result"], list)
    return {**document, "result": document["result"][:JUDGED_ROWS]} if is_list else document


def _success(result: Any) -> dict[str, Any]:
    return {"success": True, "errors": [], "messages": [], "result": result}


def _failure(code: int, message: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}


def _zone_document(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.id,
        "name": zone.name,
        "development_mode": 0,
        "owner": {"id": "e" * 32, "type": "user"},
        "account": {"id": "d" * 32, "name": "Tests"},
        "name_servers": ["bob.ns.cloudflare.com", "lola.ns.cloudflare.com"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "activated_on": "2026-01-01T00:00:00Z",
        "created_on": "2026-01-01T00:00:00Z",
        "modified_on": "2026-01-01T00:00:00Z",
    }


def _exported(zone: Zone) -> str:
    """The zone in BIND's format with Cloudflare's remarks."""
    lines = [";;", f";; Domain:     {zone.name}.", ";;", "", ";; Records"]
    for one in zone.records.values():
        dot = "." if one["type"] in ("CNAME", "MX", "NS", "PTR") else ""
        priority = f"{one['priority']} " if one["type"] == "MX" else ""
        proxied = [f"cf-proxied:{str(one['proxied']).lower()}"] if one["proxiable"] else []
        tags = ",".join([*proxied, *one["tags"]])
        remarks = [*([one["comment"]] if one.get("comment") else []), *([f"cf_tags={tags}"] if tags else [])]
        remark = f" ; {' '.join(remarks)}" if remarks else ""
        lines.append(f"{one['name']}.\t{one['ttl']}\tIN\t{one['type']}\t{priority}{one['content']}{dot}{remark}")
    return "\n".join([*lines, ""])


@contextmanager
def cloudflare() -> Iterator[Cloudflare]:
    """The server; at its end the contract must have held for every request."""
    with Cloudflare(contract("cf-dns.json", more_paths=BATCH)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
    assert server.violations == []
