"""A NetBox of our own on loopback: sites, devices and virtual machines in memory, every request judged by its contract.

It keeps what NetBox is known for: 403 for a token that it does not know, pages that name the next one, filters that are
read leniently, names that only a site makes unique, and rights by kind of thing.
"""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.systems.contracts import Contract
from tests.systems.netbox_contract import LISTS, VERSION, document, judge

FIRST, SECOND = "0123456789abcdef0123456789abcdef01234567", "nbt_4F9DAouzURLb.zjebxBPzICiPbWz0Wtx0fTL7bCKXKGTYhNzkgC2S"
Row = dict[str, Any]
Query = dict[str, list[str]]


class Refused(Exception):
    """An answer in NetBox's form for what it does not do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class NetBox(ThreadingHTTPServer):
    """`asked` are the paths of all requests with their queries, `headers` what stood in `Authorization`.

    `denied` are lists that the tokens' user may not see; `page` is how many rows an answer has at most.
    """

    daemon_threads = True

    def __init__(self, contract: Contract) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.contract = contract
        self.lock = threading.Lock()
        self.page = 50
        self.tokens = {f"Token {FIRST}", f"Bearer {SECOND}"}
        self.denied: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[str] = []
        self.headers: set[str] = set()
        self.violations: list[str] = []
        self._ids = itertools.count(1)
        self.tables: dict[str, list[Row]] = {name: [] for name in LISTS}
        self.maker = self._slugged("dcim/manufacturers", "acme")
        model = {"manufacturer": self.maker, "model": "X1", "slug": "x1"}
        self.model = self._add("dcim/device-types", {"display": "X1", **model})

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""

    @property
    def url(self) -> str:
        """Where it lives."""
        return f"http://127.0.0.1:{self.server_port}"

    def site(self, slug: str, region: str = "") -> Row:
        """A site, made if it is not there; in a region, if one is named."""
        found = next((row for row in self.tables["dcim/sites"] if row["slug"] == slug), None)
        above = self._slugged("dcim/regions", region, _depth=0, parent=None) if region else None
        more = {"region": above, "group": None, "facility": "", "prefix_count": 0, "time_zone": "Europe/Berlin"}
        return found or self._slugged("dcim/sites", slug, **more)

    def device(self, name: str | None, site: str = "ams1", **facts: Any) -> Row:
        """A device; `address` with its prefix length, or none."""
        return self._thing("dcim/devices", name, site=self.site(site), device_type=self.model, **facts)

    def machine(self, name: str, site: str = "ams1", **facts: Any) -> Row:
        """A virtual machine."""
        return self._thing("virtualization/virtual-machines", name, site=self.site(site), **facts)

    def answer(self, path: str, query: Query, authorization: str) -> Any:
        """The document for a request; raises Refused."""
        faults = self.contract.faults_of_request("GET", path, query, None)
        self.violations += [f"GET {path}: {fault}" for fault in faults]
        if authorization not in self.tokens:
            raise Refused(403, "Invalid v2 token" if "nbt_" in authorization else "Invalid v1 token")
        if path == "/api/status/":
            return {"netbox-version": VERSION, "django-version": "5.1.5", "plugins": {}}
        if path == "/api/schema/":
            return document()
        name = path.removeprefix("/api/").rstrip("/")
        if name not in self.tables:
            raise Refused(404, "Not found.")
        if name in self.denied:
            raise Refused(403, "You do not have permission to perform this action.")
        if name in self.broken:
            raise Refused(500, "server error")
        return self._page(path, [row for row in self.tables[name] if _fits(row, query)], query)

    def _page(self, path: str, rows: list[Row], query: Query) -> Row:
        wanted = int(query.get("limit", ["50"])[0]) or self.page
        size, start = min(wanted, self.page), int(query.get("offset", ["0"])[0])
        rest = {name: values for name, values in query.items() if name not in ("limit", "offset")}
        following = urlencode({**rest, "limit": size, "offset": start + size}, doseq=True)
        more = f"{self.url}{path}?{following}" if start + size < len(rows) else None
        return {"count": len(rows), "next": more, "previous": None, "results": rows[start : start + size]}

    def _thing(self, table: str, name: str | None, role: str = "server", address: str = "", **facts: Any) -> Row:
        tags = [self._plain(tag) for tag in facts.pop("tags", ())]
        place = {"id": next(self._ids), "url": f"{self.url}/x/", "display": address, "address": address}
        ip = {"primary_ip": place if address else None, "primary_ip4": place if address else None, "primary_ip6": None}
        roles = [row for row in self.tables["dcim/device-roles"] if row["slug"] == role]
        known = {"role": roles[0] if roles else self._slugged("dcim/device-roles", role), "tags": tags, **ip}
        status = {"value": facts.pop("status", "active"), "label": "Status"}
        rest = {"tenant": None, "platform": None, "serial": "", "custom_fields": {}, "status": status}
        return self._add(table, {"display": name or "unnamed", "name": name, **known, **rest, **facts})

    def _slugged(self, table: str, slug: str, **facts: Any) -> Row:
        return self._add(table, {**self._plain(slug), **facts})

    def _plain(self, slug: str) -> Row:
        return {"id": next(self._ids), "url": f"{self.url}/x/", "display": slug, "name": slug.title(), "slug": slug}

    def _add(self, table: str, row: Row) -> Row:
        made = {"id": next(self._ids), "url": f"{self.url}/api/{table}/x/", **row}
        self.tables[table].append(made)
        return made


def _fits(row: Row, query: Query) -> bool:
    """As NetBox filters: any of the values of one filter, all of several tags."""
    slugs = {name: (row.get(name) or {}).get("slug") for name in ("site", "role", "tenant", "platform")}
    slugs["status"] = (row.get("status") or {}).get("value")
    tags = {tag["slug"] for tag in row.get("tags", ())}
    named = all(slugs[name] in query[name] for name in slugs if name in query)
    return named and tags.issuperset(query.get("tag", ()))


class _Speaker(BaseHTTPRequestHandler):
    @property
    def _netbox(self) -> NetBox:
        assert isinstance(self.server, NetBox)
        return self.server

    def do_GET(self) -> None:
        asked, authorization = urlsplit(self.path), self.headers.get("Authorization", "")
        with self._netbox.lock:
            self._netbox.asked.append(self.path)
            self._netbox.headers.add(authorization)
            try:
                status, found = 200, self._netbox.answer(asked.path, parse_qs(asked.query), authorization)
                faults = self._netbox.contract.faults_of_answer("GET", asked.path, status, found)
                self._netbox.violations += [f"our own answer to {asked.path}: {fault}" for fault in faults]
            except Refused as refused:
                status, found = refused.status, {"detail": refused.detail}
        content = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def netbox() -> Iterator[NetBox]:
    """The server; at its end the contract must have held for every request."""
    with NetBox(judge()) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
    assert server.violations == []
