"""Type `git`: one repository, over https with a token or over ssh with a key and the server's pinned host key."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from orch_app.domains.inventory.types.fields import (
    MAX_KEY,
    MAX_TOKEN,
    MAX_URL,
    WORDS_OF_HOST_KEY,
    HostKeyLine,
    key_facts,
    place_of,
    refuse_parts,
    require_key,
    require_ssh_fields,
    split_url,
    text_of,
    token_text,
)
from orch_app.domains.inventory.types.shape import TRUSTED, ConnectionType, Payload, described

SCHEMES = ("https", "http", "ssh")
_USER = r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}$"


def _repository(value: str) -> str:
    parts = split_url(value, SCHEMES)
    if not parts.path.strip("/"):
        raise PydanticCustomError("url_path", "Give the address of a repository: its path is missing.")
    refuse_parts(parts, "query", "fragment", *(() if parts.scheme == "ssh" else ("username",)))
    return value


class GitPayload(Payload):
    """What a Git connection carries."""

    url: Annotated[str, AfterValidator(_repository)] = Field(
        max_length=MAX_URL,
        json_schema_extra=described(
            "Repository",
            "Repositório",
            "https://git.example.org/team/ops.git or ssh://git@git.example.org/team/ops.git",
            "https://git.example.org/team/ops.git ou ssh://git@git.example.org/team/ops.git",
        ),
    )
    username: str | None = Field(
        None,
        pattern=_USER,
        json_schema_extra=described(
            "User",
            "Usuário",
            "Empty: the user of the address, or git. GitLab wants oauth2 with a token.",
            "Vazio: o usuário do endereço, ou git. O GitLab quer oauth2 com um token.",
        ),
    )
    token: Annotated[SecretStr | None, AfterValidator(token_text)] = Field(
        None,
        max_length=MAX_TOKEN,
        json_schema_extra=described(
            "Token",
            "Token",
            "For https. Empty where everybody may read.",
            "Para https. Vazio onde todos podem ler.",
            "password",
        ),
    )
    private_key: SecretStr | None = Field(
        None,
        max_length=MAX_KEY,
        json_schema_extra=described(
            "Private key",
            "Chave privada",
            "For ssh: a deploy key without a passphrase.",
            "Para ssh: uma chave de deploy sem frase secreta.",
            "textarea",
        ),
    )
    host_key: HostKeyLine = Field(
        None,
        json_schema_extra=WORDS_OF_HOST_KEY,
    )

    @property
    def is_ssh(self) -> bool:
        """Whether the repository is reached over ssh."""
        return self.url.startswith("ssh:")

    @property
    def user(self) -> str:
        """Whom one is to the server."""
        return self.username or urlsplit(self.url).username or "git"

    @model_validator(mode="after")
    def _opens_it(self, info: ValidationInfo) -> Self:
        if info.context == TRUSTED:
            return self
        key, token = text_of(self.private_key), text_of(self.token)
        require_ssh_fields(key, self.host_key, is_ssh=self.is_ssh)
        if self.is_ssh and token:
            raise PydanticCustomError("https_only", "A token is for https only.", {"field": "token"})
        if key:
            require_key(key)
        return self


GIT = ConnectionType(
    name="git",
    title="Git",
    title_pt="Git",
    help="A repository that runbooks, stacks or settings are read from.",
    help_pt="Um repositório de onde se leem runbooks, stacks ou configurações.",
    payload=GitPayload,
    place=lambda payload: place_of(payload.url),
    facts=lambda payload: key_facts(payload.private_key),
    policy=("Contents: Read-only",),
)
