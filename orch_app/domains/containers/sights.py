"""What runs behind every endpoint, asked once for all who look: a few seconds old at most.

Pages look again and again, and many people at once. What was seen a moment ago is shown at once and asked anew beside
it: an engine that is slow to answer, or dead, holds nobody up but who looks first.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.endpoints import Door, engine_behind, open_doors
from orch_app.domains.containers.queries import NO_SWARM, Seen, endpoints_behind, seen_last
from orch_app.integrations.docker.reading import stacks
from orch_app.integrations.docker.things import Container, Node, Service, Stack, Task
from orch_app.kit.clock import now
from orch_app.kit.errors import OrchError
from orch_app.kit.upstream_failures import UpstreamError

FRESH_FOR = timedelta(seconds=2)
"""So long nothing is asked anew."""
SHOWN_FOR = timedelta(minutes=1)
"""So long it is shown while it is asked anew; older than that is waited for."""
AT_ONCE = 8
"""Connections, and endpoints of one connection, that are asked at the same time."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)

_log = structlog.get_logger("containers")


@dataclass(frozen=True)
class Sight:
    """One endpoint with everything on it, as it answered `at` a moment.

    `error` is why it could not be asked; its containers are then those that Portainer saw at `seen_at`, if any.
    """

    seen: Seen
    containers: Sequence[Container] = ()
    services: Sequence[Service] = ()
    nodes: Sequence[Node] = ()
    stacks: Sequence[Stack] = ()
    tasks: Sequence[Task] = ()
    seen_at: datetime | None = None
    error: OrchError | None = None
    at: datetime = field(default_factory=now)

    @property
    def far_services(self) -> list[Service]:
        """Services with tasks on machines whose containers are not listed here: only the Swarm's manager hears them."""
        here = {one.id for one in self.containers}
        far = {task.service_id for task in self.tasks if task.container_id and task.container_id not in here}
        return [one for one in self.services if one.id in far]


def look(actor: Actor, environment: str = "") -> list[Sight]:
    """Every endpoint of every connection, by the names of both; one that fails is told with its error.

    Raises:
        Conflict: a connection cannot be opened.
    """
    require(actor, Permission.CONNECTIONS_USE, environment=environment or None)
    doors = open_doors(actor, environment)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sights") as pool:
        return [sight for group in pool.map(lambda door: KEPT.of(door, _behind), doors) for sight in group]


def told_at(sights: Sequence[Sight]) -> datetime:
    """The moment of which all is that is seen: the earliest answer of the endpoints that do answer, or now."""
    return min((sight.at for sight in sights if sight.error is None), default=now())


class KeptSights:
    """What was seen behind each connection last, and who is looking there at the moment."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, list[Sight]]] = {}
        self._asking: dict[str, Future[list[Sight]]] = {}
        self._lock = threading.Lock()

    def of(self, door: Door, ask: Callable[[Door], list[Sight]]) -> list[Sight]:
        """What is behind a connection, as it was a moment ago; asked now where that is too long ago."""
        with self._lock:
            then, known = self._seen.get(door.id, (LONG_AGO, None))
            age = now() - then
            asking = self._asking.get(door.id)
            begins = asking is None and age >= FRESH_FOR
            if begins:
                asking = self._asking[door.id] = Future[list[Sight]]()
        if begins:
            threading.Thread(target=self._ask, args=(door, ask), name="sights", daemon=True).start()
        if known is not None and age < SHOWN_FOR:
            return known
        assert asking is not None
        return asking.result()

    def forget(self) -> None:
        """Forget what was seen."""
        with self._lock:
            self._seen.clear()

    def _ask(self, door: Door, ask: Callable[[Door], list[Sight]]) -> None:
        """Ask, and let those know who wait for it; a fault of ours is theirs to tell."""
        try:
            found = ask(door)
        except Exception as fault:  # noqa: BLE001 - whoever waits for the answer raises it
            _log.exception("sights.failed", connection=door.id)
            self._end(door).set_exception(fault)
        else:
            self._end(door, found).set_result(found)

    def _end(self, door: Door, found: list[Sight] | None = None) -> Future[list[Sight]]:
        with self._lock:
            if found is not None:
                self._seen[door.id] = (now(), found)
            return self._asking.pop(door.id)


KEPT = KeptSights()


def _behind(door: Door) -> list[Sight]:
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sights") as pool:
        return list(pool.map(_sight, endpoints_behind(door)))


def _sight(seen: Seen) -> Sight:
    if seen.error is not None:
        return Sight(seen, error=seen.error)
    if seen.status == "down":
        return _remembered(seen, UpstreamError("unreachable", f"{seen.door.name} says that {seen.name} is down."))
    try:
        with engine_behind(seen.door, seen.id) as engine:
            swarm = engine.swarm() or NO_SWARM
            containers = engine.containers(swarm.tasks)
    except UpstreamError as error:
        return _remembered(seen, error) if error.is_unwell else Sight(seen, error=error)
    except OrchError as error:
        return Sight(seen, error=error)
    groups = stacks(swarm.services, containers)
    return Sight(seen, containers, swarm.services, swarm.nodes, groups, swarm.tasks)


def _remembered(seen: Seen, error: OrchError) -> Sight:
    """An endpoint that does not answer, with what Portainer saw there last."""
    known = seen_last(seen.door, seen.id)
    if known is None:
        return Sight(seen, error=error)
    return Sight(seen, known.rows, stacks=stacks([], known.rows), seen_at=known.seen_at, error=error)
