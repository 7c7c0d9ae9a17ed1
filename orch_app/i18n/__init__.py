"""The one catalogue of words, pt-BR and English: read here by the server, bundled by the screens. No Reflex import."""

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("pt-BR", "en")
DEFAULT_LANGUAGE = "pt-BR"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by flat key; an unknown language reads pt-BR."""
    known = language if language in LANGUAGES else DEFAULT_LANGUAGE
    return json.loads((Path(__file__).parent / f"{known}.json").read_text(encoding="utf-8"))


def text(language: str, key: str, **params: object) -> str:
    """Text of a key; a whole number given as `n` picks the plural form.

    An unknown key is returned as it is, so that a message is never lost.
    """
    words = catalogue(language)
    entry = words.get(_plural_key(words, language, key, params.get("n")), key)
    for name, value in params.items():
        entry = entry.replace(f"{{{name}}}", str(value))
    return entry


def require_key(key: str) -> None:
    """Refuse a key that is missing, counting `key.other` as the key itself.

    Raises:
        KeyError: the key is not in every catalogue.
    """
    for language in LANGUAGES:
        words = catalogue(language)
        if key not in words and f"{key}.other" not in words:
            message = f"the text {key!r} is missing in {language}.json"
            raise KeyError(message)


def require_prefix(prefix: str) -> None:
    """Refuse a prefix that no key has.

    Raises:
        KeyError: no key of some catalogue begins with it.
    """
    for language in LANGUAGES:
        if not any(key.startswith(prefix) for key in catalogue(language)):
            message = f"no text begins with {prefix!r} in {language}.json"
            raise KeyError(message)


def _plural_key(words: dict[str, str], language: str, key: str, count: object) -> str:
    if not isinstance(count, int) or f"{key}.other" not in words:
        return key
    singular = count in {0, 1} if language == "pt-BR" else count == 1
    form = f"{key}.{'one' if singular else 'other'}"
    return form if form in words else f"{key}.other"
