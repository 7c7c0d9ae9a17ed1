"""Browser sessions: who holds a cookie, for how long, and how soon a change takes effect."""

import pytest
from sqlalchemy import event
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import edge, service, sessions
from orch_app.domains.accounts.identities import remembered
from orch_app.domains.accounts.models import BrowserSession
from orch_app.domains.accounts.sessions import Client
from orch_app.kit.db import engine, reading, unit_of_work
from orch_app.kit.errors import Unauthorized
from tests.systems.people import add_user, later

pytestmark = pytest.mark.usefixtures("database")


def open_session(role: Role = Role.OPERATOR, *, remember: bool = False) -> sessions.NewSession:
    user_id = add_user(role).user_id
    assert user_id
    with unit_of_work() as session:
        return sessions.create(session, user_id, Client("192.0.2.7", "Firefox"), remember=remember)


def actor_of(cookie: str | None) -> Actor:
    with reading() as session:
        return service.actor_of_session(session, cookie, ip="192.0.2.7", request_id="r1")


def is_nobody(cookie: str | None) -> bool:
    with pytest.raises(Unauthorized):
        actor_of(cookie)
    return True


def test_a_cookie_names_its_holder() -> None:
    opened = open_session()
    actor = actor_of(opened.cookie)
    assert (actor.name, actor.role, actor.session_id) == ("operator@example.com", Role.OPERATOR, opened.session_id)
    assert (actor.ip, actor.request_id) == ("192.0.2.7", "r1")


@pytest.mark.parametrize("odd", [None, "", "x", "x" * 43, "é" * 43, "\x00" * 43, "\ud800" * 43])
def test_another_cookie_names_nobody(odd: str | None) -> None:
    assert is_nobody(odd)


def test_the_cookie_itself_is_not_stored() -> None:
    opened = open_session()
    with reading() as session:
        row = session.exec(select(BrowserSession)).one()
    assert opened.cookie not in row.model_dump_json()
    assert row.token_hash == sessions.hash_secret(opened.cookie)


def test_a_session_ends_after_twelve_hours_and_a_remembered_one_after_thirty_days() -> None:
    short, long = open_session(), open_session(Role.VIEWER, remember=True)
    assert (short.max_age_s, long.max_age_s) == (None, 30 * 86400)
    with later(hours=13):
        assert is_nobody(short.cookie)
        assert actor_of(long.cookie)
    with later(days=31):
        assert is_nobody(long.cookie)


def test_asking_at_every_event_does_not_ask_the_database() -> None:
    cookie = open_session().cookie
    actor_of(cookie)
    asked: list[str] = []
    event.listen(engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    for _ in range(50):
        actor_of(cookie)
    assert asked == []


def test_a_revoked_session_is_over_at_once() -> None:
    cookie = open_session().cookie
    actor_of(cookie)
    with unit_of_work() as session:
        service.logout(session, Client(), cookie=cookie)
    assert is_nobody(cookie)


def test_a_role_taken_away_is_gone_at_once() -> None:
    cookie = open_session(Role.ADMIN).cookie
    actor = actor_of(cookie)
    add_user(Role.ADMIN, "second@example.com")
    with unit_of_work() as session:
        service.change_user(session, COMMAND_LINE, str(actor.user_id), service.UserChange(role=Role.VIEWER))
    assert actor_of(cookie).role is Role.VIEWER


def test_a_disabled_user_is_out_at_once() -> None:
    cookie = open_session().cookie
    user_id = str(actor_of(cookie).user_id)
    with unit_of_work() as session:
        service.change_user(session, COMMAND_LINE, user_id, service.UserChange(status="disabled"))
    assert is_nobody(cookie)


def test_a_change_that_was_rolled_back_changes_nothing() -> None:
    cookie = open_session().cookie
    with reading() as session:
        service.logout(session, Client(), cookie=cookie)
    assert actor_of(cookie)


def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    opened = open_session()
    mark = remembered.mark()
    with reading() as session:
        old = sessions.identity_of(session, opened.cookie)
    with unit_of_work() as session:
        service.logout(session, Client(), cookie=opened.cookie)
    remembered.put(sessions.hash_secret(opened.cookie), old, mark)
    assert is_nobody(opened.cookie)


def test_what_another_process_changes_is_seen_within_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = open_session().cookie
    actor_of(cookie)
    with unit_of_work() as session:
        row = session.exec(select(BrowserSession)).one()
        row.revoked_at = row.created_at
    ahead = [0.0]
    real = __import__("time").monotonic
    monkeypatch.setattr("orch_app.domains.accounts.identities.time.monotonic", lambda: real() + ahead[0])
    ahead[0] = 5.0
    assert is_nobody(cookie)


def test_last_seen_is_written_once_a_minute() -> None:
    cookie = open_session().cookie

    def seen() -> str:
        with reading() as session:
            return session.exec(select(BrowserSession)).one().last_seen_at.isoformat()

    first = seen()
    edge.actor_behind(sessions.key_of(cookie))
    assert seen() == first
    with later(seconds=61):
        edge.actor_behind(sessions.key_of(cookie))
        second = seen()
        edge.actor_behind(sessions.key_of(cookie))
        assert first < second == seen()
