"""Type `ssh`: a user with a private key or a password, how to become root, and an optional jump host."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from orch_app.domains.inventory.types.fields import MAX_KEY, HostKeyLine, single_line, text_of
from orch_app.domains.inventory.types.shape import TRUSTED, ConnectionType, Payload, described
from orch_app.integrations.ssh.keys import KeyRefused, PrivateKey, read_private_key
from orch_app.kit.allow_list import is_host_name
from orch_app.kit.egress import is_address

USER_SHAPE = r"^[A-Za-z_][A-Za-z0-9_.@-]{0,63}$"
BecomeMethod = Literal["sudo", "su", "doas", "none"]


def _machine(value: str) -> str:
    if not (is_address(value) or is_host_name(value)):
        raise PydanticCustomError("host", "This is neither an IP address nor a host name.")
    return value


Password = Annotated[SecretStr | None, Field(max_length=1024), AfterValidator(single_line)]


class JumpHost(Payload):
    """The machine that one has to pass; the same key or password opens it."""

    address: Annotated[str, AfterValidator(_machine)] = Field(
        max_length=253, json_schema_extra=described("Address", "Endereço")
    )
    port: int = Field(22, ge=1, le=65535, json_schema_extra=described("Port", "Porta", kind="integer"))
    user: str | None = Field(
        None,
        pattern=USER_SHAPE,
        json_schema_extra=described(
            "User", "Usuário", "Empty: the user of the connection.", "Vazio: o usuário da conexão."
        ),
    )
    host_key: HostKeyLine = Field(
        None,
        json_schema_extra=described(
            "Host key",
            "Chave do host",
            "Test the connection to see it, compare the fingerprint, then paste it here.",
            "Teste a conexão para vê-la, compare a impressão digital e cole-a aqui.",
        ),
    )


class SshPayload(Payload):
    """What an ssh connection carries."""

    user: str = Field(pattern=USER_SHAPE, json_schema_extra=described("User", "Usuário"))
    private_key: SecretStr | None = Field(
        None,
        max_length=MAX_KEY,
        json_schema_extra=described(
            "Private key",
            "Chave privada",
            "OpenSSH or PEM. Give this or a password.",
            "OpenSSH ou PEM. Informe esta ou uma senha.",
            "textarea",
        ),
    )
    passphrase: Password = Field(
        None, json_schema_extra=described("Passphrase of the key", "Frase secreta da chave", kind="password")
    )
    password: Password = Field(None, json_schema_extra=described("Password", "Senha", kind="password"))
    become_method: BecomeMethod = Field(
        "sudo",
        json_schema_extra=described(
            "Become root by",
            "Tornar-se root por",
            "Used by tasks that need it.",
            "Usado por tarefas que precisam.",
            "enum",
        ),
    )
    become_password: Password = Field(
        None,
        json_schema_extra=described(
            "Password to become root",
            "Senha para tornar-se root",
            "Empty where none is asked for.",
            "Vazio onde nenhuma é pedida.",
            "password",
        ),
    )
    jump_host: JumpHost | None = Field(
        None,
        json_schema_extra=described(
            "Jump host",
            "Host de salto",
            "Only where the machines are behind one.",
            "Só se as máquinas ficam atrás de um.",
            "object",
        ),
    )

    @model_validator(mode="after")
    def _opens_something(self, info: ValidationInfo) -> Self:
        if info.context == TRUSTED:
            return self
        if not text_of(self.private_key) and not text_of(self.password):
            raise PydanticCustomError("required", "Give a private key or a password.", {"field": "privateKey"})
        if text_of(self.passphrase) and not text_of(self.private_key):
            raise PydanticCustomError("no_key", "A passphrase needs a private key.", {"field": "passphrase"})
        self.read_key()
        return self

    def read_key(self) -> PrivateKey | None:
        """The private key where there is one."""
        if not text_of(self.private_key):
            return None
        try:
            return read_private_key(text_of(self.private_key), text_of(self.passphrase))
        except KeyRefused as refused:
            place = "passphrase" if "passphrase" in refused.code else "privateKey"
            raise PydanticCustomError(refused.code, "{why}", {"why": str(refused), "field": place}) from None


@dataclass(frozen=True)
class SshSecret:
    """An opened ssh connection, for those who run something with it. Its secrets stay out of its repr."""

    user: str
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    become_method: str = "sudo"
    become_password: str = field(default="", repr=False)
    jump_host: JumpHost | None = None

    @classmethod
    def of(cls, payload: SshPayload) -> "SshSecret":
        """The plain values of a payload."""
        return cls(
            payload.user,
            text_of(payload.private_key),
            text_of(payload.passphrase),
            text_of(payload.password),
            "" if payload.become_method == "none" else payload.become_method,
            text_of(payload.become_password),
            payload.jump_host,
        )


def _facts(payload: Any) -> dict[str, str]:
    key = payload.read_key()
    return (
        {"keyType": key.public.type, "fingerprint": key.public.fingerprint, "publicKey": key.public.line} if key else {}
    )


SSH = ConnectionType(
    name="ssh",
    title="SSH",
    title_pt="SSH",
    help="A user on machines that runbooks work on, with a private key or a password.",
    help_pt="Um usuário nas máquinas em que os runbooks trabalham, com chave privada ou senha.",
    payload=SshPayload,
    facts=_facts,
)
