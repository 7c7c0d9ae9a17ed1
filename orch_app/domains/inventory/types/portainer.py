"""Type `portainer`: a Portainer server with an access token of one of its users."""

from pydantic import Field

from orch_app.domains.inventory.types.fields import BaseUrl, Token, place_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described


class PortainerPayload(Payload):
    """What a Portainer connection carries."""

    url: BaseUrl = Field(
        json_schema_extra=described(
            "Address",
            "Endereço",
            "As in the browser, for example https://portainer.example.org:9443.",
            "Como no navegador, por exemplo https://portainer.example.org:9443.",
        )
    )
    api_key: Token = Field(
        json_schema_extra=described(
            "Access token",
            "Token de acesso",
            "Made under My account > Access tokens; it may do what its user may.",
            "Criado em Minha conta > Tokens de acesso; pode o que o usuário dele pode.",
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


PORTAINER = ConnectionType(
    name="portainer",
    title="Portainer",
    title_pt="Portainer",
    help="Containers, services and stacks of the environments that a Portainer server manages.",
    help_pt="Contêineres, serviços e stacks dos ambientes que um servidor Portainer gerencia.",
    payload=PortainerPayload,
    place=lambda payload: place_of(payload.url),
    policy=("Environment access: Operator", "Stacks: Administrator of the environment"),
)
