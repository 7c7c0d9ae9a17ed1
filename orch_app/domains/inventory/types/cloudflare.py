"""Type `cloudflare`: an API token for zones and their DNS records."""

from pydantic import Field

from orch_app.domains.inventory.types.fields import ApiAddress, Token, place_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described

PUBLIC_API = "https://api.cloudflare.com/client/v4"


class CloudflarePayload(Payload):
    """What a Cloudflare connection carries."""

    api_token: Token = Field(
        json_schema_extra=described(
            "API token",
            "Token da API",
            "Made under My profile > API tokens, for the zones that runbooks work on only.",
            "Criado em Meu perfil > Tokens de API, só para as zonas em que os runbooks trabalham.",
            "password",
        )
    )
    url: ApiAddress = PUBLIC_API


CLOUDFLARE = ConnectionType(
    name="cloudflare",
    title="Cloudflare",
    title_pt="Cloudflare",
    help="Zones and DNS records, by an API token with the least it needs.",
    help_pt="Zonas e registros DNS, por um token de API com o mínimo necessário.",
    payload=CloudflarePayload,
    place=lambda payload: place_of(payload.url),
    policy=("Zone / Zone: Read", "Zone / DNS: Edit", "Zone Resources: Include / Specific zone"),
)
