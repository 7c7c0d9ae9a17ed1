"""Asking a system who a connection is to it and what it may do there: one look for each type. Makes network calls.

What a connection leads to is the allow-list's entry for its own address and port, as with a registered host.
"""

from collections.abc import Callable
from typing import Any

from orch_app.domains.inventory.engines import way_to_engine
from orch_app.domains.inventory.types import (
    TYPES,
    CloudflarePayload,
    DockerPayload,
    GithubPayload,
    GitPayload,
    HetznerPayload,
    N8nPayload,
    NetboxPayload,
    Payload,
    PortainerPayload,
    RegistryPayload,
    S3Payload,
    SecretsPayload,
    WebhookPayload,
)
from orch_app.domains.inventory.types.fields import text_of
from orch_app.domains.inventory.types.secret_values import values_of
from orch_app.integrations.cloudflare import identity as cloudflare
from orch_app.integrations.docker import identity as docker
from orch_app.integrations.git import remote as git
from orch_app.integrations.github import identity as github
from orch_app.integrations.hetzner import identity as hetzner
from orch_app.integrations.identity import Identity
from orch_app.integrations.n8n import identity as n8n
from orch_app.integrations.netbox import identity as netbox
from orch_app.integrations.object_store import foreign
from orch_app.integrations.portainer import identity as portainer
from orch_app.integrations.registry import identity as registry
from orch_app.integrations.webhook.knock import knock
from orch_app.kit.settings import settings
from orch_app.kit.upstream import Reach

Allow = tuple[str, ...]
Look = Callable[[Any, Allow], Identity]


def look(kind: str, payload: Payload) -> Identity:
    """Who the connection is to its system.

    Raises:
        UpstreamError: the system does not answer, or refuses; its kind says why.
        EgressRefused: it may not be connected to.
        Invalid: its name cannot be looked up.
    """
    return LOOKS[kind](payload, allowed(kind, payload))


def allowed(kind: str, payload: Payload) -> Allow:
    """The allow-list for whoever uses this connection."""
    place = TYPES[kind].place(payload)
    return (*settings().egress_allow, *([place] if place else []))


def remote_of(payload: GitPayload) -> git.Remote:
    """A repository as git reaches it."""
    token, key = text_of(payload.token), text_of(payload.private_key)
    return git.Remote(payload.url, payload.user, token, key, payload.host_key or "")


def _cloudflare(payload: CloudflarePayload, allow: Allow) -> Identity:
    return cloudflare.look(Reach(payload.url, allow), text_of(payload.api_token))


def _portainer(payload: PortainerPayload, allow: Allow) -> Identity:
    return portainer.look(Reach(payload.url, allow, verify=payload.tls_verify), text_of(payload.api_key))


def _docker(payload: DockerPayload, allow: Allow) -> Identity:
    with way_to_engine(payload, allow) as reach:
        return docker.look(reach)


def _registry(payload: RegistryPayload, allow: Allow) -> Identity:
    return registry.look(Reach(payload.url, allow), payload.username, text_of(payload.password))


def _n8n(payload: N8nPayload, allow: Allow) -> Identity:
    return n8n.look(Reach(payload.url, allow), text_of(payload.api_key))


def _hetzner(payload: HetznerPayload, allow: Allow) -> Identity:
    return hetzner.look(Reach(payload.url, allow), text_of(payload.token))


def _netbox(payload: NetboxPayload, allow: Allow) -> Identity:
    return netbox.look(Reach(payload.url, allow, verify=payload.tls_verify), text_of(payload.token))


def _github(payload: GithubPayload, allow: Allow) -> Identity:
    return github.look(Reach(payload.url, allow), text_of(payload.token))


def _git(payload: GitPayload, allow: Allow) -> Identity:
    return git.look(remote_of(payload), allow)


def _webhook(payload: WebhookPayload, allow: Allow) -> Identity:
    return knock(payload.url, allow)


def _s3(payload: S3Payload, allow: Allow) -> Identity:
    secret = text_of(payload.secret_key)
    return foreign.look(
        foreign.Bucket(payload.endpoint, payload.bucket, payload.region, payload.access_key, secret), allow
    )


def _secrets(payload: SecretsPayload, _allow: Allow) -> Identity:
    """There is nobody to ask."""
    count = len(values_of(text_of(payload.values)))
    return Identity(f"{count} value{'' if count == 1 else 's'}")


LOOKS: dict[str, Look] = {
    "cloudflare": _cloudflare,
    "portainer": _portainer,
    "docker": _docker,
    "registry": _registry,
    "n8n": _n8n,
    "hetzner": _hetzner,
    "netbox": _netbox,
    "github": _github,
    "git": _git,
    "webhook": _webhook,
    "s3": _s3,
    "secrets": _secrets,
}
"""By type; ssh is tried by a login, see `probes`."""
