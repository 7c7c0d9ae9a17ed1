"""The Cloudflare runbooks as real plays against Cloudflare's double, from the preview to the restored backup."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks.plays import Play, run_play, spec
from tests.systems.cloudflare import TOKEN, Cloudflare, Fault, Zone, cloudflare

BULK, RESTORE, BACKUP = "cloudflare_dns_bulk", "cloudflare_dns_rollback", "cloudflare_zone_backup"


@pytest.fixture
def server() -> Iterator[Cloudflare]:
    with cloudflare() as running:
        yield running


@pytest.fixture
def zone(server: Cloudflare) -> Zone:
    return server.add_zone(
        "example.com",
        *({"type": "A", "name": f"{name}.example.com", "content": "192.0.2.1"} for name in "abc"),
        {"type": "MX", "name": "example.com", "content": "mx.example.net", "priority": 10},
    )


class Plays:
    """Plays on one zone; each has its own folder, and its output holds the runbook's schema."""

    def __init__(self, server: Cloudflare, zone: Zone, folder: Path) -> None:
        self.server, self.zone, self.folder = server, zone, folder
        self.token = TOKEN
        self.count = 0

    def __call__(self, name: str, *options: str, snapshot: Path | None = None, plan: str = "", **inputs: Any) -> Play:
        self.count += 1
        self.artifacts = self.folder / str(self.count)
        self.artifacts.mkdir()
        connection = self.artifacts / "cloudflare.json"
        connection.write_text(json.dumps({"type": "cloudflare", "apiToken": self.token, "url": self.server.url}))
        self.server.forget()
        orch = {
            "connections": {"cloudflare": {"path": str(connection), "name": "dns", "type": "cloudflare"}},
            "artifacts_dir": str(self.artifacts),
            "expect_plan": plan,
            "snapshot_path": str(snapshot or ""),
            "egress_allow": ["127.0.0.0/8"],
            "egress_deny": [],
        }
        play = run_play(self.artifacts, name, {"zone_id": self.zone.id, **inputs}, None, *options, **orch)
        assert check_output(spec(name).output_schema, play.output) == (), play.text
        assert TOKEN not in play.text + json.dumps(play.output)
        assert list(self.artifacts.glob("*items.json")) == []  # only on its way from the module to the output
        return play


@pytest.fixture
def play(server: Cloudflare, zone: Zone, tmp_path: Path) -> Plays:
    return Plays(server, zone, tmp_path)


PREVIEW = ("--check", "--diff")
ROWS = [
    {"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 300},
    {"type": "TXT", "name": "new", "content": 'say "hello"'},
    {"type": "A", "name": "b", "state": "absent"},
]


def test_preview_apply_again_and_rollback(play: Plays, zone: Zone) -> None:
    before = zone.texts()
    seen = play(BULK, *PREVIEW, records=ROWS)
    assert seen.rc == 0, seen.text
    assert "+a.example.com. 300 IN A 192.0.2.1" in seen.text
    assert "-b.example.com. 1 IN A 192.0.2.1" in seen.text
    assert (zone.texts(), seen.output["changed"], play.server.writes) == (before, False, 0)
    assert seen.output["counts"] | {"calls": 2, "records": 4} == seen.output["counts"]

    done = play(BULK, records=ROWS, plan=seen.output["plan_sha256"])
    snapshot = play.artifacts / "snapshot.json"
    assert done.rc == 0, done.text
    assert (done.output["changed"], done.output["snapshot_ref"], play.server.writes) == (True, "snapshot.json", 1)
    assert 'TXT new.example.com "say \\"hello\\""' in zone.texts()
    assert (play.artifacts / "snapshot.zone").read_text().startswith("$ORIGIN example.com.\n")

    again = play(BULK, records=ROWS)
    assert (again.rc, again.output["changed"], again.output["items"], play.server.writes) == (0, False, [], 0)

    shown = play(BULK, *PREVIEW, records=ROWS, snapshot=snapshot)
    assert "+b.example.com. 1 IN A 192.0.2.1" in shown.text
    assert play.server.writes == 0
    back = play(BULK, records=ROWS, snapshot=snapshot, plan=shown.output["plan_sha256"])
    assert back.rc == 0, back.text
    assert zone.texts() == before


def test_a_stale_plan_a_conflict_and_a_half_done_run_end_in_failure_with_the_whole_output(
    play: Plays, server: Cloudflare
) -> None:
    stale = play(BULK, records=ROWS, plan="0" * 64)
    assert (stale.rc, stale.output["failure"]["code"], server.writes) == (2, "stale_plan", 0)
    conflict = play(BULK, records=[{"type": "A", "name": "a", "content": "192.0.2.9"}])
    assert (conflict.rc, conflict.output["failure"]["code"], server.writes) == (2, "conflict", 0)
    assert "conflict: record 1 (A a.example.com)" in conflict.text
    server.faults = [Fault("/batch", 503, skip=1, times=9)]
    rows = [{"type": "TXT", "name": f"t{number}", "content": "x"} for number in range(4)]
    partial = play(BULK, records=rows, batch_size=2)
    assert (partial.rc, partial.output["failure"]["code"], partial.output["changed"]) == (2, "partial_apply", True)
    assert [item["action"] for item in partial.output["items"]] == ["create", "create", "error", "error"]


@pytest.mark.parametrize(("token", "code"), [("cf-nobody", "auth_failed"), ("cf-reader", "insufficient_scopes")])
def test_a_token_that_may_not_is_told_what_it_lacks(play: Plays, server: Cloudflare, token: str, code: str) -> None:
    server.tokens["cf-reader"] = frozenset({"zone:read", "dns:read"})
    play.token = token
    ended = play(BULK, records=ROWS)
    assert (ended.rc, ended.output["failure"]["code"], ended.output["changed"]) == (2, code, False)
    assert "Zone / DNS: Edit" in ended.output["failure"]["message"]
    assert token not in ended.text


def test_a_zone_is_kept_and_restored(play: Plays, zone: Zone) -> None:
    before = zone.texts()
    kept = play(BACKUP)
    assert kept.rc == 0, kept.text
    (item,) = kept.output["items"]
    assert (item["records"], item["types"], kept.output["counts"]["calls"]) == (4, "3 A, 1 MX", 3)
    backup = (play.artifacts / "example.com.json").read_text()
    assert "mx.example.net." in (play.artifacts / "example.com.zone").read_text()
    assert play(BULK, records=[{"type": "A", "name": "a", "state": "absent"}, ROWS[1]]).rc == 0
    shown = play(RESTORE, *PREVIEW, backup=backup, mode="exact")
    assert (shown.rc, shown.output["counts"]["create"], shown.output["counts"]["delete"]) == (0, 1, 1)
    assert play(RESTORE, backup=backup, mode="exact", plan=shown.output["plan_sha256"]).rc == 0
    assert zone.texts() == before
    refused = play(RESTORE, backup="not json")
    assert (refused.rc, refused.output["failure"]["code"]) == (2, "validation")


def test_a_backup_that_cannot_be_taken_fails(play: Plays, server: Cloudflare) -> None:
    server.faults = [Fault("/export", 403)]
    kept = play(BACKUP)
    assert (kept.rc, kept.output["failure"]["code"], kept.output["items"]) == (2, "insufficient_scopes", [])


def test_3500_records_go_through_a_play_in_as_many_calls_as_there_are_pages_and_chunks(
    play: Plays, server: Cloudflare, zone: Zone
) -> None:
    rows = [{"type": "A", "name": f"h{number}", "content": f"198.51.100.{number % 250}"} for number in range(3500)]
    for row in rows:
        server.add_record(zone, **{**row, "name": f"{row['name']}.example.com"})
    wished = [{**row, "ttl": 300} for row in rows]
    seen = play(BULK, *PREVIEW, records=wished, max_changes=3500)
    assert seen.rc == 0, seen.text[-2000:]
    assert server.counted() == {"GET zone": 1, "GET records": 1}
    done = play(BULK, records=wished, max_changes=3500, plan=seen.output["plan_sha256"])
    assert done.rc == 0, done.text[-2000:]
    assert server.counted() == {"GET zone": 1, "GET records": 2, "POST batch": 18}
