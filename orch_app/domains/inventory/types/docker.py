"""Type `docker`: a Docker engine, over its socket, over TCP with certificates, or over ssh with a key."""

import re
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificates
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from orch_app.domains.inventory.types.fields import (
    MAX_KEY,
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
)
from orch_app.domains.inventory.types.shape import TRUSTED, ConnectionType, Payload, described

SCHEMES = ("tcp", "https", "http", "ssh")
SOCKET, SSH = "unix://", "ssh://"
_MAX_CHAIN = 65_536
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
_THERE = re.compile(r"(/[A-Za-z0-9_@+=,.-]+)*")  # without what ssh takes apart or fills in


def _engine(value: str) -> str:
    if value.startswith(SOCKET):
        return _socket(value)
    parts = split_url(value, SCHEMES)
    if parts.scheme == "ssh":
        return _over_ssh(value)
    if parts.scheme == "tcp" and parts.port is None:
        raise PydanticCustomError("url_port", "An address with tcp:// names its port, mostly 2376.")
    refuse_parts(parts, "username", "path", "query", "fragment")
    return value.rstrip("/")


def _socket(value: str) -> str:
    path = value.removeprefix(SOCKET)
    if not path.startswith("/") or not path.isprintable() or ".." in path.split("/"):
        raise PydanticCustomError("url", "A socket is written unix:///path/to/docker.sock.")
    return value


def _over_ssh(value: str) -> str:
    parts = urlsplit(value)
    refuse_parts(parts, "query", "fragment")
    if not _USER.fullmatch(parts.username or ""):
        raise PydanticCustomError("url_user", "An address with ssh:// names its user: ssh://deploy@host.")
    there = parts.path.rstrip("/")
    if not _THERE.fullmatch(there) or ".." in there.split("/"):
        raise PydanticCustomError("url", "After the host stands the path of the engine's socket there, or nothing.")
    return value.rstrip("/")


class DockerPayload(Payload):
    """What a Docker connection carries."""

    url: Annotated[str, AfterValidator(_engine)] = Field(
        max_length=MAX_URL,
        json_schema_extra=described(
            "Address",
            "Endereço",
            "tcp://10.0.0.5:2376, https://..., ssh://deploy@10.0.0.5, or unix:///var/run/docker.sock on the worker's "
            "machine.",
            "tcp://10.0.0.5:2376, https://..., ssh://deploy@10.0.0.5, ou unix:///var/run/docker.sock na máquina do "
            "worker.",
        ),
    )
    tls_ca: str | None = Field(
        None,
        max_length=_MAX_CHAIN,
        json_schema_extra=described(
            "Certificate of the authority",
            "Certificado da autoridade",
            "PEM; ca.pem of the engine. Empty: the authorities of the system.",
            "PEM; ca.pem do engine. Vazio: as autoridades do sistema.",
            "textarea",
        ),
    )
    tls_cert: str | None = Field(
        None,
        max_length=_MAX_CHAIN,
        json_schema_extra=described(
            "Own certificate", "Certificado próprio", "PEM; cert.pem.", "PEM; cert.pem.", "textarea"
        ),
    )
    tls_key: SecretStr | None = Field(
        None,
        max_length=MAX_KEY,
        json_schema_extra=described(
            "Key of the own certificate",
            "Chave do certificado próprio",
            "PEM without a passphrase; key.pem.",
            "PEM sem frase secreta; key.pem.",
            "textarea",
        ),
    )
    private_key: SecretStr | None = Field(
        None,
        max_length=MAX_KEY,
        json_schema_extra=described(
            "Private key",
            "Chave privada",
            "For ssh: without a passphrase, of a user who may speak to the engine (group docker).",
            "Para ssh: sem frase secreta, de um usuário que possa falar com o engine (grupo docker).",
            "textarea",
        ),
    )
    host_key: HostKeyLine = Field(
        None,
        json_schema_extra=WORDS_OF_HOST_KEY,
    )

    @property
    def is_socket(self) -> bool:
        """Whether it is a socket of the worker's machine."""
        return self.url.startswith(SOCKET)

    @property
    def is_ssh(self) -> bool:
        """Whether its socket is handed on by ssh."""
        return self.url.startswith(SSH)

    @property
    def has_tls(self) -> bool:
        """Whether it is spoken to over TLS: `tcp://` is when there is a certificate of either side."""
        return self.url.startswith("https:") or (self.url.startswith("tcp:") and bool(self.tls_ca or self.tls_cert))

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        if info.context == TRUSTED:
            return self
        given = {"tlsCa": self.tls_ca, "tlsCert": self.tls_cert, "tlsKey": text_of(self.tls_key)}
        if not self.url.startswith(("tcp:", "https:")) and any(given.values()):
            first = next(name for name, value in given.items() if value)
            raise PydanticCustomError(
                "no_tls", "Certificates need an address with tcp:// or https://.", {"field": first}
            )
        if bool(given["tlsCert"]) != bool(given["tlsKey"]):
            missing = "tlsKey" if given["tlsCert"] else "tlsCert"
            raise PydanticCustomError("pair", "A certificate and its key go together.", {"field": missing})
        _check_certificates(given)
        require_ssh_fields(text_of(self.private_key), self.host_key, is_ssh=self.is_ssh)
        if self.private_key:
            require_key(text_of(self.private_key))
        return self


def _check_certificates(given: dict[str, str | None]) -> None:
    chains = {name: _certificates(name, given[name] or "") for name in ("tlsCa", "tlsCert") if given[name]}
    if not given["tlsKey"]:
        return
    try:
        key = load_pem_private_key(given["tlsKey"].encode(), None)
    except (ValueError, TypeError):  # not a key, or one with a passphrase
        raise PydanticCustomError(
            "tls_key", "This is not a PEM key without a passphrase.", {"field": "tlsKey"}
        ) from None
    if chains["tlsCert"][0].public_key() != key.public_key():
        raise PydanticCustomError("tls_key_other", "This key is not that of the certificate.", {"field": "tlsKey"})


def _certificates(name: str, text: str) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(text.encode())
    except ValueError:
        raise PydanticCustomError("certificate", "This is not a certificate in PEM.", {"field": name}) from None


def _place(payload: Any) -> str:
    if payload.is_socket:
        return ""
    if payload.is_ssh:
        return place_of(payload.url)
    return place_of(urlsplit(payload.url)._replace(scheme="https" if payload.has_tls else "http").geturl())


DOCKER = ConnectionType(
    name="docker",
    title="Docker",
    title_pt="Docker",
    help="A Docker engine or Swarm manager without Portainer. Whoever holds it is root on that machine.",
    help_pt="Um engine Docker ou gerente de Swarm sem Portainer. Quem o tem é root naquela máquina.",
    payload=DockerPayload,
    place=_place,
    facts=lambda payload: key_facts(payload.private_key),
    socket=lambda payload: payload.url.removeprefix(SOCKET) if payload.is_socket else "",
)
