"""Proving a password at the edge: limits first, then the slow hash outside any transaction, then one unit of work.

A refusal is written in its own unit of work before the error is raised, for an error rolls back what it came through.
"""

from dataclasses import dataclass
from typing import NoReturn

from orch_app.domains.access.actor import ANONYMOUS, Actor
from orch_app.domains.accounts import limits, passwords, queries, service
from orch_app.domains.accounts.queries import Person
from orch_app.domains.accounts.sessions import Client, NewSession
from orch_app.domains.accounts.tokens import TokenPair
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Invalid, Problem, Unauthorized


@dataclass(frozen=True)
class Browser:
    """How a browser wants to be signed in; `cookie` is the one that it sent, whose session is replaced."""

    remember: bool = False
    cookie: str | None = None


def sign_in_browser(email: str, password: str, client: Client, browser: Browser) -> tuple[Person, NewSession]:
    """Check the password and start a browser session.

    Raises:
        Unauthorized: wrong, unknown or disabled; the answer never says which.
        TooMany: too many attempts for this account from this address, or from this address at all.
    """
    proven = _prove(email, password, client)
    with unit_of_work() as session:
        person = _still(queries.find_person(session, proven.user.id, lock=True), proven)
        started = service.start_session(session, person, client, remember=browser.remember, replaces=browser.cookie)
    return person, started


def sign_in_client(email: str, password: str, client: Client) -> TokenPair:
    """Check the password and start a family of tokens.

    Raises:
        Unauthorized: wrong, unknown or disabled; the answer never says which.
        TooMany: too many attempts for this account from this address, or from this address at all.
    """
    proven = _prove(email, password, client)
    with unit_of_work() as session:
        person = _still(queries.find_person(session, proven.user.id, lock=True), proven)
        return service.start_tokens(session, person, client)


def renew(refresh_token: str, client: Client) -> TokenPair:
    """Exchange a refresh token.

    Raises:
        Unauthorized: unknown, expired, revoked, or used before (then its family is revoked and that is audited).
    """
    with unit_of_work() as session:
        pair = service.refresh(session, refresh_token, client)
    if pair is None:
        raise Unauthorized("This token was used before; everything that came from it is revoked.", "token_reused")
    return pair


def set_up(token: str, client: Client, *, email: str, password: str, name: str) -> Person:
    """Create the first admin with the one-time token.

    Raises:
        Unauthorized: the token is wrong, used or too old.
        Conflict: there is a user already.
        Invalid: the address, name or password cannot be used; the token stays good.
        TooMany: too many attempts from this address.
    """
    with reading() as session:
        service.require_not_set_up(session)
    limits.take_setup(client.ip)
    actor = Actor("anonymous", name=ANONYMOUS.name, ip=client.ip, request_id=client.request_id)
    with unit_of_work() as session:
        made = service.setup(session, actor, token, email=email, password=password, name=name)
        if made is None:
            service.refuse_setup(session, client)
    if made is None:
        detail = "The setup token is wrong, was used, or is too old. `./orch setup-url` prints a new address."
        raise Unauthorized(detail, "bad_setup_token")
    return made


def open_browser(person: Person, client: Client, browser: Browser) -> NewSession:
    """Sign in whoever has just set the installation up."""
    with unit_of_work() as session:
        return service.start_session(session, person, client, remember=browser.remember, replaces=browser.cookie)


def change_password(actor: Actor, current: str, new: str) -> None:
    """Change one's own password and sign out everywhere else.

    Raises:
        Invalid: the current one is wrong (at `/currentPassword`), or the new one cannot be used.
        TooMany: the current one was wrong too often.
    """
    with reading() as session:
        user = queries.get_me(session, actor).user
    passwords.check_rules(new, user.email, user.name)
    limits.take_password_check(user.id)
    if not passwords.verify(current, user.password_hash):
        _refuse_password(actor)
    limits.forgive_password_check(user.id)
    password_hash = passwords.hash_password(new)
    with unit_of_work() as session:
        service.change_own_password(session, actor, proven=user.password_hash, password_hash=password_hash)


def _prove(email: str, password: str, client: Client) -> Person:
    limits.take_login(email, client.ip)
    with reading() as session:
        person = queries.find_by_email(session, email)
    is_right = passwords.verify(password, person.user.password_hash if person else None)
    if person is None or not is_right or person.user.status != "active":
        _refuse_login(email, client, person, is_right=is_right)
    limits.forgive_login(email, client.ip)
    return person


def _refuse_login(email: str, client: Client, person: Person | None, *, is_right: bool) -> NoReturn:
    limits.count_refused(client.ip)
    reason = "unknown_user" if person is None else "disabled" if is_right else "wrong_password"
    with unit_of_work() as session:
        service.refuse_login(session, email, client, reason)
    raise _wrong()


def _refuse_password(actor: Actor) -> NoReturn:
    with unit_of_work() as session:
        service.refuse_password(session, actor)
    problem = Problem("/currentPassword", "wrong_password", "This is not your current password.")
    raise Invalid("The current password is wrong.", "wrong_password", errors=(problem,))


def _still(person: Person | None, proven: Person) -> Person:
    """The same person, unless the account was disabled or its password changed while we were hashing."""
    if person is None or person.user.status != "active" or person.user.password_hash != proven.user.password_hash:
        raise _wrong()
    return person


def _wrong() -> Unauthorized:
    return Unauthorized("The address or the password is wrong.", "wrong_credentials")
