"""Type `hetzner`: an API token of one project of Hetzner Cloud."""

from pydantic import Field

from orch_app.domains.inventory.types.fields import ApiAddress, Token, place_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described

PUBLIC_API = "https://api.hetzner.cloud/v1"


class HetznerPayload(Payload):
    """What a Hetzner connection carries."""

    token: Token = Field(
        json_schema_extra=described(
            "API token",
            "Token da API",
            "Made in the project under Security > API tokens, with Read & Write to create servers.",
            "Criado no projeto em Segurança > Tokens de API, com leitura e escrita para criar servidores.",
            "password",
        )
    )
    url: ApiAddress = PUBLIC_API


HETZNER = ConnectionType(
    name="hetzner",
    title="Hetzner Cloud",
    title_pt="Hetzner Cloud",
    help="Servers, prices and stock of one project of Hetzner Cloud.",
    help_pt="Servidores, preços e disponibilidade de um projeto da Hetzner Cloud.",
    payload=HetznerPayload,
    place=lambda payload: place_of(payload.url),
    policy=("Permissions: Read & Write",),
)
