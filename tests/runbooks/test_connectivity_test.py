"""connectivity_test: each kind of probe against real sockets, the egress rules, and the real play."""

import http.server
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from orch_app.kit.egress import EgressRefused, resolve
from tests.runbooks import modules
from tests.runbooks.plays import run_play, spec
from tests.systems.certificates import certificate
from tests.systems.processes import free_port

LOOPBACK = ["127.0.0.0/8", "::1"]


def probe(target: dict[str, Any], thresholds: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    given = {"count": 2, "timeout_s": 2, "interval_ms": 10, "max_hops": 5, "resolve": False}
    lists = {"egress_allow": LOOPBACK, "egress_deny": []}
    options = modules.shared("probes").Options({**given, **lists, **changes})
    return modules.library("connectivity").test_one(target, options, thresholds or {})


class Site(http.server.BaseHTTPRequestHandler):
    """A small web site that remembers what it was asked."""

    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"]))
        self.send_response({"/moved": 302, "/missing": 404}.get(self.path, 200))
        self.send_header("Location", "http://169.254.169.254/")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def site(context: ssl.SSLContext | None = None) -> Iterator[int]:
    Site.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_an_open_port_passes_with_its_times() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = probe({"host": "127.0.0.1", "kind": "tcp", "port": server.getsockname()[1]}, count=3)
    assert (result["status"], result["address"], result["sent"], result["received"], result["loss_pct"]) == (
        "pass",
        "127.0.0.1",
        3,
        3,
        0,
    )
    assert 0 <= result["min_ms"] <= result["avg_ms"] <= result["max_ms"]


def test_a_closed_port_fails_with_the_reason() -> None:
    result = probe({"host": "127.0.0.1", "kind": "tcp", "port": free_port()})
    assert (result["status"], result["action"], result["loss_pct"]) == ("fail", "error", 100)
    assert result["error"] == {"code": "unreachable", "message": "Connection refused", "retryable": True}


def test_thresholds_warn_and_fail() -> None:
    judge = modules.library("connectivity").judged
    limits = {"loss_warn_pct": 1, "loss_fail_pct": 50, "latency_fail_ms": 100, "tls_warn_days": 21, "tls_fail_days": 2}
    assert judge({"loss_pct": 0, "avg_ms": 99, "tls": {"days_left": 22}}, limits) == []
    assert judge({"loss_pct": 25, "avg_ms": None}, limits) == [("warn", "25 % of the requests were lost")]
    assert [level for level, _ in judge({"loss_pct": 50, "avg_ms": 100}, limits)] == ["warn", "fail", "fail"]
    assert judge({"tls": {"days_left": 2}}, limits)[-1] == ("fail", "the certificate ends in 2 days")


def test_a_web_page_passes_and_redirects_are_not_followed() -> None:
    with site() as port:
        page = {"host": "127.0.0.1", "kind": "http", "scheme": "http", "port": port}
        good = probe({**page, "path": "/health?x=1"})
        moved = probe({**page, "path": "/moved"})
        missing = probe({**page, "path": "/missing"})
        expected = probe({**page, "path": "/missing", "expect": 404})
    assert (good["status"], good["http_status"]) == ("pass", 200)
    assert Site.asked[0] == ("/health?x=1", f"127.0.0.1:{port}")
    assert (moved["status"], moved["http_status"], moved["location"]) == ("pass", 302, "http://169.254.169.254/")
    assert (missing["error"]["code"], missing["http_status"]) == ("http_status", 404)
    assert expected["status"] == "pass"
    assert len(Site.asked) == 4


def test_a_certificate_is_judged_and_its_end_is_told(tmp_path: Path) -> None:
    with site(certificate(tmp_path, days=10)) as port:
        page = {"host": "localhost", "kind": "http", "port": port}
        refused = probe(page, egress_allow=["localhost"])
        accepted = probe({**page, "verify": False}, {"tls_warn_days": 21}, egress_allow=["localhost"])
    assert refused["error"]["code"] == "tls_invalid"
    assert "self-signed" in refused["error"]["message"]
    assert (accepted["status"], accepted["tls"]["days_left"]) == ("warn", 10)
    assert accepted["note"] == "the certificate ends in 10 days"


def test_plain_http_on_a_tls_port_and_silence_have_their_own_codes() -> None:
    with site() as port:
        assert probe({"host": "127.0.0.1", "kind": "http", "port": port})["error"]["code"] == "tls_failed"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        page = {"host": "127.0.0.1", "kind": "http", "scheme": "http", "port": silent.getsockname()[1]}
        result = probe(page, timeout_s=0.3)
    assert result["error"]["message"] == "no answer within 0.3 s"


def test_a_server_that_drips_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                pause = threading.Event()
                try:
                    while not pause.wait(0.1):
                        connection.send(b"H")
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        page = {"host": "127.0.0.1", "kind": "http", "scheme": "http", "port": server.getsockname()[1]}
        result = probe(page, timeout_s=0.3)
    assert result["status"] == "fail"
    assert result["error"]["code"] in {"http_invalid", "unreachable"}


def test_names_are_looked_up_both_ways() -> None:
    assert "127.0.0.1" in probe({"host": "localhost", "kind": "dns"})["addresses"]


def test_a_name_that_does_not_exist_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", nobody)
    assert probe({"host": "nowhere.invalid", "kind": "dns"})["error"]["code"] == "name_not_found"


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [[(2, 1, 6, "", ("127.0.0.1", 0))], [(2, 1, 6, "", ("169.254.169.254", 0))]]
    with socket.create_server(("127.0.0.1", 0)) as server:
        real = socket.getaddrinfo
        monkeypatch.setattr(
            "socket.getaddrinfo", lambda host, *rest: answers.pop(0) if host == "rebind.example" else real(host, *rest)
        )
        result = probe(
            {"host": "rebind.example", "kind": "tcp", "port": server.getsockname()[1]},
            count=1,
            egress_allow=["127.0.0.0/8"],
        )
    assert (result["status"], result["address"]) == ("pass", "127.0.0.1")
    assert len(answers) == 1


ADDRESSES = [
    *("8.8.8.8", "1.1.1.1", "10.0.0.1", "172.16.5.4", "172.32.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1"),
    *("127.9.9.9", "0.0.0.0", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "192.0.0.192", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7"),
    *("168.63.129.16", "100.100.100.200", "192.88.99.1", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2001::1", "fe80::1"),
    *("ff02::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fec0::1", "100::1", "2001:db8::1", "2606:4700::1111"),
]
ALLOWS = [
    [],
    ["10.0.0.0/8"],
    ["127.0.0.0/8", "::1"],
    ["0.0.0.0/0", "::/0"],
    ["10.0.0.1:443"],
    ["10.0.0.1:80"],
    ["[fc00::1]:443"],
    ["nonsense/"],
]


@pytest.mark.parametrize("allow", ALLOWS, ids=str)
def test_the_modules_egress_rules_are_the_products(allow: list[str]) -> None:
    """The module travels alone, so it has the rules again: this holds the two together."""
    egress = modules.shared("egress")
    for address in ADDRESSES:
        try:
            expected = resolve(address, 443, allow)
        except EgressRefused:
            expected = []
        try:
            found = egress.pinned(address, 443, allow)
        except egress.Refused:
            found = []
        assert [ipaddress.ip_address(text) for text in found] == [ipaddress.ip_address(text) for text in expected], (
            address
        )


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "017700000001", "a b", "-x", "", "x" * 254, "fe80::1%eth0"]
)
def test_spellings_that_hide_an_address_are_refused(host: str) -> None:
    result = probe({"host": host, "kind": "tcp", "port": 80}, egress_allow=["0.0.0.0/0"])
    assert result["error"]["code"] in {"validation", "egress_refused"}


def test_the_products_own_services_are_never_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = probe({"host": "127.0.0.1", "kind": "tcp", "port": port}, egress_deny=[f"127.0.0.1:{port}"])
    assert result["error"]["code"] == "egress_refused"


def test_icmp_gets_a_reply_or_the_reason_is_named() -> None:
    result = probe({"host": "127.0.0.1", "kind": "icmp"}, interval_ms=200)
    assert result["status"] == "pass" or result["error"]["code"] == "icmp_not_permitted"


def test_where_the_system_forbids_icmp_the_target_fails_with_that_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    icmp = modules.shared("icmp")
    monkeypatch.setattr(icmp, "_try", lambda *_: None)
    monkeypatch.setattr(modules.shared("programs"), "find", lambda _: None)
    error = probe({"host": "127.0.0.1", "kind": "icmp"})["error"]
    assert error["code"] == "icmp_not_permitted"
    assert error["message"].startswith("this system allows the job no ICMP (net.ipv4.ping_group_range = ")
    assert "ping is not installed" in error["message"]


def test_the_ping_program_is_the_last_way(monkeypatch: pytest.MonkeyPatch) -> None:
    icmp, programs = modules.shared("icmp"), modules.shared("programs")
    asked: list[list[str]] = []

    def ping(arguments: list[str], *, timeout_s: float) -> tuple[int, str]:
        asked.append(arguments)
        return 0, "64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.042 ms\n1 packets"

    monkeypatch.setattr(icmp, "_try", lambda *_: None)
    monkeypatch.setattr(programs, "run", ping)
    assert icmp.echo("127.0.0.1", count=2, timeout_s=1, interval_s=0.2) == [0.042, None]
    assert asked == [["ping", "-n", "-c", "2", "-W", "1", "-i", "0.2", "127.0.0.1"]]
    monkeypatch.setattr(programs, "run", lambda *_, **__: (2, ""))
    with pytest.raises(icmp.NotPermitted, match="ping is not permitted either"):
        icmp.echo("127.0.0.1", count=1, timeout_s=1, interval_s=0.2)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_traceroute_needs_no_privileges(address: str) -> None:
    result = probe({"host": address, "kind": "traceroute"})
    assert result["status"] == "pass"
    assert [(hop["hop"], hop["address"]) for hop in result["hops"]] == [(1, address)]


def test_a_router_on_the_way_is_a_hop_and_a_refusal_ends_the_way() -> None:
    trace = modules.shared("trace")

    def answer(kind: int, code: int, target: str = "10.0.0.9") -> dict[str, Any]:
        head = struct.pack("=IBBBBII", 113, 2, kind, code, 0, 0, 0)
        sender = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("10.0.0.1"))
        return trace._error(socket.AF_INET, head + sender, target)

    assert answer(11, 0) == {"address": "10.0.0.1", "note": "", "reached": False}
    assert answer(3, 3, "10.0.0.1")["reached"] is True
    assert answer(3, 3) == {"address": "10.0.0.1", "note": "unreachable (ICMP type 3 code 3)", "reached": False}
    assert answer(3, 13)["note"] == "unreachable (ICMP type 3 code 13)"


def test_targets_left_over_when_the_time_is_up_have_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    module = modules.library("connectivity")
    release = threading.Event()
    monkeypatch.setattr(module, "test_one", lambda *_: release.wait(30))
    targets = [{"host": "a", "kind": "icmp"}, {"host": "b", "kind": "tcp", "port": 1}]
    results = module.test_all(targets, None, {}, 0.0)
    release.set()
    assert [(result["id"], result["error"]["code"]) for result in results] == [
        ("icmp a", "timeout"),
        ("tcp b port 1", "timeout"),
    ]


@pytest.mark.integration
def test_the_play_succeeds_when_every_target_passes(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        inputs = {"targets": [{"host": "127.0.0.1", "kind": "tcp", "port": server.getsockname()[1]}], "count": 2}
        play = run_play(tmp_path, "connectivity_test", inputs, None, "--check", egress_allow=LOOPBACK)
    assert play.rc == 0, play.text
    assert check_output(spec("connectivity_test").output_schema, play.output) == ()
    assert play.output["counts"] == {"targets": 1, "pass": 1, "warn": 0, "fail": 0}
    assert "failure" not in play.output
    assert "PASS tcp 127.0.0.1 port" in play.text


@pytest.mark.integration
def test_the_play_fails_with_the_list_and_the_output_of_all_targets(tmp_path: Path) -> None:
    with site() as port:
        targets = [
            {"host": "127.0.0.1", "kind": "http", "scheme": "http", "port": port},
            {"host": "127.0.0.1", "kind": "http", "scheme": "http", "port": port, "path": "/missing"},
            {"host": "127.0.0.1", "kind": "tcp", "port": free_port()},
            {"host": "169.254.169.254", "kind": "http", "scheme": "http"},
            {"host": "127.0.0.1", "kind": "traceroute"},
            {"host": "localhost", "kind": "dns"},
            {"host": "192.0.2.55", "kind": "icmp"},
        ]
        play = run_play(tmp_path, "connectivity_test", {"targets": targets, "count": 1}, egress_allow=LOOPBACK)
    assert play.rc == 2, play.text
    assert check_output(spec("connectivity_test").output_schema, play.output) == ()
    codes = [item.get("error", {}).get("code") for item in play.output["items"]]
    assert codes == [None, "http_status", "unreachable", "egress_refused", None, None, "egress_refused"]
    assert play.output["failure"]["code"] == "targets_failed"
    assert play.output["failure"]["message"].startswith("4 of 7 targets failed: ")
    assert play.output["counts"]["fail"] == 4


@pytest.mark.integration
def test_inputs_with_templates_reach_the_module_as_text(tmp_path: Path) -> None:
    """The product marks strings !unsafe; even a play without that must not find a way to a shell."""
    target = {"host": "a.invalid", "kind": "http", "path": "/{{1+1}}"}
    play = run_play(tmp_path, "connectivity_test", {"targets": [target]}, egress_allow=LOOPBACK)
    assert play.output["items"][0]["error"]["code"] == "name_not_found"
