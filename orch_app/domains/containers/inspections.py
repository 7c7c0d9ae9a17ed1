"""One container looked at closely: why it ended, what its health check says, what it is made of. Secrets are hidden."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.endpoints import engine_behind, open_door, read_id
from orch_app.integrations.docker.engine import Engine
from orch_app.integrations.docker.inspection import inspection
from orch_app.integrations.docker.things import Inspection
from orch_app.kit.errors import NotFound
from orch_app.kit.secret_shapes import LineRedactor, secret_values
from orch_app.kit.upstream_failures import UpstreamError


@dataclass(frozen=True)
class Source:
    """A container of an endpoint by its id or name; `machine` is where an agent of Portainer finds it."""

    endpoint_id: str
    container_id: str
    machine: str = ""


def inspect_container(actor: Actor, source: Source) -> Inspection:
    """Everything that is told of a container.

    Raises:
        NotFound: there is no such endpoint or container.
        UpstreamError, EgressRefused: the engine does not answer.
    """
    require(actor, Permission.CONNECTIONS_USE)
    endpoint = read_id(source.endpoint_id)
    door = open_door(actor, endpoint)
    with engine_behind(door, endpoint, source.machine) as engine:
        document = inspected(engine, source.container_id)
        environment: list[str] = (document.get("Config") or {}).get("Env") or []
        return _hidden(inspection(document), LineRedactor([*door.secrets, *secret_values(environment)]).line)


def inspected(engine: Engine, container_id: str) -> dict[str, Any]:
    """The engine's own document about a container; never to be shown as it is.

    Raises:
        NotFound: there is no such container.
        UpstreamError, EgressRefused: the engine does not answer.
    """
    try:
        return engine.inspect(container_id)
    except UpstreamError as error:
        if error.kind == "not_found":
            raise NotFound("There is no such container at this endpoint.", "container_not_found") from error
        raise


def _hidden(found: Inspection, hide: Callable[[str], str]) -> Inspection:
    """Without the secrets that a person or a program wrote into what is told."""
    return replace(
        found,
        command=hide(found.command),
        error=hide(found.error),
        check_says="\n".join(hide(line) for line in found.check_says.splitlines()),
        mounts=tuple(hide(mount) for mount in found.mounts),
    )
