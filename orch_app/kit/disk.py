"""How full the disk of the data folder is."""

import shutil

from orch_app.kit.errors import Unavailable
from orch_app.kit.settings import settings

MIB = 1024 * 1024


def free_mb() -> int:
    """Free MiB where the data folder lies."""
    return shutil.disk_usage(settings().data_dir).free // MIB


def is_full() -> bool:
    """Whether less than the setting's minimum is free."""
    return free_mb() < settings().min_free_mb


def require_free_space() -> None:
    """Refuse new work while what is left would not hold its log.

    Raises:
        Unavailable: less than the setting's minimum is free.
    """
    if is_full():
        message = f"Only {free_mb()} MiB are free on the server's disk: new jobs are refused until there is more."
        raise Unavailable(message, "disk_full", retry_after_s=60)
