"""Favourites: each person's own, kept while a runbook is away, and audited."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, delete

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.models import User, UserRole
from orch_app.domains.runbooks import favourites
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import NotFound, Unauthorized
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.people import add_user, audited, start_afresh

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def catalogue(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    start_afresh(monkeypatch)
    sync_runbooks(COMMAND_LINE)


def do(change: Callable[[Session, Actor, str], None], actor: Actor, name: str = "host_report") -> None:
    with unit_of_work() as session:
        change(session, actor, name)


def mine(actor: Actor) -> frozenset[str]:
    with reading() as session:
        return favourites.names_of(session, actor)


def test_everybody_has_favourites_of_his_or_her_own() -> None:
    one, other = add_user(Role.VIEWER, "one@example.com"), add_user(Role.ADMIN, "other@example.com")
    do(favourites.add, one)
    do(favourites.add, other, "connectivity_test")
    assert (mine(one), mine(other)) == ({"host_report"}, {"connectivity_test"})
    do(favourites.remove, other)
    do(favourites.remove, other, "connectivity_test")
    assert (mine(one), mine(other)) == ({"host_report"}, frozenset())


def test_what_changes_nothing_is_not_audited() -> None:
    person = add_user(Role.VIEWER)
    for change in (favourites.add, favourites.add, favourites.remove, favourites.remove):
        do(change, person)
    assert [entry.target_id for entry in audited("favourite.added")] == ["host_report"]
    assert [entry.actor_name for entry in audited("favourite.removed")] == ["viewer@example.com"]


def test_only_what_is_in_the_catalogue_becomes_one() -> None:
    with pytest.raises(NotFound, match="no runbook nothing"):
        do(favourites.add, add_user(Role.VIEWER), "nothing")
    with pytest.raises(NotFound, match="no runbook nothing"):
        do(favourites.remove, add_user(Role.OPERATOR), "nothing")


def test_without_an_account_there_are_none() -> None:
    assert mine(COMMAND_LINE) == frozenset()
    for change in (favourites.add, favourites.remove):
        with pytest.raises(NotFound, match="account"):
            do(change, COMMAND_LINE)
        with pytest.raises(Unauthorized):
            do(change, ANONYMOUS)


def test_they_go_with_the_account() -> None:
    person = add_user(Role.VIEWER)
    do(favourites.add, person)
    with unit_of_work() as session:
        session.exec(delete(UserRole))
        session.exec(delete(User))
    assert mine(person) == frozenset()
