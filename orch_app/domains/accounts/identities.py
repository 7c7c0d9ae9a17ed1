"""What is known about the holder of a cookie or token, remembered for a few seconds so that every event may ask."""

import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import event
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role

REMEMBER_S = 5.0
MOST = 10_000


@dataclass(frozen=True)
class Identity:
    """A signed-in person as read from the database. `session_id` names the browser session or the token family."""

    user_id: str
    name: str
    role: Role
    session_id: str
    expires_at: datetime
    last_seen_at: datetime | None = None

    def actor(self, *, ip: str = "", request_id: str = "") -> Actor:
        """The actor that services get."""
        return Actor("user", self.user_id, self.name, self.role, self.session_id, ip, request_id)


class Remembered:
    """Identities by the hash of what proves them; at most `REMEMBER_S` old, dropped at once when a user changes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[str, tuple[float, Identity]] = {}
        self._changes = 0

    def get(self, key: str) -> Identity | None:
        """The identity, if it was read a moment ago."""
        with self._lock:
            found = self._held.get(key)
        return found[1] if found and time.monotonic() - found[0] < REMEMBER_S else None

    def mark(self) -> int:
        """To be taken before reading the database, and given to `put`."""
        return self._changes

    def put(self, key: str, identity: Identity, mark: int) -> None:
        """Remember what was read; not when somebody changed meanwhile, for the reading may be the older one."""
        with self._lock:
            if len(self._held) >= MOST:
                self._held.clear()
            if mark == self._changes:
                self._held[key] = (time.monotonic(), identity)

    def forget(self, user_id: str) -> None:
        """Look everything about this user up again."""
        with self._lock:
            self._changes += 1
            self._held = {key: held for key, held in self._held.items() if held[1].user_id != user_id}

    def forget_all(self) -> None:
        """Look everybody up again; for tests that change the database."""
        with self._lock:
            self._changes += 1
            self._held.clear()


remembered = Remembered()


def forget_after_commit(session: Session, user_id: str) -> None:
    """Drop what this process remembers about the user once the change is really in the database."""

    def forget(_: Session) -> None:
        remembered.forget(user_id)

    event.listen(session, "after_commit", forget, once=True)
