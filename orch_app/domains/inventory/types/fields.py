"""Kinds of fields that several types share: addresses of services, tokens, host keys."""

from typing import Annotated, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from orch_app.domains.inventory.types.shape import described
from orch_app.integrations.ssh.keys import KeyRefused, read_private_key, read_public_key
from orch_app.kit.allow_list import endpoint, is_host_name
from orch_app.kit.egress import is_address

MAX_KEY = 16_384
MAX_URL = 2048
MAX_TOKEN = 8192
PORTS = {"http": 80, "https": 443, "ssh": 22}
HTTP = ("http", "https")
Secret = TypeVar("Secret", SecretStr, SecretStr | None)


def split_url(value: str, schemes: tuple[str, ...]) -> SplitResult:
    """An address of a service, taken apart.

    Raises:
        PydanticCustomError: it is none, of another scheme, or holds a password, which belongs into a field of its own.
    """
    parts = _taken_apart(value)
    if parts is None or parts.scheme not in schemes or not _is_machine(parts.hostname or ""):
        wanted = ", ".join(f"{scheme}://" for scheme in schemes)
        raise PydanticCustomError("url", "This is not an address that begins with {wanted}.", {"wanted": wanted})
    if parts.password is not None:
        raise PydanticCustomError("url_secret", "An address holds no password: there is a field for it.")
    return parts


def refuse_parts(parts: SplitResult, *names: str) -> None:
    """Refuse an address that has one of these parts, of `username path query fragment`.

    Raises:
        PydanticCustomError: it does.
    """
    if any((getattr(parts, name) or "").strip("/") for name in names):
        words = {"username": "user", "path": "path", "query": "question mark", "fragment": "hash"}
        unwanted = ", no ".join(words[name] for name in names)
        raise PydanticCustomError("url_parts", "Give the address alone: no {unwanted}.", {"unwanted": unwanted})


def place_of(url: str) -> str:
    """Host and port of an address as an entry of the allow-list; empty for what is not reached over a network."""
    parts = urlsplit(url)
    port = parts.port or PORTS.get(parts.scheme, 0)
    return endpoint(parts.hostname, port) if parts.hostname and port else ""


def text_of(secret: SecretStr | None) -> str:
    """The secret in clear; empty where there is none."""
    return secret.get_secret_value() if secret else ""


def base_url(value: str) -> str:
    """An address below which an API lives, without a slash at its end."""
    refuse_parts(split_url(value, HTTP), "username", "query", "fragment")
    return value.rstrip("/")


def token_text(value: Secret) -> Secret:
    """A token as it goes into a header."""
    text = text_of(value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise PydanticCustomError("token", "A token has no blanks, line breaks or accents; copy it again.")
    return value


def single_line(value: Secret) -> Secret:
    """A password or a key that somebody chose: any characters of one line."""
    if any(char in "\0\r\n" for char in text_of(value)):
        raise PydanticCustomError("single_line", "A password is one line without control characters.")
    return value


def require_ssh_fields(key: str, host_key: str | None, *, is_ssh: bool) -> None:
    """What goes with an address with ssh:// is there with it, and with no other.

    Raises:
        PydanticCustomError: at `privateKey` or `hostKey`.
    """
    if is_ssh and not key:
        raise PydanticCustomError("ssh_key", "An address with ssh:// needs a private key.", {"field": "privateKey"})
    given = {"privateKey": key, "hostKey": host_key}
    superfluous = [] if is_ssh else [name for name, value in given.items() if value]
    if superfluous:
        raise PydanticCustomError("ssh_only", "This is for an address with ssh:// only.", {"field": superfluous[0]})


def require_key(text: str) -> None:
    """Refuse a private key that ssh cannot use without a question.

    Raises:
        PydanticCustomError: it is one, at the field `privateKey`.
    """
    try:
        read_private_key(text)
    except KeyRefused as refused:
        raise PydanticCustomError(refused.code, "{why}", {"why": str(refused), "field": "privateKey"}) from None


def key_facts(secret: SecretStr | None) -> dict[str, str]:
    """What may be shown about a private key; nothing where there is none."""
    if not secret:
        return {}
    public = read_private_key(text_of(secret)).public
    return {"keyType": public.type, "fingerprint": public.fingerprint, "publicKey": public.line}


def _taken_apart(value: str) -> SplitResult | None:
    """The parts of an address with a port that there is; None where it is none."""
    if " " in value or not value.isprintable():
        return None
    try:
        parts = urlsplit(value)
        return None if parts.port == 0 else parts
    except ValueError:
        return None


def _is_machine(host: str) -> bool:
    return is_address(host) or is_host_name(host)


def _public_key(value: str | None) -> str | None:
    try:
        return read_public_key(value).line if value else None
    except KeyRefused as refused:
        raise PydanticCustomError("host_key", "This is not a host key: {why}", {"why": str(refused)}) from None


BaseUrl = Annotated[str, Field(max_length=MAX_URL), AfterValidator(base_url)]
Token = Annotated[SecretStr, Field(min_length=1, max_length=MAX_TOKEN), AfterValidator(token_text)]
HostKeyLine = Annotated[str | None, Field(max_length=MAX_KEY), AfterValidator(_public_key)]
WORDS_OF_HOST_KEY = described(
    "Host key",
    "Chave do host",
    "For ssh. Test the connection to see it, compare the fingerprint, then paste it here.",
    "Para ssh. Teste a conexão para vê-la, compare a impressão digital e cole-a aqui.",
)
ApiAddress = Annotated[
    BaseUrl,
    Field(
        json_schema_extra=described(
            "API address",
            "Endereço da API",
            "Another one only behind a proxy of your own.",
            "Outro somente atrás de um proxy próprio.",
        )
    ),
]
"""Of a service that the vendor runs; its type gives the public one."""
