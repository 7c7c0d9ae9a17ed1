"""Type `github`: a token for GitHub, or for a GitHub Enterprise server of one's own."""

from pydantic import Field

from orch_app.domains.inventory.types.fields import BaseUrl, Token, place_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described

PUBLIC_API = "https://api.github.com"


class GithubPayload(Payload):
    """What a GitHub connection carries."""

    token: Token = Field(
        json_schema_extra=described(
            "Token",
            "Token",
            "A fine-grained one, for the repositories that runbooks read only.",
            "De escopo detalhado (fine-grained), só para os repositórios que os runbooks leem.",
            "password",
        )
    )
    url: BaseUrl = Field(
        PUBLIC_API,
        json_schema_extra=described(
            "API address",
            "Endereço da API",
            "Of an Enterprise server: https://github.example.org/api/v3.",
            "De um servidor Enterprise: https://github.example.org/api/v3.",
        ),
    )


GITHUB = ConnectionType(
    name="github",
    title="GitHub",
    title_pt="GitHub",
    help="The API of GitHub. To clone a repository, add a Git connection.",
    help_pt="A API do GitHub. Para clonar um repositório, crie uma conexão Git.",
    payload=GithubPayload,
    place=lambda payload: place_of(payload.url),
    policy=("Contents: Read-only", "Metadata: Read-only"),
)
