"""The address of `up`: refused in one sentence, and ready only when the product itself says so."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest

from tools.launcher import address as address_module
from tools.launcher.address import Address, health, require_free
from tools.launcher.environment import ROOT
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


def own_addresses(monkeypatch: pytest.MonkeyPatch, v4: str, v6: str) -> None:
    found = {socket.AF_INET: v4, socket.AF_INET6: v6}
    monkeypatch.setattr(address_module, "_own_address", found.__getitem__)


@pytest.mark.parametrize(
    ("host", "urls"),
    [
        ("127.0.0.1", ["http://127.0.0.1:8000"]),
        ("jarvis.lan", ["http://jarvis.lan:8000"]),
        ("0.0.0.0", ["http://192.168.1.5:8000", "http://127.0.0.1:8000"]),
        ("::", ["http://192.168.1.5:8000", "http://[fd00::5]:8000", "http://[::1]:8000"]),
    ],
)
def test_bound_to_every_address_it_is_opened_by_those_of_the_machine(
    host: str, urls: list[str], monkeypatch: pytest.MonkeyPatch
):
    own_addresses(monkeypatch, "192.168.1.5", "fd00::5")
    assert Address(host, 8000).urls == urls
    assert Address(host, 8000).url == urls[0]


def test_without_a_network_there_is_still_the_machine_itself(monkeypatch: pytest.MonkeyPatch):
    own_addresses(monkeypatch, "", "")
    assert Address("0.0.0.0", 8000).urls == ["http://127.0.0.1:8000"]
    assert Address("::", 8000).urls == ["http://[::1]:8000"]


def test_the_address_of_a_machine_is_looked_up_without_a_word_to_anybody():
    """In a program of its own, because tests may not even name other machines to the kernel."""
    code = "import socket; from tools.launcher.address import Address as A; print(A('0.0.0.0', 8000).url)"
    url = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    host = urlsplit(url.strip()).hostname or ""
    assert not ip_address(host).is_unspecified
    with socket.create_server((host, 0)):
        """The machine may bind it, so it is its own."""


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
