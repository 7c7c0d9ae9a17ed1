"""What live pages and the websocket hear of schedules."""

from orch_app.domains.access.actor import Actor
from orch_app.domains.schedules import live, service
from orch_app.kit.db import reading, unit_of_work
from tests.domains.schedules.samples import add, tick
from tests.systems.people import later


def moves() -> dict[tuple[str, str], dict[str, object]]:
    with reading() as session:
        return dict(live.moves(session))


def test_a_schedule_is_told_with_its_state_and_next_moment(owner: Actor) -> None:
    row = add(owner)
    facts = moves()["schedule.status", row.id]
    assert (facts["status"], facts["name"]) == ("active", "nightly")
    with unit_of_work() as session:
        service.pause(session, owner, row.id)
    paused = moves()["schedule.status", row.id]
    assert (paused["status"], paused["nextFireAt"]) == ("paused", None)


def test_what_was_missed_is_told_for_a_while(owner: Actor) -> None:
    row = add(owner, stands_at="2026-05-01 10:00")
    tick("2026-05-01 12:30")
    (missed,) = [facts for (kind, _), facts in moves().items() if kind == "schedule.missed"]
    assert (missed["scheduleId"], missed["reason"], missed["count"]) == (row.id, "late", 3)
    with later(minutes=3):
        assert not [kind for kind, _ in moves() if kind == "schedule.missed"]
