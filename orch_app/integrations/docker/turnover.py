"""Which containers are the past of a Swarm: another task has their place now, and why they ended is over with them.

Swarm keeps the ended containers of a few earlier tasks for each place of a service. Most of them it has stopped itself,
in an update, and what does not heed its signal ends with a code that is not 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from orch_app.integrations.docker.things import Container, Task

_SERVICE, _TASK = "com.docker.swarm.service.id", "com.docker.swarm.task.name"
Place = tuple[str, str]
"""A service's id with the number of its replica, or with the machine where each machine has one."""


def with_replaced(rows: Sequence[Container], tasks: Iterable[Task] = ()) -> list[Container]:
    """The same containers; of those that have ended it is said which another task has replaced.

    `tasks` are what a manager knows, for the other task may be on a machine whose containers are not listed here.
    """
    held = {(task.service_id, str(task.slot or task.node_id)) for task in tasks if task.is_running}
    newest: dict[Place, datetime] = {}
    for row in rows:
        if place := _place_of(row):
            newest[place] = max(row.created_at, newest.get(place, row.created_at))
    return [replace(row, is_replaced=True) if _is_past(row, held, newest) else row for row in rows]


def _is_past(row: Container, held: set[Place], newest: dict[Place, datetime]) -> bool:
    place = _place_of(row)
    if place is None or row.state != "exited":
        return False
    return place in held or row.created_at < newest[place]


def _place_of(row: Container) -> Place | None:
    """None for what is no task of a Swarm. A task is called `service.place.id`."""
    service, name = row.labels.get(_SERVICE, ""), row.labels.get(_TASK, "").rsplit(".", 2)
    return (service, name[1]) if service and len(name) == len(("service", "place", "id")) else None
