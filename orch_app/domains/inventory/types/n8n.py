"""Type `n8n`: an n8n server with an API key, and the key that its credentials are encrypted with."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from orch_app.domains.inventory.types.fields import MAX_TOKEN, BaseUrl, Token, place_of, single_line
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described


class N8nPayload(Payload):
    """What an n8n connection carries."""

    url: BaseUrl = Field(
        json_schema_extra=described(
            "Address",
            "Endereço",
            "As in the browser, without /api/v1.",
            "Como no navegador, sem /api/v1.",
        )
    )
    api_key: Token = Field(
        json_schema_extra=described(
            "API key",
            "Chave de API",
            "Made under Settings > n8n API.",
            "Criada em Configurações > n8n API.",
            "password",
        )
    )
    encryption_key: Annotated[SecretStr | None, AfterValidator(single_line)] = Field(
        None,
        max_length=MAX_TOKEN,
        json_schema_extra=described(
            "Encryption key",
            "Chave de criptografia",
            "N8N_ENCRYPTION_KEY of the server: a backup notes its fingerprint, a restore compares it.",
            "N8N_ENCRYPTION_KEY do servidor: um backup anota a impressão digital, uma restauração a compara.",
            "password",
        ),
    )


N8N = ConnectionType(
    name="n8n",
    title="n8n",
    title_pt="n8n",
    help="Workflows of an n8n server, to back them up and restore them.",
    help_pt="Workflows de um servidor n8n, para fazer backup e restaurar.",
    payload=N8nPayload,
    place=lambda payload: place_of(payload.url),
    policy=("workflow:list", "workflow:read", "workflow:create", "workflow:update", "tag:list", "variable:list"),
)
