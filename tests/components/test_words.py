"""The catalogue: complete in both languages, and every key that the screens' own code names is in it."""

import re
from pathlib import Path

import pytest

from orch_app.i18n import LANGUAGES, catalogue, require_key, require_prefix, text

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "assets" / "ui").rglob("*.js*"))
KEY = re.compile(r"""\bt\(\s*(?:\w+ \? )?["']([a-z_]+(?:\.[a-z_]+)+)["']""")
PREFIX = re.compile(r"""\bt\.value\(\s*["']([a-z_]+\.)["']""")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _named(pattern: re.Pattern[str]) -> set[str]:
    return {found for path in SOURCES for found in pattern.findall(path.read_text(encoding="utf-8"))}


def test_both_languages_have_the_same_keys_and_no_empty_text() -> None:
    portuguese, english = (catalogue(language) for language in LANGUAGES)
    assert portuguese.keys() == english.keys()
    assert all(words.strip() for language in LANGUAGES for words in catalogue(language).values())


def test_both_languages_fill_in_the_same_placeholders() -> None:
    portuguese, english = (catalogue(language) for language in LANGUAGES)
    different = [
        key for key in english if set(PLACEHOLDER.findall(english[key])) != set(PLACEHOLDER.findall(portuguese[key]))
    ]
    assert different == []


def test_a_plural_has_both_forms() -> None:
    words = catalogue("en")
    forms = {key.rsplit(".", 1)[0] for key in words if key.endswith((".one", ".other"))}
    assert [key for key in forms if f"{key}.one" not in words or f"{key}.other" not in words] == []


def test_every_key_that_the_browser_code_names_is_in_the_catalogue() -> None:
    named = _named(KEY)
    assert len(named) > 50
    for key in named:
        require_key(key)
    for prefix in _named(PREFIX):
        require_prefix(prefix)


def test_a_count_picks_the_plural_of_the_language() -> None:
    assert text("en", "shell.workers", n=1) == "1 worker"
    assert text("en", "shell.workers", n=0) == "0 workers"
    assert text("pt-BR", "shell.workers", n=0) == "0 worker"


def test_an_unknown_language_reads_portuguese_and_an_unknown_key_shows_itself() -> None:
    assert text("fr", "action.save") == "Salvar"
    assert text("en", "no.such.key") == "no.such.key"


def test_a_missing_key_stops_the_build() -> None:
    with pytest.raises(KeyError, match=r"no\.such\.key"):
        require_key("no.such.key")
    with pytest.raises(KeyError, match="nowhere"):
        require_prefix("nowhere.")
