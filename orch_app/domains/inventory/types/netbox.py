"""Type `netbox`: a NetBox with an API token of one of its users."""

from pydantic import Field

from orch_app.domains.inventory.types.fields import BaseUrl, Token, place_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described
from orch_app.integrations.netbox.identity import VIEWED


class NetboxPayload(Payload):
    """What a NetBox connection carries."""

    url: BaseUrl = Field(
        json_schema_extra=described(
            "Address",
            "Endereço",
            "As in the browser, without /api.",
            "Como no navegador, sem /api.",
        )
    )
    token: Token = Field(
        json_schema_extra=described(
            "API token",
            "Token da API",
            "Of version 1 or 2, of a user who may view devices; it needs to write nothing.",
            "Da versão 1 ou 2, de um usuário que possa ver dispositivos; não precisa gravar nada.",
            "password",
        )
    )
    tls_verify: bool = Field(
        default=True,
        json_schema_extra=described(
            "Check the server's certificate",
            "Verificar o certificado do servidor",
            "Without it anybody on the way can read the token.",
            "Sem isso, qualquer um no caminho pode ler o token.",
            "boolean",
        ),
    )


NETBOX = ConnectionType(
    name="netbox",
    title="NetBox",
    title_pt="NetBox",
    help="Devices and virtual machines that a NetBox lists, to import them as hosts.",
    help_pt="Dispositivos e máquinas virtuais que um NetBox lista, para importá-los como hosts.",
    payload=NetboxPayload,
    place=lambda payload: place_of(payload.url),
    policy=tuple(VIEWED),
)
