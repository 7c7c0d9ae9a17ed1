"""The engine's document about one container, read into what is told of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orch_app.integrations.docker.reading import instant, part, variable_names
from orch_app.integrations.docker.things import Inspection

NEVER = 1  # the engine writes the year 1 for what has not happened


def inspection(document: Mapping[str, Any]) -> Inspection:
    """The answer of `/containers/{id}/json`. Words of programs may hold secrets still."""
    state, config = part(document, "State"), part(document, "Config")
    return Inspection(
        id=document["Id"],
        name=str(document.get("Name", "")).lstrip("/"),
        command=" ".join([*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]),
        started_at=_moment(state.get("StartedAt", "")),
        finished_at=_moment(state.get("FinishedAt", "")),
        restarts=int(document.get("RestartCount", 0)),
        was_out_of_memory=bool(state.get("OOMKilled")),
        error=str(state.get("Error", "")),
        check_says=_said_by_check(state),
        variables=variable_names(config.get("Env") or []),
        mounts=tuple(_mount(row) for row in document.get("Mounts") or []),
        networks=tuple(sorted(part(document, "NetworkSettings", "Networks"))),
    )


def _moment(text: str) -> datetime | None:
    found = instant(text)
    return found if found.year > NEVER and found.timestamp() > 0 else None


def _said_by_check(state: Mapping[str, Any]) -> str:
    """What the health check said when it was made last; the engine keeps the first 4 KiB of it."""
    log = part(state, "Health").get("Log") or []
    return str(log[-1].get("Output", "")).strip() if log else ""


def _mount(row: Mapping[str, Any]) -> str:
    """`name or path on the machine → path inside`."""
    return f"{row.get('Name') or row.get('Source', '')} → {row.get('Destination', '')}"
