"""A browser tab without a browser: the event channel of the screens, spoken by hand over a real websocket."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.e2e.product import PASSWORD, Product

NAMESPACE = "/_event"
PREFIX = "reflex___state____state"
PATIENCE_S = 30.0
QUIET_S = 0.4
HYDRATE = f"{PREFIX}.hydrate"
Frame = dict[str, Any]


@dataclass
class RawTab:
    """One connection. `seen` holds every frame that came, decoded."""

    socket: ClientConnection
    token: str
    seen: list[Frame] = field(default_factory=list)

    def send(self, handler: str, path: str = "/dashboard", **payload: Any) -> None:
        """Ask for a handler by its full name, as the page at `path` would."""
        self.send_data({"name": handler, "payload": payload, "router_data": router_data(path)})

    def send_data(self, data: Any) -> None:
        """Send whatever as the data of an event."""
        self.socket.send(f"42{NAMESPACE},{json.dumps(['event', data])}")

    def updates(self, quiet_s: float = QUIET_S) -> list[Frame]:
        """What comes until nothing came for a moment."""
        found: list[Frame] = []
        while (frame := self._next(quiet_s)) is not None:
            found.append(frame)
        return found

    def wait_for(self, text: str) -> Frame:
        """The next update that holds this text; fails when it does not come."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            frame = self._next(PATIENCE_S)
            if frame is not None and text in json.dumps(frame):
                return frame
        message = f"{text!r} did not come; these did: {self.seen!r}"
        raise AssertionError(message)

    def _next(self, patience_s: float) -> Frame | None:
        deadline = time.monotonic() + patience_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.socket.recv(left)
            except TimeoutError:
                return None
            if (event := _event_in(str(frame))) is not None:
                self.seen.append(event)
                return event
            if frame == "2":
                self.socket.send("3")
        return None


def router_data(path: str) -> Frame:
    return {"pathname": path, "query": {}, "asPath": path}


@contextmanager
def raw_tab(product: Product, cookie: str = "", token: str = "", **headers: str) -> Iterator[RawTab]:
    """A connected tab with this session cookie and client token; nothing is hydrated yet."""
    token = token or secrets.token_hex(16)
    with socket_of(product, cookie, f"&token={token}", **headers) as socket:
        socket.send(f"40{NAMESPACE},")
        while not str(socket.recv(PATIENCE_S)).startswith(f"40{NAMESPACE},"):
            pass  # a token that is in use already is answered with another one first
        yield RawTab(socket, token)


@contextmanager
def socket_of(product: Product, cookie: str = "", query: str = "", **headers: str) -> Iterator[ClientConnection]:
    """Only the transport: the server has said hello and no namespace is joined."""
    sent = {"Origin": product.url} | ({"Cookie": f"orch_session={cookie}"} if cookie else {}) | headers
    origin = Origin(sent.pop("Origin"))
    address = f"{product.url.replace('http', 'ws')}{NAMESPACE}/?EIO=4&transport=websocket{query}"
    with connect(
        address, origin=origin, additional_headers=sent, open_timeout=PATIENCE_S, max_size=None, proxy=None
    ) as socket:
        assert str(socket.recv(PATIENCE_S)).startswith("0{")
        yield socket


def cookie_of(product: Product, email: str) -> str:
    """A new browser session of this person."""
    body = {"email": email, "password": PASSWORD, "browser": True}
    answer = httpx.post(f"{product.url}/v1/auth/login", json=body, headers={"Origin": product.url}, timeout=PATIENCE_S)
    return answer.raise_for_status().cookies["orch_session"]


def closed(socket: ClientConnection) -> int:
    """Wait until the server has closed the connection; its code."""
    try:
        while True:
            socket.recv(PATIENCE_S)
    except ConnectionClosed as ended:
        return ended.rcvd.code if ended.rcvd else 1006


def _event_in(frame: str) -> Frame | None:
    head = f"42{NAMESPACE},"
    if not frame.startswith(head):
        return None
    name, *data = json.loads(frame[len(head) :])
    return {"name": name, "data": data[0] if data else None}
