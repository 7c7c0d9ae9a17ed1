"""The engine of this worker process, as the settings name it; made once, ended with the worker."""

import threading
from functools import lru_cache

import structlog

from orch_app.domains.jobs.execution import Engine, PlainEngine, WarmEngine, WarmServers, WarmUnavailable
from orch_app.domains.jobs.preparation import shared_code
from orch_app.kit.settings import settings

WARM_UP_AFTER_S = 3.0
_log = structlog.get_logger("jobs")


@lru_cache(maxsize=1)
def engine() -> Engine:
    """What starts this worker's plays."""
    chosen = settings()
    if chosen.engine == "plain":
        return PlainEngine()
    limits = {"count": chosen.warm_servers, "jobs": chosen.warm_jobs, "max_rss_mb": chosen.warm_rss_mb}
    return WarmEngine(WarmServers(chosen.data_dir / "warm", **limits))


def warm_up() -> None:
    """Load Ansible before the first job, but not in the seconds in which everything else is starting."""
    timer = threading.Timer(WARM_UP_AFTER_S, _warm_up)
    timer.daemon = True
    timer.start()


def close() -> None:
    """End what the engine keeps; the plays that still run are not touched."""
    if engine.cache_info().currsize:
        chosen = engine()
        engine.cache_clear()
        if isinstance(chosen, WarmEngine):
            chosen.close()


def _warm_up() -> None:
    chosen = engine()
    if isinstance(chosen, WarmEngine):
        try:
            chosen.warm_up(shared_code(settings().runbooks_dir))
        except WarmUnavailable as error:
            _log.warning("engine.not_warm", reason=str(error))
