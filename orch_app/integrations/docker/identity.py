"""Which engine it is, and what it is to a Swarm. Whoever may speak to an engine may do everything there."""

from orch_app.integrations.docker.engine import Engine, explain
from orch_app.integrations.identity import Identity, question
from orch_app.kit.upstream import Reach


def look(reach: Reach) -> Identity:
    """Ask an engine.

    Raises:
        UpstreamError: it does not answer, or refuses.
        EgressRefused: it may not be connected to.
    """
    with question("Docker", reach, {}, explain) as api:
        info = Engine(api).info()
    swarm = f"manager of a Swarm of {info.nodes} node{'' if info.nodes == 1 else 's'}" if info.nodes else "no manager"
    return Identity(f"{info.name}, Docker {info.version}, {swarm}")
