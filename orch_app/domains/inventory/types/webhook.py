"""Type `webhook`: an address that is told of something, and the secret that signs what it is told."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from orch_app.domains.inventory.types.fields import (
    HTTP,
    MAX_TOKEN,
    MAX_URL,
    place_of,
    refuse_parts,
    single_line,
    split_url,
)
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described


def _receiver(value: str) -> str:
    refuse_parts(split_url(value, HTTP), "username", "fragment")
    return value


class WebhookPayload(Payload):
    """What a webhook connection carries."""

    url: Annotated[str, AfterValidator(_receiver)] = Field(
        max_length=MAX_URL,
        json_schema_extra=described(
            "Address",
            "Endereço",
            "It is shown to whoever may see connections: a secret does not belong into it.",
            "É mostrado a quem pode ver conexões: um segredo não deve estar nele.",
        ),
    )
    secret: Annotated[SecretStr | None, AfterValidator(single_line)] = Field(
        None,
        max_length=MAX_TOKEN,
        json_schema_extra=described(
            "Secret",
            "Segredo",
            "What is sent is signed with it, so that the receiver knows who sent it.",
            "O que é enviado é assinado com ele, para que o destinatário saiba quem enviou.",
            "password",
        ),
    )


WEBHOOK = ConnectionType(
    name="webhook",
    title="Webhook",
    title_pt="Webhook",
    help="A service that is told of something by a signed request.",
    help_pt="Um serviço que é avisado por uma requisição assinada.",
    payload=WebhookPayload,
    place=lambda payload: place_of(payload.url),
)
