"""Type `registry`: a login at a registry of container images, with which the nodes of a Swarm pull."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from orch_app.domains.inventory.types.fields import MAX_TOKEN, BaseUrl, place_of, single_line
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described

_USER = r"^[^\s:]{1,255}$"


class RegistryPayload(Payload):
    """What a connection to a registry carries."""

    url: BaseUrl = Field(
        "https://registry-1.docker.io",
        json_schema_extra=described(
            "Address",
            "Endereço",
            "https:// and what stands first in the names of its images, for example https://ghcr.io.",
            "https:// e o que vem primeiro no nome das imagens, por exemplo https://ghcr.io.",
        ),
    )
    username: str = Field(pattern=_USER, json_schema_extra=described("User", "Usuário"))
    password: Annotated[SecretStr, AfterValidator(single_line)] = Field(
        min_length=1,
        max_length=MAX_TOKEN,
        json_schema_extra=described(
            "Password or token",
            "Senha ou token",
            "One that may pull and nothing else. The Swarm keeps it with the services that it pulls for.",
            "Um que só possa baixar. O Swarm o guarda com os serviços para os quais baixa.",
            "password",
        ),
    )


REGISTRY = ConnectionType(
    name="registry",
    title="Image registry",
    title_pt="Registro de imagens",
    help="A login with which the nodes of a Swarm pull images that not everybody may have.",
    help_pt="Um login com o qual os nós de um Swarm baixam imagens que nem todos podem ter.",
    payload=RegistryPayload,
    place=lambda payload: place_of(payload.url),
    policy=("pull",),
)
