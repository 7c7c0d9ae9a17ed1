"""The types of connections, one file each; a new type is a new file and a line here."""

from orch_app.domains.inventory.types.cloudflare import CLOUDFLARE, CloudflarePayload
from orch_app.domains.inventory.types.docker import DOCKER, DockerPayload
from orch_app.domains.inventory.types.git import GIT, GitPayload
from orch_app.domains.inventory.types.github import GITHUB, GithubPayload
from orch_app.domains.inventory.types.hetzner import HETZNER, HetznerPayload
from orch_app.domains.inventory.types.n8n import N8N, N8nPayload
from orch_app.domains.inventory.types.netbox import NETBOX, NetboxPayload
from orch_app.domains.inventory.types.portainer import PORTAINER, PortainerPayload
from orch_app.domains.inventory.types.registry import REGISTRY, RegistryPayload
from orch_app.domains.inventory.types.s3 import S3, S3Payload
from orch_app.domains.inventory.types.secret_values import SECRETS, SecretsPayload
from orch_app.domains.inventory.types.shape import ConnectionType, Payload
from orch_app.domains.inventory.types.ssh import SSH, JumpHost, SshPayload, SshSecret
from orch_app.domains.inventory.types.webhook import WEBHOOK, WebhookPayload
from orch_app.kit.errors import Invalid, Problem

TYPES: dict[str, ConnectionType] = {
    known.name: known
    for known in (
        *(SSH, CLOUDFLARE, PORTAINER, DOCKER, REGISTRY, N8N, HETZNER, NETBOX, GITHUB, GIT, WEBHOOK, S3, SECRETS),
    )
}

__all__ = [
    "TYPES",
    "CloudflarePayload",
    "ConnectionType",
    "DockerPayload",
    "GitPayload",
    "GithubPayload",
    "HetznerPayload",
    "JumpHost",
    "N8nPayload",
    "NetboxPayload",
    "Payload",
    "PortainerPayload",
    "RegistryPayload",
    "S3Payload",
    "SecretsPayload",
    "SshPayload",
    "SshSecret",
    "WebhookPayload",
    "type_named",
]


def type_named(name: str) -> ConnectionType:
    """The type with this name.

    Raises:
        Invalid: 422 at /type, when there is none.
    """
    if name not in TYPES:
        known = ", ".join(TYPES)
        problem = Problem("/type", "enum", f"Known types: {known}.")
        raise Invalid("There is no such type of connection.", "validation", errors=(problem,))
    return TYPES[name]
