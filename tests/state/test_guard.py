"""The guard of event handlers: who lacks the permission never gets through, and is told in the right form."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session, select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import GRANTS, Permission, Role
from orch_app.domains.accounts import service, sessions
from orch_app.domains.accounts.models import User
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, NotFound, Unauthorized
from orch_app.state import guard
from orch_app.state.connections import ConnectionsState
from orch_app.state.exposure import GUARD
from orch_app.state.hosts import HostsState
from orch_app.state.jobs import JobsState
from orch_app.state.screen import Screen
from orch_app.state.settings import SettingsState
from tests.state.conftest import SignIn
from tests.state.tabs import handlers, tab
from tests.systems.people import audited, later

CALLERS = (None, *Role)
GUARDED = {
    name: handler for name, handler in handlers().items() if isinstance(getattr(handler.fn, GUARD, None), Permission)
}


def call(state: Any, name: str, *args: Any) -> Any:
    return asyncio.run(type(state).event_handlers[name].fn(state, *args))


def leads_to(answer: Any) -> str:
    """The address of a redirect."""
    assert isinstance(answer, EventSpec)
    return next(str(value._var_value) for name, value in answer.args if name._js_expr == "path")  # pyright: ignore[reportAttributeAccessIssue]


def notice_of(answer: Any) -> dict[str, Any]:
    """The problem that a notice will show."""
    assert isinstance(answer, EventSpec)
    assert answer.handler.fn.__qualname__ == "Notices.show_problem"
    return answer.args[0][1]._var_value  # pyright: ignore[reportAttributeAccessIssue]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Replaces what a handler guards by something that only notes that it was reached."""

    def replace(name: str) -> list[str]:
        reached: list[str] = []

        async def note(*_: Any, **__: Any) -> None:
            reached.append(name)

        fn = GUARDED[name].fn
        note.__qualname__ = name
        cell = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))["handler"]
        monkeypatch.setattr(cell, "cell_contents", note)
        return reached

    return replace


def speak_as(role: Role | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def identify(_cookie: str | None, ip: str) -> Actor:
        if role is None:
            raise Unauthorized("Sign in to do this.", "unauthorized")
        return Actor("user", f"usr_{role.value}", role.value, role, ip=ip)

    monkeypatch.setattr(guard, "_identify", identify)


@pytest.mark.parametrize("role", CALLERS, ids=lambda role: role.value if role else "anonymous")
def test_who_lacks_the_permission_never_gets_through(
    role: Role | None, monkeypatch: pytest.MonkeyPatch, behind: Callable[[str], list[str]]
) -> None:
    denials: list[tuple[str, str]] = []
    monkeypatch.setattr(guard, "_audit_denial", lambda who, error, where: denials.append((where, error.permission)))
    speak_as(role, monkeypatch)
    granted = GRANTS[role] if role else frozenset[Permission]()
    for name, handler in GUARDED.items():
        needed = getattr(handler.fn, GUARD)
        reached = behind(name)
        call(tab(handler.state), handler.fn.__name__)  # pyright: ignore[reportArgumentType]
        assert (reached == [name]) is (needed in granted), name
    expected = {(name, getattr(handler.fn, GUARD)) for name, handler in GUARDED.items()}
    refused = {(name, needed) for name, needed in expected if role and needed not in granted}
    assert set(denials) == refused
    assert len(GUARDED) > 60


def test_the_matrix_would_notice_a_guard_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, behind: Callable[[str], list[str]]
) -> None:
    speak_as(Role.VIEWER, monkeypatch)
    monkeypatch.setattr(guard, "require", lambda *_: None)
    reached = behind("HostsState.delete")
    call(tab(HostsState), "delete")
    assert reached == ["HostsState.delete"]


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize("cookie", ["", "x" * 43, "short", "x" * 5000, "ümlaut", 'a"b\\'])
def test_nobody_is_led_to_the_login_and_back_again(cookie: str) -> None:
    state = tab(JobsState, cookie=cookie)
    to = leads_to(call(state, "load"))
    assert to.startswith("/login?next=/jobs")
    assert to.endswith("&expired=1") is bool(cookie)
    assert (state.phase, state.rows) == ("loading", [])


@pytest.mark.usefixtures("sqlite")
def test_an_address_cannot_smuggle_more_parameters_into_the_login(sign_in: SignIn) -> None:
    to = leads_to(call(tab(JobsState, address="/jobs&expired=1#x"), "load"))
    assert "&" not in to
    assert "#" not in to


@pytest.mark.usefixtures("sqlite")
def test_a_viewer_on_an_operators_handler_gets_a_notice_and_is_audited(sign_in: SignIn) -> None:
    state = tab(HostsState, cookie=sign_in(Role.VIEWER), address="/hosts")
    before = state.dict()
    problem = notice_of(call(state, "open_new"))
    assert (problem["code"], problem["permission"], problem["role"]) == ("forbidden", "hosts:write", "admin")
    assert state.dict() == before
    (entry,) = audited("access.denied")
    assert (entry.actor_name, entry.target_id, entry.result) == ("viewer@example.com", "hosts:write", "denied")
    assert (entry.ip, entry.request_id) == ("192.0.2.7", problem["requestId"])
    assert entry.metadata_json == {"where": "HostsState.open_new", "code": "forbidden"}


@pytest.mark.usefixtures("sqlite")
def test_a_page_that_somebody_may_not_see_says_so_itself(sign_in: SignIn) -> None:
    state = tab(ConnectionsState, cookie=sign_in(Role.VIEWER), address="/connections")
    assert call(state, "load") is None
    assert (state.phase, state.problem["permission"], state.rows) == ("forbidden", "connections:read", [])
    assert len(audited("access.denied")) == 1


def test_who_may_reaches_the_database_as_that_person(database: str, sign_in: SignIn) -> None:
    state = tab(SettingsState, cookie=sign_in(Role.VIEWER), address="/settings")
    call(state, "save_profile", {"name": "Vera"})
    with reading() as session:
        assert session.exec(select(User.name)).all() == ["Vera"]
    assert [entry.actor_name for entry in audited("profile.changed")] == ["viewer@example.com"]


def disable(session: Session, user_id: str) -> None:
    service.change_user(session, COMMAND_LINE, user_id, service.UserChange(status="disabled"))


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize("end", [disable, sessions.revoke_all])
def test_the_session_is_looked_up_at_each_event(sign_in: SignIn, end: Callable[[Session, str], None]) -> None:
    sign_in(Role.ADMIN)
    state = tab(JobsState, cookie=sign_in(Role.VIEWER))
    assert call(state, "load") is None
    with unit_of_work() as session:
        end(session, session.exec(select(User.id).where(User.email == "viewer@example.com")).one())
    assert leads_to(call(state, "load")).endswith("&expired=1")


@pytest.mark.usefixtures("sqlite")
def test_a_session_ends_when_its_time_is_over(sign_in: SignIn) -> None:
    state = tab(JobsState, cookie=sign_in(Role.VIEWER))
    assert call(state, "load") is None
    with later(days=2):
        assert leads_to(call(state, "load")).endswith("&expired=1")


class Faulty(Screen, rx.State):
    """Handlers that fail, or do nothing; guarded as the product's are."""

    phase: str = "ready"

    @guard.guarded(Permission.ME, page=True)
    async def read(self) -> None:
        return None

    @guard.guarded(Permission.ME, page=True)
    async def of_page(self, error: Any) -> None:
        raise error

    @guard.guarded(Permission.ME)
    async def in_place(self, error: Any) -> None:
        raise error


def test_what_a_page_cannot_show_is_the_pages_error(monkeypatch: pytest.MonkeyPatch) -> None:
    speak_as(Role.VIEWER, monkeypatch)
    state = tab(Faulty)
    assert call(state, "of_page", NotFound("There is no job 1.", "job_not_found")) is None
    assert (state.phase, state.problem["code"]) == ("error", "job_not_found")


def test_a_screen_knows_for_which_address_it_was_read_well_or_badly(monkeypatch: pytest.MonkeyPatch) -> None:
    speak_as(Role.VIEWER, monkeypatch)
    state = tab(Faulty, address="/jobs?status=ERROR")
    call(state, "read")
    assert (state.shown_at, state.loads) == ("/jobs?status=ERROR", 1)
    call(state, "of_page", NotFound("There is no job 1.", "job_not_found"))
    assert state.loads == 2
    call(state, "in_place", Conflict("It has ended.", "job_is_over"))
    assert state.loads == 2


def test_what_was_refused_on_the_way_is_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    speak_as(Role.VIEWER, monkeypatch)
    state = tab(Faulty)
    assert notice_of(call(state, "in_place", Conflict("It has ended.", "job_is_over")))["code"] == "job_is_over"
    assert state.phase == "ready"


def test_a_fault_of_ours_is_logged_and_told_without_its_cause(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speak_as(Role.VIEWER, monkeypatch)
    told = notice_of(call(tab(Faulty), "in_place", ZeroDivisionError("of all things")))
    assert told["code"] == "internal_error"
    assert "of all things" not in told["detail"]
    assert "event.failed" in "".join(capsys.readouterr())


@pytest.mark.usefixtures("sqlite")
def test_a_service_that_refuses_is_audited_like_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    speak_as(Role.VIEWER, monkeypatch)
    call(tab(Faulty), "in_place", Forbidden("Not here.", "approval_required", permission="runbooks:execute"))
    (entry,) = audited("access.denied")
    assert entry.metadata_json == {"where": "Faulty.in_place", "code": "approval_required"}


@pytest.mark.usefixtures("sqlite")
def test_who_looks_at_a_way_in_is_known_or_nobody(sign_in: SignIn) -> None:
    known = tab(JobsState, cookie=sign_in(Role.OPERATOR))
    assert asyncio.run(guard.visitor(known)).role is Role.OPERATOR
    assert asyncio.run(guard.visitor(tab(JobsState))).kind == "anonymous"
