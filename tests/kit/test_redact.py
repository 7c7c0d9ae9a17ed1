"""Secrets are masked in every usual spelling, however the stream is cut."""

import base64
import html
import json
import shlex
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orch_app.kit.redact import MASK, ByteMasker, Masker, variants

SECRETS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=8, max_size=40)
FILLER = st.text(alphabet="ab \n{}:", max_size=30)
ENCODERS: list[Callable[[str], str]] = [
    str,
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
    lambda text: json.dumps(json.dumps(text)),
    repr,
    lambda text: quote(text, safe=""),
    html.escape,
    shlex.quote,
    lambda text: text.encode().hex(),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.b64encode(b"u:" + text.encode() + b"\n").decode(),
    lambda text: base64.urlsafe_b64encode(b"user:" + text.encode()).decode(),
]


def stream(masker: Masker, text: str, cuts: list[int]) -> str:
    """Feed the text in pieces of the given lengths, over and over."""
    pieces: list[str] = []
    position = turn = 0
    while position < len(text):
        size = cuts[turn % len(cuts)]
        pieces.append(masker.feed(text[position : position + size]))
        position += size
        turn += 1
    return "".join([*pieces, masker.flush()])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SECRETS, st.sampled_from(ENCODERS), FILLER, FILLER, st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_no_spelling_survives_any_way_of_cutting_the_stream(
    secret: str, encode: Callable[[str], str], before: str, after: str, cuts: list[int]
) -> None:
    masker = Masker([secret])
    text = before + encode(secret) + after
    shown = stream(masker, text, cuts)
    assert not [spelling for spelling in variants(secret) if spelling in shown]
    assert MASK in shown
    assert shown == masker.mask(text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="xyz\n ", max_size=80), st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_a_stream_without_secrets_comes_out_unchanged(text: str, cuts: list[int]) -> None:
    assert stream(Masker(["a-secret-of-mine"]), text, cuts) == text


def test_the_lines_of_a_key_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nAAAAB3NzaC1yc2E\nshort\nZZtop-secret-line\n-----END KEY-----\n"
    masker = Masker([key])
    assert masker.mask("x AAAAB3NzaC1yc2E y ZZtop-secret-line") == "x *** y ***"
    assert masker.mask("short") == "short"


def test_overlapping_secrets_leave_no_rest() -> None:
    masker = Masker(["abcdefGHI", "GHIjklmno"])
    assert masker.mask("<abcdefGHIjklmno>") == "<***>"


def test_the_longer_of_two_secrets_wins() -> None:
    assert Masker(["password", "password-and-more"]).mask("password-and-more") == MASK


@pytest.mark.parametrize("secret", ["", "a", "12345", "a\nb\nc"])
def test_very_short_secrets_have_no_spellings(secret: str) -> None:
    assert not {spelling for spelling in variants(secret) if len(spelling) < 6}
    assert Masker([secret]).mask("12345 a b c") == "12345 a b c"


def test_text_that_cannot_be_encoded_is_still_masked() -> None:
    assert Masker(["top-secret"]).mask("\ud800top-secret") == "?***"


def test_many_long_keys_and_many_finds_are_handled() -> None:
    lines = [f"{number:03d}" + "k" * 61 for number in range(50)]
    masker = Masker(["\n".join([name * 8, *lines]) for name in ("alpha", "beta", "gamma", "delta", "omega")])
    assert masker.mask("\n".join(["alpha" * 8, *lines])) == MASK
    assert masker.mask(" ".join([lines[7]] * 3000)) == " ".join([MASK] * 3000)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_secrets_in_files_of_bytes_are_masked_wherever_the_file_was_cut(size: int) -> None:
    content = b"\x00\xff\xfe" + "begin pässwörd end".encode() + b"\x80 " + base64.b64encode("pässwörd".encode())
    chunks = [content[place : place + size] for place in range(0, len(content), size)]
    masked = b"".join(ByteMasker(["pässwörd"]).masked(chunks))
    assert masked.startswith(b"\x00\xff\xfebegin *** end\x80 ***")


def test_files_of_bytes_without_a_secret_come_out_unchanged_one_after_the_other() -> None:
    masker = ByteMasker(["pässwörd"])
    for content in (bytes(range(256)) * 3, "ä pässwör".encode(), b""):
        assert b"".join(masker.masked([content])) == content
    assert b"".join(ByteMasker([]).masked([b"\xff", b"a"])) == b"\xffa"
