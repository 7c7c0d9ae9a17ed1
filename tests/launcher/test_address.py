"""The address of `up`: refused in one sentence, and ready only when the product itself says so."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.launcher.address import Address, health, require_free
from tools.launcher.refusal import Refusal

WELL = {"ok": True, "detail": ""}


@contextmanager
def answering(status: int, body: str) -> Iterator[Address]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: the tests read no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Address("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()


def free_address() -> Address:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", probe.getsockname()[1])


def test_a_free_port_passes():
    require_free(free_address())


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_one_clear_sentence(host: str):
    with socket.socket() as taken:
        taken.bind((host, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match=f"port {port} on 127.0.0.1 is in use: .* --port"):
            require_free(Address("127.0.0.1", port))


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(Refusal, match="not an address of this machine"):
        require_free(Address("192.0.2.1", 8000))


def test_the_url_is_what_a_browser_takes():
    assert Address("::1", 80).url == "http://[::1]:80"
    assert Address("0.0.0.0", 8000).reachable_host == "127.0.0.1"


def test_a_healthy_product_is_ready():
    with answering(200, json.dumps({"status": "ok", "checks": {"db": WELL, "workers": WELL}})) as address:
        assert health(address, 10) == (True, "")


def test_a_product_that_waits_says_for_what():
    body = json.dumps({"status": "degraded", "checks": {"db": WELL, "workers": {"ok": False, "detail": "none alive"}}})
    with answering(503, body) as address:
        assert health(address, 10) == (False, "workers: none alive")


def test_another_program_on_the_port_is_not_taken_for_the_product():
    with answering(200, "<html>hello</html>") as address:
        is_ready, _ = health(address, 10)
    assert not is_ready


def test_nobody_there_is_not_ready():
    assert health(free_address(), 1) == (False, "web does not answer yet")
