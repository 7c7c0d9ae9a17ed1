"""Tokens of API clients: a short-lived access token (JWT) and a single-use refresh token that belongs to a family."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import update
from sqlmodel import Session, col, select

from orch_app.domains.accounts.identities import Identity, forget_after_commit, remembered
from orch_app.domains.accounts.models import RefreshToken, User
from orch_app.domains.accounts.queries import role_of
from orch_app.domains.accounts.sessions import AGENT_LENGTH, Client, hash_secret
from orch_app.kit.clock import now
from orch_app.kit.errors import Unauthorized
from orch_app.kit.ids import new_id
from orch_app.kit.keyring import keyring
from orch_app.kit.settings import settings

ISSUER = "jarvis"
AUDIENCE = "jarvis-api"
TYPE = "at+jwt"  # RFC 9068, so that no other kind of JWT passes for an access token
ALGORITHM = "HS256"
GRACE = timedelta(seconds=10)
CLOCK_LEEWAY_S = 5
LONGEST_TOKEN = 2048
_CLAIMS = ["exp", "iat", "nbf", "sub", "jti", "aud", "iss", "sid"]


@dataclass(frozen=True)
class TokenPair:
    """What an API client gets; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class Reused:
    """A refresh token was used again after its grace: somebody copied it. Its family is revoked now."""

    family_id: str
    user_id: str


def start_family(session: Session, user_id: str, client: Client) -> TokenPair:
    """The first pair after a login. The caller writes the audit entry."""
    expires_at = now() + timedelta(seconds=settings().refresh_token_s)
    family_id = new_id("fam")
    return _pair(_add_refresh(session, (user_id, family_id), expires_at, client), user_id, family_id, expires_at)


def rotate(session: Session, raw: str, client: Client) -> TokenPair | Reused:
    """Exchange a refresh token for the next pair. Within `GRACE` a repeated call gets the same successor.

    Raises:
        Unauthorized: unknown, expired or revoked, or the user is disabled.
    """
    token_hash, at = hash_secret(raw), now()
    won = session.execute(
        update(RefreshToken)
        .where(col(RefreshToken.token_hash) == token_hash, col(RefreshToken.used_at).is_(None))
        .values(used_at=at)
        .returning(col(RefreshToken.id))
    ).first()
    row = _alive(session, token_hash, at)
    if won:
        successor = _add_refresh(session, (row.user_id, row.family_id), row.expires_at, client)
        row.successor_sealed = keyring().seal(successor.encode(), _place(row))
        session.add(row)
        return _pair(successor, row.user_id, row.family_id, row.expires_at)
    if row.used_at and row.successor_sealed and at - row.used_at <= GRACE:
        successor = keyring().open(row.successor_sealed, _place(row)).decode()
        return _pair(successor, row.user_id, row.family_id, row.expires_at)
    revoke_family(session, row.family_id, row.user_id)
    return Reused(row.family_id, row.user_id)


def find_family(session: Session, raw: str) -> RefreshToken | None:
    """The living row of a refresh token, used or not."""
    query = select(RefreshToken).where(RefreshToken.token_hash == hash_secret(raw))
    return session.exec(query.where(col(RefreshToken.revoked_at).is_(None))).first()


def revoke_family(session: Session, family_id: str, user_id: str) -> None:
    """End a family: its refresh tokens at once, its access tokens as soon as they are looked up again."""
    _revoke(session, col(RefreshToken.family_id) == family_id, user_id)


def revoke_all(session: Session, user_id: str, *, keep: str | None = None) -> None:
    """End every family of a user, except the one with the id `keep`."""
    _revoke(session, (col(RefreshToken.user_id) == user_id) & (col(RefreshToken.family_id) != (keep or "")), user_id)


def identity_of(session: Session, access_token: str) -> Identity:
    """Who holds this access token. The role is the current one, never one that the token claims.

    Raises:
        Unauthorized: not one of ours, expired, its family was revoked, or the user is disabled.
    """
    claims = _claims(access_token)
    user_id, family_id = str(claims["sub"]), str(claims["sid"])
    key = f"{family_id}:{user_id}"
    found = remembered.get(key)
    if found is None:
        mark = remembered.mark()
        found = _read(session, user_id, family_id)
        remembered.put(key, found, mark)
    if found.expires_at <= now():
        raise _refused()
    return found


def _claims(access_token: str) -> dict[str, Any]:
    if len(access_token) > LONGEST_TOKEN:
        raise _refused()
    try:
        header = jwt.get_unverified_header(access_token)
        if header.get("typ") != TYPE or header.get("kid") != keyring().key_id:
            raise _refused()
        return jwt.decode(
            access_token,
            keyring().derive("jwt"),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=CLOCK_LEEWAY_S,
            options={"require": _CLAIMS, "enforce_minimum_key_length": True},
        )
    # ValueError: PyJWT lets a lone surrogate through to an encoder; RecursionError: a header of a thousand brackets
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _refused() from error


def _read(session: Session, user_id: str, family_id: str) -> Identity:
    query = (
        select(RefreshToken, User)
        .where(RefreshToken.family_id == family_id, RefreshToken.user_id == user_id, RefreshToken.user_id == User.id)
        .where(col(RefreshToken.revoked_at).is_(None), User.status == "active")
    )
    found = session.exec(query.limit(1)).first()
    if found is None:
        raise _refused()
    token, user = found
    return Identity(user.id, user.name or user.email, role_of(session, user.id), family_id, token.expires_at)


def _alive(session: Session, token_hash: str, at: datetime) -> RefreshToken:
    query = (
        select(RefreshToken)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.user_id == User.id, User.status == "active")
        .where(col(RefreshToken.revoked_at).is_(None), col(RefreshToken.expires_at) > at)
    )
    row = session.exec(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise _refused()
    return row


def _add_refresh(session: Session, owner: tuple[str, str], expires_at: datetime, client: Client) -> str:
    raw = secrets.token_urlsafe(32)
    row = RefreshToken(
        id=new_id("rft"),
        token_hash=hash_secret(raw),
        user_id=owner[0],
        family_id=owner[1],
        created_at=now(),
        expires_at=expires_at,
        ip=client.ip,
        user_agent=client.user_agent[:AGENT_LENGTH],
    )
    session.add(row)
    return raw


def _pair(refresh_token: str, user_id: str, family_id: str, family_ends: datetime) -> TokenPair:
    at = now()
    ends = min(at + timedelta(seconds=settings().access_token_s), family_ends)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user_id,
        "sid": family_id,
        "jti": new_id("jti"),
        "iat": at,
        "nbf": at,
        "exp": ends,
    }
    headers = {"kid": keyring().key_id, "typ": TYPE}
    access_token = jwt.encode(claims, keyring().derive("jwt"), ALGORITHM, headers)
    return TokenPair(access_token, refresh_token, int((ends - at).total_seconds()))


def _revoke(session: Session, which: Any, user_id: str) -> None:
    session.execute(update(RefreshToken).where(which, col(RefreshToken.revoked_at).is_(None)).values(revoked_at=now()))
    forget_after_commit(session, user_id)


def _place(row: RefreshToken) -> str:
    return f"refresh_tokens|{row.id}|successor"


def _refused() -> Unauthorized:
    return Unauthorized("The token is not, or no longer, valid. Sign in again.", "invalid_token")
