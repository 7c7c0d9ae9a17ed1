"""Browser sessions: one opaque cookie, stored hashed, looked up at every request and every websocket event."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.identities import Identity, forget_after_commit, remembered
from orch_app.domains.accounts.models import BrowserSession, User
from orch_app.domains.accounts.queries import role_of
from orch_app.kit.clock import now
from orch_app.kit.errors import Unauthorized
from orch_app.kit.ids import new_id
from orch_app.kit.settings import settings

COOKIE = "orch_session"
TOUCH_AFTER = timedelta(minutes=1)
COOKIE_LENGTH = 43
KEY_LENGTH = 64
AGENT_LENGTH = 300


@dataclass(frozen=True)
class Client:
    """From where somebody speaks: address, browser and the request's id."""

    ip: str = ""
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class NewSession:
    """What the browser gets: the cookie's value, and when it dies (None: with the browser's window)."""

    cookie: str
    session_id: str
    max_age_s: int | None


def hash_secret(raw: str) -> str:
    """How random secrets are stored: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()


def create(session: Session, user_id: str, client: Client, *, remember: bool) -> NewSession:
    """Sign a browser in. The caller writes the audit entry of the login."""
    cookie, at = secrets.token_urlsafe(32), now()
    life_s = settings().session_remember_s if remember else settings().session_s
    row = BrowserSession(
        id=new_id("ses"),
        token_hash=hash_secret(cookie),
        user_id=user_id,
        created_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(seconds=life_s),
        ip=client.ip,
        user_agent=client.user_agent[:AGENT_LENGTH],
    )
    session.add(row)
    return NewSession(cookie, row.id, life_s if remember else None)


def key_of(raw_cookie: str | None) -> str:
    """What a session is known by inside: it leads to the session, and nobody can make the cookie from it."""
    return hash_secret(raw_cookie) if raw_cookie and len(raw_cookie) == COOKIE_LENGTH else ""


def identity_of(session: Session, raw_cookie: str | None) -> Identity:
    """Who holds this cookie, at most `identities.REMEMBER_S` seconds old.

    Raises:
        Unauthorized: no cookie, an unknown, ended or revoked session, or a disabled user.
    """
    return identity_behind(session, key_of(raw_cookie))


def identity_behind(session: Session, key: str) -> Identity:
    """The same by the session's key.

    Raises:
        Unauthorized: as `identity_of`.
    """
    if len(key) != KEY_LENGTH:
        raise _nobody()
    found = remembered.get(key)
    if found is None:
        mark = remembered.mark()
        found = _read(session, key)
        remembered.put(key, found, mark)
    if found.expires_at <= now():
        raise _nobody()
    return found


def actor_of_session(session: Session, raw_cookie: str | None, *, ip: str = "", request_id: str = "") -> Actor:
    """The actor behind a browser's cookie; cheap enough for every websocket event.

    Raises:
        Unauthorized: the session is not, or no longer, valid.
    """
    return identity_of(session, raw_cookie).actor(ip=ip, request_id=request_id)


def is_touch_due(identity: Identity) -> bool:
    """Whether "last seen" is old enough to be written again."""
    return identity.last_seen_at is not None and now() - identity.last_seen_at >= TOUCH_AFTER


def touch(session: Session, identity: Identity) -> None:
    """Note that the session was used; at most once a minute, whoever asks."""
    at = now()
    due = col(BrowserSession.last_seen_at) <= at - TOUCH_AFTER
    session.execute(
        update(BrowserSession).where(col(BrowserSession.id) == identity.session_id, due).values(last_seen_at=at)
    )
    forget_after_commit(session, identity.user_id)


def revoke(session: Session, raw_cookie: str | None) -> BrowserSession | None:
    """End the session of a cookie; gives it back when it was still alive. The caller writes the audit entry."""
    if not raw_cookie:
        return None
    query = select(BrowserSession).where(BrowserSession.token_hash == hash_secret(raw_cookie))
    row = session.exec(query).first()
    if row is None or row.revoked_at is not None:
        return None
    row.revoked_at = now()
    session.add(row)
    forget_after_commit(session, row.user_id)
    return row


def revoke_all(session: Session, user_id: str, *, keep: str | None = None) -> None:
    """End every session of a user, except the one with the id `keep`."""
    session.execute(
        update(BrowserSession)
        .where(
            col(BrowserSession.user_id) == user_id,
            col(BrowserSession.revoked_at).is_(None),
            col(BrowserSession.id) != (keep or ""),
        )
        .values(revoked_at=now())
    )
    forget_after_commit(session, user_id)


def _read(session: Session, token_hash: str) -> Identity:
    query = (
        select(BrowserSession, User)
        .where(BrowserSession.token_hash == token_hash, BrowserSession.user_id == User.id)
        .where(col(BrowserSession.revoked_at).is_(None), User.status == "active")
    )
    found = session.exec(query).first()
    if found is None:
        raise _nobody()
    row, user = found
    role = role_of(session, user.id)
    return Identity(user.id, user.name or user.email, role, row.id, row.expires_at, row.last_seen_at)


def _nobody() -> Unauthorized:
    return Unauthorized("Sign in to do this.", "unauthorized")
