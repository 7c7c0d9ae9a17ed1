"""Who has a connection open hears when the login behind it ends, and nobody else does."""

import asyncio
from collections.abc import Callable

import pytest

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service, sessions, tokens, watch
from orch_app.domains.accounts.service import UserChange
from orch_app.domains.accounts.sessions import Client
from orch_app.domains.accounts.watch import ROLE_CHANGED, SIGNED_OUT, Ending, Watch
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Unavailable
from tests.systems.people import add_user, later

PATIENCE_S = 20.0
Change = Callable[[Actor, str], None]


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.02)


def browser_of(person: Actor) -> tuple[Actor, str]:
    """The person as he or she is in a browser, and the cookie."""
    with unit_of_work() as session:
        made = sessions.create(session, person.user_id or "", Client(), remember=False)
        return sessions.actor_of_session(session, made.cookie), made.cookie


def script_of(person: Actor) -> Actor:
    with unit_of_work() as session:
        pair = tokens.start_family(session, person.user_id or "", Client())
        return tokens.identity_of(session, pair.access_token).actor()


def revoke(_: Actor, cookie: str) -> None:
    with unit_of_work() as session:
        sessions.revoke(session, cookie)


def disable(person: Actor, _: str) -> None:
    with unit_of_work() as session:
        service.change_user(session, COMMAND_LINE, person.user_id or "", UserChange(status="disabled"))


def promote(person: Actor, _: str) -> None:
    with unit_of_work() as session:
        service.change_user(session, COMMAND_LINE, person.user_id or "", UserChange(role=Role.OPERATOR))


async def ending_after(watching: Actor, change: Callable[[], None]) -> Ending:
    waiting = asyncio.ensure_future(Watch().ending_of(watching))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await asyncio.to_thread(change)
    return await asyncio.wait_for(waiting, PATIENCE_S)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("change", "ending"),
    [(revoke, SIGNED_OUT), (disable, SIGNED_OUT), (promote, ROLE_CHANGED)],
    ids=["revoked", "disabled", "promoted"],
)
def test_a_browser_hears_of_its_end(change: Change, ending: Ending) -> None:
    person = add_user(Role.VIEWER)
    watching, cookie = browser_of(person)
    assert asyncio.run(ending_after(watching, lambda: change(person, cookie))) == ending


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("change", "ending"), [(disable, SIGNED_OUT), (promote, ROLE_CHANGED)], ids=["disabled", "promoted"]
)
def test_a_script_hears_of_its_end(change: Change, ending: Ending) -> None:
    person = add_user(Role.VIEWER)
    assert asyncio.run(ending_after(script_of(person), lambda: change(person, ""))) == ending


@pytest.mark.usefixtures("database")
def test_a_session_that_has_had_its_time_ends() -> None:
    watching, _ = browser_of(add_user(Role.VIEWER))
    with later(days=2):
        assert asyncio.run(asyncio.wait_for(Watch().ending_of(watching), PATIENCE_S)) == SIGNED_OUT


@pytest.mark.usefixtures("database")
def test_nobody_is_sent_away_because_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    watching, cookie = browser_of(add_user(Role.VIEWER))
    look, failures = watch._roles, [1, 2, 3]

    def fail_first(login_ids: set[str]) -> dict[str, Role]:
        if failures:
            failures.pop()
            raise Unavailable("It is away.", "database_unavailable")
        return look(login_ids)

    monkeypatch.setattr(watch, "_roles", fail_first)
    assert asyncio.run(ending_after(watching, lambda: revoke(watching, cookie))) == SIGNED_OUT
    assert failures == []


@pytest.mark.usefixtures("database")
def test_nobody_is_watched_after_leaving() -> None:
    watching, _ = browser_of(add_user(Role.VIEWER))

    async def look_in() -> tuple[int, bool]:
        watcher = Watch()
        waiting = asyncio.ensure_future(watcher.ending_of(watching))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert watcher._task
        await asyncio.wait_for(watcher._task, PATIENCE_S)
        return len(watcher._waiting), waiting.cancelled()

    assert asyncio.run(look_in()) == (0, True)
