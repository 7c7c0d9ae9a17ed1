"""Batch calls: what travels together, in which order, and what exactly is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runbooks import modules
from tests.runbooks.dns.zones import compared, record, records, wish

pytestmark = pytest.mark.unit
batch = modules.shared("dns.batch")
Change = modules.shared("dns.changes").Change


def step(action: str, name: str, number: int) -> Any:
    one = record("TXT", name, f"text {number}", number)
    other = records.from_api({"id": one.id, "type": "TXT", "name": one.name, "content": "other"})
    return Change(None if action == "create" else one, None if action == "delete" else other)


@given(
    steps=st.lists(st.tuples(st.sampled_from(["create", "update", "delete"]), st.sampled_from("abcdef")), max_size=60),
    size=st.integers(1, 20),
)
def test_every_step_is_in_one_chunk_and_a_name_that_fits_is_never_cut(steps: list[tuple[str, str]], size: int) -> None:
    made = [step(action, name, number) for number, (action, name) in enumerate(sorted(steps, key=lambda one: one[1]))]
    chunks = batch.chunks(made, size)
    assert sorted(map(id, (one for chunk in chunks for one in chunk))) == sorted(map(id, made))
    assert all(1 <= len(chunk) <= size for chunk in chunks)
    for name in {one.record.name for one in made}:
        places = {number for number, chunk in enumerate(chunks) if any(one.record.name == name for one in chunk)}
        needed = -(-sum(one.record.name == name for one in made) // size)
        assert len(places) <= needed + (needed > 1)


def test_a_name_that_is_cut_loses_first_and_gains_last() -> None:
    made = [step(action, "a", number) for number, action in enumerate(["create", "update", "delete", "create"])]
    assert [[one.action for one in chunk] for chunk in batch.chunks(made, 2)] == [
        ["delete", "update"],
        ["create", "create"],
    ]


def test_a_patch_names_its_record_and_sends_what_changed() -> None:
    live = [record("A", "www", "192.0.2.1", 1, ttl=300, comment="mine"), record("TXT", "old", "x", 2)]
    wishes = [
        wish("A", "www", "192.0.2.1", comment="yours"),
        wish("TXT", "old", state="absent"),
        wish("CAA", "@", '0 issue "letsencrypt.org"'),
        wish("MX", "@", "mx.example.net", priority=5, ttl=600, tags=["team:dns"]),
        wish("A", "new", "192.0.2.2", proxied=True),
    ]
    assert batch.body(compared(live, wishes).steps) == {
        "deletes": [{"id": f"{2:032x}"}],
        "patches": [
            {"id": f"{1:032x}", "type": "A", "name": "www.example.com", "content": "192.0.2.1", "comment": "yours"}
        ],
        "posts": [
            {
                "type": "CAA",
                "name": "example.com",
                "data": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"},
                "ttl": 1,
            },
            {
                "type": "MX",
                "name": "example.com",
                "content": "mx.example.net",
                "priority": 5,
                "ttl": 600,
                "tags": ["team:dns"],
            },
            {"type": "A", "name": "new.example.com", "content": "192.0.2.2", "ttl": 1, "proxied": True},
        ],
    }


def test_a_record_that_is_made_again_gets_cloudflares_own_settings_back() -> None:
    was = record("CNAME", "www", "a.example.net", 1, settings={"flatten_cname": True})
    (step_back,) = compared([], [records.exactly(was)]).steps
    assert batch.body([step_back])["posts"][0]["settings"] == {"flatten_cname": True}
