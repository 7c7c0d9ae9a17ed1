"""Logs of the processes: one line per event, JSON for machines or plain for a terminal, nothing secret in it."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from orch_app.kit.settings import settings

SECRET_KEYS = ("password", "token", "secret", "authorization", "cookie", "privatekey", "private_key", "passphrase")


def set_up_logging(process: str) -> None:
    """Configure structlog and the standard library's logging for this process (`web`, `worker`, `cli`)."""
    level = getattr(logging, settings().log_level.upper())
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True),
            structlog.processors.format_exc_info,
            _hide_secrets,
            plain if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True)
    for chatty in ("httpx", "httpcore", "alembic", "huey"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A last net: values under names that look secret are never written."""
    return {key: "***" if any(word in key.lower() for word in SECRET_KEYS) else value for key, value in event.items()}
