"""A Hetzner Cloud of our own on loopback: one project in memory, every request judged by the vendor's contract.

It keeps what Hetzner is known for: names that are unique, actions that take a few questions to end, stock by place,
limits of a project that nobody can ask for, protection against deletion, firewalls that hang on their servers, and a
budget of requests an hour.
"""

import base64
import hashlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.systems.contracts import Contract, contract

BASE = "/v1"
TOKEN = "hetzner-token-of-the-tests-64-characters-long"
AT = "2026-01-01T00:00:00+00:00"
MADE = {"created": AT}
WRITES = frozenset({"POST", "PUT", "DELETE"})
Row = dict[str, Any]
Boot = Callable[[str, str], str]
"""Starts a machine of this name with this user data, and answers its address."""


class Refused(Exception):
    """An answer in Hetzner's form for what it does not do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Fault:
    """What goes wrong with a call of this method to a path with this ending, once `skip` others have passed."""

    method: str
    ending: str
    status: int
    code: str
    message: str = "made to fail"
    skip: int = 0
    times: int = 1


def _price(place: str, monthly: str, hourly: str) -> Row:
    money = {"price_monthly": {"net": "1.0", "gross": monthly}, "price_hourly": {"net": "0.1", "gross": hourly}}
    traffic = {"included_traffic": 1, "price_per_tb_traffic": {"net": "1.0", "gross": "1.19"}}
    return {"location": place, **money, **traffic}


def _location(number: int, name: str) -> Row:
    place = {"city": name, "country": "DE", "latitude": 50.4, "longitude": 12.3, "network_zone": "eu-central"}
    return {"id": number, "name": name, "description": name, **place}


def _server_type(number: int, name: str, memory: float, architecture: str = "x86", **monthly: str) -> Row:
    size = {"cores": 2, "memory": memory, "disk": 40, "cpu_type": "shared", "storage_type": "local"}
    prices = [_price(place, price, "0.0072") for place, price in monthly.items()]
    places = [{"id": at, "name": place, "deprecation": None} for at, place in enumerate(monthly, 1)]
    about = {"description": name.upper(), "architecture": architecture, "deprecated": False}
    return {"id": number, "name": name, **about, **size, "prices": prices, "locations": places}


def _image(number: int, name: str, architecture: str) -> Row:
    state: Row = {"type": "system", "status": "available", "protection": {"delete": False}, "labels": {}}
    empty = dict.fromkeys(("bound_to", "created_from", "deleted", "deprecated", "image_size"))
    system = {"os_flavor": "debian", "os_version": "12", "disk_size": 5, "created": AT, "description": name}
    return {"id": number, "name": name, "architecture": architecture, **state, **empty, **system}


class Hetzner(ThreadingHTTPServer):
    """`calls` are (method, path) of all requests, `violations` what the contract had against them.

    `limit` is how many servers the project may have, `budget` how many requests are left, `polls` how often one has to
    ask until an action has ended.
    """

    daemon_threads = True

    def __init__(self, judge: Contract, boot: Boot | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.judge = judge
        self.lock = threading.Lock()
        self.boot = boot or (lambda name, user_data: "192.0.2.10")
        self.tokens = {TOKEN: "write"}
        self.limit, self.budget, self.polls = 10, 3600, 2
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.violations: list[str] = []
        self._ids = itertools.count(100)
        self.tables: dict[str, list[Row]] = {
            "locations": [_location(1, "fsn1"), _location(2, "nbg1")],
            "server_types": [
                _server_type(1, "cx22", 4, fsn1="4.51", nbg1="4.51"),
                _server_type(2, "cx32", 8, fsn1="8.09", nbg1="8.09"),
                _server_type(3, "cax11", 4, "arm", fsn1="4.51"),
            ],
            "images": [_image(1, "debian-12", "x86"), _image(2, "debian-12", "arm")],
            "ssh_keys": [],
            "networks": [],
            "firewalls": [],
            "servers": [],
        }
        self.stock = {"fsn1": {1, 2, 3}, "nbg1": {1, 2}}
        self.actions: dict[int, Row] = {}
        self.add_ssh_key("ops")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""

    @property
    def url(self) -> str:
        """Where the API lives."""
        return f"http://127.0.0.1:{self.server_port}{BASE}"

    @property
    def writes(self) -> int:
        """How many calls were made that may change something."""
        return sum(method in WRITES for method, _ in self.calls)

    def counted(self) -> Counter[str]:
        """How often each kind of call was made that may change something: `POST servers`, `DELETE firewalls`, ..."""
        return Counter(f"{method} {path.strip('/').split('/')[0]}" for method, path in self.calls if method in WRITES)

    def forget(self) -> None:
        """Count from zero again."""
        self.calls.clear()
        self.bodies.clear()

    def add_ssh_key(self, name: str) -> None:
        """Put a public key into the project."""
        print_ = hashlib.md5(name.encode()).hexdigest()
        fingerprint = ":".join(print_[at : at + 2] for at in range(0, 32, 2))
        key = f"ssh-ed25519 {base64.b64encode(name.encode() * 8).decode()}"
        self._add("ssh_keys", {"name": name, "fingerprint": fingerprint, "public_key": key, "labels": {}} | MADE)

    def add_network(self, name: str) -> None:
        """A private network."""
        empty: Row = {"routes": [], "servers": [], "load_balancers": [], "labels": {}, "protection": {"delete": False}}
        net = {"ip_range": "10.0.0.0/16", "subnets": [], "expose_routes_to_vswitch": False, "created": AT}
        self._add("networks", {"name": name, **net, **empty})

    def add_server(self, name: str, address: str, place: str = "fsn1", **labels: str) -> Row:
        """A server that somebody has ordered."""
        nothing: Row = {"ssh_keys": [], "firewalls": [], "networks": [], "user_data": ""}
        body = {"name": name, "location": place, "labels": labels, **nothing}
        net = {"enable_ipv4": bool(address), "enable_ipv6": False}
        with_address, self.boot = self.boot, lambda name, user_data: address
        row = self._server({**body, "public_net": net}, self.tables["server_types"][0])
        self.boot = with_address
        self.tables["servers"].append(row)
        return row

    def row(self, table: str, name: str) -> Row | None:
        """What is there under a name."""
        return next((row for row in self.tables[table] if row["name"] == name), None)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, token: str) -> tuple[int, Any]:
        """Status and document for a request; raises Refused."""
        faults = self.judge.faults_of_request(method, path, query, body)
        if faults:
            self.violations += [f"{method} {path}: {fault}" for fault in faults]
            raise Refused(400, "invalid_input", "; ".join(faults))
        if token not in self.tokens:
            raise Refused(401, "unauthorized", "unable to authenticate")
        if method in WRITES and self.tokens[token] != "write":
            raise Refused(403, "token_readonly", "the token is only allowed to perform GET requests")
        if self.budget <= 0:
            self.budget = 5  # it fills up again by itself
            raise Refused(429, "rate_limit_exceeded", "limit of 3600 requests per hour reached")
        self.budget -= 1
        parts = path.strip("/").split("/")
        if method == "GET":
            return 200, self._read(parts, query)
        return self._write(method, parts, body)

    def _read(self, parts: list[str], query: dict[str, list[str]]) -> Row:
        if parts == ["actions"]:
            return {"actions": [self._asked(int(number)) for number in query["id"]]}
        if parts == ["pricing"]:
            return {"pricing": self._pricing()}
        rows = self._datacenters() if parts == ["datacenters"] else self.tables[parts[0]]
        if "architecture" in query:
            rows = [row for row in rows if row["architecture"] in query["architecture"]]
        if "name" in query:
            rows = [row for row in rows if row["name"] in query["name"]]
        if "label_selector" in query:
            rows = [row for row in rows if _is_selected(row["labels"], query["label_selector"][0])]
        return self._paged(parts[0], rows, query)

    def _paged(self, what: str, rows: list[Row], query: dict[str, list[str]]) -> Row:
        page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["25"])[0])
        last = max(1, -(-len(rows) // size))
        info = {"page": page, "per_page": size, "last_page": last, "total_entries": len(rows)}
        around = {"previous_page": page - 1 if page > 1 else None, "next_page": page + 1 if page < last else None}
        more = {"recommendation": 1} if what == "datacenters" else {}
        return {what: rows[(page - 1) * size : page * size], "meta": {"pagination": {**info, **around}}, **more}

    def _write(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        table = parts[0]
        if len(parts) == 1:
            return 201, self._create_server(body) if table == "servers" else self._create_firewall(body)
        row = next((row for row in self.tables[table] if row["id"] == int(parts[1])), None)
        if row is None:
            raise Refused(404, "not_found", f"{table[:-1]} with ID '{parts[1]}' not found")
        if method == "DELETE":
            return self._delete_server(row) if table == "servers" else self._delete_firewall(row)
        if parts[-1] == "enable_backup":
            row["backup_window"] = "22-02"
        else:
            row["protection"] = {**row["protection"], **body}
        return 201, {"action": self._action(parts[-1], row)}

    def _create_server(self, body: Row) -> Row:
        self._require_free("servers", body["name"])
        if len(self.tables["servers"]) >= self.limit:
            raise Refused(403, "resource_limit_exceeded", "server limit reached")
        size = self._require("server_types", body["server_type"])
        if size["id"] not in self.stock[body["location"]]:
            raise Refused(412, "resource_unavailable", "error during placement")
        known = {row["name"] for row in self.tables["ssh_keys"]}
        if not set(body["ssh_keys"]) <= known:
            raise Refused(404, "not_found", "ssh key not found")
        row = self._server(body, size)
        self.tables["servers"].append(row)
        action, following = self._action("create_server", row), self._action("start_server", row)
        return {"server": row, "action": action, "next_actions": [following], "root_password": None}

    def _server(self, body: Row, size: Row) -> Row:
        place = self._require("locations", body["location"])
        net, address = body["public_net"], self.boot(body["name"], body["user_data"])
        image = next(one for one in self.tables["images"] if one["architecture"] == size["architecture"])
        four = {"id": 1, "ip": address, "blocked": False, "dns_ptr": "a.example.com"} if net["enable_ipv4"] else None
        six = {"id": 2, "ip": "2001:db8:1::/64", "blocked": False, "dns_ptr": []} if net["enable_ipv6"] else None
        walls = [{"id": one["firewall"], "status": "applied"} for one in body["firewalls"]]
        private = [{"network": one, "ip": "10.0.0.2", "alias_ips": []} for one in body["networks"]]
        empty = dict.fromkeys(("backup_window", "iso", "included_traffic", "ingoing_traffic", "outgoing_traffic"))
        state: Row = {"status": "running", "locked": False, "rescue_enabled": False, "primary_disk_size": 40}
        return {
            "id": next(self._ids),
            "name": body["name"],
            "created": AT,
            "labels": body["labels"],
            "server_type": size,
            "image": image,
            "location": place,
            "datacenter": next(one for one in self._datacenters() if one["location"]["name"] == place["name"]),
            "public_net": {"ipv4": four, "ipv6": six, "floating_ips": [], "firewalls": walls},
            "private_net": private,
            "protection": {"delete": False, "rebuild": False},
            "volumes": [],
            **empty,
            **state,
        }

    def _create_firewall(self, body: Row) -> Row:
        self._require_free("firewalls", body["name"])
        rules = [{"destination_ips": [], "source_ips": [], "port": None, **rule} for rule in body["rules"]]
        about = {"name": body["name"], "labels": body["labels"], "rules": rules, "applied_to": []}
        return {"firewall": self._add("firewalls", about | MADE), "actions": []}

    def _delete_server(self, row: Row) -> tuple[int, Any]:
        if row["protection"]["delete"]:
            raise Refused(403, "protected", "server deletion is protected")
        self.tables["servers"].remove(row)
        return 200, {"action": self._action("delete_server", row)}

    def _delete_firewall(self, row: Row) -> tuple[int, Any]:
        hangs_on = [one for server in self.tables["servers"] for one in server["public_net"]["firewalls"]]
        going = [one for one in self.actions.values() if one["status"] == "running"]
        if any(one["command"] == "delete_server" for one in going) or row["id"] in {one["id"] for one in hangs_on}:
            raise Refused(422, "resource_in_use", "firewall with ID is still in use")
        self.tables["firewalls"].remove(row)
        return 204, None

    def _require(self, table: str, name: str) -> Row:
        found = self.row(table, name)
        if found is None:
            raise Refused(404, "not_found", f"{table} {name} not found")
        return found

    def _require_free(self, table: str, name: str) -> None:
        if self.row(table, name):
            raise Refused(409, "uniqueness_error", f"{table[:-1]} name is already used")

    def _add(self, table: str, row: Row) -> Row:
        made = {"id": next(self._ids), **row}
        self.tables[table].append(made)
        return made

    def _action(self, command: str, row: Row) -> Row:
        number = next(self._ids)
        about = {"command": command, "started": AT, "finished": None, "error": None}
        action = {"id": number, "status": "running", "progress": 0, "resources": [{"id": row["id"], "type": "server"}]}
        self.actions[number] = {**action, **about, "left": self.polls}
        return {**action, **about}

    def _asked(self, number: int) -> Row:
        """An action; each question brings it nearer to its end."""
        action = self.actions[number]
        action["left"] -= 1
        if action["left"] <= 0:
            action |= {"status": "success", "progress": 100, "finished": AT}
        return {name: value for name, value in action.items() if name != "left"}

    def _datacenters(self) -> list[Row]:
        return [
            {
                "id": one["id"],
                "name": f"{one['name']}-dc1",
                "description": one["name"],
                "location": one,
                "server_types": {
                    "available": sorted(self.stock[one["name"]]),
                    "available_for_migration": [],
                    "supported": [row["id"] for row in self.tables["server_types"]],
                },
            }
            for one in self.tables["locations"]
        ]

    def _pricing(self) -> Row:
        gross = {"net": "1.0", "gross": "1.19"}
        types = [{"id": row["id"], "name": row["name"], "prices": row["prices"]} for row in self.tables["server_types"]]
        price = {"price_monthly": {"net": "0.5", "gross": "0.60"}, "price_hourly": {"net": "0.0008", "gross": "0.0010"}}
        address = [{"location": one["name"], **price} for one in self.tables["locations"]]
        return {
            "currency": "EUR",
            "vat_rate": "19.00",
            "image": {"price_per_gb_month": gross},
            "volume": {"price_per_gb_month": gross},
            "floating_ip": {"price_monthly": gross},
            "floating_ips": [],
            "load_balancer_types": [],
            "primary_ips": [{"type": "ipv4", "prices": address}],
            "server_backup": {"percentage": "20.00"},
            "server_types": types,
        }

    def break_on(self, method: str, path: str) -> None:
        """Raise Refused where a fault befalls this call."""
        for fault in [one for one in self.faults if one.method == method and path.endswith(one.ending)]:
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self.faults.remove(fault)
            raise Refused(fault.status, fault.code, fault.message)


def _is_selected(labels: dict[str, str], selector: str) -> bool:
    """By the terms `key=value`, `key` and `!key`, all of which must hold."""
    terms = [term.partition("=") for term in selector.split(",")]
    held = [labels.get(key) == value if equal else key in labels for key, equal, value in terms if key[0] != "!"]
    return all(held) and not any(key[1:] in labels for key, _, _ in terms if key[0] == "!")


class _Speaker(BaseHTTPRequestHandler):
    @property
    def _project(self) -> Hetzner:
        assert isinstance(self.server, Hetzner)
        return self.server

    def _serve(self) -> None:
        asked = urlsplit(self.path)
        path, length = asked.path.removeprefix(BASE), int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        with self._project.lock:
            self._project.calls.append((self.command, path))
            self._project.bodies.append(body)
            status, document = self._done(path, parse_qs(asked.query), body)
            self._say(status, document)

    def _done(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            self._project.break_on(self.command, path)
            status, document = self._project.answer(self.command, path, query, body, token)
        except Refused as refused:
            return refused.status, {"error": {"code": refused.code, "message": refused.message, "details": None}}
        faults = self._project.judge.faults_of_answer(self.command, path, status, document)
        self._project.violations += [f"our own answer to {path}: {fault}" for fault in faults]
        return status, document

    def _say(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode() if document is not None else b""
        self.send_response(status)
        left = str(self._project.budget)
        for name, value in {"Limit": "3600", "Remaining": left, "Reset": "1767225600"}.items():
            self.send_header(f"RateLimit-{name}", value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def hetzner(boot: Boot | None = None) -> Iterator[Hetzner]:
    """The server; at its end the contract must have held for every request."""
    with Hetzner(contract("hcloud.json"), boot) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
    assert server.violations == []
