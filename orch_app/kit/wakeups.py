"""Wake-ups: "something about this topic changed, look again". What is shown always comes from the database.

Alone, one thread polls SQLite's `data_version`, which moves when another connection commits. Grown, a topic travels
through Redis pub/sub. A lost wake-up costs at most one `FALLBACK_S`: every waiter looks again by itself.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import structlog
from sqlmodel import Session

from orch_app.kit.settings import settings

POLL_S = 0.02
FALLBACK_S = 1.0
CHANNEL = "orch:wakeups"
_NOTED = "wakeups.noted"
_log = structlog.get_logger("wakeups")


def announce(session: Session, topic: str) -> None:
    """Note that watchers of `topic` should look again once the session's unit of work has committed."""
    session.info.setdefault(_NOTED, set()).add(topic)


def announce_noted(info: dict[Any, Any]) -> None:
    """Publish the topics of a committed session. Without Redis the commit itself is the announcement."""
    topics: set[str] = info.pop(_NOTED, set())
    if topics and settings().redis_url:
        try:
            _publisher().publish(CHANNEL, "\n".join(sorted(topics)))
        except redis.RedisError as error:
            _log.warning("wakeups.publish_failed", error=type(error).__name__)


_clients: dict[str, redis.Redis] = {}


def _publisher() -> redis.Redis:
    url = settings().redis_url
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    return _clients[url]


class Bell:
    """Rings when its topic may have changed; what rang while nobody waited is heard by the next who waits."""

    def __init__(self, topic: str, loop: asyncio.AbstractEventLoop) -> None:
        self.topic = topic
        self._loop = loop
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float = FALLBACK_S) -> None:
        """Return when the topic may have changed since the last return, at the latest after `timeout_s` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), timeout_s)
        self._event.clear()

    def ring(self) -> None:
        """Wake who waits; callable from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._event.set)


class Wakeups:
    """Turns announcements of other processes into asyncio events of this one."""

    def __init__(self) -> None:
        self._bells: set[Bell] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @contextmanager
    def subscribed(self, topic: str) -> Iterator["Bell"]:
        """A bell for the topic. Whoever looks, waits and looks again misses nothing that happened in between."""
        self._start()
        bell = Bell(topic, asyncio.get_running_loop())
        with self._lock:
            self._bells.add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._bells.discard(bell)

    async def wait(self, topic: str, timeout_s: float = FALLBACK_S) -> None:
        """Return when `topic` may have changed from now on, at the latest after `timeout_s` seconds."""
        with self.subscribed(topic) as bell:
            await bell.wait(timeout_s)

    def stop(self) -> None:
        """End the listening thread."""
        self._stop.set()

    def _start(self) -> None:
        """Listen where changes can be heard; with PostgreSQL and no Redis waiters look again by themselves."""
        with self._lock:
            if self._thread is None and (settings().redis_url or settings().is_embedded):
                listen = self._listen_redis if settings().redis_url else self._poll_sqlite
                self._thread = threading.Thread(target=listen, name="wakeups", daemon=True)
                self._thread.start()

    def _wake(self, topics: set[str] | None) -> None:
        with self._lock:
            due = [bell for bell in self._bells if topics is None or bell.topic in topics]
        for bell in due:
            bell.ring()

    def _poll_sqlite(self) -> None:
        connection = sqlite3.connect(settings().sqlite_path, timeout=10, isolation_level=None)
        seen = None
        while not self._stop.wait(POLL_S):
            with contextlib.suppress(sqlite3.Error):
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    seen = version
                    self._wake(None)
        connection.close()

    def _listen_redis(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_channel()
            except redis.RedisError as error:
                _log.warning("wakeups.listen_failed", error=type(error).__name__)
                self._stop.wait(1)

    def _read_channel(self) -> None:
        client = redis.Redis.from_url(settings().redis_url, socket_timeout=5, decode_responses=True)
        with client.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(CHANNEL)
            while not self._stop.is_set():
                message = channel.get_message(timeout=1)
                if message:
                    self._wake(set(str(message["data"]).split("\n")))


wakeups = Wakeups()
