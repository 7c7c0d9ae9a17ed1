"""The queue itself: SqliteHuey in the data folder when alone, Redis when grown; every message is signed."""

from typing import Any

from huey import RedisHuey, SqliteHuey
from huey.api import Huey
from huey.serializer import SignedSerializer

from orch_app.kit.keyring import keyring
from orch_app.kit.settings import settings

NAME = "orch"


def make_huey() -> Huey:
    """The queue that the settings name. Results are not stored: the job's row is the truth."""
    shared: dict[str, Any] = {
        "results": False,
        "store_none": False,
        "utc": True,
        "serializer": SignedSerializer(secret=keyring().derive("queue").hex()),
    }
    if settings().redis_url:
        return RedisHuey(NAME, url=settings().redis_url, blocking=True, **shared)
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(NAME, filename=str(settings().data_dir / "queue.db"), fsync=False, **shared)


huey = make_huey()
