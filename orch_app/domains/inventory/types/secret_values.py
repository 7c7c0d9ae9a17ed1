"""Type `secrets`: values that services of a stack read as Swarm secrets, each by its name."""

import json
import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from orch_app.domains.inventory.types.fields import text_of
from orch_app.domains.inventory.types.shape import ConnectionType, Payload, described

_LINE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=(?P<value>.*)")
_MAX_CHARS = 262_144


def values_of(text: str) -> list[str]:
    """The values of `NAME=value` lines, quoted ones as JSON; raises ValueError with the number of a wrong line."""
    found: list[str] = []
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        try:
            value = match["value"] if match else None
            found.append(str(json.loads(value)) if value and value.startswith('"') else str(value))
        except ValueError:
            match = None
        if match is None:
            raise ValueError(str(number))
    return found


def _checked(value: SecretStr) -> SecretStr:
    try:
        values_of(value.get_secret_value())
    except ValueError as error:
        wrong = str(error)
    else:
        return value
    raise PydanticCustomError("values", "Line {line} is not NAME=value.", {"line": wrong})


class SecretsPayload(Payload):
    """What a connection with secrets carries."""

    values: Annotated[SecretStr, AfterValidator(_checked)] = Field(
        max_length=_MAX_CHARS,
        json_schema_extra=described(
            "Values",
            "Valores",
            'One NAME=value a line; several lines of text in double quotes, as JSON: KEY="line 1\\nline 2".',
            'Um NOME=valor por linha; texto de várias linhas entre aspas duplas, como JSON: KEY="linha 1\\nlinha 2".',
            "textarea",
        ),
    )


SECRETS = ConnectionType(
    name="secrets",
    title="Secrets",
    title_pt="Segredos",
    help="Passwords and keys that a deployed stack reads as Swarm secrets, by name.",
    help_pt="Senhas e chaves que um stack implantado lê como segredos do Swarm, por nome.",
    payload=SecretsPayload,
    hidden=lambda payload: tuple(value for value in values_of(text_of(payload.values)) if value),
)
