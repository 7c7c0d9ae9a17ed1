"""What has to change: wishes against a zone, in upsert and exact, conflicts, and the laws that hold for every zone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runbooks import modules
from tests.runbooks.dns.zones import (
    ZONE,
    carried_out,
    compared,
    live_zone,
    record,
    said,
    snapshot,
    steps,
    told,
    wish,
    wished,
    zone_rows,
)

pytestmark = pytest.mark.unit
Invalid = modules.shared("dns.faults").Invalid


def test_what_is_not_there_is_made_and_what_is_there_stays() -> None:
    live = [record("A", "www", "192.0.2.1", 1, ttl=300, proxied=False, comment="mine")]
    assert steps(compared(live, [wish("A", "www", "192.0.2.1"), wish("TXT", "www", "hello")])) == ["create TXT www"]


def test_only_what_a_row_says_is_compared() -> None:
    live = [record("A", "www", "192.0.2.1", 1, ttl=300, comment="mine", tags=["b:1", "a:1"])]
    outcome = compared(live, [wish("A", "www", "192.0.2.1", ttl=600)])
    (step,) = outcome.steps
    assert (step.action, step.fields, step.after.comment, step.after.tags) == (
        "update",
        ["ttl"],
        "mine",
        ("a:1", "b:1"),
    )


def test_a_proxied_record_has_the_automatic_ttl_whatever_was_asked_for() -> None:
    live = [record("A", "www", "192.0.2.1", 1, ttl=1, proxied=True)]
    assert steps(compared(live, [wish("A", "www", "192.0.2.1", ttl=600)])) == []
    (step,) = compared(
        [record("A", "www", "192.0.2.1", 1, ttl=300)], [wish("A", "www", "192.0.2.1", proxied=True)]
    ).steps
    assert (step.after.ttl, step.fields) == (1, ["ttl", "proxied"])


@pytest.mark.parametrize(
    ("way", "found"),
    [("replace", ["update A www", "delete A www"]), ("add", ["create A www"])],
)
def test_other_values_are_replaced_or_added_to(way: str, found: list[str]) -> None:
    live = [record("A", "www", "192.0.2.1", 1), record("A", "www", "192.0.2.2", 2), record("TXT", "www", "x", 3)]
    assert sorted(steps(compared(live, [wish("A", "www", "192.0.2.9", on_conflict=way)]))) == sorted(found)


def test_other_values_are_a_conflict_unless_it_is_said_what_to_do() -> None:
    live = [record("A", "www", f"192.0.2.{number}", number) for number in range(1, 6)]
    (message,) = told(compared(live, [wish("A", "www", "192.0.2.9", row="record 7")]))
    assert message.startswith(
        "conflict: record 7 (A www.example.com): the zone has 192.0.2.1, 192.0.2.2, 192.0.2.3 and 2 more"
    )


def test_a_value_that_goes_makes_room_for_another() -> None:
    live = [record("A", "www", "192.0.2.1", 1)]
    wishes = [wish("A", "www", "192.0.2.1", state="absent"), wish("A", "www", "192.0.2.2")]
    assert steps(compared(live, wishes)) == ["create A www", "delete A www"]


def test_replacing_lets_an_alias_give_way_to_addresses_and_back() -> None:
    alias = [record("CNAME", "www", "a.example.net", 1)]
    assert steps(compared(alias, [wish("A", "www", "192.0.2.1", on_conflict="replace")])) == [
        "create A www",
        "delete CNAME www",
    ]
    addresses = [record("A", "www", "192.0.2.1", 1), record("AAAA", "www", "2001:db8::1", 2)]
    found = steps(compared(addresses, [wish("CNAME", "www", "a.example.net", on_conflict="replace")]))
    assert found == ["delete A www", "delete AAAA www", "create CNAME www"]


def test_a_priority_changes_a_record_and_makes_no_other() -> None:
    live = [record("MX", "@", "mx.example.net", 1, priority=10)]
    (step,) = compared(live, [wish("MX", "@", "mx.example.net", priority=20)]).steps
    assert (step.action, step.fields) == ("update", ["priority"])


def test_absent_takes_one_value_or_all_of_them() -> None:
    live = [record("A", "www", "192.0.2.1", 1), record("A", "www", "192.0.2.2", 2)]
    assert steps(compared(live, [wish("A", "www", "192.0.2.1", state="absent")])) == ["delete A www"]
    assert steps(compared(live, [wish("A", "www", state="absent")])) == ["delete A www"] * 2
    assert steps(compared(live, [wish("A", "ftp", state="absent")])) == []


def test_exact_deletes_what_is_not_listed_but_never_the_zones_own_name_servers() -> None:
    live = [
        record("NS", "@", "bob.ns.cloudflare.com", 1),
        record("A", "www", "192.0.2.1", 2),
        record("A", "old", "192.0.2.2", 3),
        record("NS", "sub", "ns.example.net", 4),
    ]
    assert steps(compared(live, [wish("A", "www", "192.0.2.9")], {})) == [
        "delete A old",
        "delete NS sub",
        "update A www",
    ]


def test_exact_touches_its_scope_only() -> None:
    live = [
        record("A", "a.shop", "192.0.2.1", 1),
        record("TXT", "a.shop", "x", 2),
        record("A", "shop", "192.0.2.1", 3),
        record("A", "workshop", "192.0.2.1", 4),
    ]
    scope = {"types": ["A"], "name_suffix": "shop"}
    assert steps(compared(live, [wish("A", "b.shop.example.com", "192.0.2.2")], scope)) == [
        "delete A shop",
        "delete A a",
        "create A b",
    ]
    with pytest.raises(Invalid, match="outside the scope"):
        compared(live, [wish("TXT", "shop", "x")], scope)


def test_a_managed_tag_is_given_to_what_is_listed_and_decides_what_goes() -> None:
    live = [
        record("A", "a", "192.0.2.1", 1, tags=["env:prod"]),
        record("A", "b", "192.0.2.1", 2, tags=["team:dns"]),
        record("A", "c", "192.0.2.1", 3),
    ]
    outcome = compared(live, [wish("A", "a", "192.0.2.1")], {"managed_tag": "team"})
    assert steps(outcome) == ["update A a", "delete A b"]
    assert outcome.steps[0].after.tags == ("env:prod", "team")


def test_what_cloudflare_manages_itself_is_left_alone_with_a_warning() -> None:
    live = [record("A", "www", "192.0.2.1", 1, meta={"read_only": True}), record("A", "x", "192.0.2.1", 2, locked=True)]
    outcome = compared(live, [wish("A", "www", "192.0.2.1", ttl=300), wish("A", "x", state="absent")])
    assert steps(outcome) == []
    assert [warning["code"] for warning in outcome.warnings] == ["skipped", "skipped"]
    assert steps(compared(live, [wish("A", "y", "192.0.2.1")], {})) == ["create A y"]


@pytest.mark.parametrize(
    ("live", "wishes", "found"),
    [
        ([], [("A", "www", "192.0.2.1"), ("A", "www", "192.0.2.1")], "this repeats row 1"),
        ([], [("A", "www", "192.0.2.1"), ("A", "WWW.example.com.", "192.0.2.1", "absent")], "this contradicts row 1"),
        ([], [("A", "www", "192.0.2.1"), ("A", "www", "", "absent")], "another row wants one"),
        ([], [("CNAME", "www", "a.example"), ("CNAME", "www", "b.example")], "2 CNAME records"),
        ([], [("CNAME", "www", "a.example"), ("A", "www", "192.0.2.1")], "a CNAME beside A"),
        ([("A", "www", "192.0.2.1")], [("CNAME", "www", "a.example")], "a CNAME beside A"),
        ([("TXT", "www", "x")], [("CNAME", "www", "a.example")], "not proxied beside TXT"),
        ([("A", "sub", "192.0.2.1")], [("NS", "sub", "ns.example.net")], "delegated by NS and have A"),
        ([("NS", "@", "a.ns.example")], [("NS", "@", "a.ns.example", "absent")], "never taken away"),
        ([("NS", "@", "a.ns.example")], [("NS", "@", "b.ns.example", "present", "replace")], "never taken away"),
    ],
)
def test_what_cannot_be_is_found_before_anything_is_written(live: Any, wishes: Any, found: str) -> None:
    there = [record(kind, name, content, number) for number, (kind, name, content) in enumerate(live, 1)]
    asked = [
        wish(
            *row[:3],
            state=row[3] if len(row) > 3 else "present",
            on_conflict=row[4] if len(row) > 4 else "fail",
            row=f"row {number}",
        )
        for number, row in enumerate(wishes, 1)
    ]
    messages = told(compared(there, asked))
    assert any(found in message for message in messages), messages
    assert all(message.startswith("conflict: ") for message in messages)


def test_an_alias_may_stand_beside_others_where_cloudflare_flattens_it() -> None:
    apex = [record("TXT", "@", "x", 1), record("MX", "@", "mx.example.net", 2, priority=1)]
    assert steps(compared(apex, [wish("CNAME", "@", "site.example.net")])) == ["create CNAME example"]
    proxied = [record("TXT", "www", "x", 1)]
    assert steps(compared(proxied, [wish("CNAME", "www", "site.example.net", proxied=True)])) == ["create CNAME www"]


def test_a_name_that_is_wrong_already_does_not_stop_changes_elsewhere() -> None:
    live = [record("CNAME", "bad", "a.example", 1), record("TXT", "bad", "x", 2)]
    assert steps(compared(live, [wish("A", "good", "192.0.2.1")])) == ["create A good"]


def test_mail_that_leads_to_an_alias_is_a_warning() -> None:
    live = [record("CNAME", "mx", "a.example", 1)]
    outcome = compared(live, [wish("MX", "@", "mx.example.com", priority=1)])
    assert [warning["code"] for warning in outcome.warnings] == ["target_is_alias"]


@given(before=zone_rows(), rows=zone_rows(), is_exact=st.booleans(), way=st.sampled_from(["add", "replace"]))
def test_carried_out_it_is_what_was_wished_and_a_second_time_there_is_nothing_to_do(
    before: Any, rows: Any, is_exact: bool, way: str
) -> None:
    live = live_zone(before)
    wishes = wished(rows, way)
    scope = {} if is_exact else None
    outcome = compared(live, wishes, scope)
    assert outcome.objections == []
    after = carried_out(live, outcome)
    assert compared(after, wishes, scope).steps == []
    there = {one.says: one for one in after}
    assert all(one.says in there for one in live_zone(rows))
    assert len({one.says for one in after}) == len(after)
    if is_exact:
        assert len(after) == len(rows)


@given(before=zone_rows(), rows=zone_rows(), is_exact=st.booleans())
def test_taking_back_gives_the_zone_as_it_was(before: Any, rows: Any, is_exact: bool) -> None:
    live = live_zone(before)
    wishes = wished(rows, "replace")
    outcome = compared(live, wishes, {} if is_exact else None)
    after = carried_out(live, outcome)
    kept = snapshot.document("test", {"id": "z"}, live, outcome.steps)
    back, remarks = snapshot.undone(kept, after)
    undoing = compared(after, back)
    assert (undoing.objections, remarks) == ([], [])
    restored = carried_out(after, undoing, first_id=20_000)
    assert said(restored) == said(live)
    assert compared(restored, back).steps == []


@given(before=zone_rows(), rows=zone_rows(), done=st.integers(0, 10))
def test_what_was_half_done_is_taken_back_as_far_as_it_went(before: Any, rows: Any, done: int) -> None:
    live = live_zone(before)
    wishes = wished(rows, "replace")
    outcome = compared(live, wishes)
    kept = snapshot.document("test", {"id": "z"}, live, outcome.steps)
    outcome.changes = outcome.steps[:done]
    after = carried_out(live, outcome)
    back, remarks = snapshot.undone(kept, after)
    assert remarks == []
    assert said(carried_out(after, compared(after, back), first_id=20_000)) == said(live)


def test_what_somebody_changed_after_the_run_is_taken_back_with_a_remark() -> None:
    live = [record("A", "www", "192.0.2.1", 1)]
    outcome = compared(live, [wish("A", "www", "192.0.2.1", ttl=300), wish("TXT", "new", "x")])
    kept = snapshot.document("test", {"id": "z"}, live, outcome.steps)
    now = [record("A", "www", "192.0.2.7", 1, ttl=300), record("TXT", "new", "x", 9, ttl=600)]
    back, remarks = snapshot.undone(kept, now)
    assert [remark.split(" was")[0] for remark in remarks] == ["TXT new.example.com", "A www.example.com"]
    assert steps(compared(now, back)) == ["delete TXT new", "update A www"]


def test_another_runs_records_stay_when_one_run_is_taken_back() -> None:
    live = [record("A", "www", "192.0.2.1", 1)]
    outcome = compared(live, [wish("A", "www", "192.0.2.2", on_conflict="add")])
    kept = snapshot.document("test", {"id": "z"}, live, outcome.steps)
    later = [*carried_out(live, outcome), record("A", "www", "192.0.2.3", 77), record("A", "other", "192.0.2.3", 78)]
    back, _ = snapshot.undone(kept, later)
    assert steps(compared(later, back)) == ["delete A www"]


@given(before=zone_rows(), rows=zone_rows())
def test_a_backup_brings_its_zone_back_exactly(before: Any, rows: Any) -> None:
    kept = snapshot.document("test", {"id": "z"}, live_zone(before))
    now = live_zone(rows, first=500)
    limits = modules.shared("dns.scope").scope({}, ZONE)
    wishes, remarks = snapshot.restored(kept, ZONE, limits)
    assert remarks == []
    outcome = compared(now, wishes, {})
    assert outcome.objections == []
    assert said(carried_out(now, outcome)) == said(live_zone(before))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "not a snapshot"),
        ([], "not a snapshot"),
        ({"schema_version": 2, "records": []}, "not a snapshot"),
        (
            {"schema_version": 1, "records": [], "target": {"id": "y", "name": "other.example"}},
            "of another zone: other",
        ),
    ],
)
def test_what_is_no_backup_of_the_zone_is_refused(found: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        snapshot.require_zone(found, "z")


def test_what_cannot_be_restored_is_named() -> None:
    rows = [
        {"id": "1", "type": "OPENPGPKEY", "name": "x.example.com", "content": "mQ==", "ttl": 1},
        {"type": "A"},
        {"id": "3", "type": "NS", "name": ZONE, "content": "bob.ns.cloudflare.com", "ttl": 1},
        {"id": "4", "type": "A", "name": f"www.{ZONE}", "content": "192.0.2.1", "ttl": 300},
    ]
    limits = modules.shared("dns.scope").scope({"types": ["A"]}, ZONE)
    wishes, remarks = snapshot.restored({"records": rows}, ZONE, limits)
    assert [one.name for one in wishes] == [f"www.{ZONE}"]
    assert [remark.split(" ")[0] for remark in remarks] == ["OPENPGPKEY", "a", "the"]
