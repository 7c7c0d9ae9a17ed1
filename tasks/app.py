"""The queue itself: SqliteHuey in the data folder when alone, Redis when grown; every message is signed."""

import sqlite3
import threading
from typing import Any

import redis
import structlog
from huey import RedisHuey, SqliteHuey
from huey.api import Huey
from huey.serializer import SignedSerializer

from orch_app.kit.keyring import keyring
from orch_app.kit.settings import settings

NAME = "orch"
AWAY_S = 1.0
_log = structlog.get_logger("queue")


class _Patient(Huey):
    """A queue that may be away: every slot of a worker asks it all the time, and Huey's own would log each refusal."""

    def dequeue(self) -> Any:
        """The next message; None, after a pause, when the queue does not answer."""
        try:
            return super().dequeue()
        except (redis.RedisError, sqlite3.Error, OSError) as error:
            _log.warning("queue.away", error=type(error).__name__)
            threading.Event().wait(AWAY_S)
            return None


class _OnRedis(_Patient, RedisHuey):
    pass


class _OnSqlite(_Patient, SqliteHuey):
    pass


def make_huey() -> Huey:
    """The queue that the settings name. Results are not stored: the job's row is the truth."""
    shared: dict[str, Any] = {
        "results": False,
        "store_none": False,
        "utc": True,
        "serializer": SignedSerializer(secret=keyring().derive("queue").hex()),
    }
    if settings().redis_url:
        return _OnRedis(NAME, url=settings().redis_url, blocking=True, **shared)
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    return _OnSqlite(NAME, filename=str(settings().data_dir / "queue.db"), fsync=False, **shared)


huey = make_huey()
