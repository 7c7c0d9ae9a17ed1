"""A whole run against Cloudflare's double: what is asked, what is written, and what is said when it goes wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks import modules
from tests.runbooks.modules import RUNBOOKS
from tests.systems.cloudflare import TOKEN, Cloudflare, Fault, Zone, cloudflare

task = modules.shared("dns.task")
backup = modules.shared("dns.backup")
UpstreamError = modules.shared("upstream").UpstreamError
LOOPBACK = ["127.0.0.0/8"]


@pytest.fixture
def server() -> Iterator[Cloudflare]:
    with cloudflare() as running:
        yield running


@pytest.fixture
def zone(server: Cloudflare) -> Zone:
    """Three addresses, mail, and a record that Cloudflare manages."""
    return server.add_zone(
        "example.com",
        *({"type": "A", "name": f"{name}.example.com", "content": "192.0.2.1"} for name in "abc"),
        {"type": "MX", "name": "example.com", "content": "mx.example.net", "priority": 10, "comment": "mail"},
        {"type": "TXT", "name": "_r2.example.com", "content": '"managed"', "meta": {"read_only": True}},
    )


def api(server: Cloudflare, zone: Zone, token: str = TOKEN) -> Any:
    reach = modules.shared("upstream").Reach(LOOPBACK, timeout_s=10)
    connection = {"apiToken": token, "url": server.url}
    return modules.shared("dns.cloudflare").Cloudflare(connection, zone.id, reach, lambda _: None)


class Runs:
    """Runs on one zone, each with a folder of its own."""

    def __init__(self, server: Cloudflare, zone: Zone, folder: Path) -> None:
        self.server, self.zone, self.folder = server, zone, folder
        self.token = TOKEN
        self.count = 0

    def __call__(self, *rows: dict[str, Any], **changes: Any) -> Any:
        """One run with these rows; changes go to the order where it has a field of that name, else to the inputs."""
        self.count += 1
        self.artifacts = self.folder / str(self.count)
        self.artifacts.mkdir()
        of_order = {
            name: changes.pop(name) for name in ("expect_plan", "is_preview", "undo", "restore") if name in changes
        }
        inputs = {"records": list(rows), "max_changes": 3500, "batch_size": 200, "mode": "upsert", **changes}
        order = task.Order("cloudflare_dns_bulk", self.zone.id, inputs, str(self.artifacts), **of_order)
        self.server.forget()
        return task.run(api(self.server, self.zone, self.token), order)

    def kept(self, name: str = "snapshot.json") -> Any:
        """A file of the last run."""
        return json.loads((self.artifacts / name).read_text())


@pytest.fixture
def run(server: Cloudflare, zone: Zone, tmp_path: Path) -> Runs:
    return Runs(server, zone, tmp_path)


def row(name: str, content: str = "192.0.2.1", kind: str = "A", **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "content": content, "on_conflict": "replace", **more}


def many(count: int, **more: Any) -> list[dict[str, Any]]:
    return [row(f"h{number}", f"198.51.100.{number % 250}", **more) for number in range(count)]


def test_a_preview_writes_a_plan_and_nothing_else(run: Runs, zone: Zone) -> None:
    before = zone.texts()
    report = run(row("a", ttl=300), row("new", "hello", "TXT"), row("b", state="absent"), is_preview=True)
    assert (report.failure, report.would_change, report.written, zone.texts()) == ({}, True, False, before)
    assert report.diff == (
        "-a.example.com. 1 IN A 192.0.2.1 ; cf_tags=cf-proxied:false\n"
        "+a.example.com. 300 IN A 192.0.2.1 ; cf_tags=cf-proxied:false\n"
        "-b.example.com. 1 IN A 192.0.2.1 ; cf_tags=cf-proxied:false\n"
        '+new.example.com. 1 IN TXT "hello"\n'
    )
    assert [path.name for path in run.artifacts.iterdir()] == ["plan.json"]
    plan = run.kept("plan.json")
    assert plan["summary"] == {"create": 1, "update": 1, "delete": 1, "noop": 0}
    assert plan["target"] == {"kind": "zone", "id": zone.id, "name": "example.com"}
    assert (plan["direction"], plan["items"]) == ("apply", report.items)
    assert run.server.counted() == {"GET zone": 1, "GET records": 1}


def test_applying_the_plan_that_was_seen_does_it_and_a_second_time_changes_nothing(run: Runs, zone: Zone) -> None:
    rows = [row("a", ttl=300), row("b", state="absent"), row("@", "mx.example.net", "MX", priority=20)]
    seen = run(*rows, is_preview=True).plan_sha256
    report = run(*rows, expect_plan=seen)
    assert (report.failure, report.written, report.snapshot_ref) == ({}, True, "snapshot.json")
    assert run.server.counted() == {"GET zone": 1, "GET records": 2, "POST batch": 1}
    assert "A b.example.com 192.0.2.1" not in zone.texts()
    again = run(*rows)
    assert (again.failure, again.would_change, again.written, again.items) == ({}, False, False, [])
    assert (again.counts["noop"], run.server.writes) == (2, 0)


def test_a_plan_made_for_another_state_is_stale_and_nothing_is_done(run: Runs, zone: Zone) -> None:
    seen = run(row("a", ttl=300), is_preview=True).plan_sha256
    next(iter(zone.records.values()))["comment"] = "somebody was here"
    report = run(row("a", ttl=300), expect_plan=seen)
    assert report.failure["code"] == "stale_plan"
    assert run.server.writes == 0


def test_what_happens_elsewhere_in_the_zone_makes_no_plan_stale(run: Runs, server: Cloudflare, zone: Zone) -> None:
    seen = run(row("a", ttl=300), is_preview=True).plan_sha256
    server.add_record(zone, type="TXT", name="_acme-challenge.example.com", content="token")
    assert run(row("a", ttl=300), expect_plan=seen).failure == {}


def test_exact_deletes_within_its_scope_and_keeps_what_cloudflare_manages(run: Runs, zone: Zone) -> None:
    report = run(row("a"), mode="exact", scope={"types": ["A", "TXT"]})
    assert report.failure == {}
    assert report.counts["delete"] == 2
    assert [text.split()[1] for text in zone.texts()] == ["a.example.com", "example.com", "_r2.example.com"]
    assert report.warnings == ["TXT _r2.example.com was left as it is: Cloudflare manages this record"]


def test_more_changes_than_allowed_are_refused_before_anything_is_written(run: Runs) -> None:
    report = run(*many(3), max_changes=2)
    assert report.failure == {"code": "validation", "message": "the plan has 3 changes, and max_changes allows 2"}
    assert run.server.writes == 0


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row("a", "192.0.2.9", on_conflict="fail")], "conflict"),
        ([row("a", "not an address"), row("b", "192.0.2.9", on_conflict="fail")], "validation"),
        ([row("a.example.org")], "validation"),
    ],
)
def test_faults_and_conflicts_end_the_run_before_anything_is_written(run: Runs, rows: Any, code: str) -> None:
    report = run(*rows)
    assert report.failure["code"] == code
    assert report.items[0]["action"] == "error"
    assert report.items[0]["error"]["code"] == code
    assert check_output(json.loads((RUNBOOKS / "plan.schema.json").read_text()), run.kept("plan.json")) == ()
    assert run.server.writes == 0


def test_many_records_take_as_many_calls_as_there_are_pages_and_chunks(
    run: Runs, server: Cloudflare, zone: Zone
) -> None:
    for one in many(700):
        server.add_record(zone, type="A", name=f"{one['name']}.example.com", content=one["content"])
    rows = many(700, ttl=300)
    run(*rows, is_preview=True)
    assert server.counted() == {"GET zone": 1, "GET records": 1}
    server.most_per_page = 200
    report = run(*rows)
    assert (report.failure, report.counts["update"], report.counts["batches"]) == ({}, 700, 4)
    assert server.counted() == {"GET zone": 1, "GET records": 8, "POST batch": 4}
    assert report.counts["calls"] == len(server.calls)


def test_a_size_that_is_refused_is_halved_until_it_is_taken(run: Runs, server: Cloudflare, zone: Zone) -> None:
    server.batch_limit = 60
    report = run(*many(200))
    assert (report.failure, report.counts["batches"]) == ({}, 4)
    assert server.counted()["POST batch"] == 2 + 4
    assert len(zone.records) == 205


def test_a_limit_is_waited_for(run: Runs, server: Cloudflare) -> None:
    server.faults = [
        Fault("/dns_records", 429, {"Retry-After": "3"}),
        Fault("/batch", 429, {"Retry-After": "1"}, times=3),
    ]
    assert run(*many(3)).failure == {}
    assert server.counted() == {"GET zone": 1, "GET records": 3, "POST batch": 4}


@pytest.mark.parametrize("status", [0, 502])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_call_without_an_answer_is_looked_after_and_not_repeated_blindly(
    run: Runs, server: Cloudflare, zone: Zone, status: int, carried_out: bool
) -> None:
    server.faults = [Fault("/batch", status, carried_out=carried_out)]
    assert run(*many(3), row("a", state="absent"), row("b", ttl=300)).failure == {}
    assert server.counted()["POST batch"] == (1 if carried_out else 2)
    assert len(zone.records) == 5 + 3 - 1


def test_a_chunk_that_fails_leaves_a_report_of_what_is_done_and_running_again_does_the_rest(
    run: Runs, server: Cloudflare, zone: Zone
) -> None:
    server.faults = [Fault("/batch", 503, skip=2, times=9)]
    report = run(*many(50), batch_size=10)
    assert report.failure["code"] == "partial_apply"
    assert "20 of 50 changes were made" in report.failure["message"]
    assert "Run it again" in report.failure["message"]
    left = [item for item in report.items if item["action"] == "error"]
    assert (len(left), {item["error"]["code"] for item in left}, report.written) == (30, {"not_applied"}, True)
    assert len(zone.records) == 25
    server.faults.clear()
    assert run(*many(50), batch_size=10).counts["create"] == 30
    assert len(zone.records) == 55


def test_a_half_done_run_is_rolled_back_as_far_as_it_went(run: Runs, server: Cloudflare, zone: Zone) -> None:
    before = zone.texts()
    server.faults = [Fault("/batch", 400, skip=1, message="DNS Validation Error")]
    report = run(*many(20), row("a", state="absent"), batch_size=10)
    assert report.failure["code"] == "partial_apply"
    assert zone.texts() != before
    assert run(undo=run.kept()).failure == {}
    assert zone.texts() == before


def test_when_nobody_can_tell_whether_a_chunk_was_done_it_says_so(run: Runs, server: Cloudflare) -> None:
    server.faults = [Fault("/batch", 0, carried_out=True), Fault("/dns_records", 403, skip=1, code=10_000)]
    report = run(*many(3))
    assert report.failure["code"] == "partial_apply"
    assert "0 of 3 changes were made, of 3 it is not known" in report.failure["message"]
    assert {item["error"]["code"] for item in report.items} == {"unknown"}
    assert report.written


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (
            Fault("/batch", 400, code=81_053, message="An A, AAAA, or CNAME record with that host already exists."),
            "conflict",
        ),
        (Fault("/batch", 400, code=9_005, message="Content for A record must be a valid IPv4 address."), "validation"),
        (Fault("/batch", 429, {"Retry-After": "1"}, times=9), "rate_limited"),
        (Fault("/batch", 503, times=9), "upstream_5xx"),
        (Fault("/batch", 0, times=9), "timeout"),
        (Fault("/batch", 403, code=10_000, message="Authentication error"), "insufficient_scopes"),
    ],
)
def test_a_first_chunk_that_fails_has_changed_nothing_and_says_why(
    run: Runs, server: Cloudflare, zone: Zone, fault: Fault, code: str
) -> None:
    before = zone.texts()
    server.faults = [fault]
    report = run(*many(3))
    assert (report.failure["code"], report.written, zone.texts()) == (code, False, before)
    assert report.failure["message"].endswith("Nothing was changed")


def test_a_wrong_token_a_missing_scope_and_an_unknown_zone_each_have_their_code(run: Runs, server: Cloudflare) -> None:
    run.token = "wrong"
    wrong = run(row("a", ttl=300))
    server.tokens["reader"] = frozenset({"zone:read"})
    run.token = "reader"
    missing = run(row("a", ttl=300))
    assert [wrong.failure["code"], missing.failure["code"]] == ["auth_failed", "insufficient_scopes"]
    assert "Zone / DNS: Edit" in missing.failure["message"]
    run.token, run.zone = TOKEN, Zone("f" * 32, "gone.example")
    assert run(row("a")).failure["code"] == "not_found"


def test_changes_that_do_not_show_afterwards_are_told_of(run: Runs, server: Cloudflare, monkeypatch: Any) -> None:
    monkeypatch.setattr(server, "_batch", lambda zone, body: {})
    report = run(row("new"), row("a", ttl=300))
    assert (report.failure["code"], report.written) == ("verify_failed", True)
    assert [item["error"]["code"] for item in report.items] == ["verify_failed"] * 2


def test_a_zone_that_cannot_be_read_again_is_told_of(run: Runs, server: Cloudflare) -> None:
    server.faults = [Fault("/dns_records", 403, skip=1)]
    report = run(row("new"))
    assert report.failure["code"] == "verify_failed"
    assert "not looked at again" in report.failure["message"]


def test_without_a_snapshot_nothing_is_changed(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(task, "write_whole", full)
    report = run(row("new"))
    assert report.failure["code"] == "snapshot_failed"
    assert run.server.writes == 0


def test_a_rollback_has_a_preview_a_plan_and_takes_back_what_the_run_did(
    run: Runs, server: Cloudflare, zone: Zone
) -> None:
    before = zone.texts()
    run(row("a", "192.0.2.9"), row("b", state="absent"), row("new", "x", "TXT"))
    kept = run.kept()
    server.add_record(zone, type="A", name="later.example.com", content="192.0.2.5")
    shown = run(undo=kept, is_preview=True)
    assert run.kept("plan.json")["direction"] == "rollback"
    assert shown.counts["create"] + shown.counts["update"] + shown.counts["delete"] == 3
    done = run(undo=kept, expect_plan=shown.plan_sha256)
    assert (done.failure, done.written) == ({}, True)
    assert zone.texts() == sorted([*before, "A later.example.com 192.0.2.5"])
    assert run(undo=kept).would_change is False


def test_the_snapshot_of_another_zone_is_refused(run: Runs) -> None:
    run(row("new"))
    kept = {**run.kept(), "target": {"kind": "zone", "id": "0" * 32, "name": "other.example"}}
    assert run(undo=kept).failure["code"] == "validation"
    assert run.server.writes == 0


def test_a_backup_is_restored_whole_or_in_part(run: Runs, server: Cloudflare, zone: Zone, tmp_path: Path) -> None:
    before = zone.texts()
    item = backup.take(api(server, zone), "cloudflare_zone_backup", zone.id, str(tmp_path))
    kept = json.loads((tmp_path / "example.com.json").read_text())
    assert [file["name"] for file in item["files"]] == ["example.com.json", "example.com.zone"]
    assert item["types"] == "3 A, 1 MX, 1 TXT"
    run(row("a", "192.0.2.9"), row("b", state="absent"), row("@", kind="MX", content="", state="absent"), row("new"))
    part = run(restore=kept, scope={"types": ["MX"]})
    assert (part.counts["create"], part.counts["delete"]) == (1, 0)
    assert run(restore=kept).failure == {}
    assert zone.texts() == sorted([*before, "A new.example.com 192.0.2.1"])
    assert run(restore=kept, mode="exact").counts["delete"] == 1
    assert zone.texts() == before
    assert next(one for one in zone.records.values() if one["type"] == "MX")["comment"] == "mail"


def test_what_cloudflare_exports_can_be_brought_in_again(
    run: Runs, server: Cloudflare, zone: Zone, tmp_path: Path
) -> None:
    backup.take(api(server, zone), "cloudflare_zone_backup", zone.id, str(tmp_path))
    report = run(source="zone_file", zone_file=(tmp_path / "example.com.zone").read_text(), mode="exact")
    assert (report.failure, report.would_change) == ({}, False)


def test_a_backup_of_a_zone_that_cannot_be_read_writes_nothing(server: Cloudflare, zone: Zone, tmp_path: Path) -> None:
    server.faults = [Fault("/export", 403)]
    with pytest.raises(UpstreamError):
        backup.take(api(server, zone), "cloudflare_zone_backup", zone.id, str(tmp_path))
    assert list(tmp_path.iterdir()) == []
