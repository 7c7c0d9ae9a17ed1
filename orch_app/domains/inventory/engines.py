"""The way to the engine of a `docker` connection, for whoever asks it from the product itself."""

from collections.abc import Generator
from contextlib import contextmanager

from orch_app.domains.inventory.types import DockerPayload
from orch_app.domains.inventory.types.fields import text_of
from orch_app.integrations.docker.over_ssh import Server, handed_on
from orch_app.integrations.docker.reach import engine_reach
from orch_app.kit.upstream import Reach


def server_of(payload: DockerPayload) -> Server:
    """The server of an engine over ssh."""
    return Server(payload.url, text_of(payload.private_key), payload.host_key or "")


@contextmanager
def way_to_engine(payload: DockerPayload, allow: tuple[str, ...] = ()) -> Generator[Reach]:
    """How it is reached, while the block lasts.

    Raises:
        UpstreamError: the server of an engine over ssh cannot be reached or does not let us in.
        EgressRefused: it may not be connected to, or certificates and key do not fit together.
        Invalid: its name cannot be looked up.
    """
    if payload.is_ssh:
        with handed_on(server_of(payload), allow) as reach:
            yield reach
        return
    ca, cert, key = payload.tls_ca or "", payload.tls_cert or "", text_of(payload.tls_key)
    yield engine_reach(payload.url, allow, ca=ca, cert=cert, key=key)
