"""The connection that fills a slot of the runbook, read from the file that the worker wrote for this job alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class NoConnection(Exception):
    """The slot's file is not what a module can use; the message never holds a value of it."""

    code = "validation"


def read(path: str, wanted: str) -> dict[str, Any]:
    """The connection's fields by their names on the wire, secrets in clear; raises NoConnection."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise NoConnection(f"the connection's file cannot be read: {error.strerror}") from None
    except ValueError:
        raise NoConnection("the connection's file is not JSON") from None
    if not isinstance(found, dict) or found.get("type") != wanted:
        raise NoConnection(f"this is not a {wanted} connection")
    return found
