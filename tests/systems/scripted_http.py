"""A web server on loopback that answers each request with the next line of a script, or breaks the connection."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Line = tuple[int, dict[str, str], bytes] | None
"""Status, headers and body; None breaks the connection."""


class Script(ThreadingHTTPServer):
    """`lines` are the answers still to come, `asked` what came: method, path with query, body."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Speaker)
        self.lines: list[Line] = []
        self.asked: list[tuple[str, str, bytes]] = []
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""


class _Speaker(BaseHTTPRequestHandler):
    def _next(self) -> None:
        script = self.server
        assert isinstance(script, Script)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        script.asked.append((self.command, self.path, body))
        line = script.lines.pop(0)
        if line is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = line
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _next  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def says(status: int, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A line of the script with a JSON body."""
    content = json.dumps(body).encode() if body is not None else b""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, content


@contextmanager
def scripted(tls: ssl.SSLContext | None = None) -> Iterator[Script]:
    """A server that has nothing to say yet."""
    with Script(tls) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()
