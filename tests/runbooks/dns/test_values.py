"""Names and values of records: one spelling whoever wrote them, and there and back to the API and a zone file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runbooks import modules
from tests.runbooks.dns.zones import ZONE, records

pytestmark = pytest.mark.unit
names = modules.shared("dns.names")
charstrings = modules.shared("dns.charstrings")
rdata = modules.shared("dns.rdata")
Invalid = modules.shared("dns.faults").Invalid


@pytest.mark.parametrize(
    ("given_name", "found"),
    [
        ("@", ZONE),
        ("", ZONE),
        ("EXAMPLE.com.", ZONE),
        ("www", "www.example.com"),
        ("WWW.Example.Com.", "www.example.com"),
        ("*.shop.example.com", "*.shop.example.com"),
        ("_sip._tcp", "_sip._tcp.example.com"),
        ("bücher", "xn--bcher-kva.example.com"),
        ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"),
    ],
)
def test_names_have_one_spelling(given_name: str, found: str) -> None:
    assert names.in_full(given_name, ZONE) == found


@pytest.mark.parametrize(
    "name", ["www.example.org", "www.example.com.org.", "example.org.", "com.", "notexample.com", "www.shop"]
)
def test_a_name_outside_the_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="outside the zone"):
        names.in_full(name, ZONE)


@pytest.mark.parametrize("name", ["a..b.example.com", "-a", "a b", "x" * 64, ".".join(["x" * 60] * 5), "a/b", "ü" * 80])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        names.in_full(name, ZONE)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
        ("CNAME", "Target.Example.NET.", "target.example.net"),
        ("TXT", "v=spf1 -all", '"v=spf1" " -all"'),
        ("TXT", 'say "hi"', r'"say \"hi\""'),
        ("TXT", "é", r'"\195" "\169"'),
        ("CAA", '0 ISSUE "letsencrypt.org"', "0 issue letsencrypt.org"),
        ("SSHFP", "4 2 AB CD", "4 2 abcd"),
        ("HTTPS", '1 . ipv4hint=192.0.2.1 alpn="h3,h2"', '1 . alpn="h3,h2" ipv4hint="192.0.2.1"'),
        ("LOC", "37 46 46 N 122 23 35 W 0m 100m 0m 0m", "37 46 46.000 n 122 23 35 w 0 100 0 0"),
        ("SRV", "010 5 5060 Sip.Example.com.", "10 5 5060 sip.example.com"),
    ],
)
def test_what_says_the_same_is_spelled_the_same(kind: str, one: str, other: str) -> None:
    assert rdata.spelled(kind, one) == rdata.spelled(kind, other)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("A", "2001:db8::1"),
        ("A", "300.1.1.1"),
        ("A", ""),
        ("AAAA", "192.0.2.1"),
        ("MX", "not a host"),
        ("CNAME", "."),
        ("CAA", "0 issue"),
        ("CAA", "256 issue x"),
        ("CAA", "0 is-sue x"),
        ("TLSA", "3 1 1 xyz"),
        ("TLSA", "3 1 1 abc"),
        ("SRV", "1 2 3"),
        ("SRV", "1 2 99999 host.example"),
        ("DNSKEY", "256 3 8 =="),
        ("LOC", "99 N 1 W"),
        ("LOC", "1 X"),
        ("CAA", '0 issue "open'),
        ("HTTPS", "1 . ALPN=h2"),
        ("NAPTR", f'1 2 "{"x" * 256}" "" "" .'),
    ],
)
def test_what_a_type_cannot_hold_is_refused(kind: str, content: str) -> None:
    with pytest.raises(Invalid):
        rdata.spelled(kind, content)


DATA: dict[str, dict[str, Any]] = {
    "CAA": {"flags": 0, "tag": "issue", "value": "letsencrypt.org; validationmethods=dns-01"},
    "CERT": {"type": 1, "key_tag": 2, "algorithm": 8, "certificate": "TUlJQ0NnS0NBUUVBMQ=="},
    "DNSKEY": {"flags": 257, "protocol": 3, "algorithm": 13, "public_key": "mdsswUyr3DPW132mOi8V9w=="},
    "DS": {"key_tag": 2371, "algorithm": 13, "digest_type": 2, "digest": "1f8188345e7b"},
    "HTTPS": {"priority": 1, "target": ".", "value": 'alpn="h3,h2" no-default-alpn'},
    "LOC": {
        "lat_degrees": 37,
        "lat_minutes": 46,
        "lat_seconds": 46.5,
        "lat_direction": "N",
        "long_degrees": 122,
        "long_minutes": 23,
        "long_seconds": 35,
        "long_direction": "W",
        "altitude": -3.25,
        "size": 100,
        "precision_horz": 0,
        "precision_vert": 10,
    },
    "NAPTR": {
        "order": 100,
        "preference": 10,
        "flags": "S",
        "service": "SIP+D2T",
        "regex": "!^.*$!sip:\\1@x!",
        "replacement": "_sip._tcp.example.com",
    },
    "SMIMEA": {"usage": 3, "selector": 0, "matching_type": 1, "certificate": "d2abde240d7cd3ee"},
    "SRV": {"priority": 10, "weight": 5, "port": 5060, "target": "sip.example.com"},
    "SSHFP": {"algorithm": 4, "type": 2, "fingerprint": "123456789abcdef0"},
    "SVCB": {"priority": 0, "target": "svc.example.net", "value": ""},
    "TLSA": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "0b9fa5a59eed"},
    "URI": {"weight": 20, "target": 'http://example.com/?q="a b"'},
}


@pytest.mark.parametrize("kind", sorted(DATA))
def test_data_comes_back_as_it_was_given_and_by_way_of_a_zone_file_too(kind: str) -> None:
    value = rdata.spelled(kind, data=DATA[kind])
    assert rdata.body(kind, value) == {"data": DATA[kind]}
    assert rdata.from_words(kind, modules.shared("dns.fields").words(rdata.in_zone_file(kind, value, None))) == value


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("CAA", {"flags": 0, "tag": "issue"}, "needs value"),
        ("CAA", {"flags": 0, "tag": "issue", "value": "x", "port": 1}, "has no port"),
        ("SRV", {"priority": True, "weight": 0, "port": 1, "target": "a.example"}, "priority: 'True'"),
        ("LOC", {"lat_degrees": 91, "lat_direction": "N", "long_degrees": 1, "long_direction": "E"}, "lat_degrees"),
    ],
)
def test_data_that_does_not_fit_its_type_is_refused_by_the_name_of_the_part(kind: str, data: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        rdata.spelled(kind, data=data)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=600))
def test_a_text_survives_its_quotes(text: str) -> None:
    quoted = charstrings.quoted(text)
    assert charstrings.joined(quoted) == text
    assert all(len(piece.encode()) <= 4 * charstrings.MOST_BYTES for piece in quoted.split('" "'))


@pytest.mark.parametrize("content", ['"open', '"a" b', r'"\195"'])
def test_what_is_not_quoted_as_it_should_be_is_taken_as_it_stands(content: str) -> None:
    assert charstrings.joined(content) == content


def test_a_listed_record_that_cannot_be_read_is_left_alone() -> None:
    strange = records.from_api({"id": "1", "type": "OPENPGPKEY", "name": "x.example.com", "content": "mQ=="})
    broken = records.from_api({"id": "2", "type": "A", "name": "x.example.com", "content": "proxied by magic"})
    kept = records.from_api(
        {"id": "3", "type": "A", "name": "x.example.com", "content": "192.0.2.1", "meta": {"read_only": True}}
    )
    assert (strange.value, broken.value) == ("mQ==", "proxied by magic")
    assert "not known" in strange.is_fixed
    assert "not known" in broken.is_fixed
    assert "Cloudflare manages" in kept.is_fixed


def test_a_record_is_listed_with_nulls_where_nothing_was_said() -> None:
    row = {
        "id": "1",
        "type": "MX",
        "name": "Example.com",
        "content": "MX.example.net",
        "ttl": 1,
        "comment": None,
        "tags": None,
    }
    found = records.from_api({**row, "priority": 5, "proxied": None, "settings": None, "meta": None})
    assert found == records.Record("MX", ZONE, "mx.example.net", priority=5)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"type": "MX", "content": "mx.example.net"}, "needs a priority"),
        ({"type": "TXT", "content": "x", "proxied": True}, "cannot be proxied"),
        ({"type": "A", "content": "192.0.2.1", "ttl": 59}, "the TTL is"),
        ({"type": "A", "content": "192.0.2.1", "ttl": 86_401}, "the TTL is"),
    ],
)
def test_a_row_that_no_zone_can_hold_is_refused(row: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        records.wish({"name": "www", **row}, ZONE)
