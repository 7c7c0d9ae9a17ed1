"""An authentic message does once what its webhook says; what is not authentic learns nothing and does nothing."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service as accounts
from orch_app.domains.hooks import service
from orch_app.domains.hooks.models import Hook
from orch_app.domains.hooks.wire import HookChange
from orch_app.domains.jobs import service as jobs
from orch_app.domains.sources import service as sources
from orch_app.domains.sources.models import RunbookSource
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import BadRequest, TooMany, Unauthorized, Unavailable
from tests.domains.hooks.conftest import Desk
from tests.domains.hooks.messages import SECRET, Sent, generic, github, gitlab, signature
from tests.systems.people import add_user, audited, later

PUSH = {"ref": "refs/heads/main", "after": "a1b2"}


def refused(desk: Desk, hook_id: str, sent: Sent) -> str:
    with pytest.raises(Unauthorized) as error:
        desk.tell(hook_id, sent)
    return f"{error.value.code}: {error.value.detail}"


def test_a_push_starts_a_job_in_the_owners_name_with_what_it_told(desk: Desk) -> None:
    receipt = desk.tell(desk.make(inputs={"notify": True}, tags=["config"]), github(PUSH))
    (job,) = desk.jobs()
    assert (receipt.delivery.outcome, receipt.delivery.job_id, receipt.is_repeat) == ("launched", job.id, False)
    assert (job.input_json, job.trigger, job.created_by) == (
        {"branch": "main", "notify": True},
        "webhook",
        desk.owner.user_id,
    )
    assert job.tags_json == {"only": ["config"]}
    (entry,) = audited("hook.delivered")
    assert (entry.ip, entry.metadata_json["job"], entry.metadata_json["delivery"]) == ("203.0.113.9", job.id, "guid-1")


@pytest.mark.parametrize(
    "again",
    [
        github(PUSH),
        github(PUSH, delivery="guid-2"),
        github({"ref": "refs/heads/other"}),
    ],
)
def test_the_same_delivery_or_the_same_content_is_done_once(desk: Desk, again: Sent) -> None:
    hook_id = desk.make()
    first, second = desk.tell(hook_id, github(PUSH)), desk.tell(hook_id, again)
    assert (second.is_repeat, second.delivery.job_id) == (True, first.delivery.job_id)
    assert (len(desk.jobs()), [one.repeats for one in desk.deliveries()]) == (1, [1])
    assert len(audited("hook.delivered")) == 1


def test_other_content_or_another_webhook_is_another_message(desk: Desk) -> None:
    one, other = desk.make(), desk.make(name="other")
    desk.tell(one, github(PUSH))
    desk.tell(other, github(PUSH))
    desk.tell(one, github({"ref": "refs/heads/dev"}, delivery="guid-2"))
    assert [job.input_json["branch"] for job in desk.jobs()] == ["main", "main", "dev"]


def test_equal_messages_at_the_same_moment_start_one_job(desk: Desk) -> None:
    hook_id, together, told = desk.make(), threading.Barrier(4), list[bool | str]()

    def tell(number: int) -> None:
        together.wait()
        try:
            told.append(desk.tell(hook_id, github(PUSH, delivery=f"guid-{number}")).is_repeat)
        except Unavailable as error:
            told.append(error.code)

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(desk.jobs()), told.count(False)) == (1, 1)


def test_events_and_conditions_that_do_not_fit_are_ignored(desk: Desk) -> None:
    hook_id = desk.make(events=["push"], conditions=[{"pointer": "/ref", "equals": "refs/heads/main"}])
    ping = desk.tell(hook_id, github({"zen": "x"}, event="ping")).delivery
    other = desk.tell(hook_id, github({"ref": "refs/heads/dev"}, delivery="2")).delivery
    assert [(one.outcome, one.reason) for one in (ping, other)] == [("ignored", "event"), ("ignored", "condition")]
    assert desk.jobs() == []
    assert desk.tell(hook_id, github(PUSH, delivery="3")).delivery.outcome == "launched"


def test_who_does_not_know_the_secret_learns_nothing_and_does_nothing(desk: Desk) -> None:
    hook_id = desk.make()
    off = desk.make(name="off", is_enabled=False)
    told = {
        refused(desk, hook_id, github(PUSH, secret="wrong" * 5)),
        refused(desk, "hok_01J9ZC5V0G3M5W6YQX4T2R8S7K", github(PUSH)),
        refused(desk, off, github(PUSH)),
        refused(desk, hook_id, Sent(b"{}")),
        refused(desk, hook_id, Sent(b"not even JSON")),
    }
    assert len(told) == 1
    assert (desk.jobs(), desk.deliveries()) == ([], [])
    assert sorted(entry.metadata_json["name"] for entry in audited("hook.refused")) == ["off", "pushes"]


def test_a_secret_that_cannot_be_opened_lets_nobody_in(desk: Desk) -> None:
    hook_id = desk.make()
    with unit_of_work() as session:
        hook = session.get_one(Hook, hook_id)
        hook.encrypted_secret = hook.encrypted_secret[:-4] + "AAA="
        session.add(hook)
    for secret in (SECRET, "", "no webhook has this secret"):
        assert refused(desk, hook_id, github(PUSH, secret=secret)).startswith("hook_refused")


def test_a_replaced_secret_ends_the_old_one_at_once(desk: Desk) -> None:
    hook_id = desk.make()
    with unit_of_work() as session:
        service.update(session, desk.owner, hook_id, HookChange.model_validate({"secret": "another long secret"}))
    assert refused(desk, hook_id, github(PUSH)).startswith("hook_refused")
    assert desk.tell(hook_id, github(PUSH, secret="another long secret")).delivery.outcome == "launched"


def test_what_fails_says_why_and_may_come_again(desk: Desk) -> None:
    hook_id = desk.make()
    bad = desk.tell(hook_id, github({"after": "a1"})).delivery
    assert (bad.outcome, bad.reason, "/ref" in bad.detail) == ("failed", "hook_mapping", True)
    long = desk.tell(hook_id, github({"ref": "x" * 30}, delivery="2")).delivery
    assert (long.outcome, long.reason, "/branch" in long.detail) == ("failed", "validation", True)
    with unit_of_work() as session:
        change = HookChange.model_validate({"mapping": [{"input": "branch", "pointer": "/after"}]})
        service.update(session, desk.owner, hook_id, change)
    again = desk.tell(hook_id, github({"after": "a1"}))
    assert (again.is_repeat, again.delivery.id, again.delivery.outcome) == (False, bad.id, "launched")
    assert desk.tell(hook_id, github({"after": "a1"})).is_repeat
    assert len(desk.jobs()) == 1


def test_a_failed_one_does_not_open_a_way_to_do_another_twice(desk: Desk) -> None:
    """The id is not signed: what was done is sent again under the id of what failed."""
    hook_id = desk.make()
    desk.tell(hook_id, github({"no": "ref"}, delivery="failed"))
    desk.tell(hook_id, github(PUSH, delivery="done"))
    assert desk.tell(hook_id, github(PUSH, delivery="failed")).is_repeat
    assert len(desk.jobs()) == 1


def test_it_acts_with_the_rights_that_its_owner_has_now(desk: Desk) -> None:
    hook_id, boss = desk.make(), add_user(Role.ADMIN, "boss@example.com")
    with unit_of_work() as session:
        accounts.change_user(session, boss, desk.owner.user_id or "", accounts.UserChange(role=Role.VIEWER))
    found = desk.tell(hook_id, github(PUSH)).delivery
    assert (found.outcome, found.reason, desk.jobs()) == ("failed", "forbidden", [])


def test_what_is_away_leaves_nothing_so_that_the_sender_tries_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_id = desk.make()

    def away(*_: object) -> None:
        raise Unavailable("The disk is full.", "disk_full")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "launch", away)
        with pytest.raises(Unavailable):
            desk.tell(hook_id, github(PUSH))
    assert desk.deliveries() == []
    assert desk.tell(hook_id, github(PUSH)).delivery.outcome == "launched"


def test_too_many_are_refused_and_those_without_the_secret_do_not_count(desk: Desk) -> None:
    hook_id = desk.make()
    for _ in range(30):
        refused(desk, hook_id, github(PUSH, secret="wrong" * 5))
    for number in range(20):
        desk.tell(hook_id, github({"ref": str(number)}, delivery=str(number)))
    with pytest.raises(TooMany) as error:
        desk.tell(hook_id, github(PUSH, delivery="more"))
    assert (error.value.code, error.value.retry_after_s is not None, len(desk.jobs())) == ("rate_limited", True, 20)


def test_a_body_that_is_no_json_is_refused_though_it_is_signed(desk: Desk) -> None:
    body = b"{"
    with pytest.raises(BadRequest):
        desk.tell(desk.make(), Sent(body, {"x-hub-signature-256": signature(SECRET, body)}))
    assert desk.deliveries() == []


def test_gitlab_and_a_generic_sender_start_jobs_too(desk: Desk) -> None:
    lab = desk.make(name="lab", provider="gitlab", events=["Push Hook"])
    timed = desk.make(name="timed", provider="generic", timestampHeader="X-Timestamp")
    stamp = str(int(now().timestamp()))
    assert desk.tell(lab, gitlab(PUSH)).delivery.outcome == "launched"
    assert desk.tell(timed, generic(PUSH, stamp=stamp)).delivery.outcome == "launched"
    assert desk.tell(timed, generic(PUSH, stamp=stamp)).is_repeat
    refused(desk, timed, generic(PUSH, stamp=str(int(stamp) - 600)))


def test_a_push_has_a_source_fetched(desk: Desk) -> None:
    with unit_of_work() as session:
        facts: dict[str, Any] = {"kind": "folder", "path": "/srv/x", "created_at": now(), "updated_at": now()}
        session.add(RunbookSource(id="src_01J9ZC5V0G3M5W6YQX4T2R8S7K", name="ops", **facts))
    hook_id = desk.make(action="sync", sourceId="src_01J9ZC5V0G3M5W6YQX4T2R8S7K", runbook="", mapping=[])
    assert desk.tell(hook_id, github(PUSH)).delivery.outcome == "synced"
    (entry,) = audited("source.sync_requested")
    assert entry.actor_user_id == desk.owner.user_id
    with unit_of_work() as session:
        assert session.get_one(RunbookSource, "src_01J9ZC5V0G3M5W6YQX4T2R8S7K").sync_due_at is not None
        sources.delete(session, desk.owner, "src_01J9ZC5V0G3M5W6YQX4T2R8S7K")
    refused(desk, hook_id, github(PUSH, delivery="2"))


def test_what_came_long_ago_is_forgotten(desk: Desk) -> None:
    hook_id = desk.make()
    desk.tell(hook_id, github(PUSH))
    with later(days=31):
        desk.tell(hook_id, github({"ref": "refs/heads/dev"}, delivery="2"))
    assert [one.delivery_key for one in desk.deliveries()] == ["2"]


def test_an_event_name_without_end_is_cut(desk: Desk) -> None:
    sent = github(PUSH)
    long = replace(sent, headers=sent.headers | {"x-github-event": "x" * 10_000})
    assert len(desk.tell(desk.make(), long).delivery.event) == 200
