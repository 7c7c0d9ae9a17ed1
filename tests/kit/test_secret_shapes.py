"""What looks like a secret in a log is hidden, and what does not stays readable."""

import re

import pytest

from orch_app.kit.secret_shapes import SHAPES, LineRedactor, hide_values, secret_values

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r"
LEAKS = [
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    (f"cookie={JWT}; path=/", JWT.rpartition(".")[2]),
    ("postgresql://app:hunter2hunter@db:5432/x failed", "hunter2hunter"),
    ("DB_PASSWORD=swordfish and more", "swordfish"),
    ('{"password": "correct horse", "a": 1}', "correct"),
    ('{"apiKey":"0123456789abcdef"}', "0123456789abcdef"),
    ("api-key: 0123456789abcdef", "0123456789abcdef"),
    ("secret_access_key = 'AbCdEf/123'", "AbCdEf/123"),
    ("using AKIAIOSFODNN7EXAMPLE now", "AKIAIOSFODNN7EXAMPLE"),
    ("pushed with ghp_0123456789abcdef0123456789abcdef0123", "0123456789abcdef0123456789abcdef0123"),
    ("token ptr_abcdefghij0123456789=", "abcdefghij0123456789"),
]
HARMLESS = [
    "GET /v1/tokens 200 in 3 ms",
    "listening at http://0.0.0.0:8080/app",
    "passed 12 checks; the key is pressed",
    "user ada@example.com signed in",
]


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    shown = LineRedactor().line(text)
    assert secret not in shown
    assert "***" in shown


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert LineRedactor().line(text) == text


@pytest.mark.parametrize("text", [text for text, _ in LEAKS] + HARMLESS)
def test_pythons_own_engine_hides_the_same(text: str) -> None:
    shown = text
    for pattern, instead in SHAPES:
        shown = re.sub(pattern, instead, shown)
    assert shown == LineRedactor().line(text)


def test_a_private_key_is_hidden_whole_however_many_lines_it_has() -> None:
    lines = ["before", "-----BEGIN RSA PRIVATE KEY-----", "MIIabc", "def", "-----END RSA PRIVATE KEY-----", "after"]
    redactor = LineRedactor()
    assert [redactor.line(line) for line in lines] == ["before", "***", "***", "***", "***", "after"]


def test_values_of_variables_that_sound_secret_are_known() -> None:
    environment = ["DB_PASSWORD=swordfish", "API_TOKEN=abcdefgh", "MODE=production", "PIN_KEY=123", "EMPTY"]
    known = secret_values(environment)
    assert known == ["swordfish", "abcdefgh"]
    assert LineRedactor(known).line("it said swordfish in production") == "it said *** in production"


def test_labels_are_shown_without_what_they_hide() -> None:
    assert hide_values({"com.example.api-token": "abc", "a": "password=hunter2", "maintainer": "ada"}) == {
        "com.example.api-token": "***",
        "a": "password=***",
        "maintainer": "ada",
    }
