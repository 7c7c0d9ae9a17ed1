"""People: the first admin, sign-in and sign-out, users and their roles, one's own profile and password."""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE, Actor, require
from orch_app.domains.access.permissions import Permission, Role
from orch_app.domains.accounts import passwords, queries, sessions, tokens
from orch_app.domains.accounts.identities import forget_after_commit
from orch_app.domains.accounts.models import BrowserSession, RefreshToken, RoleRow, SetupToken, User, UserRole
from orch_app.domains.accounts.queries import Person, normal_email
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict, Invalid, NotFound, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.rest import check_match, etag
from orch_app.kit.settings import settings

Status = Literal["active", "disabled"]
Language = Literal["pt-BR", "en"]
Theme = Literal["dark", "light", "system"]

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")
_LONGEST_NAME = 100

actor_of_session = sessions.actor_of_session


@dataclass(frozen=True)
class _NewUser:
    email: str
    password_hash: str
    name: str
    role: Role


@dataclass(frozen=True)
class UserChange:
    """What an admin changes of a user; None leaves a thing as it is."""

    name: str | None = None
    role: Role | None = None
    status: Status | None = None


@dataclass(frozen=True)
class ProfileChange:
    """What people change of themselves; None leaves a thing as it is."""

    name: str | None = None
    language: Language | None = None
    theme: Theme | None = None


def issue_setup_token(session: Session) -> str | None:
    """A new one-time token for the first admin, which ends all earlier ones; None when there is a user already."""
    if queries.is_set_up(session):
        return None
    session.execute(delete(SetupToken))
    raw, at = secrets.token_urlsafe(32), now()
    ends = at + timedelta(seconds=settings().setup_token_s)
    session.add(SetupToken(id=new_id("sup"), token_hash=sessions.hash_secret(raw), created_at=at, expires_at=ends))
    record(session, COMMAND_LINE, Action.SETUP_ISSUED)
    return raw


def require_not_set_up(session: Session) -> None:
    """Refuse when there is a user.

    Raises:
        Conflict: setting up is over.
    """
    if queries.is_set_up(session):
        raise Conflict("This installation already has its first admin. Sign in instead.", "already_set_up")


def setup(session: Session, actor: Actor, token: str, *, email: str, password: str, name: str = "") -> Person | None:
    """Create the first admin. None: the token is wrong, used or too old (the caller records the refusal).

    Raises:
        Conflict: there is a user already.
        Invalid: the address, name or password cannot be used; the token stays good.
    """
    new = _checked(email, password, name, Role.ADMIN)
    require_not_set_up(session)
    if not _use_setup_token(session, token):
        return None
    made = _insert(session, new)
    record(session, _as(made, actor), Action.SETUP_COMPLETED, ("user", made.user.id))
    return made


def _use_setup_token(session: Session, token: str) -> bool:
    at = now()
    used = session.execute(
        update(SetupToken)
        .where(col(SetupToken.token_hash) == sessions.hash_secret(token))
        .where(col(SetupToken.used_at).is_(None), col(SetupToken.expires_at) > at)
        .values(used_at=at)
        .returning(col(SetupToken.id))
    ).first()
    return used is not None


def refuse_setup(session: Session, client: sessions.Client) -> None:
    """Record that somebody tried to set up with a wrong, used or old token."""
    actor = replace(ANONYMOUS, ip=client.ip, request_id=client.request_id)
    record(session, actor, Action.SETUP_REFUSED, result="denied")


def create_user(session: Session, actor: Actor, *, email: str, password: str, role: Role | str, name: str = "") -> User:
    """Add a user with a password that he or she changes later.

    Raises:
        Invalid: the address, name, role or password cannot be used.
        Conflict: the address belongs to a user already.
    """
    require(actor, Permission.USERS_WRITE)
    new = _checked(email, password, name, _checked_role(role))
    made = _insert(session, new)
    record(session, actor, Action.USER_CREATED, ("user", made.user.id), metadata={"role": new.role.value})
    return made.user


def change_user(
    session: Session, actor: Actor, user_id: str, change: UserChange, *, if_match: str | None = None
) -> Person:
    """Change a user's name, role or status; takes effect on open pages within seconds.

    Raises:
        NotFound: there is no such user.
        StaleVersion: `if_match` is the ETag of an older version.
        Conflict: it would leave the installation without an active admin.
    """
    require(actor, Permission.USERS_WRITE)
    admins = _lock_active_admins(session)
    person = queries.find_person(session, user_id, lock=True)
    if person is None:
        raise NotFound("There is no such user.", "user_not_found")
    check_match(if_match, etag_of(person))
    _keep_an_admin(admins, user_id, change)
    changed = _apply(person.user, name=_checked_name(change.name), status=change.status)
    if change.role and change.role is not person.role:
        changed["role"] = [person.role.value, change.role.value]
        _give_role(session, user_id, change.role)
    if change.status == "disabled":
        _end_everywhere(session, user_id)
    if changed:
        _save(session, person.user)
        record(session, actor, Action.USER_CHANGED, ("user", user_id), metadata={"changes": changed})
    return Person(person.user, change.role or person.role)


def _keep_an_admin(admins: set[str], user_id: str, change: UserChange) -> None:
    loses_admin = change.role not in {None, Role.ADMIN} or change.status == "disabled"
    if loses_admin and admins == {user_id}:
        raise Conflict("This is the last active admin. Make somebody else admin first.", "last_admin")


def change_own_profile(session: Session, actor: Actor, change: ProfileChange, *, if_match: str | None = None) -> Person:
    """Change one's own name, language or theme.

    Raises:
        StaleVersion: `if_match` is the ETag of an older version.
    """
    person = queries.get_me(session, actor, lock=True)
    check_match(if_match, etag_of(person))
    changed = _apply(person.user, name=_checked_name(change.name), language=change.language, theme=change.theme)
    if changed:
        _save(session, person.user)
        record(session, actor, Action.PROFILE_CHANGED, ("user", person.user.id), metadata={"changes": changed})
    return person


def change_own_password(session: Session, actor: Actor, *, proven: str, password_hash: str) -> User:
    """Store a new hash and sign out everywhere else. `proven` is the hash that the current password was held against.

    Raises:
        Conflict: the password was changed in the meantime.
    """
    user = queries.get_me(session, actor, lock=True).user
    if user.password_hash != proven:
        raise Conflict("The password was changed in the meantime.", "password_changed")
    user.password_hash, user.password_changed_at = password_hash, now()
    _save(session, user)
    _end_everywhere(session, user.id, keep=actor.session_id)
    record(session, actor, Action.PASSWORD_CHANGED, ("user", user.id))
    return user


def refuse_password(session: Session, actor: Actor) -> None:
    """Record that a signed-in person could not prove his or her password."""
    record(session, actor, Action.PASSWORD_REFUSED, ("user", actor.user_id or ""), result="denied")


def start_session(
    session: Session, person: Person, client: sessions.Client, *, remember: bool, replaces: str | None = None
) -> sessions.NewSession:
    """Sign a browser in after its password was checked; the session that it had before ends."""
    sessions.revoke(session, replaces)
    started = sessions.create(session, person.user.id, client, remember=remember)
    _note_login(session, person, client, started.session_id)
    return started


def start_tokens(session: Session, person: Person, client: sessions.Client) -> tokens.TokenPair:
    """Sign an API client in after its password was checked."""
    pair = tokens.start_family(session, person.user.id, client)
    _note_login(session, person, client, None)
    return pair


def refuse_login(session: Session, email: str, client: sessions.Client, reason: str) -> None:
    """Record a refused login. The address is kept only where it is one: people do type passwords into that field."""
    person = queries.find_by_email(session, email)
    target = ("user", person.user.id) if person else ("user", "")
    told = normal_email(email) if person or _EMAIL.fullmatch(email.strip()) else "(not an address)"
    actor = Actor("anonymous", name=told[:254], ip=client.ip, request_id=client.request_id)
    record(session, actor, Action.LOGIN_REFUSED, target, result="denied", metadata={"reason": reason})


def refresh(session: Session, raw: str, client: sessions.Client) -> tokens.TokenPair | None:
    """Exchange a refresh token. None: it was used before, and its whole family has just been revoked.

    Raises:
        Unauthorized: unknown, expired or revoked.
    """
    found = tokens.rotate(session, raw, client)
    if isinstance(found, tokens.TokenPair):
        return found
    actor = Actor("anonymous", found.user_id, ip=client.ip, request_id=client.request_id)
    record(session, actor, Action.TOKEN_REUSED, ("token_family", found.family_id), result="denied")
    return None


def logout(session: Session, client: sessions.Client, *, cookie: str | None = None, refresh_token: str = "") -> None:
    """End the session of this cookie and the family of this refresh token, whichever is there and alive."""
    ended = sessions.revoke(session, cookie)
    if ended:
        _note_logout(session, ended.user_id, client, ("session", ended.id))
    family = tokens.find_family(session, refresh_token) if refresh_token else None
    if family:
        tokens.revoke_family(session, family.family_id, family.user_id)
        _note_logout(session, family.user_id, client, ("token_family", family.family_id))


def etag_of(person: Person) -> str:
    """The ETag of a user as he or she is now."""
    return etag(person.user.id, person.user.version)


def purge_expired(session: Session) -> None:
    """Delete sessions, token families and setup tokens that ended by themselves; there is nothing left to prove."""
    at = now()
    session.execute(delete(BrowserSession).where(col(BrowserSession.expires_at) < at))
    session.execute(delete(RefreshToken).where(col(RefreshToken.expires_at) < at))
    session.execute(delete(SetupToken).where(col(SetupToken.expires_at) < at))


def _checked(email: str, password: str, name: str, role: Role) -> _NewUser:
    """A user to be; hashed before the first query, for that takes a third of a second and would hold SQLite's lock."""
    if not _EMAIL.fullmatch(email.strip()):
        raise _refusal("email", "This is not an e-mail address.")
    clean_name = _checked_name(name) or ""
    passwords.check_rules(password, email, name)
    return _NewUser(normal_email(email), passwords.hash_password(password), clean_name, role)


def _checked_role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise _refusal("role", f"A role is one of {', '.join(Role)}.") from error


def _refusal(field: str, detail: str) -> Invalid:
    return Invalid(f"The {field} cannot be used.", f"bad_{field}", errors=(Problem(f"/{field}", field, detail),))


def _checked_name(name: str | None) -> str | None:
    if name is not None and (len(name) > _LONGEST_NAME or not name.isprintable()):
        raise _refusal("name", f"A name has at most {_LONGEST_NAME} characters and no line breaks.")
    return name.strip() if name is not None else None


def _insert(session: Session, new: _NewUser) -> Person:
    at = now()
    user = User(
        id=new_id("usr"),
        email=new.email,
        name=new.name,
        password_hash=new.password_hash,
        created_at=at,
        password_changed_at=at,
    )
    try:
        session.add(user)
        session.flush()
    except IntegrityError as error:
        raise Conflict("There is a user with this address already.", "email_taken") from error
    _give_role(session, user.id, new.role)
    return Person(user, new.role)


def _give_role(session: Session, user_id: str, role: Role) -> None:
    """Exactly one role a user."""
    role_id = session.exec(select(RoleRow.id).where(RoleRow.name == role.value)).one()
    session.execute(delete(UserRole).where(col(UserRole.user_id) == user_id))
    session.add(UserRole(user_id=user_id, role_id=role_id))
    session.flush()


def _lock_active_admins(session: Session) -> set[str]:
    """The ids of the active admins, locked in one order so that two admins cannot remove each other."""
    query = (
        select(User.id)
        .where(User.id == UserRole.user_id, UserRole.role_id == RoleRow.id)
        .where(RoleRow.name == Role.ADMIN.value, User.status == "active")
        .order_by(col(User.id))
    )
    session.exec(query.with_for_update(of=User)).all()
    return set(session.exec(query).all())  # again: whoever held the lock may have changed a role


def _apply(user: User, **wanted: str | None) -> dict[str, Any]:
    """Set what differs; gives back before and after of each, for the audit log."""
    changed = {
        key: [getattr(user, key), value] for key, value in wanted.items() if value not in {None, getattr(user, key)}
    }
    for key, (_, value) in changed.items():
        setattr(user, key, value)
    return changed


def _save(session: Session, user: User) -> None:
    user.version += 1
    session.add(user)
    session.flush()
    forget_after_commit(session, user.id)


def _end_everywhere(session: Session, user_id: str, *, keep: str | None = None) -> None:
    sessions.revoke_all(session, user_id, keep=keep)
    tokens.revoke_all(session, user_id, keep=keep)


def _note_login(session: Session, person: Person, client: sessions.Client, session_id: str | None) -> None:
    person.user.last_login_at = now()
    session.add(person.user)
    how = "browser" if session_id else "api"
    actor = _as(person, Actor("user", ip=client.ip, request_id=client.request_id, session_id=session_id))
    record(session, actor, Action.LOGIN, ("user", person.user.id), metadata={"how": how})


def _note_logout(session: Session, user_id: str, client: sessions.Client, target: tuple[str, str]) -> None:
    person = queries.find_person(session, user_id)
    if person:
        actor = _as(person, Actor("user", ip=client.ip, request_id=client.request_id))
        record(session, actor, Action.LOGOUT, target)


def _as(person: Person, actor: Actor) -> Actor:
    """The same caller, now that he or she has a name."""
    user = person.user
    name = user.name or user.email
    return Actor("user", user.id, name, person.role, actor.session_id, actor.ip, actor.request_id)
