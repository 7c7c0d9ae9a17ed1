"""Where the product may connect to: hostile addresses, allow-lists, rebinding, and the client that pins."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from orch_app.kit import egress, tracing
from orch_app.kit.allow_list import endpoint, is_host_name, parse_entry
from orch_app.kit.egress import EgressRefused, is_address, judge, resolve
from orch_app.kit.errors import Invalid
from orch_app.kit.http import PinnedTransport, guarded_client
from orch_app.kit.settings import settings


def words(text: str) -> list[str]:
    """What stands between the blanks."""
    return text.split()


EVERYTHING = ["0.0.0.0/0", "::/0"]

# Never, whatever the allow-list says.
FORBIDDEN = words("""
0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255
169.254.0.0 169.254.0.1 169.254.169.254 169.254.169.253 169.254.170.2 169.254.170.23 169.254.255.255 169.254.169.123
168.63.129.16 100.100.100.200 192.0.0.192
192.88.99.0 192.88.99.1 192.88.99.255
224.0.0.0 224.0.0.1 224.0.0.251 224.0.0.252 232.1.2.3 233.252.0.1 239.0.0.1 239.255.255.250 239.255.255.255
240.0.0.0 240.0.0.1 250.1.2.3 255.0.0.1 255.255.255.254 255.255.255.255
:: ::2 ::7f00:1 ::127.0.0.1 ::169.254.169.254 ::10.0.0.1 ::ffff
::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:192.168.0.1
::ffff:8.8.8.8 ::ffff:0.0.0.0 ::ffff:255.255.255.255 0:0:0:0:0:ffff:7f00:1 ::ffff:0:127.0.0.1 ::ffff:0:a9fe:a9fe
64:ff9b::7f00:1 64:ff9b::127.0.0.1 64:ff9b::169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b::10.0.0.1 64:ff9b::8.8.8.8
64:ff9b::c0a8:1 64:ff9b:1::1 64:ff9b:1::a9fe:a9fe 64:ff9b:1:ffff::10.0.0.1
2002:7f00:1:: 2002:a9fe:a9fe:: 2002:a9fe:a9fe::1 2002:0a00:0001:: 2002:c0a8:0101::1 2002:808:808::1 2002:ac10:1::
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:a9fe:a9fe::1 2001:0000:7f00:0001::
fd00:ec2::254 fd20:ce::254 fd00:42::42
fe80::1 fe80::a9fe:a9fe fe80::ffff:ffff:ffff:ffff febf::1 fe90::1 fea0::1
ff00::1 ff01::1 ff02::1 ff02::2 ff02::fb ff02::1:2 ff05::1 ff0e::1 ffff::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
""")

# Only by an entry of the allow-list.
CLOSED = words("""
10.0.0.0 10.0.0.1 10.1.2.3 10.255.255.255
100.64.0.1 100.100.100.100 100.127.255.255
127.0.0.1 127.0.0.2 127.0.1.1 127.1.1.1 127.255.255.255
172.16.0.1 172.17.0.1 172.20.10.1 172.31.255.255
192.0.0.1 192.0.0.8 192.0.0.170 192.0.2.1 192.168.0.0 192.168.0.1 192.168.1.254 192.168.255.255
198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
::1 0:0:0:0:0:0:0:1
100::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2001:db8:a9fe:a9fe::1 3fff::1 5f00::1
fc00::1 fc00::a9fe:a9fe fd00::1 fd12:3456:789a::1 fdff:ffff::1 fec0::1 feff::1
""")

# Neither an address nor a name, however a resolver may read it.
NONSENSE = [
    "", " ", ".", "..", "-", "a..b", "-a.com", "a-.com", "a b.com", "2130706433", "017700000001",
    "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.1.", "127.0.0.0x1",
    "1.2.3.4.5", "256.256.256.256", "1.2.3", "169.254.43518", "169.16689662", "2852039166", "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "[::1]", "[::ffff:127.0.0.1]", "::1%lo", "fe80::1%eth0",
    "fe80::1%25eth0", "::ffff:127.0.0.1%1", "1::2::3", ":::", "g::1", "127.0.0.1:80", "127.0.0.1/8",
    "localhost:80", "user@localhost", "http://localhost", "localhost/path", "localhost#x", "localhost?x",
    "localhost\\x", "local host", "localhost\n", "localhost\r\nHost: x", "localhost\0", "\tlocalhost",
    "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛocalhost", "löcalhost", "localhost\u200b", "%6c%6f", "*.example.com",
    "$(id).example.com", "-oProxyCommand=id", "--", "a" * 64 + ".com", ".".join(["a"] * 128), "x.1",
    "example.0x", "\ud800.com",
]  # fmt: skip

OPEN = words("""
1.1.1.1 8.8.8.8 9.9.9.9 93.184.216.34 172.15.0.1 172.32.0.1 11.0.0.1 126.255.255.255 128.0.0.1 169.253.0.1
169.255.0.1 192.167.0.1 192.169.0.1 100.63.255.255 100.128.0.1 223.255.255.255
2606:4700::1111 2a00:1450::1 2620:fe::9
""")


def knows(*addresses: str):
    """A resolver that gives these addresses for every name."""
    return lambda _host, _port: list(addresses)


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert len({*FORBIDDEN, *CLOSED, *NONSENSE}) >= 200


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_is_never_reached(address: str) -> None:
    for allow in ([], EVERYTHING, [address], [endpoint(address, 443)], [endpoint("evil.example", 443)]):
        with pytest.raises(EgressRefused):
            resolve(address, 443, allow)
        with pytest.raises(EgressRefused):
            resolve("evil.example", 443, allow, lookup=knows(address))
        with pytest.raises(EgressRefused):
            resolve("evil.example", 443, allow, lookup=knows("8.8.8.8", address))
    with pytest.raises(EgressRefused):
        judge(address, 443)


@pytest.mark.parametrize("address", CLOSED)
def test_a_private_address_is_reached_through_the_allow_list_only(address: str) -> None:
    canonical = str(ipaddress.ip_address(address))
    with pytest.raises(EgressRefused):
        resolve(address, 443)
    with pytest.raises(EgressRefused):
        resolve(address, 443, [endpoint(address, 22), "8.8.8.0/24", "other.example"])
    with pytest.raises(EgressRefused):
        resolve("evil.example", 443, ["other.example"], lookup=knows(address))
    assert resolve(address, 443, EVERYTHING) == [canonical]
    assert resolve(address, 443, [address]) == [canonical]
    assert resolve(address, 443, [endpoint(address, 443)]) == [canonical]


@pytest.mark.parametrize("text", NONSENSE)
def test_what_is_no_host_is_refused_without_being_looked_up(text: str) -> None:
    def must_not_ask(_host: str, _port: int) -> list[str]:
        raise AssertionError

    with pytest.raises(EgressRefused):
        resolve(text, 443, EVERYTHING, lookup=must_not_ask)
    assert not is_host_name(text)
    assert not is_address(text)


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_reached(address: str) -> None:
    assert resolve(address, 443) == [address]
    assert resolve("good.example", 443, lookup=knows(address)) == [address]


@pytest.mark.parametrize("port", [0, -1, 65536, 1_000_000])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(EgressRefused):
        resolve("8.8.8.8", port)


def test_private_addresses_of_a_public_name_are_left_out() -> None:
    assert resolve("mixed.example", 443, lookup=knows("10.0.0.1", "8.8.8.8", "8.8.8.8", "::1")) == ["8.8.8.8"]


def test_a_name_on_the_allow_list_opens_private_networks_but_not_loopback() -> None:
    allow = ["db.internal:5433"]
    assert resolve("DB.internal.", 5433, allow, lookup=knows("10.0.0.7")) == ["10.0.0.7"]
    for address, port in [("10.0.0.7", 5434), ("127.0.0.1", 5433), ("::1", 5433)]:
        with pytest.raises(EgressRefused):
            resolve("db.internal", port, allow, lookup=knows(address))


def test_localhost_is_loopback_by_name() -> None:
    assert resolve("localhost", 2222, ["localhost:2222"], lookup=knows("127.0.0.1")) == ["127.0.0.1"]


def test_a_name_that_changes_its_address_is_looked_up_once_per_connection() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    assert resolve("rebind.example", 80, lookup=rebinding) == ["8.8.8.8"]
    assert asked == ["rebind.example"]
    with pytest.raises(EgressRefused):
        resolve("rebind.example", 80, lookup=rebinding)


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(EgressRefused):
        resolve("nothing.example", 80, lookup=knows())


def test_a_name_that_cannot_be_looked_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(Invalid) as refused:
        resolve("gone.example", 80)
    assert refused.value.code == "name_not_found"


def test_an_entry_that_nobody_can_read_opens_nothing() -> None:
    with pytest.raises(EgressRefused):
        resolve("10.0.0.1", 80, ["nonsense/8", "10.0.0.1:x", "", "10.0.0.0/99"])


@pytest.mark.parametrize(
    ("text", "network", "name", "port"),
    [
        ("10.0.0.0/8", "10.0.0.0/8", "", None),
        ("10.1.2.3/8", "10.0.0.0/8", "", None),
        ("10.1.2.3", "10.1.2.3/32", "", None),
        ("10.1.2.3:22", "10.1.2.3/32", "", 22),
        ("fd00::/8", "fd00::/8", "", None),
        ("[fd00::1]:22", "fd00::1/128", "", 22),
        ("[fd00::1]", "fd00::1/128", "", None),
        (" DB.internal ", None, "db.internal", None),
        ("db.internal:5432", None, "db.internal", 5432),
    ],
)
def test_entries_are_networks_addresses_and_names(text: str, network: str | None, name: str, port: int | None) -> None:
    entry = parse_entry(text)
    assert (str(entry.network) if entry.network else None, entry.name, entry.port) == (network, name, port)


class TestOwnServices:
    @pytest.fixture(autouse=True)
    def _servers(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("ORCH_DATABASE_URL", "postgresql://u:p@127.0.0.1:5544/orch")
        monkeypatch.setenv("ORCH_REDIS_URL", "redis://u:p@10.9.8.7/0")
        settings.cache_clear()
        yield
        settings.cache_clear()

    @pytest.mark.parametrize(
        ("address", "port"), [("127.0.0.1", 5544), ("127.9.9.9", 5544), ("::1", 5544), ("10.9.8.7", 6379)]
    )
    def test_are_never_reached(self, address: str, port: int) -> None:
        with pytest.raises(EgressRefused, match="of this product itself"):
            resolve(address, port, [*EVERYTHING, endpoint(address, port)])

    def test_other_ports_of_the_same_machine_are_not_ours(self) -> None:
        assert resolve("127.0.0.1", 5545, EVERYTHING) == ["127.0.0.1"]
        assert resolve("10.9.8.7", 6380, EVERYTHING) == ["10.9.8.7"]

    @pytest.mark.parametrize(
        ("url", "found"),
        [
            ("postgresql://u:p@/orch?host=10.1.1.1&port=5555", {("10.1.1.1", 5555)}),
            ("postgresql://u:p@/orch?host=10.1.1.1:5556,10.1.1.2", {("10.1.1.1", 5556), ("10.1.1.2", 5432)}),
            ("postgresql://u:p@/orch?host=/run/postgresql", set()),
            ("postgresql:///orch", set()),
            ("postgresql+psycopg://[fd00::5]/orch", {("fd00::5", 5432)}),
        ],
    )
    def test_are_found_in_every_form_of_url(
        self, url: str, found: set[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ORCH_DATABASE_URL", url)
        monkeypatch.setenv("ORCH_REDIS_URL", "")
        settings.cache_clear()
        assert {(str(address), port) for address, port in egress.own_services()} == found


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", str(len(self.headers["Host"])))
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def web_port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class TestClient:
    def test_connects_to_the_judged_address_and_keeps_the_name(
        self, web_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(egress, "_look_up", knows("127.0.0.1"))
        with guarded_client(["127.0.0.1"]) as client:
            answer = client.get(f"http://service.example:{web_port}/")
        assert answer.text == f"service.example:{web_port}"

    def test_tries_the_next_address_when_one_does_not_answer(
        self, web_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(egress, "_look_up", knows("127.0.0.3", "127.0.0.1"))
        with guarded_client(["127.0.0.0/8"]) as client:
            assert client.get(f"http://service.example:{web_port}/").status_code == 200

    def test_passes_the_trace_on(self) -> None:
        seen: list[httpx.Request] = []

        def record(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200)

        transport = PinnedTransport(["127.0.0.1"], inner=httpx.MockTransport(record))
        with httpx.Client(transport=transport, trust_env=False) as client, tracing.within(tracing.begin()):
            client.get("http://127.0.0.1/")
            trace = tracing.current()
        assert trace
        assert seen[0].headers["traceparent"] == trace.parent

    def test_follows_no_redirect(self, web_port: int) -> None:
        with guarded_client(["127.0.0.1"]) as client:
            assert client.get(f"http://127.0.0.1:{web_port}/away").status_code == 302

    def test_refuses_what_is_not_allowed(self, web_port: int) -> None:
        with guarded_client() as client, pytest.raises(EgressRefused):
            client.get(f"http://127.0.0.1:{web_port}/")

    def test_uses_no_proxy_of_the_environment(self, web_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        with guarded_client(["127.0.0.1"]) as client:
            assert client.get(f"http://127.0.0.1:{web_port}/").status_code == 200

    def test_tls_asks_for_the_name_and_not_for_the_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(egress, "_look_up", knows("8.8.8.8"))
        seen: list[httpx.Request] = []

        def record(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200)

        transport = PinnedTransport(inner=httpx.MockTransport(record))
        with httpx.Client(transport=transport, trust_env=False) as client:
            client.get("https://service.example/x?y=1")
        assert str(seen[0].url) == "https://8.8.8.8/x?y=1"
        assert seen[0].extensions["sni_hostname"] == "service.example"
        assert seen[0].headers["Host"] == "service.example"

    def test_speaks_no_other_scheme(self) -> None:
        with guarded_client(EVERYTHING) as client, pytest.raises((EgressRefused, httpx.UnsupportedProtocol)):
            client.get("ftp://127.0.0.1/")
