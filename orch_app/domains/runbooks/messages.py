"""What each failing rule says to a person, in English and Portuguese."""

import json
from typing import Any

MAX_SHOWN = 80

_TEXTS: dict[str, tuple[str, str]] = {
    "type": ("Must be {value}.", "Deve ser {value}."),
    "enum": ("Must be one of: {value}.", "Deve ser um destes: {value}."),
    "const": ("Must be {value}.", "Deve ser {value}."),
    "multipleOf": ("Must be a multiple of {value}.", "Deve ser múltiplo de {value}."),
    "maximum": ("Must be at most {value}.", "Deve ser no máximo {value}."),
    "exclusiveMaximum": ("Must be less than {value}.", "Deve ser menor que {value}."),
    "minimum": ("Must be at least {value}.", "Deve ser no mínimo {value}."),
    "exclusiveMinimum": ("Must be greater than {value}.", "Deve ser maior que {value}."),
    "maxLength": ("Must have at most {value} characters.", "Deve ter no máximo {value} caracteres."),
    "minLength": ("Must have at least {value} characters.", "Deve ter no mínimo {value} caracteres."),
    "pattern": ("Does not have the expected form ({value}).", "Não tem a forma esperada ({value})."),
    "format": ("Is not a valid {value}.", "Não é um valor válido do tipo {value}."),
    "maxItems": ("Must have at most {value} entries.", "Deve ter no máximo {value} itens."),
    "minItems": ("Must have at least {value} entries.", "Deve ter no mínimo {value} itens."),
    "uniqueItems": ("Has the same entry twice.", "Tem o mesmo item duas vezes."),
    "contains": ("Lacks an entry of the expected kind.", "Falta um item do tipo esperado."),
    "maxProperties": ("Must have at most {value} keys.", "Deve ter no máximo {value} chaves."),
    "minProperties": ("Must have at least {value} keys.", "Deve ter no mínimo {value} chaves."),
    "required": ("Is required.", "É obrigatório."),
    "dependentRequired": ("Is required here.", "É obrigatório aqui."),
    "additionalProperties": ("Is not a known name.", "Não é um nome conhecido."),
    "propertyNames": ("The name is not allowed here.", "O nome não é permitido aqui."),
    "anyOf": ("Fits none of the accepted forms: {value}.", "Não serve em nenhuma das formas aceitas: {value}."),
    "oneOf": (
        "Must fit exactly one of the accepted forms: {value}.",
        "Deve servir em exatamente uma das formas aceitas: {value}.",
    ),
    "not": ("Is excluded here.", "Não é permitido aqui."),
    "false": ("Is not allowed here.", "Não é permitido aqui."),
    "name": (
        "The name is reserved by Ansible and cannot be used.",
        "O nome é reservado pelo Ansible e não pode ser usado.",
    ),
    "choice": ("There is no {value} to choose here.", "Não há {value} para escolher aqui."),
    "number": ("Is not a number that can be stored.", "Não é um número que possa ser guardado."),
    "characters": (
        "Holds a character that cannot be stored (NUL or half a surrogate pair).",
        "Contém um caractere que não pode ser guardado (NUL ou meio par substituto).",
    ),
    "size": ("Is larger than {value} KB.", "É maior que {value} KB."),
    "depth": ("Is nested deeper than {value} levels.", "Está aninhado em mais de {value} níveis."),
    "nodes": ("Has more than {value} values.", "Tem mais de {value} valores."),
    "work": ("Takes too much work to check.", "Exige trabalho demais para ser verificado."),
    "limit": (
        "More problems follow; only the first {value} are listed.",
        "Há mais problemas; só os primeiros {value} são listados.",
    ),
}
_TYPES: dict[str, tuple[str, str]] = {
    "string": ("text", "texto"),
    "integer": ("a whole number", "um número inteiro"),
    "number": ("a number", "um número"),
    "boolean": ("true or false", "verdadeiro ou falso"),
    "object": ("an object", "um objeto"),
    "array": ("a list", "uma lista"),
    "null": ("empty", "vazio"),
}


def texts(code: str, value: Any = "") -> tuple[str, str]:
    """The sentence for a failing rule in English and in Portuguese; `value` is what the rule asks for."""
    english, portuguese = _TEXTS.get(code, ("Is not valid here.", "Não é válido aqui."))
    shown_en, shown_pt = _shown(code, value, 0), _shown(code, value, 1)
    return english.replace("{value}", shown_en), portuguese.replace("{value}", shown_pt)


def _shown(code: str, value: Any, language: int) -> str:
    if code == "type":
        names = value if isinstance(value, list) else [value]
        return (" or ", " ou ")[language].join(_TYPES.get(str(name), (str(name),) * 2)[language] for name in names)
    if code == "enum" and isinstance(value, list):
        return _cut(", ".join(_plain(item) for item in value))
    return _cut(_plain(value))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN * 3 else text[: MAX_SHOWN * 3] + "..."
