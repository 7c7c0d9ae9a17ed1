"""Our Cloudflare keeps to the vendor's contract, and does what Cloudflare is known for."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.systems.cloudflare import BASE, BATCH, TOKEN, Cloudflare, Fault, Zone, cloudflare
from tests.systems.contracts import contract


@pytest.fixture
def server() -> Iterator[Cloudflare]:
    with cloudflare() as running:
        yield running


def ask(server: Cloudflare, method: str, path: str, token: str = TOKEN, **sent: Any) -> httpx.Response:
    return httpx.request(method, server.url + path, headers={"Authorization": f"Bearer {token}"}, **sent)


def batch(server: Cloudflare, zone: Zone, **lists: Any) -> httpx.Response:
    return ask(server, "POST", f"/zones/{zone.id}/dns_records/batch", json=lists)


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["code"]


class TestTheContract:
    """Every kind of request that a runbook makes, and the answers to it."""

    def test_zones_records_export_and_token_are_answered_as_described(self, server: Cloudflare) -> None:
        zone = server.add_zone("example.com", {"type": "A", "name": "www.example.com", "content": "192.0.2.1"})
        for path in ("/user/tokens/verify", "/zones?per_page=50&page=1", f"/zones/{zone.id}"):
            assert ask(server, "GET", path).json()["success"] is True
        listed = ask(server, "GET", f"/zones/{zone.id}/dns_records?per_page=5000&page=1").json()
        assert (listed["result_info"]["total_count"], listed["result"][0]["content"]) == (1, "192.0.2.1")
        exported = ask(server, "GET", f"/zones/{zone.id}/dns_records/export").text
        assert "www.example.com.\t1\tIN\tA\t192.0.2.1 ; cf_tags=cf-proxied:false" in exported

    def test_a_request_outside_the_contract_is_refused_and_remembered(self) -> None:
        with Cloudflare(contract("cf-dns.json", more_paths=BATCH)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            zone = server.add_zone()
            faults = [
                ask(server, "GET", f"/zones/{zone.id}/dns_records?per_page=0"),
                ask(server, "GET", f"/zones/{zone.id}/dns_records?limit=1"),
                batch(server, zone),
                batch(server, zone, deletes=[{"id": "not an id"}]),
                batch(server, zone, posts=[{"type": "A", "name": "a.example.com", "content": "not an address"}]),
                batch(server, zone, posts=[{"type": "CAA", "name": "example.com", "content": '0 issue "x"'}]),
                batch(server, zone, posts=[{"type": "SOA", "name": "example.com", "content": "x"}]),
            ]
            server.shutdown()
        assert [answer.status_code for answer in faults] == [400] * 7
        assert len(server.violations) >= 7


def test_a_batch_is_carried_out_whole_or_not_at_all(server: Cloudflare) -> None:
    zone = server.add_zone("example.com", {"type": "A", "name": "www.example.com", "content": "192.0.2.1"})
    (old,) = zone.records
    post = {"type": "CNAME", "name": "www.example.com", "content": "a.example.net"}
    assert code(batch(server, zone, posts=[post])) == (400, 81_053)
    assert batch(server, zone, deletes=[{"id": old}], posts=[post]).status_code == 200
    assert zone.texts() == ["CNAME www.example.com a.example.net"]
    assert code(batch(server, zone, deletes=[{"id": old}], posts=[{**post, "name": "b.example.com"}])) == (400, 81_044)
    assert zone.texts() == ["CNAME www.example.com a.example.net"]
    assert code(batch(server, zone, posts=[post])) == (400, 81_058)


def test_a_proxied_record_has_one_ttl_and_only_some_types_can_be(server: Cloudflare) -> None:
    zone = server.add_zone()
    post = {"type": "A", "name": "www.example.com", "content": "192.0.2.1", "ttl": 300, "proxied": True}
    (made,) = batch(server, zone, posts=[post]).json()["result"]["posts"]
    assert (made["ttl"], made["proxiable"]) == (1, True)


def test_tokens_scopes_and_sizes_are_refused_as_cloudflare_does(server: Cloudflare) -> None:
    zone = server.add_zone()
    server.tokens["reader"] = frozenset({"zone:read", "dns:read"})
    server.batch_limit = 1
    posts = [{"type": "TXT", "name": "example.com", "content": f"text {number}"} for number in range(2)]
    path = f"/zones/{zone.id}/dns_records"
    assert code(ask(server, "GET", path, token="nobody")) == (403, 9109)
    assert ask(server, "GET", path, token="reader").status_code == 200
    assert code(ask(server, "POST", f"{path}/batch", token="reader", json={"posts": posts[:1]})) == (403, 10_000)
    assert batch(server, zone, posts=posts).status_code == 400
    assert code(ask(server, "GET", f"/zones/{'a' * 32}")) == (404, 7003)


def test_faults_befall_the_calls_that_they_are_meant_for(server: Cloudflare) -> None:
    zone = server.add_zone()
    server.faults = [Fault("/batch", 503, carried_out=True, skip=1), Fault("/batch", 0)]
    posts = [{"type": "TXT", "name": "example.com", "content": f"text {number}"} for number in range(3)]
    with pytest.raises(httpx.RemoteProtocolError):
        batch(server, zone, posts=posts[:1])
    assert zone.texts() == []
    assert batch(server, zone, posts=posts[1:2]).status_code == 503
    assert zone.texts() == ["TXT example.com text 1"]
    assert batch(server, zone, posts=posts[2:]).status_code == 200
    assert server.counted() == {"POST batch": 3}
    assert server.url.endswith(BASE)
