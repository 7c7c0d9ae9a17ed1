"""Zone files and CSV tables: what is read from them, what is written, and that both fit together."""

from typing import Any

import pytest
from hypothesis import given

from tests.runbooks import modules
from tests.runbooks.dns.zones import ZONE, changes, live_zone, record, records, said, zone_rows

pytestmark = pytest.mark.unit
zone_reader = modules.shared("dns.zone_reader")
zone_writer = modules.shared("dns.zone_writer")
table_reader = modules.shared("dns.table_reader")
wished = modules.shared("dns.wished")
Invalid = modules.shared("dns.faults").Invalid

BIND = r"""
$TTL 1h
@       IN SOA ns1.example.net. admin.example.net. ( 2026010101 ; serial
                7200 3600 1209600 300 )
        IN NS  ns1.example.net.
www     300 IN A 192.0.2.1     ; front door cf_tags=cf-proxied:true,team:dns,note:"a, b"
        IN 600 AAAA 2001:db8::1
*.shop  CNAME www
mail    IN MX 10 mx
@       TXT ( "v=spf1 include:_spf.example.net"
              " -all" )
_sip._tcp.example.com. 1 SRV 10 5 5060 sip.example.net.
$ORIGIN sub.example.com.
a       2w A 192.0.2.2
semi    TXT "a; b"
@       CAA 0 issue "letsencrypt.org"
"""


def rows(text: str) -> list[dict[str, Any]]:
    return [row for _, row in zone_reader.read(text, ZONE).rows]


def test_a_zone_file_is_read_with_all_that_rfc_1035_allows() -> None:
    found = zone_reader.read(BIND, ZONE)
    assert [(row["type"], row["name"], row.get("ttl")) for _, row in found.rows] == [
        ("A", "www.example.com.", 300),
        ("AAAA", "www.example.com.", 600),
        ("CNAME", "*.shop.example.com.", 3600),
        ("MX", "mail.example.com.", 3600),
        ("TXT", "example.com.", 3600),
        ("SRV", "_sip._tcp.example.com.", 1),
        ("A", "a.sub.example.com.", 86_400),
        ("TXT", "semi.sub.example.com.", 3600),
        ("CAA", "sub.example.com.", 3600),
    ]
    wishes = [records.wish(row, ZONE, label) for label, row in found.rows]
    assert [one.value for one in wishes] == [
        "192.0.2.1",
        "2001:db8::1",
        "www.example.com",
        "mx.example.com",
        '"v=spf1 include:_spf.example.net -all"',
        "10 5 5060 sip.example.net",
        "192.0.2.2",
        '"a; b"',
        '0 issue "letsencrypt.org"',
    ]
    assert wishes[0].given == {"ttl": 300, "proxied": True, "comment": "front door", "tags": ("note:a, b", "team:dns")}
    assert wishes[3].given["priority"] == 10
    assert [remark.split(":")[0] for remark in found.left_out] == ["line 3", "line 5", "line 14"]
    assert "the TTL becomes 86400" in found.left_out[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$INCLUDE other.zone", r"line 1: \$INCLUDE is not understood"),
        ("$GENERATE 1-9 a$ A 192.0.2.$", "is not understood"),
        ("  A 192.0.2.1", "line 1: the first record has no name"),
        ("\nwww A", "line 2: this is not a record"),
        ("www WKS 192.0.2.1 6 25", "'WKS' is not a type"),
        ('www TXT "open', "a quote does not end"),
        ("www TXT ( a", "a parenthesis is not closed"),
    ],
)
def test_what_is_no_zone_file_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        zone_reader.read(text, ZONE)


@given(before=zone_rows())
def test_what_is_written_is_read_again(before: Any) -> None:
    live = live_zone(before)
    text = zone_writer.zone_file(ZONE, live)
    again = [records.wish(row, ZONE).made() for row in rows(text)]
    assert said(again) == said(live)
    assert text == zone_writer.zone_file(ZONE, list(reversed(live)))


def test_a_line_says_what_only_cloudflare_knows_in_a_comment() -> None:
    one = record("A", "www", "192.0.2.1", 1, ttl=300, comment="front\ndoor", tags=['odd:"x", y', "team:dns"])
    assert zone_writer.line(one) == (
        r'www.example.com. 300 IN A 192.0.2.1 ; front door cf_tags=cf-proxied:false,odd:"\"x\", y",team:dns'
    )
    mail = record("MX", "@", "mx.example.net", 2, priority=5)
    assert zone_writer.line(mail) == "example.com. 1 IN MX 5 mx.example.net."


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_is_read_whatever_stands_between_its_cells(between: str) -> None:
    heading = "Type,Name,Content,TTL,Proxied,Priority,Comment,Tags,State,on_conflict"
    lines = [heading, "a,www,192.0.2.1,300,sim,,front,team:dns|env:prod,,replace", "", "MX,@,mx,,,10,,,absent,"]
    text = "\ufeff" + "\r\n".join(lines).replace(",", between)
    assert table_reader.read(text) == [
        (
            "line 2",
            {
                "type": "A",
                "name": "www",
                "content": "192.0.2.1",
                "ttl": 300,
                "proxied": True,
                "comment": "front",
                "tags": ["team:dns", "env:prod"],
                "on_conflict": "replace",
            },
        ),
        ("line 4", {"type": "MX", "name": "@", "content": "mx", "priority": 10, "state": "absent"}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column type"),
        ("type,content\n", "no column name"),
        ("type,name,colour\n", "'colour', which means nothing"),
        ("type,name\nA\n", "line 2: the name is missing"),
        ("type,name\nA,www,x\n", "line 2: there are 3 cells under 2 headings"),
        ("type,name,ttl\nA,www,soon\n", "line 2: 'soon' is not a whole number"),
        ("type,name,proxied\nA,www,maybe\n", "neither true nor false"),
        ("type,name\nSOA,www\n", "'SOA' is none of A, AAAA"),
        ('type,name\nA,"www\n', "the table cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        table_reader.read(text)


def read(**given: Any) -> tuple[list[Any], Any]:
    """Wishes and outcome of inputs."""
    outcome = changes.Outcome()
    return wished.read(given, ZONE, None, outcome), outcome


def test_each_form_of_the_inputs_becomes_the_same_wishes() -> None:
    rows_given = [{"type": "A", "name": "www", "content": "192.0.2.1", "ttl": 300, "on_conflict": "replace"}]
    forms: list[dict[str, Any]] = [
        {"records": rows_given},
        {"source": "zone_file", "zone_file": "www 300 IN A 192.0.2.1", "on_conflict": "replace"},
        {"source": "csv", "csv": "type,name,content,ttl\nA,www,192.0.2.1,300", "on_conflict": "replace"},
        {
            "source": "csv",
            "csv": "type,name,content,ttl,on_conflict\nA,www,192.0.2.1,300,replace",
            "on_conflict": "add",
        },
    ]
    found = [read(**form)[0] for form in forms]
    assert {(one.key, one.value, one.given["ttl"], one.on_conflict) for (one,) in found} == {
        (("A", "www.example.com"), "192.0.2.1", 300, "replace")
    }
    assert [one.row for (one,) in found] == ["record 1", "line 1", "line 2", "line 2"]


def test_every_row_that_is_wrong_is_named() -> None:
    good = {"type": "A", "name": "www", "content": "192.0.2.1"}
    bad = [{**good, "name": "www.example.org"}, {**good, "content": "x"}]
    wishes, outcome = read(records=[good, *bad])
    assert len(wishes) == 1
    assert [(one.code, one.message.split(":")[0]) for one in outcome.objections] == [
        ("validation", "record 2 (A www.example.org)"),
        ("validation", "record 3 (A www)"),
    ]


@pytest.mark.parametrize("text", ["; nothing but words\n", "www A 192.0.2.1\n" * 3501])
def test_a_file_with_no_records_or_too_many_is_refused(text: str) -> None:
    _, outcome = read(source="zone_file", zone_file=text)
    assert [one.code for one in outcome.objections] == ["validation"]
    assert "1 to 3500" in outcome.objections[0].message


def test_a_file_that_cannot_be_read_is_an_objection() -> None:
    _, outcome = read(source="csv", csv="nonsense")
    assert [one.code for one in outcome.objections] == ["validation"]
